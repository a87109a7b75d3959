// SPDX-License-Identifier: MIT
// Named weight sets (knack.weights/1).
#pragma once

#include <knack/abi/ext/weights.h>
#include <knack/abi/kinds/model.h>
#include <knack/sdk/index_range.hpp>
#include <knack/sdk/value_view.hpp>

namespace knack::inline v1 {

/// One tensor of a set. Entry i of every set is the same parameter or buffer. All of it lives until
/// the fit ends.
struct Weight {
  std::string_view name;  ///< as in the state dict
  std::string_view role;  ///< KNACK_ROLE_*
  std::uint32_t flags;    ///< KNACK_WEIGHT_*
  knack_tensor_t* handle;

  [[nodiscard]] bool is_buffer() const {
    return (flags & KNACK_WEIGHT_BUFFER) != 0;
  }
  [[nodiscard]] bool is_floating() const {
    return (flags & KNACK_WEIGHT_FLOATING) != 0;
  }
  [[nodiscard]] Tensor tensor() const {
    return Tensor::retain(handle);
  }
};

/// A full copy of the model's parameters and buffers. A handle, valid until the fit ends.
class WeightSet : public detail::IndexRange<WeightSet> {
 public:
  WeightSet() = default;
  WeightSet(const knack_host_t* host, const knack_weights_api_t* api, knack_weight_set_t* set)
      : host_(host), api_(api), set_(set) {}
  [[nodiscard]] bool defined() const {
    return set_ != nullptr;
  }
  [[nodiscard]] std::int64_t size() const {
    return detail::count_host("knack.weights/1 count", api_->count, host_, set_);
  }
  [[nodiscard]] Weight operator[](std::int64_t index) const {
    knack_weight_t weight{};
    weight.struct_size = sizeof(weight);
    detail::call_host("knack.weights/1 get", api_->get, host_, set_, index, &weight);
    return {detail::from_abi(weight.name), detail::from_abi(weight.role), weight.flags,
            weight.tensor_borrowed};
  }
  void copy_from(const WeightSet& other) const {
    detail::call_host("knack.weights/1 copy", api_->copy, host_, other.set_, set_);
  }
  /// As a safetensors file, atomically. Paths are relative to the instance's folder in the run
  /// folder.
  void save(std::string_view path) const {
    detail::call_host("knack.weights/1 save", api_->save, host_, set_, detail::to_abi(path));
  }
  void load(std::string_view path) const {
    detail::call_host("knack.weights/1 load", api_->load, host_, set_, detail::to_abi(path));
  }
  /// The metric `name` of the set on the `valid` data. After
  /// fit_begin, not in eval hooks.
  [[nodiscard]] double evaluate(std::string_view name) const {
    knack_value_t metrics{};
    detail::call_host("knack.weights/1 evaluate", api_->evaluate, host_, set_, &metrics);
    return ValueView(&metrics)[name].number();
  }

 private:
  const knack_host_t* host_ = nullptr;
  const knack_weights_api_t* api_ = nullptr;
  knack_weight_set_t* set_ = nullptr;
};

class Weights {
 public:
  explicit Weights(const knack_host_t* host)
      : host_(host), api_(&detail::extension<knack_weights_api_t>(host, KNACK_EXT_WEIGHTS)) {}
  /// The set the optimizer trains.
  [[nodiscard]] WeightSet live() const {
    return find(KNACK_WEIGHTS_LIVE);
  }
  /// Throws Error(KNACK_STATUS_NOT_FOUND) when nobody published it.
  [[nodiscard]] WeightSet find(std::string_view name) const {
    knack_weight_set_t* set = nullptr;
    detail::call_host("knack.weights/1 find", api_->find, host_, detail::to_abi(name), &set);
    return {host_, api_, set};
  }
  /// A new set, a copy of the live weights, which the host evaluates, saves and exports from now
  /// on.
  [[nodiscard]] WeightSet publish(std::string_view name) const {
    knack_weight_set_t* set = nullptr;
    detail::call_host("knack.weights/1 publish", api_->publish, host_, detail::to_abi(name), &set);
    return {host_, api_, set};
  }
  /// Removes a file that WeightSet::save wrote.
  void remove(std::string_view path) const {
    detail::call_host("knack.weights/1 remove", api_->remove, host_, detail::to_abi(path));
  }

 private:
  const knack_host_t* host_;
  const knack_weights_api_t* api_;
};

}  // namespace knack::inline v1
