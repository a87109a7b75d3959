// SPDX-License-Identifier: MIT
// Calls the tricks: who acts at which hook, in which order, and what they answered.
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "host/plugin/kinds/trick.hpp"
#include "host/plugin/value.hpp"

namespace knack::host {

/// One micro-batch on its way through a step.
struct MicroBatch {
  Value inputs;
  Value targets;
  Value outputs;
  at::Tensor loss;
  std::vector<std::int64_t> indices;  ///< of its samples in the training data
  std::int64_t samples = 0;
  double weight = 0.0;  ///< what the objective counts: samples, tokens, pixels
};

/// Tricks in acting order, with the list of subscribers of each hook.
///
/// A hook nobody subscribes to costs one comparison.
class Hooks {
 public:
  /// `tricks` in acting order.
  explicit Hooks(std::vector<Trick> tricks);

  /// Calls the subscribers: in acting order for hooks that open something, in reverse for hooks
  /// that close it. The data of `batch` is shown, and replaced when a trick says so; each trick
  /// sees what the ones before it left. The instance `except` is left out. Returns the strongest
  /// reply. Throws Error when a trick fails.
  std::uint32_t call(Hook hook, knack_hook_context_t& context, MicroBatch* batch = nullptr,
                     std::string_view except = {});

  bool has_subscribers(Hook hook) const {
    return !subscribers_[static_cast<std::size_t>(hook)].empty();
  }
  const std::vector<Trick*>& subscribers(Hook hook) const {
    return subscribers_[static_cast<std::size_t>(hook)];
  }
  const std::vector<Trick>& tricks() const {
    return tricks_;
  }

  /// Seconds spent in the hooks of trick i, and those of a process before this one.
  double seconds(std::size_t trick) const {
    return std::chrono::duration<double>(time_.at(trick)).count();
  }
  void add_seconds(std::size_t trick, double seconds) {
    time_.at(trick) += std::chrono::duration_cast<std::chrono::steady_clock::duration>(
        std::chrono::duration<double>(seconds));
  }

 private:
  std::vector<Trick> tricks_;
  std::vector<std::chrono::steady_clock::duration> time_;
  std::array<std::vector<Trick*>, kHookCount> subscribers_;
  Replacements replacements_;
};

}  // namespace knack::host
