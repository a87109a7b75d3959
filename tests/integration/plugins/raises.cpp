// SPDX-License-Identifier: MIT
// Sends signals to its own process at chosen calls of hooks. They are not options, as a run that
// goes on has the recipe of the run before and other signals: the environment variable
// KNACK_TEST_RAISE has them as "HOOK:CALL:SIGNAL,...", CALL from 1 and counted in this process.
#include <knack/sdk/trick.hpp>

#include <csignal>
#include <cstdlib>
#include <map>
#include <sstream>

namespace {

class Raises final : public knack::Trick {
 public:
  static constexpr knack::Info info{.id = "raises", .summary = "A fixture."};

  Raises() {
    const char* given = std::getenv("KNACK_TEST_RAISE");
    std::istringstream orders(given == nullptr ? "" : given);
    for (std::string order; std::getline(orders, order, ',');) {
      const std::size_t colon = order.rfind(':');
      signals_.emplace(order.substr(0, colon), std::stoi(order.substr(colon + 1)));
    }
  }

  void fit_begin(knack::Context& /*context*/) override {
    enter("fit_begin");
  }
  void epoch_begin(knack::Context& /*context*/) override {
    enter("epoch_begin");
  }
  void window_begin(knack::Context& /*context*/) override {
    enter("window_begin");
  }
  void batch(knack::Context& /*context*/) override {
    enter("batch");
  }
  void forward(knack::Context& /*context*/) override {
    enter("forward");
  }
  void gradients(knack::Context& /*context*/) override {
    enter("gradients");
  }
  void before_step(knack::Context& /*context*/) override {
    enter("before_step");
  }
  void after_step(knack::Context& /*context*/) override {
    enter("after_step");
  }
  void eval_begin(knack::Context& /*context*/) override {
    enter("eval_begin");
  }
  void eval_end(knack::Context& /*context*/) override {
    enter("eval_end");
  }
  void epoch_end(knack::Context& /*context*/) override {
    enter("epoch_end");
  }
  void fit_end(knack::Context& /*context*/) override {
    enter("fit_end");
  }

 private:
  void enter(const std::string& hook) {
    const auto [first, end] = signals_.equal_range(hook + ":" + std::to_string(++calls_[hook]));
    for (auto signal = first; signal != end; ++signal) std::raise(signal->second);
  }

  std::multimap<std::string, int> signals_;  // by "HOOK:CALL"
  std::map<std::string, int> calls_;
};

}  // namespace

KNACK_PLUGIN("1.0.0", Raises)
