// SPDX-License-Identifier: MIT
// The same trick of tier torch-stable: LibTorch's stable headers, and no symbol of its C++ interface.
#include <torch/csrc/stable/ops.h>
#include <torch/csrc/stable/stableivalue_conversions.h>

#include <array>

#include <knack/sdk/trick.hpp>
#include <knack/torch/stable_tensor.hpp>

namespace {

using torch::stable::Tensor;

void lerp_(const Tensor& average, const Tensor& live, const Tensor& weight) {
  std::array<StableIValue, 3> stack{torch::stable::detail::from(average),
                                    torch::stable::detail::from(live),
                                    torch::stable::detail::from(weight)};
  TORCH_ERROR_CODE_CHECK(
      torch_call_dispatcher("aten::lerp_", "Tensor", stack.data(), TORCH_TARGET_VERSION));
  torch::stable::detail::to<Tensor>(stack[0]);  // the result is ours to release
}

class TorchStableEma final : public knack::Trick {
 public:
  static constexpr knack::Info info{.id = EMA_ID, .summary = "Moving average, torch-stable"};

  struct Options {
    double decay = 0.9;
    static void describe(knack::OptionSpec<Options>& spec) {
      spec.add("decay", &Options::decay, "Share of the average that one step keeps").in_range(0, 1);
    }
  };

  TorchStableEma(const Options& options, knack::Host host)
      : host_(host),
        weight_(torch::stable::full({}, 1 - options.decay, torch::headeronly::ScalarType::Float)) {}

  void fit_begin(knack::Context& /*context*/) override {
    live_ = host_.weights().live();
    average_ = host_.weights().publish(EMA_ID);
  }

  void after_step(knack::Context& context) override {
    if (!context.stepped()) return;
    for (std::int64_t i = 0; i < live_.size(); ++i) {
      Tensor average = knack::stable_tensor_of(average_[i].handle);
      const Tensor live = knack::stable_tensor_of(live_[i].handle);
      if (live_[i].is_floating()) {
        lerp_(average, live, weight_);
      } else {
        torch::stable::copy_(average, live);
      }
    }
  }

 private:
  knack::Host host_;
  Tensor weight_;
  knack::WeightSet live_, average_;
};

}  // namespace

KNACK_PLUGIN("1.0.0", TorchStableEma)
