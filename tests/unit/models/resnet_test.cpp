// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

#include "tests/unit/models/loaded_model.hpp"

namespace knack::test {
namespace {

using ::testing::TestWithParam;

struct Count {
  const char* id;
  std::int64_t parameters;
};

void PrintTo(const Count& count, std::ostream* out) {
  *out << count.id;
}

class ResNetCounts : public TestWithParam<Count> {};

TEST_P(ResNetCounts, AreThoseOfThePublishedModel) {
  LoadedModel model("resnet", GetParam().id);
  EXPECT_EQ(parameter_count(model), GetParam().parameters);
}

// ImageNet's are those in torchvision's table of models. Those for small images are the paper's
// (table 6: 0.27, 0.46, 0.66 and 0.85 million) with two shortcut convolutions and their BatchNorm.
INSTANTIATE_TEST_SUITE_P(Family, ResNetCounts,
                         testing::Values(Count{"resnet20", 272474}, Count{"resnet32", 466906},
                                         Count{"resnet44", 661338}, Count{"resnet56", 855770},
                                         Count{"resnet18", 11689512}, Count{"resnet34", 21797672},
                                         Count{"resnet50", 25557032}, Count{"resnet101", 44549160},
                                         Count{"resnet152", 60192808}),
                         [](const auto& info) { return std::string(info.param.id); });

struct Expected {
  std::vector<std::string> tensors;  // kind, name and shape, separated by tabs
  std::map<std::string, at::Tensor> logits;
};

/// The rows of expected_resnets.tsv for one model.
Expected read_expected(const std::string& id) {
  std::ifstream file(KNACK_SOURCE_DIR "/tests/unit/models/expected_resnets.tsv");
  Expected expected;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(id + "\t")) continue;
    line.erase(0, id.size() + 1);
    if (!line.starts_with("logits\t")) {
      expected.tensors.push_back(line);
      continue;
    }
    const std::size_t tab = line.rfind('\t');
    const std::size_t mode = line.find('\t') + 1;
    std::istringstream numbers(line.substr(tab + 1));
    std::vector<double> logits;
    for (std::string number; std::getline(numbers, number, ',');) {
      logits.push_back(std::stod(number));
    }
    expected.logits[line.substr(mode, tab - mode)] = at::tensor(logits, at::kDouble).view({2, -1});
  }
  return expected;
}

std::string describe(const knack_model_tensor_t& tensor) {
  std::string shape;
  for (const std::int64_t size : tensor_of(tensor.tensor_borrowed).sizes()) {
    shape += (shape.empty() ? "" : ",") + std::to_string(size);
  }
  return (is_buffer(tensor) ? "buffer\t" : "parameter\t") + text(tensor.name) + "\t" +
         (shape.empty() ? "-" : shape);
}

at::Tensor waves(at::IntArrayRef shape, std::int64_t phase) {
  return at::sin(at::arange(c10::multiply_integers(shape), at::kDouble) + phase).view(shape);
}

/// The weights of expected_resnets.py, in fp64, put behind the handles as a host does it.
void set_weights(LoadedModel& model) {
  std::int64_t phase = 0;
  for (const knack_model_tensor_t& entry : model.tensors()) {
    at::Tensor& tensor = tensor_of(entry.tensor_borrowed);
    const std::string name = text(entry.name);
    at::Tensor values = waves(tensor.sizes(), phase++);
    if (tensor.dim() > 1) {
      values /= std::sqrt(static_cast<double>(tensor[0].numel()));
    } else if (name.ends_with("num_batches_tracked")) {
      values = at::zeros({}, at::kLong);
    } else {
      const bool around_one =
          name.ends_with("var") || name.ends_with("bn1.weight") || name.ends_with("bn2.weight");
      values = 0.25 * values + (around_one ? 1.0 : 0.0);
    }
    tensor.set_data(values);
  }
}

class ResNetInPython : public TestWithParam<const char*> {};

TEST_P(ResNetInPython, HasTheSameTensorsInTheSameOrder) {
  LoadedModel model("resnet", GetParam());
  std::vector<std::string> tensors;
  for (const knack_model_tensor_t& tensor : model.tensors()) tensors.push_back(describe(tensor));
  const Expected expected = read_expected(GetParam());
  ASSERT_FALSE(expected.tensors.empty());
  EXPECT_EQ(tensors, expected.tensors);
}

TEST_P(ResNetInPython, GivesTheSameLogitsInTrainingAndInInference) {
  const at::NoGradGuard no_grad;
  LoadedModel model("resnet", GetParam());
  for (const auto& [mode, expected] : read_expected(GetParam()).logits) {
    set_weights(model);
    model.set_training(mode == "training");
    const at::Tensor logits = model.forward(waves({2, 3, 40, 40}, 0)).narrow(1, 0, 4);
    EXPECT_TRUE(at::allclose(logits, expected, 1e-9, 1e-9)) << mode << "\n"
                                                            << logits << "\n"
                                                            << expected;
  }
}

TEST_P(ResNetInPython, GivesTheSameLogitsForImagesInChannelsLast) {
  const at::NoGradGuard no_grad;
  LoadedModel model("resnet", GetParam());
  set_weights(model);
  for (const knack_model_tensor_t& entry : model.tensors()) {
    at::Tensor& tensor = tensor_of(entry.tensor_borrowed);
    if (tensor.dim() == 4) tensor.set_data(tensor.contiguous(at::MemoryFormat::ChannelsLast));
  }
  model.set_training(false);
  const at::Tensor images = waves({2, 3, 40, 40}, 0).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor expected = read_expected(GetParam()).logits.at("inference");
  EXPECT_TRUE(at::allclose(model.forward(images).narrow(1, 0, 4), expected, 1e-9, 1e-9));
}

INSTANTIATE_TEST_SUITE_P(Family, ResNetInPython,
                         testing::Values("resnet20", "resnet18", "resnet50"),
                         [](const auto& info) { return std::string(info.param); });

TEST(ResNet, TakesChannelsAndClassesFromTheOptions) {
  LoadedModel model("resnet", "resnet20", {option("in_channels", 1), option("num_classes", 7)});
  EXPECT_EQ(model.forward(at::rand({3, 1, 8, 8})).sizes(), at::IntArrayRef({3, 7}));
}

TEST(ResNet, SaysItsDefaultsInTheSchema) {
  EXPECT_NE(LoadedModel("resnet", "resnet20")
                .schema()
                .find(R"("num_classes": {"type": "integer", "minimum": 1, "default": 10)"),
            std::string::npos);
  EXPECT_NE(LoadedModel("resnet", "resnet18")
                .schema()
                .find(R"("num_classes": {"type": "integer", "minimum": 1, "default": 1000)"),
            std::string::npos);
}

TEST(ResNet, RefusesAnImageOfOtherChannelsWithOneShortText) {
  LoadedModel model("resnet", "resnet20");
  try {
    model.forward(at::rand({1, 5, 8, 8}));
    FAIL() << "an image of 5 channels was accepted";
  } catch (const std::runtime_error& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("to have 3 channels, but got 5 channels"), std::string::npos) << message;
    EXPECT_EQ(message.find("Exception raised from"), std::string::npos) << message;
  }
}

TEST(ResNet, RefusesInputsThatAreNoTensor) {
  LoadedModel model("resnet", "resnet20");
  const knack_value_t list{KNACK_VALUE_LIST, 0, 0, {.items = nullptr}};
  knack_value_t outputs{};
  EXPECT_EQ(model.abi()->forward(model.abi(), &list, &outputs), KNACK_STATUS_INVALID);
}

TEST(ResNet, GivesEachTensorItsRoleAndOwner) {
  LoadedModel model("resnet", "resnet20");
  std::map<std::string, int> count;
  for (const knack_model_tensor_t& tensor : model.tensors()) {
    ++count[text(tensor.owner_kind) + " " + text(tensor.role)];
  }
  const std::map<std::string, int> expected{
      {"Conv2d weight", 21},         {"BatchNorm2d norm_scale", 21}, {"BatchNorm2d norm_shift", 21},
      {"BatchNorm2d norm_stat", 63}, {"Linear weight", 1},           {"Linear bias", 1}};
  EXPECT_EQ(count, expected);
}

TEST(ResNet, ListsNormLayersWithTheirStatistics) {
  LoadedModel model("resnet", "resnet20");
  const std::vector<knack_norm_layer_t> layers = model.norm_layers();
  ASSERT_EQ(layers.size(), 21U);
  EXPECT_EQ(text(layers[0].name), "bn1");
  EXPECT_EQ(text(layers[1].name), "layer1.0.bn1");
  EXPECT_EQ(text(layers[20].name), "layer3.2.bn2");
  EXPECT_EQ(text(layers[0].kind), "BatchNorm2d");
  EXPECT_EQ(layers[20].channels, 64);
  EXPECT_EQ(layers[0].momentum, 0.1);
  EXPECT_EQ(layers[0].training, 1U);
  model.forward(at::rand({4, 3, 8, 8}));
  EXPECT_EQ(tensor_of(layers[0].num_batches_tracked_borrowed).item<std::int64_t>(), 1);
  for (const knack_model_tensor_t& tensor : model.tensors()) {
    if (text(tensor.name) != "bn1.running_mean") continue;
    const at::Tensor& mean = tensor_of(layers[0].running_mean_borrowed);
    EXPECT_TRUE(tensor_of(tensor.tensor_borrowed).is_same(mean));
  }
}

TEST(ResNet, UpdatesStatisticsWithTheMomentumThatWasSet) {
  LoadedModel model("resnet", "resnet20");
  model.check(model.abi()->set_norm_momentum(model.abi(), 0, 0.0));
  model.check(model.abi()->set_norm_momentum(model.abi(), 1, std::nan("")));
  model.forward(at::rand({4, 3, 8, 8}));
  const std::vector<knack_norm_layer_t> layers = model.norm_layers();
  EXPECT_EQ(layers[0].momentum, 0.0);
  EXPECT_TRUE(at::equal(tensor_of(layers[0].running_var_borrowed), at::ones(16)));
  EXPECT_TRUE(std::isnan(layers[1].momentum));
  EXPECT_FALSE(at::equal(tensor_of(layers[1].running_var_borrowed), at::ones(16)));
}

TEST(ResNet, FreezesSingleNormLayers) {
  LoadedModel model("resnet", "resnet20");
  model.check(model.abi()->set_norm_training(model.abi(), 0, 0));
  model.forward(at::rand({4, 3, 8, 8}));
  const std::vector<knack_norm_layer_t> layers = model.norm_layers();
  EXPECT_EQ(layers[0].training, 0U);
  EXPECT_EQ(tensor_of(layers[0].num_batches_tracked_borrowed).item<std::int64_t>(), 0);
  EXPECT_EQ(layers[1].training, 1U);
  EXPECT_EQ(tensor_of(layers[1].num_batches_tracked_borrowed).item<std::int64_t>(), 1);
}

TEST(ResNet, RefusesTheIndexOfNoNormLayer) {
  LoadedModel model("resnet", "resnet20");
  EXPECT_EQ(model.abi()->set_norm_momentum(model.abi(), 21, 0.5), KNACK_STATUS_NOT_FOUND);
  EXPECT_EQ(model.abi()->set_norm_momentum(model.abi(), -1, 0.5), KNACK_STATUS_NOT_FOUND);
}

TEST(ResNet, DrawsConvolutionsByFanOut) {
  at::manual_seed(1);
  LoadedModel model("resnet", "resnet18");
  for (const knack_model_tensor_t& entry : model.tensors()) {
    const at::Tensor& tensor = tensor_of(entry.tensor_borrowed);
    if (text(entry.owner_kind) != "Conv2d") continue;
    const double fan_out = static_cast<double>(tensor.numel()) / tensor.size(1);
    EXPECT_NEAR(tensor.std().item<double>() / std::sqrt(2.0 / fan_out), 1.0, 0.05)
        << text(entry.name);
  }
}

TEST(ResNet, StartsBlocksAsTheirShortcutsWhenAskedTo) {
  const knack_named_value_t zero{{"zero_init_residual", 18}, {KNACK_VALUE_BOOL, 0, 0, {.i64 = 1}}};
  LoadedModel model("resnet", "resnet50", {zero});
  int zeros = 0;
  for (const knack_model_tensor_t& entry : model.tensors()) {
    if (text(entry.role) != KNACK_ROLE_NORM_SCALE) continue;
    const bool last = text(entry.name).ends_with("bn3.weight");
    EXPECT_EQ(tensor_of(entry.tensor_borrowed).any().item<bool>(), !last) << text(entry.name);
    zeros += last ? 1 : 0;
  }
  EXPECT_EQ(zeros, 16);
}

}  // namespace
}  // namespace knack::test
