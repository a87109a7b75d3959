// SPDX-License-Identifier: MIT
// A trick and a dataset that end the process in every way a program can fall over.
#include <knack/sdk/dataset.hpp>
#include <knack/sdk/trick.hpp>

#include <cstdlib>
#include <stdexcept>
#include <string_view>

namespace {

int overflow_stack(int depth) {  // NOLINT(misc-no-recursion): that is the point
  volatile char frame[4096];
  frame[0] = static_cast<char>(depth);
  return depth < 0 ? 0 : overflow_stack(depth + 1) + frame[0];
}

void throw_something() {
  throw std::runtime_error("thrown where nobody may");
}

void throw_where_nobody_may() noexcept {
  throw_something();
}

void crash(std::string_view way) {
  if (way == "null") *static_cast<volatile int*>(nullptr) = 1;
  if (way == "abort") std::abort();
  if (way == "overflow") overflow_stack(0);
  if (way == "noexcept") throw_where_nobody_may();
  if (way == "divide") {
    volatile int number = 7;
    volatile int zero = 0;
    number = number / zero;
  }
}

struct Options {
  std::string hook;
  std::string way = "null";
  std::int64_t epoch = 0;

  static void describe(knack::OptionSpec<Options>& spec) {
    spec.add("hook", &Options::hook, "Where to crash; nowhere by default");
    spec.add("way", &Options::way, "How to crash")
        .one_of({"null", "abort", "overflow", "noexcept", "divide"});
    spec.add("epoch", &Options::epoch, "Not before that epoch");
  }
};

class CrashingTrick final : public knack::Trick {
 public:
  static constexpr knack::Info info{.id = "acme.crashes", .summary = "A fixture."};
  using Options = ::Options;

  explicit CrashingTrick(const Options& options) : options_(options) {}

  void fit_begin(knack::Context& context) override {
    crash_in("fit_begin", context);
  }
  void batch(knack::Context& context) override {
    crash_in("batch", context);
  }
  void after_step(knack::Context& context) override {
    crash_in("after_step", context);
  }
  void eval_end(knack::Context& context) override {
    crash_in("eval_end", context);
  }

 private:
  void crash_in(std::string_view hook, const knack::Context& context) const {
    if (hook == options_.hook && context.epoch() >= options_.epoch) crash(options_.way);
  }

  Options options_;
};

/// 64 vectors of 64 zeros, the last of which cannot be read.
class CrashingDataset final : public knack::Dataset {
 public:
  static constexpr knack::Info info{.id = "acme.crashing_data", .summary = "A fixture."};
  static constexpr bool reentrant = true;
  using Options = ::Options;

  explicit CrashingDataset(const Options& options) : options_(options) {}

  std::int64_t length() const override {
    return kSamples;
  }
  void batch(const knack::BatchRequest& request, knack::Value& inputs,
             knack::Value& targets) override {
    if (request.indices().back() == kSamples - 1) crash(options_.way);
    inputs = knack::Tensor::zeros({request.size(), 64}, knack::Dtype::float32);
    targets = knack::Tensor::zeros({request.size()}, knack::Dtype::int64);
  }

 private:
  static constexpr std::int64_t kSamples = 64;

  Options options_;
};

}  // namespace

KNACK_PLUGIN("1.0.0", CrashingTrick, CrashingDataset)
