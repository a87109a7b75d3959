// SPDX-License-Identifier: MIT
// Batches of the finished plugin, whose file is the argument, on a fake host.
#undef NDEBUG
#include <cassert>
#include <cmath>
#include <knack/testing/fake_host.hpp>

using knack::testing::FakeHost;

int main(int, char** arguments) {
  const knack_entry_t& plugin = knack::testing::open_plugin(arguments[1]);
  FakeHost host;
  const auto dataset = host.create<knack_dataset_t>(plugin, "@ID@", {{"samples", 8}});
  std::int64_t length = 0;
  host.expect_ok(dataset->length(dataset.get(), &length));
  assert(length == 8);

  const std::array<std::int64_t, 3> indices{5, 0, 5};
  const knack_batch_request_t request{sizeof(request), 0, 1, 0, indices.data(), indices.size()};
  knack_value_t inputs{}, targets{};
  host.expect_ok(dataset->batch(dataset.get(), &request, &inputs, &targets));
  const knack::Tensor points = knack::Tensor::take(inputs.as.tensor);
  const knack::Tensor labels = knack::Tensor::take(targets.as.tensor);
  assert(points.size(0) == 3 && points.size(1) == 2 && labels.numel() == 3);
  const auto xy = points.data<float>();
  assert(xy[0] == xy[4] && xy[1] == xy[5]);  // the same sample twice
  assert(std::hypot(xy[0], xy[1]) > 0.62 && std::hypot(xy[0], xy[1]) < 0.63);  // 5 of 8 outwards
  assert(labels.data<std::int64_t>()[0] == 1 && labels.data<std::int64_t>()[1] == 0);
}
