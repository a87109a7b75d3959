// SPDX-License-Identifier: MIT
// Clips the global norm of the gradient as torch.nn.utils.clip_grad_norm_ does, and tells the norms.
#include <knack/sdk/trick.hpp>

#include <algorithm>
#include <cmath>

namespace {

struct Options {
  double max_norm = 1;

  static void describe(knack::OptionSpec<Options>& spec) {
    spec.add("max_norm", &Options::max_norm, "The largest norm that is left as it is").above(0);
  }
};

class Clips final : public knack::Trick {
 public:
  static constexpr knack::Info info{.id = "clips", .summary = "A fixture."};
  using Options = ::Options;

  Clips(const Options& options, knack::Host host) : options_(options), host_(host) {}

  void before_step(knack::Context& /*context*/) override {
    knack::TensorList gradients;
    double squares = 0;
    for (const knack::Param& param : host_.params()) {
      gradients.push_back(host_.params().gradient_handle(param.index));
      const double norm = host_.params().gradient(param.index).norm().item();
      squares += norm * norm;
    }
    norms_.push_back(std::sqrt(squares));
    foreach_mul_(gradients, std::min(1.0, options_.max_norm / (norms_.back() + 1e-6)));
  }

  void fit_end(knack::Context& /*context*/) override {
    host_.metrics().summarize("norms", knack::Value::list_of(norms_));
  }

 private:
  Options options_;
  knack::Host host_;
  std::vector<double> norms_;  // before clipping, of each step
};

}  // namespace

KNACK_PLUGIN("1.0.0", Clips)
