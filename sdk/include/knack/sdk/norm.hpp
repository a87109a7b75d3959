// SPDX-License-Identifier: MIT
// Normalization layers: statistics, momentum, and what flows into them (knack.norm/1).
#pragma once

#include <knack/abi/ext/norm.h>
#include <knack/sdk/callback.hpp>
#include <knack/sdk/index_range.hpp>
#include <knack/sdk/tensor_handle.hpp>

namespace knack::inline v1 {

/// One layer with running statistics, of the weights that are active.
struct NormLayer {
  std::int64_t index;
  std::string_view name;
  std::string_view kind;
  bool training;  ///< normalizes by the batch during training
  std::int64_t channels;
  double momentum;  ///< weight of the new batch; NaN: cumulative average
  Tensor running_mean;
  Tensor running_var;
};

class NormLayers : public detail::IndexRange<NormLayers> {
 public:
  explicit NormLayers(const knack_host_t* host)
      : host_(host), api_(&detail::extension<knack_norm_api_t>(host, KNACK_EXT_NORM)) {}
  [[nodiscard]] std::int64_t size() const {
    return detail::count_host("knack.norm/1 count", api_->count, host_);
  }
  [[nodiscard]] NormLayer operator[](std::int64_t index) const {
    knack_norm_layer_t layer{};
    layer.struct_size = sizeof(layer);
    detail::call_host("knack.norm/1 get", api_->get, host_, index, &layer);
    return {index,
            detail::from_abi(layer.name),
            detail::from_abi(layer.kind),
            layer.training != 0,
            layer.channels,
            layer.momentum,
            Tensor::retain(layer.running_mean_borrowed),
            Tensor::retain(layer.running_var_borrowed)};
  }
  void set_momentum(std::int64_t index, double momentum) const {
    detail::call_host("knack.norm/1 set_momentum", api_->set_momentum, host_, index, momentum);
  }

  /// Runs the active weights over training data and calls on_input(std::int64_t layer, const
  /// Tensor& input) each time a layer is reached; see knack_norm_pass_t. Returns how many samples
  /// were seen; `samples` <= 0: all.
  template <typename Function>
  std::int64_t observe(std::int64_t samples, Function&& on_input) const {
    const auto on_handle = [&on_input](std::int64_t layer, knack_tensor_t* input) {
      on_input(layer, Tensor::retain(input));
    };
    using Bound = detail::Callback<decltype(on_handle)>;
    Bound callback(on_handle);
    knack_norm_pass_t request{};
    request.struct_size = sizeof(request);
    request.samples = samples;
    request.user = &callback;
    request.on_input = [](void* user, std::int64_t layer, knack_tensor_t* input) {
      return static_cast<Bound*>(user)->call(layer, input);
    };
    std::int64_t seen = 0;
    callback.run("knack.norm/1 observe", api_->observe, host_, &request, &seen);
    return seen;
  }

 private:
  const knack_host_t* host_;
  const knack_norm_api_t* api_;
};

}  // namespace knack::inline v1
