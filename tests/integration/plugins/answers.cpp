// SPDX-License-Identifier: MIT
// Gives one reply, or fails, in one hook at chosen micro-batches.
#include <knack/sdk/trick.hpp>

#include <algorithm>

namespace {

struct Options {
  std::string hook = "batch";
  std::string reply = "skip_batch";
  std::vector<std::int64_t> at;

  static void describe(knack::OptionSpec<Options>& spec) {
    spec.add("hook", &Options::hook, "Where to reply");
    spec.add("reply", &Options::reply, "What to reply; \"fail\" throws");
    spec.add("at", &Options::at, "Micro-batches of the run, from 1");
  }
};

class Answers final : public knack::Trick {
 public:
  static constexpr knack::Info info{.id = "answers", .summary = "A fixture."};
  using Options = ::Options;

  explicit Answers(const Options& options) : options_(options) {}

  void batch(knack::Context& context) override {
    answer("batch", context);
  }
  void forward(knack::Context& context) override {
    answer("forward", context);
  }
  void loss(knack::Context& context) override {
    answer("loss", context);
  }
  void before_step(knack::Context& context) override {
    answer("before_step", context);
  }
  void after_step(knack::Context& context) override {
    answer("after_step", context);
  }
  void eval_begin(knack::Context& context) override {
    answer("eval_begin", context);
  }
  void epoch_end(knack::Context& context) override {
    answer("epoch_end", context);
  }

 private:
  void answer(std::string_view hook, knack::Context& context) const {
    const bool is_chosen = std::find(options_.at.begin(), options_.at.end(),
                                     context.micro_batch()) != options_.at.end();
    if (hook != options_.hook || !is_chosen) return;
    if (options_.reply == "fail") throw knack::Error("failed as it was told to");
    if (options_.reply == "skip_batch") context.reply(knack::Reply::skip_batch);
    if (options_.reply == "skip_step") context.reply(knack::Reply::skip_step);
    if (options_.reply == "stop_epoch") context.reply(knack::Reply::stop_epoch);
    if (options_.reply == "stop_fit") context.reply(knack::Reply::stop_fit);
  }

  Options options_;
};

}  // namespace

KNACK_PLUGIN("1.0.0", Answers)
