// SPDX-License-Identifier: MIT
// A linear classifier of all pixels, also known as softmax regression.
#include <knack/sdk/model.hpp>
struct @TYPE@ final : knack::Model {
  static constexpr knack::Info info{.id = "@ID@", .summary = "Linear classifier"};
  struct Options {
    std::int64_t in_features = 3072, num_classes = 10;
    static void describe(knack::OptionSpec<Options>& spec) {
      spec.add("in_features", &Options::in_features, "Numbers of one sample").at_least(1);
      spec.add("num_classes", &Options::num_classes, "Outputs").at_least(1);
    }
  };
  explicit @TYPE@(const Options& o)
      : weight(parameter({o.num_classes, o.in_features})), bias(parameter({o.num_classes})) {}
  static knack::Tensor parameter(knack::Sizes sizes) {
    return knack::op("aten::requires_grad_")(knack::Tensor::zeros(sizes));
  }
  knack::Value forward(knack::ValueView inputs) override {
    static const knack::Operator linear("aten::linear");
    return linear(inputs.tensor().flatten(1), weight, bias);
  }
  void set_training(bool) override {}  // works the same in training and in evaluation
  std::int64_t tensor_count() const override { return 2; }
  knack::ModelTensor tensor(std::int64_t i) const override {
    if (i == 0) return {"weight", KNACK_ROLE_WEIGHT, "Linear", 0, weight.handle()};
    return {"bias", KNACK_ROLE_BIAS, "Linear", 0, bias.handle()};
  }
  knack::Tensor weight, bias;
};
KNACK_PLUGIN("0.1.0", @TYPE@)
