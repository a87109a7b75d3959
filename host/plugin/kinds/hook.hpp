// SPDX-License-Identifier: MIT
// The hooks of a trick, in the order of the loop.
#pragma once

#include <knack/abi/kinds/trick.h>

#include <array>
#include <cstddef>

namespace knack::host {

enum class Hook : std::size_t {
  fit_begin,
  epoch_begin,
  window_begin,
  batch,
  forward,
  loss,
  gradients,
  before_step,
  after_step,
  eval_begin,
  eval_end,
  epoch_end,
  fit_end,
};

/// What the ABI says of one hook.
struct HookFacts {
  Hook hook;
  const char* name;
  knack_hook_t knack_trick_t::* slot;
  bool closes = false;  ///< closing hooks are called in reverse trick order
  bool may_replace_inputs = false;
  bool may_replace_targets = false;
  bool may_replace_outputs = false;
  bool may_replace_loss = false;
  bool may_request_micro_batches = false;
  std::array<bool, KNACK_REPLY_STOP_FIT + 1> replies = {true};  ///< those it may give
};

/// Every hook, indexed by its number.
inline constexpr std::array<HookFacts, 13> kHooks = {{
    {.hook = Hook::fit_begin, .name = "fit_begin", .slot = &knack_trick_t::fit_begin},
    {.hook = Hook::epoch_begin, .name = "epoch_begin", .slot = &knack_trick_t::epoch_begin},
    {.hook = Hook::window_begin,
     .name = "window_begin",
     .slot = &knack_trick_t::window_begin,
     .may_request_micro_batches = true},
    {.hook = Hook::batch,
     .name = "batch",
     .slot = &knack_trick_t::batch,
     .may_replace_inputs = true,
     .may_replace_targets = true,
     .replies = {true, true}},
    {.hook = Hook::forward,
     .name = "forward",
     .slot = &knack_trick_t::forward,
     .may_replace_outputs = true,
     .replies = {true, true}},
    {.hook = Hook::loss,
     .name = "loss",
     .slot = &knack_trick_t::loss,
     .may_replace_loss = true,
     .replies = {true, true}},
    {.hook = Hook::gradients,
     .name = "gradients",
     .slot = &knack_trick_t::gradients,
     .closes = true},
    {.hook = Hook::before_step,
     .name = "before_step",
     .slot = &knack_trick_t::before_step,
     .replies = {true, false, true}},
    {.hook = Hook::after_step,
     .name = "after_step",
     .slot = &knack_trick_t::after_step,
     .closes = true,
     .replies = {true, false, false, true, true}},
    {.hook = Hook::eval_begin, .name = "eval_begin", .slot = &knack_trick_t::eval_begin},
    {.hook = Hook::eval_end, .name = "eval_end", .slot = &knack_trick_t::eval_end, .closes = true},
    {.hook = Hook::epoch_end,
     .name = "epoch_end",
     .slot = &knack_trick_t::epoch_end,
     .closes = true,
     .replies = {true, false, false, false, true}},
    {.hook = Hook::fit_end, .name = "fit_end", .slot = &knack_trick_t::fit_end, .closes = true},
}};

inline constexpr std::size_t kHookCount = kHooks.size();

constexpr const HookFacts& facts_of(Hook hook) {
  return kHooks[static_cast<std::size_t>(hook)];
}

}  // namespace knack::host
