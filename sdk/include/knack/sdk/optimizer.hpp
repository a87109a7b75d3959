// SPDX-License-Identifier: MIT
// Optimizers: gradients to new weights.
#pragma once

#include <knack/abi/kinds/optimizer.h>
#include <knack/sdk/plugin.hpp>

namespace knack::inline v1 {

/// Parameters that share all options. Handles and names live as long as the optimizer.
class ParamGroup {
 public:
  explicit ParamGroup(const knack_param_group_t* group) : group_(group) {}
  [[nodiscard]] std::size_t size() const {
    return static_cast<std::size_t>(group_->count);
  }
  [[nodiscard]] knack_tensor_t* handle(std::size_t index) const {
    return group_->params_borrowed[index];
  }
  [[nodiscard]] std::string_view name(std::size_t index) const {
    return detail::from_abi(group_->names_borrowed[index]);
  }
  /// The options that differ from the optimizer's own: `read_options(group.options(), options_)`.
  [[nodiscard]] ValueView options() const {
    return ValueView(group_->options_borrowed);
  }

 private:
  const knack_param_group_t* group_;
};

/// The gradients of one step, in the order of the groups and their parameters.
class Gradients {
 public:
  explicit Gradients(const knack_optimizer_step_t* step) : step_(step) {}
  [[nodiscard]] std::size_t group_count() const {
    return static_cast<std::size_t>(step_->group_count);
  }
  /// NULL for a parameter without gradient, which is left alone.
  [[nodiscard]] knack_tensor_t* handle(std::size_t group, std::size_t index) const {
    return step_->gradients_borrowed[group][index];
  }

 private:
  const knack_optimizer_step_t* step_;
};

class Optimizer : public Component {
 public:
  static constexpr const char* kind = KNACK_KIND_OPTIMIZER;
  using Abi = knack_optimizer_t;

  /// Groups are numbered from 0 in the order they are added, all before the first step.
  virtual void add_group(const ParamGroup& group) = 0;
  /// Changes the parameters in place.
  virtual void step(const Gradients& gradients) = 0;
  /// A numeric option of a group, such as "lr". Throws Error(KNACK_STATUS_NOT_FOUND) for others.
  virtual double get_option(std::size_t group, std::string_view name) = 0;
  virtual void set_option(std::size_t group, std::string_view name, double value) = 0;

  template <typename T>
  static void bind(knack_optimizer_t& abi) {
    using Self = detail::Instance<T>;
    abi.add_group = [](knack_optimizer_t* optimizer, const knack_param_group_t* group) {
      Self& self = Self::of(optimizer);
      return detail::guarded(self.host, [&] { self.object.add_group(ParamGroup(group)); });
    };
    abi.step = [](knack_optimizer_t* optimizer, const knack_optimizer_step_t* step) {
      Self& self = Self::of(optimizer);
      return detail::guarded(self.host, [&] { self.object.step(Gradients(step)); });
    };
    abi.get_option = [](knack_optimizer_t* optimizer, std::uint64_t group, knack_string_t name,
                        double* out_value) {
      Self& self = Self::of(optimizer);
      return detail::guarded(self.host, [&] {
        *out_value =
            self.object.get_option(static_cast<std::size_t>(group), detail::from_abi(name));
      });
    };
    abi.set_option = [](knack_optimizer_t* optimizer, std::uint64_t group, knack_string_t name,
                        double value) {
      Self& self = Self::of(optimizer);
      return detail::guarded(self.host, [&] {
        self.object.set_option(static_cast<std::size_t>(group), detail::from_abi(name), value);
      });
    };
  }
};

}  // namespace knack::inline v1
