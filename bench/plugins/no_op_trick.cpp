// SPDX-License-Identifier: MIT
// A trick that listens to every hook and does nothing.
#include <knack/sdk/trick.hpp>

namespace {

class NoOp final : public knack::Trick {
 public:
  static constexpr knack::Info info{.id = "bench.no_op", .summary = "Listens and does nothing"};

  void fit_begin(knack::Context& /*context*/) override {}
  void epoch_begin(knack::Context& /*context*/) override {}
  void window_begin(knack::Context& /*context*/) override {}
  void batch(knack::Context& /*context*/) override {}
  void forward(knack::Context& /*context*/) override {}
  void loss(knack::Context& /*context*/) override {}
  void gradients(knack::Context& /*context*/) override {}
  void before_step(knack::Context& /*context*/) override {}
  void after_step(knack::Context& /*context*/) override {}
  void eval_begin(knack::Context& /*context*/) override {}
  void eval_end(knack::Context& /*context*/) override {}
  void epoch_end(knack::Context& /*context*/) override {}
  void fit_end(knack::Context& /*context*/) override {}
};

}  // namespace

KNACK_PLUGIN("1.0.0", NoOp)
