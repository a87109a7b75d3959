// SPDX-License-Identifier: MIT
// A trick whose hooks are functions of the test, in a toy fit.
#pragma once

#include <gmock/gmock.h>
#include <knack/sdk/trick.hpp>
#include <knack/testing/fake_host.hpp>

namespace knack::testing {

/// Tells what it sees and does what the test wants.
struct Script {
  std::vector<std::string> seen;
  std::function<void(const std::string& hook, Context& context, Host host)> act;
};
inline Script* script = nullptr;

class Scripted final : public Trick {
 public:
  static constexpr Info info{.id = "scripted"};
  explicit Scripted(Host host) : host_(host) {}

#define KNACK_SCRIPTED(hook)             \
  void hook(Context& context) override { \
    tell(#hook, context);                \
  }
  KNACK_SCRIPTED(fit_begin)
  KNACK_SCRIPTED(epoch_begin)
  KNACK_SCRIPTED(window_begin)
  KNACK_SCRIPTED(batch)
  KNACK_SCRIPTED(forward)
  KNACK_SCRIPTED(loss)
  KNACK_SCRIPTED(gradients)
  KNACK_SCRIPTED(before_step)
  KNACK_SCRIPTED(after_step)
  KNACK_SCRIPTED(eval_begin)
  KNACK_SCRIPTED(eval_end)
  KNACK_SCRIPTED(epoch_end)
  KNACK_SCRIPTED(fit_end)
#undef KNACK_SCRIPTED

 private:
  void tell(const std::string& hook, Context& context) {
    script->seen.push_back(hook);
    if (script->act) script->act(hook, context, host_);
  }
  Host host_;
};

inline constexpr knack::detail::PluginFacts kScriptedFacts{"1.0.0", "", "MIT", "c", ""};
inline constexpr auto kScriptedManifest = knack::detail::make_manifest<kScriptedFacts, Scripted>();
inline constexpr knack_entry_t kScriptedEntry =
    knack::detail::make_entry<Scripted>(kScriptedManifest.data(), kScriptedManifest.size());

class ToyFitTest : public ::testing::Test {
 protected:
  ToyFitTest() {
    script = &script_;
  }

  /// A fit in which `act` is called at each hook.
  ToyFit& fit(const ToyPlan& plan = {}) {
    trick_ = host_.create<knack_trick_t>(kScriptedEntry, "scripted");
    return fit_.emplace(host_, *trick_, plan);
  }
  void on(const std::string& wanted, std::function<void(Context&, Host)> act) {
    script_.act = [wanted, act](const std::string& hook, Context& context, Host host) {
      if (hook == wanted) act(context, host);
    };
  }
  template <typename Function>
  static std::string failure_of(Function&& function) {
    try {
      function();
    } catch (const std::exception& failure) {
      return failure.what();
    }
    return "nothing was thrown";
  }

  Script script_;
  FakeHost host_;
  FakeHost::Instance<knack_trick_t> trick_;
  std::optional<ToyFit> fit_;
};

}  // namespace knack::testing
