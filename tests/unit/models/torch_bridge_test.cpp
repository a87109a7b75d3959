// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/embedding.h>
#include <torch/nn/modules/instancenorm.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>
#include <knack/torch/model.hpp>

#include <algorithm>
#include <cstring>
#include <map>

#include "tests/unit/models/model_host.hpp"

namespace knack::test {
namespace {

using ::testing::ElementsAre;

/// A layer of an author's own.
struct RMSNormImpl : torch::nn::Module {
  RMSNormImpl() {
    register_parameter("weight", torch::ones(4));
  }
};

/// Keeps its statistics whatever mode the model is in, as in fine-tuning.
struct FrozenImpl : torch::nn::BatchNorm2dImpl {
  FrozenImpl() : BatchNorm2dImpl(4) {
    train(false);
  }
  void train(bool) override {
    Module::train(false);
  }
};

struct Zoo : torch::nn::Module {
  Zoo() {
    register_parameter("class_token", torch::zeros({1, 1, 4}));
    register_parameter("pos_embedding", torch::zeros({1, 9, 4}));
    register_parameter("layer_scale", torch::ones({4, 1, 1}));
    register_buffer("mask", torch::zeros(9));
    register_module("table", torch::nn::Embedding(5, 4));
    linear = register_module("linear", torch::nn::Linear(4, 4));
    register_module("group", torch::nn::GroupNorm(2, 4));
    register_module("instance",
                    torch::nn::InstanceNorm2d(
                        torch::nn::InstanceNormOptions(4).affine(true).track_running_stats(true)));
    register_module("rms", std::make_shared<RMSNormImpl>());
    register_module("frozen", std::make_shared<FrozenImpl>());
    register_module("batch", torch::nn::BatchNorm1d(4));
    const auto untracked = torch::nn::BatchNormOptions(4).track_running_stats(false);
    register_module("plain_batch", torch::nn::BatchNorm1d(untracked));
    register_module("act", torch::nn::PReLU());
    register_module("attention", torch::nn::MultiheadAttention(4, 2));
    register_module("tied", linear);
  }

  torch::nn::Linear linear{nullptr};
};

std::map<std::string, std::string_view> roles(const torch::nn::Module& module) {
  std::map<std::string, std::string_view> roles;
  for (const ModuleTensor& tensor : list_tensors(module)) roles[tensor.name] = tensor.role;
  return roles;
}

TEST(ModuleTables, FindTheRoleOfEachTensorByItsLayer) {
  const std::map<std::string, std::string_view> expected{
      {"class_token", "token"},
      {"pos_embedding", "token"},
      {"layer_scale", "scale"},
      {"mask", "buffer"},
      {"table.weight", "embedding"},
      {"linear.weight", "weight"},
      {"linear.bias", "bias"},
      {"group.weight", "norm_scale"},
      {"group.bias", "norm_shift"},
      {"instance.weight", "norm_scale"},
      {"instance.bias", "norm_shift"},
      {"instance.running_mean", "norm_stat"},
      {"instance.running_var", "norm_stat"},
      {"instance.num_batches_tracked", "norm_stat"},
      {"rms.weight", "norm_scale"},
      {"frozen.weight", "norm_scale"},
      {"frozen.bias", "norm_shift"},
      {"frozen.running_mean", "norm_stat"},
      {"frozen.running_var", "norm_stat"},
      {"frozen.num_batches_tracked", "norm_stat"},
      {"batch.weight", "norm_scale"},
      {"batch.bias", "norm_shift"},
      {"batch.running_mean", "norm_stat"},
      {"batch.running_var", "norm_stat"},
      {"batch.num_batches_tracked", "norm_stat"},
      {"plain_batch.weight", "norm_scale"},
      {"plain_batch.bias", "norm_shift"},
      {"act.weight", "scale"},
      {"attention.in_proj_weight", "weight"},
      {"attention.in_proj_bias", "bias"},
      {"attention.out_proj.weight", "weight"},
      {"attention.out_proj.bias", "bias"},
  };
  EXPECT_EQ(roles(Zoo()), expected);
}

TEST(ModuleTables, ListASharedTensorOnceUnderItsFirstName) {
  const Zoo zoo;
  std::vector<std::string> names;
  for (const ModuleTensor& tensor : list_tensors(zoo)) {
    if (tensor.tensor.is_same(zoo.linear->weight)) names.push_back(tensor.name);
  }
  EXPECT_THAT(names, ElementsAre("linear.weight"));
}

TEST(ModuleTables, ListParametersBeforeBuffers) {
  const std::vector<ModuleTensor> tensors = list_tensors(Zoo());
  EXPECT_TRUE(std::ranges::is_sorted(tensors, {}, &ModuleTensor::buffer));
}

TEST(ModuleTables, ListBatchNormThatKeepsStatistics) {
  Zoo zoo;
  std::vector<std::string> names;
  for (const ModuleNorm& norm : list_norms(zoo)) names.push_back(norm.name + " " + norm.kind);
  EXPECT_THAT(names, ElementsAre("frozen Frozen", "batch BatchNorm1d"));
}

TEST(ModuleTables, NameClassesWithoutNamespaceAndImpl) {
  EXPECT_EQ(module_kind(*torch::nn::Linear(2, 2)), "Linear");
  EXPECT_EQ(module_kind(RMSNormImpl()), "RMSNorm");
  EXPECT_EQ(module_kind(Zoo()), "Zoo");
}

/// Two inputs and a parameter whose role its name does not tell.
struct TwoTowers : torch::nn::Module {
  explicit TwoTowers(std::int64_t width) {
    TORCH_CHECK(width > 0, "width must be positive");
    mix = register_parameter("mix", torch::ones(width));
    register_module("frozen", std::make_shared<FrozenImpl>());
    register_module("batch", torch::nn::BatchNorm1d(width));
  }

  at::Tensor mix;
};

struct TwoTowersOptions {
  std::int64_t width = 2;

  static void describe(OptionSpec<TwoTowersOptions>& spec) {
    spec.add("width", &TwoTowersOptions::width, "Features of each input");
  }
};

class TwoTowersModel final : public TorchModel<TwoTowers> {
 public:
  static constexpr Info info{.id = "two_towers", .summary = "For tests"};
  using Options = TwoTowersOptions;

  explicit TwoTowersModel(const Options& options) : TorchModel(options.width) {
    set_role("mix", KNACK_ROLE_SCALE);
  }

  Value forward(ValueView inputs) override {
    const at::Tensor& left = knack::tensor_of(inputs["left"].abi()->as.tensor);
    const at::Tensor& right = knack::tensor_of(inputs["right"].abi()->as.tensor);
    return Value::list(
        {Tensor::take(give_tensor(left * module().mix)), Tensor::take(give_tensor(right + left))});
  }
};

/// A model of this file, made as the entry makes it.
class TorchModelTest : public testing::Test {
 protected:
  knack_model_t* create(std::int64_t width) {
    const knack_named_value_t option{{"width", 5}, {KNACK_VALUE_INT, 0, 0, {.i64 = width}}};
    const knack_value_t options{KNACK_VALUE_MAP, 0, 1, {.entries = &option}};
    detail::open_gateway(host_.table());
    knack_instance_t* instance = nullptr;
    status_ = detail::create_instance<TwoTowersModel>(host_.table(), &options, &instance);
    model_.reset(reinterpret_cast<knack_model_t*>(instance));
    return model_.get();
  }

  struct Destroy {
    void operator()(knack_model_t* model) const {
      model->head.destroy(&model->head);
    }
  };

  ModelHost host_;
  std::int32_t status_ = KNACK_STATUS_OK;
  std::unique_ptr<knack_model_t, Destroy> model_;
};

TEST_F(TorchModelTest, TakesAndGivesTreesWhenForwardIsOverridden) {
  knack_model_t* model = create(2);
  at::Tensor left = at::full({1, 2}, 3.0);
  at::Tensor right = at::full({1, 2}, 4.0);
  const knack_named_value_t entries[] = {
      {{"left", 4}, {KNACK_VALUE_TENSOR, 0, 0, {.tensor = lend_tensor(left)}}},
      {{"right", 5}, {KNACK_VALUE_TENSOR, 0, 0, {.tensor = lend_tensor(right)}}}};
  const knack_value_t inputs{KNACK_VALUE_MAP, 0, 2, {.entries = entries}};
  knack_value_t outputs{};
  ASSERT_EQ(model->forward(model, &inputs, &outputs), KNACK_STATUS_OK) << host_.error;
  ASSERT_EQ(outputs.tag, std::uint32_t{KNACK_VALUE_LIST});
  ASSERT_EQ(outputs.count, 2U);
  EXPECT_TRUE(at::equal(take_tensor(outputs.as.items[0].as.tensor), left));
  EXPECT_TRUE(at::equal(take_tensor(outputs.as.items[1].as.tensor), left + right));
}

TEST_F(TorchModelTest, LetsTheAuthorCorrectARole) {
  knack_model_t* model = create(2);
  knack_model_tensor_t tensor{};
  tensor.struct_size = sizeof(tensor);
  ASSERT_EQ(model->get_tensor(model, 0, &tensor), KNACK_STATUS_OK);
  EXPECT_EQ(text(tensor.name), "mix");
  EXPECT_EQ(text(tensor.role), KNACK_ROLE_SCALE);
}

TEST_F(TorchModelTest, LeavesALayerFrozenThatFreezesItself) {
  knack_model_t* model = create(2);
  ASSERT_EQ(model->set_training(model, 1), KNACK_STATUS_OK);
  knack_norm_layer_t frozen{};
  knack_norm_layer_t batch{};
  frozen.struct_size = batch.struct_size = sizeof(knack_norm_layer_t);
  ASSERT_EQ(model->get_norm_layer(model, 0, &frozen), KNACK_STATUS_OK);
  ASSERT_EQ(model->get_norm_layer(model, 1, &batch), KNACK_STATUS_OK);
  EXPECT_EQ(frozen.training, 0U);
  EXPECT_EQ(batch.training, 1U);
}

/// `Struct` and more, all poisoned but the struct_size.
template <typename Struct>
struct Room {
  explicit Room(std::uint32_t struct_size) {
    std::memset(bytes, kPoison, sizeof(bytes));
    get()->struct_size = struct_size;
  }
  Struct* get() {
    return reinterpret_cast<Struct*>(bytes);
  }
  void expect_filled_to(std::uint32_t end) {
    EXPECT_EQ(get()->struct_size, end);
    for (std::size_t i = end; i < sizeof(bytes); ++i) ASSERT_EQ(bytes[i], kPoison) << i;
  }

  static constexpr unsigned char kPoison = 0xa5;
  alignas(Struct) unsigned char bytes[sizeof(Struct) + 32];
};

TEST_F(TorchModelTest, FillsNoMoreThanTheHostHasRoomForAndTellsHowMuch) {
  knack_model_t* model = create(2);
  for (const std::uint32_t size : {8U, 40U, 96U}) {
    Room<knack_model_tensor_t> tensor(size);
    ASSERT_EQ(model->get_tensor(model, 0, tensor.get()), KNACK_STATUS_OK) << host_.error;
    tensor.expect_filled_to(std::min<std::uint32_t>(size, sizeof(knack_model_tensor_t)));
    Room<knack_norm_layer_t> layer(size);
    ASSERT_EQ(model->get_norm_layer(model, 0, layer.get()), KNACK_STATUS_OK) << host_.error;
    layer.expect_filled_to(std::min<std::uint32_t>(size, sizeof(knack_norm_layer_t)));
  }
}

TEST_F(TorchModelTest, RefusesAStructWithoutItsSize) {
  knack_model_t* model = create(2);
  knack_model_tensor_t tensor{};
  EXPECT_EQ(model->get_tensor(model, 0, &tensor), KNACK_STATUS_INVALID);
  EXPECT_EQ(host_.error, "expected a struct with its struct_size set by the caller, found none");
}

TEST_F(TorchModelTest, GivesLibTorchsMessageWithoutItsBacktraceWhenConstructionFails) {
  EXPECT_EQ(create(0), nullptr);
  EXPECT_EQ(status_, KNACK_STATUS_FAILED);
  EXPECT_EQ(host_.error, "width must be positive");
}

TEST(TensorHandles, KeepTheTensorTheyWereMadeOf) {
  const at::Tensor tensor = at::rand(3);
  EXPECT_TRUE(knack::tensor_of(lend_tensor(tensor)).is_same(tensor));
  EXPECT_TRUE(take_tensor(give_tensor(tensor)).is_same(tensor));
  EXPECT_EQ(tensor.use_count(), 1U);
}

}  // namespace
}  // namespace knack::test
