// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>

#include "tests/unit/models/loaded_model.hpp"

namespace knack::test {
namespace {

using ::testing::ElementsAre;

knack_named_value_t hidden(const std::vector<knack_value_t>& widths) {
  return {{"hidden", 6}, {KNACK_VALUE_LIST, 0, widths.size(), {.items = widths.data()}}};
}

const std::vector<knack_value_t> kTwoLayers{{KNACK_VALUE_INT, 0, 0, {.i64 = 32}},
                                            {KNACK_VALUE_INT, 0, 0, {.i64 = 16}}};
const knack_named_value_t kBatchNorm{{"batch_norm", 10}, {KNACK_VALUE_BOOL, 0, 0, {.i64 = 1}}};
const knack_named_value_t kDropout{{"dropout", 7}, {KNACK_VALUE_FLOAT, 0, 0, {.f64 = 0.5}}};

std::vector<std::string> names(LoadedModel& model) {
  std::vector<std::string> names;
  for (const knack_model_tensor_t& tensor : model.tensors()) names.push_back(text(tensor.name));
  return names;
}

TEST(Mlp, NumbersItsLayersAsTorchvisionDoes) {
  LoadedModel model("mlp", "mlp", {option("in_features", 64), hidden(kTwoLayers)});
  EXPECT_THAT(names(model), ElementsAre("layers.0.weight", "layers.0.bias", "layers.3.weight",
                                        "layers.3.bias", "layers.6.weight", "layers.6.bias"));
  EXPECT_EQ(parameter_count(model), 64 * 32 + 32 + 32 * 16 + 16 + 16 * 10 + 10);
}

TEST(Mlp, IsALinearClassifierWithoutHiddenLayers) {
  LoadedModel model("mlp", "mlp", {option("in_features", 64), hidden({})});
  EXPECT_THAT(names(model), ElementsAre("layers.0.weight", "layers.0.bias"));
}

TEST(Mlp, FlattensImages) {
  LoadedModel model("mlp", "mlp", {option("in_features", 64), hidden(kTwoLayers)});
  EXPECT_EQ(model.forward(at::rand({5, 1, 8, 8})).sizes(), at::IntArrayRef({5, 10}));
}

TEST(Mlp, ComputesWhatItsWeightsSay) {
  LoadedModel model("mlp", "mlp", {option("in_features", 64), hidden(kTwoLayers)});
  const at::Tensor images = at::rand({5, 64});
  const auto tensors = model.tensors();
  at::Tensor expected = images;
  for (std::size_t i = 0; i < tensors.size(); i += 2) {
    if (i > 0) expected = expected.relu();
    expected = at::linear(expected, tensor_of(tensors[i].tensor_borrowed),
                          tensor_of(tensors[i + 1].tensor_borrowed));
  }
  EXPECT_TRUE(at::allclose(model.forward(images), expected));
}

TEST(Mlp, NormalizesHiddenLayersWhenAskedTo) {
  LoadedModel model("mlp", "mlp", {option("in_features", 64), hidden(kTwoLayers), kBatchNorm});
  const auto layers = model.norm_layers();
  ASSERT_EQ(layers.size(), 2U);
  EXPECT_EQ(text(layers[1].name), "layers.5");
  EXPECT_EQ(text(layers[1].kind), "BatchNorm1d");
  EXPECT_EQ(layers[1].channels, 16);
}

TEST(Mlp, DropsActivationsInTrainingAlone) {
  LoadedModel model("mlp", "mlp", {option("in_features", 64), hidden(kTwoLayers), kDropout});
  const at::Tensor images = at::rand({5, 64});
  EXPECT_FALSE(at::equal(model.forward(images), model.forward(images)));
  model.set_training(false);
  EXPECT_TRUE(at::equal(model.forward(images), model.forward(images)));
}

TEST(Mlp, RefusesSamplesOfAnotherSize) {
  LoadedModel model("mlp", "mlp", {option("in_features", 64)});
  EXPECT_THROW(model.forward(at::rand({5, 1, 9, 9})), std::runtime_error);
}

}  // namespace
}  // namespace knack::test
