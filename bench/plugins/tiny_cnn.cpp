// SPDX-License-Identifier: MIT
#include "tiny_cnn.hpp"

#include <knack/torch/model.hpp>

namespace {

class TinyCnnModel final : public knack::TorchModel<knack::bench::TinyCnn> {
 public:
  static constexpr knack::Info info{.id = "bench.tiny_cnn", .summary = "Two small convolutions"};
};

}  // namespace

KNACK_PLUGIN("1.0.0", TinyCnnModel)
