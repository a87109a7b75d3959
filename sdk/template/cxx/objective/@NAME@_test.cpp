// SPDX-License-Identifier: MIT
// Losses of the finished plugin, whose file is the argument, on a fake host.
#undef NDEBUG
#include <cassert>
#include <cmath>
#include <knack/testing/fake_host.hpp>

using knack::testing::FakeHost;

/// The loss of outputs (1, 0) where `right` is the class.
double loss_of(FakeHost& host, knack_objective_t& objective, std::int64_t right) {
  const knack::Value outputs =
      knack::Tensor::from_data<float>(std::array{1.0F, 0.0F}, std::array<std::int64_t, 2>{1, 2});
  const knack::Value targets =
      knack::Tensor::from_data<std::int64_t>(std::array{right}, std::array<std::int64_t, 1>{1});
  const knack_value_t lent_outputs = outputs.lend(host.abi()),
                      lent_targets = targets.lend(host.abi());
  knack_tensor_t* loss = nullptr;
  host.expect_ok(objective.loss(&objective, &lent_outputs, &lent_targets, &loss));
  return knack::Tensor::take(loss).item();
}

int main(int, char** arguments) {
  const knack_entry_t& plugin = knack::testing::open_plugin(arguments[1]);
  FakeHost host;
  const auto plain = host.create<knack_objective_t>(plugin, "@ID@");
  assert(loss_of(host, *plain, 0) == 0);
  assert(loss_of(host, *plain, 1) == 1);
  const auto smooth = host.create<knack_objective_t>(plugin, "@ID@", {{"smoothing", 0.5}});
  assert(std::abs(loss_of(host, *smooth, 1) - 0.5625) < 1e-6);  // wanted: 0.25 and 0.75
}
