// SPDX-License-Identifier: MIT
// The optimizers "sgd" and "adamw" against torch.optim; the values are of optimizers/reference.py.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "host/plugin/kinds/optimizer.hpp"
#include "tests/support/error_message.hpp"
#include "tests/unit/plugins/first_party.hpp"

namespace knack::host {
namespace {

using ::knack::testing::error_message;
using ::knack::testing::make_first_party;
using ::testing::HasSubstr;
using Json = nlohmann::ordered_json;

const Json& reference() {
  static const Json json =
      Json::parse(std::ifstream(KNACK_SOURCE_DIR "/tests/unit/plugins/optimizers/reference.json"));
  return json;
}

/// As draw() of reference.py.
at::Tensor draw(std::uint64_t stream, at::IntArrayRef shape) {
  at::Tensor tensor = at::empty(shape, at::kDouble);
  auto* data = tensor.mutable_data_ptr<double>();
  std::uint64_t state = stream;
  for (std::int64_t i = 0; i < tensor.numel(); ++i) {
    state += 0x9e3779b97f4a7c15ULL;
    std::uint64_t mixed = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
    data[i] = static_cast<double>((mixed ^ (mixed >> 31)) >> 40) / (1 << 23) - 1;
  }
  return tensor;
}

/// As has_gradient() of reference.py.
bool has_gradient(std::size_t index, int step) {
  return index != 2 || step % 3 == 2 || (step % 3 == 1 && step > 2);
}

/// The three parameters of reference.py, trained by a plugin.
class TrainedParams {
 public:
  TrainedParams(const Json& reference_case, at::ScalarType dtype, at::MemoryFormat format)
      : optimizer_(make_first_party<Optimizer>(
            reference_case["optimizer"],
            *Value::from_json(reference_case["options"]).get_if<Value::Map>())) {
    const std::vector<std::vector<std::int64_t>> shapes{{2, 3, 3, 3}, {5}, {3, 4}};
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      params_[i] = draw(i, shapes[i]).to(dtype);
    }
    params_[0] = params_[0].contiguous(format);
    optimizer_.add_group({{&params_[0], &params_[2]}, {"conv.weight", "fc.weight"}, {}});
    optimizer_.add_group({{&params_[1]},
                          {"conv.bias"},
                          *Value::from_json(reference_case["second_group"]).get_if<Value::Map>()});
  }

  void step(int number) {
    std::array<at::Tensor, 3> gradients;
    for (std::size_t i = 0; i < params_.size(); ++i) {
      if (!has_gradient(i, number)) continue;
      const auto stream = 1000 + 10 * static_cast<std::uint64_t>(number) + i;
      gradients[i] = draw(stream, params_[i].sizes()).to(params_[i].scalar_type());
    }
    optimizer_.step(
        std::vector<std::vector<at::Tensor>>{{gradients[0], gradients[2]}, {gradients[1]}});
  }

  void steps(int first, int last) {
    for (int number = first; number < last; ++number) step(number);
  }

  Optimizer& optimizer() {
    return optimizer_;
  }
  std::array<at::Tensor, 3>& params() {
    return params_;
  }

 private:
  std::array<at::Tensor, 3> params_;
  Optimizer optimizer_;
};

std::string case_name(const ::testing::TestParamInfo<std::size_t>& info) {
  return reference()["cases"][info.param]["case"];
}

class OptimizerCase : public ::testing::TestWithParam<std::size_t> {
 protected:
  const Json& reference_case_ = reference()["cases"][GetParam()];
  const int steps_ = reference()["steps"];
};
INSTANTIATE_TEST_SUITE_P(Reference, OptimizerCase,
                         ::testing::Range<std::size_t>(0, reference()["cases"].size()), case_name);

void expect_params(TrainedParams& run, const Json& expected, double tolerance) {
  for (std::size_t i = 0; i < run.params().size(); ++i) {
    const auto values = expected[i].get<std::vector<double>>();
    const at::Tensor wanted = at::tensor(values, at::kDouble);
    const at::Tensor found = run.params()[i].to(at::kDouble).contiguous().flatten();
    EXPECT_LT(((found - wanted).norm() / wanted.norm()).item<double>(), tolerance) << i;
  }
}

TEST_P(OptimizerCase, GivesWhatPyTorchGivesInDoublePrecision) {
  TrainedParams run(reference_case_, at::kDouble, at::MemoryFormat::Contiguous);
  run.steps(0, steps_);
  expect_params(run, reference_case_["params"], 1e-12);
}

TEST_P(OptimizerCase, GivesWhatPyTorchGivesInSinglePrecision) {
  TrainedParams run(reference_case_, at::kFloat, at::MemoryFormat::Contiguous);
  run.steps(0, steps_);
  expect_params(run, reference_case_["params"], 1e-5);
}

TEST_P(OptimizerCase, MatchesGradientsThatLieInMemoryDifferentlyFromTheirParameters) {
  TrainedParams run(reference_case_, at::kDouble, at::MemoryFormat::ChannelsLast);
  run.steps(0, steps_);
  EXPECT_TRUE(run.params()[0].is_contiguous(at::MemoryFormat::ChannelsLast));
  expect_params(run, reference_case_["params"], 1e-12);
}

TEST_P(OptimizerCase, GoesOnBitForBitFromItsSavedState) {
  TrainedParams whole(reference_case_, at::kFloat, at::MemoryFormat::ChannelsLast);
  whole.steps(0, 20);
  TrainedParams first(reference_case_, at::kFloat, at::MemoryFormat::ChannelsLast);
  TrainedParams second(reference_case_, at::kFloat, at::MemoryFormat::ChannelsLast);
  // Two steps, so that one parameter has no state yet.
  first.steps(0, 2);
  second.optimizer().load_state(first.optimizer().save_state());
  for (std::size_t i = 0; i < 3; ++i) second.params()[i].copy_(first.params()[i]);
  second.steps(2, 20);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(at::equal(second.params()[i], whole.params()[i])) << i;
  }
}

Json find_case(const std::string& name) {
  for (const Json& candidate : reference()["cases"]) {
    if (candidate["case"] == name) return candidate;
  }
  throw std::out_of_range(name);
}

TEST(Optimizers, ChangeAnOptionOfOneGroupFromTheNextStepOn) {
  for (const char* name : {"sgd_weight_decay", "adamw_groups"}) {
    TrainedParams run(find_case(name), at::kDouble, at::MemoryFormat::Contiguous);
    Optimizer& optimizer = run.optimizer();
    EXPECT_EQ(optimizer.option(1, "weight_decay"), 0.0);
    EXPECT_GT(optimizer.option(0, "weight_decay"), 0.0);
    const at::Tensor bias = run.params()[1].clone();
    const at::Tensor weight = run.params()[0].clone();
    optimizer.set_option(1, "lr", 0.0);
    run.step(0);
    EXPECT_TRUE(at::equal(run.params()[1], bias));
    EXPECT_FALSE(at::equal(run.params()[0], weight));
    EXPECT_THAT(error_message(ExitCode::training, [&] { optimizer.option(0, "speed"); }),
                HasSubstr("no numeric option \"speed\"; there are lr, "));
  }
}

TEST(Optimizers, SaveOptionsThatWereChanged) {
  for (const char* name : {"sgd", "adamw"}) {
    TrainedParams changed(find_case(name), at::kFloat, at::MemoryFormat::Contiguous);
    changed.optimizer().set_option(1, "lr", 0.25);
    TrainedParams resumed(find_case(name), at::kFloat, at::MemoryFormat::Contiguous);
    resumed.optimizer().load_state(changed.optimizer().save_state());
    EXPECT_EQ(resumed.optimizer().option(1, "lr"), 0.25);
    EXPECT_NE(resumed.optimizer().option(0, "lr"), 0.25);
  }
}

TEST(Optimizers, RefuseAStateThatIsNotOfTheseParameters) {
  for (const char* name : {"sgd_momentum", "adamw"}) {
    TrainedParams run(find_case(name), at::kFloat, at::MemoryFormat::Contiguous);
    run.steps(0, 3);
    const InstanceState state = run.optimizer().save_state();
    const std::string id = find_case(name)["optimizer"];
    const auto load_into = [&](at::Tensor first, std::string first_name, bool second_group) {
      at::Tensor others = at::zeros({3, 4});
      at::Tensor bias = at::zeros({5});
      Optimizer optimizer = make_first_party<Optimizer>(id, {{"lr", 0.1}});
      optimizer.add_group({{&first, &others}, {std::move(first_name), "fc.weight"}, {}});
      if (second_group) optimizer.add_group({{&bias}, {"conv.bias"}, {}});
      const std::string message = [&]() -> std::string {
        try {
          optimizer.load_state(state);
        } catch (const Error& error) {
          return error.what();
        }
        return "accepted";
      }();
      return message;
    };
    EXPECT_THAT(load_into(at::zeros({2, 3, 3, 3}), "conv.weight", false),
                HasSubstr("2 parameter groups, this run has 1"));
    EXPECT_THAT(load_into(at::zeros({2, 3, 3, 3}), "stem.weight", true),
                HasSubstr("is of 3 parameters, of which this run trains 2"));
    EXPECT_THAT(load_into(at::zeros({54}), "conv.weight", true), HasSubstr("shapes"));
  }
}

TEST(Optimizers, RefuseOptionsTheyDoNotKnow) {
  at::Tensor param = at::zeros({3});
  for (const char* id : {"sgd", "adamw"}) {
    Optimizer optimizer = make_first_party<Optimizer>(id);
    EXPECT_THAT(
        error_message(ExitCode::training,
                      [&] { optimizer.add_group({{&param}, {"p"}, {{"weight_deacy", 0.0}}}); }),
        HasSubstr("there is no option \"weight_deacy\"; there are lr, "));
  }
}

TEST(Optimizers, RefuseParametersWithGapsInMemory) {
  at::Tensor every_other = at::zeros({4, 8}).slice(1, 0, 8, 2);
  for (const char* id : {"sgd", "adamw"}) {
    Optimizer optimizer = make_first_party<Optimizer>(id);
    EXPECT_THAT(error_message(ExitCode::training,
                              [&] { optimizer.add_group({{&every_other}, {"odd"}, {}}); }),
                HasSubstr("parameter \"odd\" has gaps in memory"));
  }
}

TEST(Sgd, RefusesNesterovWithoutMomentumOrWithDampening) {
  const auto refused = [](Value::Map options) {
    options.push_back({"nesterov", true});
    return error_message(ExitCode::plugin,
                         [&] { make_first_party<Optimizer>("sgd", std::move(options)); });
  };
  EXPECT_THAT(refused({}), HasSubstr("\"nesterov\" needs a momentum above 0"));
  EXPECT_THAT(refused({{"momentum", 0.9}, {"dampening", 0.1}}), HasSubstr("a dampening of 0"));
}

}  // namespace
}  // namespace knack::host
