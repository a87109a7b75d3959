// SPDX-License-Identifier: MIT
// A trick for any C++20 compiler, standard library and set of options: its strings, vectors and
// exceptions, where it has them, are not those of the host. EMA_ID is its id and its weight set.
#include <knack/sdk/trick.hpp>

namespace {

class CxxEma final : public knack::Trick {
 public:
  static constexpr knack::Info info{.id = EMA_ID, .summary = "Moving average, in C++20"};

  struct Options {
    double decay = 0.9;
    static void describe(knack::OptionSpec<Options>& spec) {
      spec.add("decay", &Options::decay, "Share of the average that one step keeps").in_range(0, 1);
    }
  };

  CxxEma(const Options& options, knack::Host host) : options_(options), host_(host) {}

  void fit_begin(knack::Context& /*context*/) override {
    const knack::WeightSet live = host_.weights().live();
    const knack::WeightSet average = host_.weights().publish(EMA_ID);
    for (std::int64_t i = 0; i < live.size(); ++i) {
      (live[i].is_floating() ? averages_ : copies_).push_back(average[i].handle);
      (live[i].is_floating() ? averaged_ : copied_).push_back(live[i].handle);
    }
    host_.log().info("averages " + std::to_string(averages_.size()) + " tensors");
  }

  void after_step(knack::Context& context) override {
    if (!context.stepped()) return;
    foreach_lerp_(averages_, averaged_, 1 - options_.decay);
    foreach_copy_(copies_, copied_);
  }

 private:
  Options options_;
  knack::Host host_;
  knack::TensorList averages_, averaged_, copies_, copied_;
};

}  // namespace

KNACK_PLUGIN("1.0.0", CxxEma)
