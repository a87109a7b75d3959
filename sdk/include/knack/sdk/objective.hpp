// SPDX-License-Identifier: MIT
// Objectives: the loss that is minimized, and the metrics that are reported.
#pragma once

#include <knack/abi/kinds/objective.h>
#include <knack/sdk/plugin.hpp>

namespace knack::inline v1 {

class Objective : public Component {
 public:
  static constexpr const char* kind = KNACK_KIND_OBJECTIVE;
  using Abi = knack_objective_t;

  /// The loss of a micro-batch: a 0-dim differentiable tensor, the mean over what `weight` counts.
  virtual Tensor loss(ValueView outputs, ValueView targets) = 0;

  /// How many items the loss is the mean of; not overridden: the number of samples.
  virtual double weight(ValueView /*targets*/) {
    return 0;
  }

  /// Metrics over one evaluation; all three are overridden or none. The result is a map of name to
  /// number, "loss" among them.
  virtual void metrics_begin() {}
  virtual void metrics_update(ValueView /*outputs*/, ValueView /*targets*/) {}
  virtual Value metrics_result() {
    return {};
  }

  template <typename T>
  static void bind(knack_objective_t& abi) {
    using Self = detail::Instance<T>;
    abi.loss = [](knack_objective_t* objective, const knack_value_t* outputs,
                  const knack_value_t* targets, knack_tensor_t** out_loss) {
      Self& self = Self::of(objective);
      return detail::guarded(self.host, [&] {
        Tensor loss = self.object.loss(ValueView(outputs), ValueView(targets));
        if (!failed()) *out_loss = loss.release();
      });
    };
    if constexpr (detail::overrides<&T::weight, &Objective::weight>) {
      abi.weight = [](knack_objective_t* objective, const knack_value_t* targets,
                      double* out_weight) {
        Self& self = Self::of(objective);
        return detail::guarded(self.host,
                               [&] { *out_weight = self.object.weight(ValueView(targets)); });
      };
    }
    if constexpr (detail::overrides<&T::metrics_update, &Objective::metrics_update>) {
      bind_metrics<T>(abi);
    }
  }

 private:
  template <typename T>
  static void bind_metrics(knack_objective_t& abi) {
    using Self = detail::Instance<T>;
    static_assert(detail::overrides<&T::metrics_begin, &Objective::metrics_begin> &&
                      detail::overrides<&T::metrics_result, &Objective::metrics_result>,
                  "metrics_begin, metrics_update and metrics_result belong together");
    abi.metrics_begin = [](knack_objective_t* objective) {
      Self& self = Self::of(objective);
      return detail::guarded(self.host, [&] { self.object.metrics_begin(); });
    };
    abi.metrics_update = [](knack_objective_t* objective, const knack_value_t* outputs,
                            const knack_value_t* targets) {
      Self& self = Self::of(objective);
      return detail::guarded(
          self.host, [&] { self.object.metrics_update(ValueView(outputs), ValueView(targets)); });
    };
    abi.metrics_result = [](knack_objective_t* objective, knack_value_t* out_metrics) {
      Self& self = Self::of(objective);
      return detail::guarded(
          self.host, [&] { *out_metrics = self.object.metrics_result().release(self.host); });
    };
  }
};

}  // namespace knack::inline v1
