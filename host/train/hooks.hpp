// SPDX-License-Identifier: MIT
// Calls the tricks: who acts at which hook, in which order, and what they answered.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/common/error.hpp"
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

/// The error of `tricks`, two or more that ask for the number of micro-batches of a step.
Error window_conflict(const std::vector<std::string>& tricks);

/// Stands around each call of a trick's hook: does `call`, and may look before and after it.
using AroundHook =
    std::function<void(const Trick& trick, Hook hook, const knack_hook_context_t& context,
                       const MicroBatch* batch, const std::function<void()>& call)>;

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

  /// For the calls from now on; empty: nothing stands around them.
  void set_around(AroundHook around) {
    around_ = std::move(around);
  }

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
  void call_one(Trick& trick, Hook hook, knack_hook_context_t& context, MicroBatch* batch);

  std::vector<Trick> tricks_;
  std::vector<std::chrono::steady_clock::duration> time_;
  std::array<std::vector<Trick*>, kHookCount> subscribers_;
  Replacements replacements_;
  AroundHook around_;
};

}  // namespace knack::host
