// SPDX-License-Identifier: MIT
// Steps of the finished plugin, whose file is the argument, on a fake host.
#undef NDEBUG
#include <cassert>
#include <cmath>
#include <knack/testing/fake_host.hpp>

using knack::testing::FakeHost;

int main(int, char** arguments) {
  const knack_entry_t& plugin = knack::testing::open_plugin(arguments[1]);
  FakeHost host;
  const auto optimizer =
      host.create<knack_optimizer_t>(plugin, "@ID@", {{"lr", 0.5}, {"momentum", 0.5}});
  const knack::Tensor weight = knack::Tensor::zeros({2}),
                      gradient = knack::Tensor::zeros({2}).fill_(1);
  knack_tensor_t* weights[] = {weight.handle()};
  const knack_string_t names[] = {{"weight", 6}};
  const knack::Value no_options = knack::Value::map({});
  const knack_value_t options = no_options.lend(host.abi());
  const knack_param_group_t group{sizeof(group), 0, 1, weights, names, &options};
  host.expect_ok(optimizer->add_group(optimizer.get(), &group));

  knack_tensor_t* gradients[] = {gradient.handle()};
  knack_tensor_t* const* groups[] = {gradients};
  const knack_optimizer_step_t step{sizeof(step), 0, 1, groups};
  host.expect_ok(optimizer->step(optimizer.get(), &step));
  assert(weight.data<float>()[0] == -0.5F);
  host.expect_ok(optimizer->set_option(optimizer.get(), 0, knack_string_t{"lr", 2}, 1));
  host.expect_ok(optimizer->step(optimizer.get(), &step));
  assert(weight.data<float>()[1] == -2);  // the velocity is 1.5 now
  gradients[0] = nullptr;                 // a parameter without gradient is left alone
  host.expect_ok(optimizer->step(optimizer.get(), &step));
  assert(weight.data<float>()[1] == -2);
}
