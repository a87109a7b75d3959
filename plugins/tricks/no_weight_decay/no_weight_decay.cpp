// SPDX-License-Identifier: MIT
// No weight decay for parameters that it only harms: normalization layers, biases, tokens.
#include <knack/sdk/globs.hpp>
#include <knack/sdk/trick.hpp>

#include <algorithm>
#include <array>

namespace {

using knack::Param;

struct Options {
  std::string preset = "norm_and_bias";
  std::vector<std::string> include;
  std::vector<std::string> exclude;

  static void describe(knack::OptionSpec<Options>& spec) {
    spec.add("preset", &Options::preset, "Which parameters are not decayed")
        .one_of({"norm_and_bias", "timm", "torchvision", "super_gradients"});
    spec.add("include", &Options::include, "Globs of further parameters that are not decayed");
    spec.add("exclude", &Options::exclude, "Globs of parameters that stay decayed, above all else");
  }
};

bool is_norm(const Param& param) {
  return param.role == KNACK_ROLE_NORM_SCALE || param.role == KNACK_ROLE_NORM_SHIFT;
}

/// Whether torchvision and SuperGradients know the layer as one that normalizes; a layer of an
/// author's own, such as RMSNorm, is none to them.
bool is_listed_norm(const Param& param) {
  constexpr std::array kListed{"BatchNorm", "LayerNorm", "GroupNorm", "InstanceNorm"};
  return is_norm(param) && std::ranges::any_of(kListed, [&](std::string_view kind) {
           return param.owner_kind.find(kind) != std::string_view::npos;
         });
}

bool is_named_bias(const Param& param) {
  return param.name == "bias" || param.name.ends_with(".bias");
}

/// Why the preset exempts the parameter; empty when it does not.
std::string preset_reason(const std::string& preset, const Param& param) {
  if (preset == "timm") {
    if (param.role == KNACK_ROLE_TOKEN) return "role token";
    if (param.name.ends_with(".bias")) return "named bias";
    return param.tensor().dim() <= 1 ? "has at most one dimension" : "";
  }
  if (preset == "norm_and_bias") {
    return is_norm(param) || param.role == KNACK_ROLE_BIAS ? "role " + std::string(param.role) : "";
  }
  if (is_listed_norm(param)) return "role " + std::string(param.role);
  return is_named_bias(param) ? "named bias" : "";
}

class NoWeightDecay final : public knack::Trick {
 public:
  static constexpr knack::Info info{
      .id = "no_weight_decay", .summary = "No weight decay for normalization layers and biases"};
  using Options = ::Options;

  NoWeightDecay(const Options& options, knack::Host host)
      : options_(options), host_(host), include_(options.include), exclude_(options.exclude) {}

  void fit_begin(knack::Context& /*context*/) override {
    std::int64_t exempt = 0;
    std::int64_t trained = 0;
    for (const Param& param : host_.params()) {
      const std::string reason = exemption(param);
      if (!param.requires_grad) continue;
      ++trained;
      host_.log().debug(std::string(param.name) + ": " +
                        (reason.empty() ? "decayed" : "not decayed, " + reason));
      if (reason.empty()) continue;
      ++exempt;
      host_.params().set_option(param, "weight_decay", 0.0, reason);
    }
    host_.log().info(std::to_string(exempt) + " of " + std::to_string(trained) +
                     " parameters are not decayed");
    host_.metrics().summarize("parameters_without_decay", exempt);
    warn_of_unused("include", include_);
    warn_of_unused("exclude", exclude_);
  }

 private:
  std::string exemption(const Param& param) {
    const std::string* kept = exclude_.match(param.name);
    const std::string* added = include_.match(param.name);
    if (kept != nullptr) return "";
    if (added != nullptr) return "include \"" + *added + "\"";
    return preset_reason(options_.preset, param);
  }

  void warn_of_unused(const std::string& option, const knack::Globs& globs) {
    for (const std::string& pattern : globs.unused()) {
      host_.log().warning(option + ": no parameter fits \"" + pattern + "\"");
    }
  }

  Options options_;
  knack::Host host_;
  knack::Globs include_;
  knack::Globs exclude_;
};

}  // namespace

KNACK_PLUGIN("1.0.0", NoWeightDecay)
