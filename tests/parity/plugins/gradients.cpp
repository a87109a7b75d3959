// SPDX-License-Identifier: MIT
// Saves the gradient that each step is made from.
#include <knack/sdk/trick.hpp>

#include <map>

namespace {

/// Writes `<step>.safetensors`, from 1. Stands after the tricks that change gradients.
class Gradients final : public knack::Trick {
 public:
  static constexpr knack::Info info{.id = "gradients", .summary = "A fixture."};

  explicit Gradients(knack::Host host) : host_(host) {}

  void fit_begin(knack::Context& /*context*/) override {
    gradients_ = host_.weights().publish("gradients");
    for (const knack::Weight& weight : gradients_) of_name_.emplace(weight.name, weight.tensor());
  }
  void before_step(knack::Context& context) override {
    for (const knack::Param& param : host_.params()) {
      of_name_.at(param.name).copy_(host_.params().gradient(param.index));
    }
    gradients_.save(std::to_string(context.step() + 1) + ".safetensors");
  }

 private:
  knack::Host host_;
  knack::WeightSet gradients_;  // buffers in it mean nothing
  std::map<std::string_view, knack::Tensor> of_name_;
};

}  // namespace

KNACK_PLUGIN("1.0.0", Gradients)
