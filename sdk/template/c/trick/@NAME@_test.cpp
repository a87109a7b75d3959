// SPDX-License-Identifier: MIT
// Two fits of a small model on a fake host, with the finished plugin whose file is the argument.
#undef NDEBUG
#include <cassert>
#include <cmath>
#include <knack/testing/fake_host.hpp>

using knack::testing::FakeHost;

using knack::testing::ToyFit;

/// Some weights of a model after two steps.
std::vector<float> after_two_steps(ToyFit& fit) {
  fit.run(2);
  return fit.live("fc.weight");
}

int main(int, char** arguments) {
  const knack_entry_t& plugin = knack::testing::open_plugin(arguments[1]);
  FakeHost host, other_host;
  const auto trick = host.create<knack_trick_t>(plugin, "@ID@", {{"every", 2}});
  const auto idle = other_host.create<knack_trick_t>(plugin, "@ID@", {{"every", 1000}});
  ToyFit fit(host, *trick), other_fit(other_host, *idle);
  fit.begin();
  const std::vector<float> start = fit.live("fc.weight");
  const std::vector<float> fast = after_two_steps(other_fit);
  const std::vector<float> slow = after_two_steps(fit);
  for (std::size_t i = 0; i < start.size(); ++i) {
    assert(std::abs(slow[i] - (start[i] + fast[i]) / 2) < 1e-6F);
  }
  assert(slow != fast && fit.set("@NAME@")["fc.weight"] == slow);

  host.fail_next("knack.weights/1", "count");
  fit.run(1);  // no look, so nothing is asked of the host
  try {
    fit.run(1);
    assert(false);  // what the host cannot do ends the run with the host's reason
  } catch (const knack::testing::HookFailure& failure) {
    assert(*failure.what() != '\0');
  }
}
