// SPDX-License-Identifier: MIT
// Tricks: everything that acts around the training step.
#pragma once

#include <knack/sdk/context.hpp>
#include <knack/sdk/plugin.hpp>

namespace knack::inline v1 {

/// A trick overrides the hooks it needs, publicly; the others are not subscribed and cost nothing.
/// When each is called: knack_trick_t. A hook that throws ends the run with the exception's text.
class Trick : public Component {
 public:
  static constexpr const char* kind = KNACK_KIND_TRICK;
  using Abi = knack_trick_t;

  virtual void fit_begin(Context& /*context*/) {}
  virtual void epoch_begin(Context& /*context*/) {}
  virtual void window_begin(Context& /*context*/) {}
  virtual void batch(Context& /*context*/) {}
  virtual void forward(Context& /*context*/) {}
  virtual void loss(Context& /*context*/) {}
  virtual void gradients(Context& /*context*/) {}
  virtual void before_step(Context& /*context*/) {}
  virtual void after_step(Context& /*context*/) {}
  virtual void eval_begin(Context& /*context*/) {}
  virtual void eval_end(Context& /*context*/) {}
  virtual void epoch_end(Context& /*context*/) {}
  virtual void fit_end(Context& /*context*/) {}

  /// Fills the slots of the hooks that T overrides.
  template <typename T>
  static void bind(knack_trick_t& abi) {
    abi.fit_begin = hook<T, &T::fit_begin, &Trick::fit_begin>();
    abi.epoch_begin = hook<T, &T::epoch_begin, &Trick::epoch_begin>();
    abi.window_begin = hook<T, &T::window_begin, &Trick::window_begin>();
    abi.batch = hook<T, &T::batch, &Trick::batch>();
    abi.forward = hook<T, &T::forward, &Trick::forward>();
    abi.loss = hook<T, &T::loss, &Trick::loss>();
    abi.gradients = hook<T, &T::gradients, &Trick::gradients>();
    abi.before_step = hook<T, &T::before_step, &Trick::before_step>();
    abi.after_step = hook<T, &T::after_step, &Trick::after_step>();
    abi.eval_begin = hook<T, &T::eval_begin, &Trick::eval_begin>();
    abi.eval_end = hook<T, &T::eval_end, &Trick::eval_end>();
    abi.epoch_end = hook<T, &T::epoch_end, &Trick::epoch_end>();
    abi.fit_end = hook<T, &T::fit_end, &Trick::fit_end>();
  }

 private:
  template <typename T, auto method, auto base_method>
  static knack_hook_t hook() {
    if constexpr (!detail::overrides<method, base_method>) {
      return nullptr;
    } else {
      return [](knack_trick_t* trick, knack_hook_context_t* abi_context) {
        auto& self = detail::Instance<T>::of(trick);
        return detail::guarded(self.host, [&] {
          Context context(self.host, abi_context);
          (self.object.*method)(context);
        });
      };
    }
  }
};

}  // namespace knack::inline v1
