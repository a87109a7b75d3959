// SPDX-License-Identifier: MIT
// Makes numbers of chosen micro-batches NaN, or weights too large to compute with.
#include <knack/sdk/trick.hpp>

#include <algorithm>
#include <limits>

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kLargest = 3e38;  // just a float; products of it are none

struct Options {
  std::string what = "loss";
  std::string parameter;
  std::vector<std::int64_t> at;

  static void describe(knack::OptionSpec<Options>& spec) {
    spec.add("what", &Options::what, "What to poison")
        .one_of({"inputs", "second_input", "outputs", "loss", "gradient", "parameter",
                 "large_parameter"});
    spec.add("parameter", &Options::parameter, "Whose gradient or value");
    spec.add("at", &Options::at, "Micro-batches of the run, from 1");
  }
};

class Poisons final : public knack::Trick {
 public:
  static constexpr knack::Info info{.id = "poisons", .summary = "A fixture."};
  using Options = ::Options;

  Poisons(const Options& options, knack::Host host) : options_(options), host_(host) {}

  void batch(knack::Context& context) override {
    if (acts("inputs", context)) context.replace_inputs(context.inputs().tensor() * kNaN);
    if (acts("second_input", context)) {
      knack::Tensor inputs = context.inputs().tensor() * 1.0;
      inputs.select(0, 1).fill_(kNaN);
      context.replace_inputs(inputs);
    }
  }
  void forward(knack::Context& context) override {
    if (acts("outputs", context)) context.replace_outputs(context.outputs().tensor() * kNaN);
  }
  void after_step(knack::Context& context) override {
    if (acts("parameter", context)) change_parameter(kNaN);
    if (acts("large_parameter", context)) change_parameter(kLargest);
  }
  void loss(knack::Context& context) override {
    if (acts("loss", context)) context.replace_loss(context.loss() * kNaN);
  }
  void gradients(knack::Context& context) override {
    if (acts("gradient", context)) {
      knack::Tensor gradient = host_.params().gradient(parameter().index);
      gradient.fill_(kNaN);
    }
  }

 private:
  bool acts(std::string_view what, const knack::Context& context) const {
    return options_.what == what && std::find(options_.at.begin(), options_.at.end(),
                                              context.micro_batch()) != options_.at.end();
  }

  knack::Param parameter() const {
    for (const knack::Param& param : host_.params()) {
      if (param.name == options_.parameter) return param;
    }
    throw knack::Error("no parameter " + options_.parameter);
  }

  void change_parameter(double value) const {
    knack::Tensor tensor = parameter().tensor();
    tensor.fill_(value);
  }

  Options options_;
  knack::Host host_;
};

}  // namespace

KNACK_PLUGIN("1.0.0", Poisons)
