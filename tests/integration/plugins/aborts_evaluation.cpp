// SPDX-License-Identifier: MIT
// Evaluations that fail half-way. One instance asks for them (`set`) and looks whether any weight changed; another
// one lets them fail (`at`).
#include <knack/sdk/trick.hpp>

namespace {

struct Options {
  std::string set;
  std::string at;

  static void describe(knack::OptionSpec<Options>& spec) {
    spec.add("set", &Options::set, "Asks for evaluations of this set in after_step");
    spec.add("at", &Options::at,
             "Fails those in eval_begin, in the second batch of an estimate, or in eval_end")
        .one_of({"", "eval_begin", "estimate", "eval_end"});
  }
};

bool is_asked_for = false;  // of all instances

/// Bits, so that NaN equals itself and 0 differs from -0.
std::string bytes_of(const knack::Tensor& tensor) {
  const knack::Tensor wide =
      tensor.dtype() == knack::Dtype::int64 ? tensor : tensor.to(knack::Dtype::float64);
  const knack_tensor_info_t info = wide.info();
  return {static_cast<const char*>(info.data_borrowed),
          static_cast<std::size_t>(info.element_count) * 8};
}

class AbortsEvaluation final : public knack::Trick {
 public:
  static constexpr knack::Info info{.id = "aborts_evaluation", .summary = "A fixture."};
  using Options = ::Options;

  AbortsEvaluation(const Options& options, knack::Host host) : options_(options), host_(host) {}

  void after_step(knack::Context& /*context*/) override {
    if (options_.set.empty()) return;
    const std::vector<std::string> before = all_bytes();
    is_asked_for = true;
    try {
      (void)host_.weights().find(options_.set).evaluate("loss");
    } catch (const knack::Error&) {
      ++aborted_;
    }
    is_asked_for = false;
    if (all_bytes() != before) ++changed_;
  }
  void eval_begin(knack::Context& /*context*/) override {
    fail_if(options_.at == "eval_begin");
    if (options_.at != "estimate") return;
    int batches = 0;
    host_.norm().observe(0, [&](std::int64_t layer, const knack::Tensor&) {
      if (layer == 0) fail_if(++batches == 2);
    });
  }
  void eval_end(knack::Context& /*context*/) override {
    fail_if(options_.at == "eval_end");
  }
  void fit_end(knack::Context& /*context*/) override {
    host_.metrics().summarize("aborted", aborted_);
    host_.metrics().summarize("changed", changed_);
  }

 private:
  static void fail_if(bool condition) {
    if (condition && is_asked_for) throw knack::Error("failed as it was told to");
  }

  [[nodiscard]] std::vector<std::string> all_bytes() const {
    std::vector<std::string> bytes;
    for (const knack::WeightSet& set :
         {host_.weights().live(), host_.weights().find(options_.set)}) {
      for (const knack::Weight& weight : set) bytes.push_back(bytes_of(weight.tensor()));
    }
    return bytes;
  }

  Options options_;
  knack::Host host_;
  std::int64_t aborted_ = 0;
  std::int64_t changed_ = 0;
};

}  // namespace

KNACK_PLUGIN("1.0.0", AbortsEvaluation)
