// SPDX-License-Identifier: MIT
// Saves weight sets after each window, and drops chosen steps.
#include <knack/sdk/trick.hpp>

#include <algorithm>

namespace {

struct Options {
  std::vector<std::string> sets = {};
  std::vector<std::int64_t> drop = {};

  static void describe(knack::OptionSpec<Options>& spec) {
    spec.add("sets", &Options::sets, "Sets to save beside the live weights");
    spec.add("drop", &Options::drop, "Windows of the run, from 1, whose step is dropped");
  }
};

/// Writes `<window>/<set>.safetensors`, window 0 being what the fit begins with. Stands before the
/// tricks it watches: in after_step it then acts when they have.
class Trajectory final : public knack::Trick {
 public:
  static constexpr knack::Info info{.id = "trajectory", .summary = "A fixture."};
  using Options = ::Options;

  Trajectory(const Options& options, knack::Host host) : options_(options), host_(host) {}

  void epoch_begin(knack::Context& /*context*/) override {
    if (window_ == 0) save_sets();
  }
  void before_step(knack::Context& context) override {
    const auto& drop = options_.drop;
    if (std::find(drop.begin(), drop.end(), window_ + 1) != drop.end()) {
      context.reply(knack::Reply::skip_step);
    }
  }
  void after_step(knack::Context& context) override {
    ++window_;
    stepped_.push_back(context.stepped() ? 1 : 0);
    save_sets();
  }
  void fit_end(knack::Context& /*context*/) override {
    host_.metrics().summarize("stepped", knack::Value::list_of(stepped_));
  }

 private:
  void save_sets() const {
    const std::string folder = std::to_string(window_) + "/";
    host_.weights().live().save(folder + "live.safetensors");
    for (const std::string& set : options_.sets) {
      host_.weights().find(set).save(folder + set + ".safetensors");
    }
  }

  Options options_;
  knack::Host host_;
  std::int64_t window_ = 0;
  std::vector<std::int64_t> stepped_;
};

}  // namespace

KNACK_PLUGIN("1.0.0", Trajectory)
