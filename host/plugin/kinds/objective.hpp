// SPDX-License-Identifier: MIT
// An objective, as the loop asks it.
#pragma once

#include <knack/abi/kinds/objective.h>

#include <cstdint>

#include "host/plugin/instance.hpp"

namespace knack::host {

class Objective : public Instance {
 public:
  static constexpr const char* kKind = KNACK_KIND_OBJECTIVE;

  explicit Objective(Instance&& instance);

  /// The loss of a micro-batch, 0-dim floating point: the mean over what weight() counts.
  at::Tensor loss(const Value& outputs, const Value& targets);

  /// How many items the loss with these targets is the mean of, >= 0 and finite; `samples` for an
  /// objective that does not say.
  double weight(const Value& targets, std::int64_t samples);

  /// An evaluation is metrics_begin(), metrics_update() a batch, and metrics_result(): a map of
  /// names to numbers. Only when it has_metrics().
  bool has_metrics() const {
    return slots_.metrics_begin != nullptr;
  }
  void metrics_begin() const;
  void metrics_update(const Value& outputs, const Value& targets);
  Value metrics_result() const;

 private:
  knack_objective_t slots_;
  BorrowedValue outputs_;
  BorrowedValue targets_;
};

}  // namespace knack::host
