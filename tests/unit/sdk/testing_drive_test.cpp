// SPDX-License-Identifier: MIT
// Models, datasets, objectives and optimizers, driven on the fake host.
#include <gmock/gmock.h>
#include <knack/sdk/dataset.hpp>
#include <knack/sdk/model.hpp>
#include <knack/sdk/objective.hpp>
#include <knack/sdk/optimizer.hpp>
#include <knack/testing/drive.hpp>

namespace knack::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;

class Line final : public Model {
 public:
  static constexpr Info info{.id = "line"};
  Line() : weight_(Tensor::full_like(Tensor::zeros({2, 3}), 2)) {}
  void set_training(bool training) override {
    training_ = training;
  }
  Value forward(ValueView inputs) override {
    static const Operator linear("aten::linear");
    const Tensor outputs = linear(inputs.tensor(), weight_);
    return Value::map({{"outputs", outputs}, {"training", training_}});
  }
  [[nodiscard]] std::int64_t tensor_count() const override {
    return 1;
  }
  [[nodiscard]] ModelTensor tensor(std::int64_t /*index*/) const override {
    return {.name = "weight", .owner_kind = "Linear", .handle = weight_.handle()};
  }

 private:
  Tensor weight_;
  bool training_ = false;
};

class Squares final : public Dataset {
 public:
  static constexpr Info info{.id = "squares"};
  [[nodiscard]] std::int64_t length() const override {
    return 9;
  }
  [[nodiscard]] Value describe() const override {
    return Value::map({{"shape", Value::list({1})}});
  }
  void batch(const BatchRequest& request, Value& inputs, Value& targets) override {
    std::vector<float> numbers;
    for (const std::int64_t index : request.indices()) {
      numbers.push_back(static_cast<float>(index * index + request.epoch()));
    }
    inputs = Tensor::from_data<float>(numbers, std::array{request.size()});
    targets = Value::list_of(request.indices());
  }
};

class Distance final : public Objective {
 public:
  static constexpr Info info{.id = "distance"};
  Tensor loss(ValueView outputs, ValueView targets) override {
    return (outputs.tensor() - targets.tensor()).square().mean();
  }
  void metrics_begin() override {
    total_ = 0;
  }
  void metrics_update(ValueView outputs, ValueView targets) override {
    total_ += loss(outputs, targets).item();
  }
  Value metrics_result() override {
    return Value::map({{"loss", total_}});
  }

 private:
  double total_ = 0;
};

class Descent final : public Optimizer {
 public:
  static constexpr Info info{.id = "descent"};
  struct Options {
    double lr = 0.5;
    static void describe(OptionSpec<Options>& spec) {
      spec.add("lr", &Options::lr, "Learning rate");
    }
  };
  explicit Descent(const Options& options) : options_(options) {}
  void add_group(const ParamGroup& group) override {
    std::vector<Tensor>& params = params_.emplace_back();
    for (std::size_t i = 0; i < group.size(); ++i)
      params.push_back(Tensor::retain(group.handle(i)));
    groups_.push_back(read_options(group.options(), options_));
  }
  void step(const Gradients& gradients) override {
    for (std::size_t group = 0; group < params_.size(); ++group) {
      for (std::size_t i = 0; i < params_[group].size(); ++i) {
        if (gradients.handle(group, i) == nullptr) continue;
        params_[group][i].sub_(Tensor::retain(gradients.handle(group, i)) * groups_[group].lr);
      }
    }
    ++steps_;
  }
  double get_option(std::size_t group, std::string_view /*name*/) override {
    return groups_.at(group).lr;
  }
  void set_option(std::size_t group, std::string_view /*name*/, double value) override {
    groups_.at(group).lr = value;
  }
  void save(StateWriter& state) const override {
    state.set("steps", steps_);
  }
  void load(const StateReader& state) override {
    steps_ = state["steps"].integer();
  }

 private:
  Options options_;
  std::vector<Options> groups_;
  std::vector<std::vector<Tensor>> params_;
  std::int64_t steps_ = 0;
};

constexpr knack::detail::PluginFacts kFacts{"1.0.0", "", "MIT", "c", ""};
constexpr auto kManifest = knack::detail::make_manifest<kFacts, Line, Squares, Distance, Descent>();
constexpr knack_entry_t kEntry =
    knack::detail::make_entry<Line, Squares, Distance, Descent>(kManifest.data(), kManifest.size());

Tensor vector_of(std::vector<float> numbers) {
  return Tensor::from_data<float>(numbers, std::array{static_cast<std::int64_t>(numbers.size())});
}

TEST(Drive, RunsAModelAndListsItsTensors) {
  FakeHost host;
  {
    const auto model = host.create<knack_model_t>(kEntry, "line");
    const OwnedValue outputs = forward(host, *model, vector_of({1, 2, 3}), true);
    EXPECT_THAT(elements<float>(fake_tensor(outputs["outputs"].abi()->as.tensor)),
                ElementsAre(12, 12));
    EXPECT_TRUE(outputs["training"].boolean());
    const auto tensors = tensors_of(host, *model);
    ASSERT_EQ(tensors.size(), 1U);
    EXPECT_EQ(tensors[0].name, "weight");
    EXPECT_EQ(fake_tensor(tensors[0].handle).numel(), 6);
    EXPECT_THROW((void)forward(host, *model, vector_of({1, 2})), std::runtime_error);
  }
  EXPECT_EQ(host.live_handles(), 0);
}

TEST(Drive, ReadsADataset) {
  FakeHost host;
  const auto dataset = host.create<knack_dataset_t>(kEntry, "squares");
  EXPECT_EQ(length(host, *dataset), 9);
  EXPECT_EQ(value_text(describe(host, *dataset).view()), R"({"shape": [1]})");
  const DrivenBatch read = batch(host, *dataset, {3, 1}, 2);
  EXPECT_THAT(elements<float>(read.inputs.tensor()), ElementsAre(11, 3));
  EXPECT_EQ(value_text(read.targets.view()), "[3, 1]");
}

TEST(Drive, AsksAnObjective) {
  FakeHost host;
  const auto objective = host.create<knack_objective_t>(kEntry, "distance");
  const Tensor outputs = vector_of({1, 3});
  const Tensor targets = vector_of({0, 1});
  EXPECT_EQ(loss(host, *objective, outputs, targets), 2.5);
  const OwnedValue found = metrics(host, *objective, {{outputs, targets}, {targets, targets}});
  EXPECT_EQ(found["loss"].number(), 2.5);
}

TEST(Drive, StepsAnOptimizer) {
  FakeHost host;
  {
    const auto optimizer = host.create<knack_optimizer_t>(kEntry, "descent");
    OptimizerDriver driver(host, *optimizer);
    driver.add_group({{"weight", {1, 2}}, {"frozen", {5}}});
    driver.add_group({{"bias", {3}}}, {{"lr", 0.25}});
    driver.step({{"weight", {2, 4}}, {"bias", {4}}});
    EXPECT_THAT(driver["weight"], ElementsAre(0, 0));
    EXPECT_THAT(driver["frozen"], ElementsAre(5));
    EXPECT_THAT(driver["bias"], ElementsAre(FloatEq(2)));
    driver.set_option(1, "lr", 1);
    EXPECT_EQ(driver.option(1, "lr"), 1.0);
    const ToyState state = save_state(host, &optimizer->head);
    EXPECT_EQ(state.text(), R"({"steps": 1})");
    const auto other = host.create<knack_optimizer_t>(kEntry, "descent");
    load_state(host, &other->head, state);
    EXPECT_EQ(save_state(host, &other->head).text(), state.text());
  }
  EXPECT_EQ(host.live_handles(), 0);
}

}  // namespace
}  // namespace knack::testing
