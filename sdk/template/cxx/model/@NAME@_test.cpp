// SPDX-License-Identifier: MIT
// Outputs of the finished plugin, whose file is the argument, on a fake host.
#undef NDEBUG
#include <knack/abi/kinds/model.h>
#include <cassert>
#include <cmath>
#include <knack/testing/fake_host.hpp>

using knack::testing::FakeHost;

int main(int, char** arguments) {
  const knack_entry_t& plugin = knack::testing::open_plugin(arguments[1]);
  FakeHost host;
  const auto model =
      host.create<knack_model_t>(plugin, "@ID@", {{"in_features", 4}, {"num_classes", 3}});
  assert(model->tensor_count(model.get()) == 2);
  knack_model_tensor_t bias{};
  bias.struct_size = sizeof(bias);
  host.expect_ok(model->get_tensor(model.get(), 1, &bias));
  assert(std::string_view(bias.name.data, bias.name.size) == "bias");
  assert(knack::Tensor::retain(bias.tensor_borrowed).info().flags & KNACK_TENSOR_REQUIRES_GRAD);
  knack::Tensor::retain(bias.tensor_borrowed).fill_(7);

  const knack::Value images = knack::Tensor::zeros({5, 1, 2, 2});
  const knack_value_t inputs = images.lend(host.abi());
  knack_value_t outputs{};
  host.expect_ok(model->forward(model.get(), &inputs, &outputs));
  const knack::Tensor scores = knack::Tensor::take(outputs.as.tensor);
  assert(scores.dim() == 2 && scores.size(0) == 5 && scores.size(1) == 3);
  for (const float score : scores.data<float>())
    assert(score == 7);  // the weights are zeros at first
}
