// SPDX-License-Identifier: MIT
// A trick, as the loop calls it.
#pragma once

#include <array>

#include "host/plugin/instance.hpp"
#include "host/plugin/kinds/hook.hpp"

namespace knack::host {

/// What a hook gave in place of the batch's parts; NONE and undefined where it gave nothing.
struct Replacements {
  Value inputs;
  Value targets;
  Value outputs;
  at::Tensor loss;
};

class Trick : public Instance {
 public:
  static constexpr const char* kKind = KNACK_KIND_TRICK;

  explicit Trick(Instance&& instance);

  bool subscribes(Hook hook) const {
    return hooks_[static_cast<std::size_t>(hook)] != nullptr;
  }

  /// Calls a hook it subscribes to. The host has filled `context`, with `reply` CONTINUE and no
  /// replacements. Afterwards `reply` and `request_micro_batches` hold answers that are legal at
  /// this hook, and replacements have moved into `replacements`; those of its members the trick
  /// left alone are not touched. Throws Error for answers that the hook does not have; then nothing
  /// is left in `context`.
  void call(Hook hook, knack_hook_context_t& context, Replacements& replacements) const;

 private:
  std::array<knack_hook_t, kHookCount> hooks_;
};

}  // namespace knack::host
