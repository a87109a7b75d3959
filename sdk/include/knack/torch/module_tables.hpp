// SPDX-License-Identifier: MIT
// What the host wants to know of a torch::nn::Module, found by walking it: its parameters and
// buffers with their roles, and its normalization layers with running statistics.
#pragma once

#include <c10/util/Type.h>
#include <knack/abi/kinds/model.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/batchnorm.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <typeinfo>
#include <unordered_set>
#include <vector>

namespace knack::inline v1 {

/// A parameter or buffer.
struct ModuleTensor {
  std::string name;        ///< as in the PyTorch state dict
  std::string owner_kind;  ///< class of its module, as `Linear`
  std::string_view role;   ///< KNACK_ROLE_*
  bool buffer;
  at::Tensor tensor;  ///< the module's own, not a copy of the elements
};

/// A BatchNorm with running statistics. Everything pointed to belongs to the module.
struct ModuleNorm {
  std::string name;  ///< as in the module tree: `layer1.0.bn1`
  std::string kind;  ///< as `BatchNorm2d`
  torch::nn::Module* module;
  torch::nn::BatchNormOptions* options;
  const at::Tensor* running_mean;
  const at::Tensor* running_var;
  const at::Tensor* num_batches_tracked;
};

/// The class of a module as people write it: `BatchNorm2d` for torch::nn::BatchNorm2dImpl.
inline std::string module_kind(const torch::nn::Module& module) {
  std::string kind = c10::demangle(typeid(module).name());
  kind.erase(std::min(kind.find('<'), kind.size()));
  const std::size_t scope = kind.rfind("::");
  if (scope != std::string::npos) kind.erase(0, scope + 2);
  if (kind.ends_with("Impl")) kind.resize(kind.size() - std::string_view("Impl").size());
  return kind;
}

namespace detail {

inline bool contains_any(std::string_view text, std::initializer_list<std::string_view> parts) {
  return std::ranges::any_of(
      parts, [text](std::string_view part) { return text.find(part) != std::string_view::npos; });
}

}  // namespace detail

/// The role of the parameter `name` of a module of class `kind`; `normalizes` tells whether that is
/// a normalization layer. LibTorch's layers are known by class, modules of an author's own by what
/// such parameters are commonly called.
inline std::string_view parameter_role(std::string_view kind, bool normalizes,
                                       std::string_view name) {
  using detail::contains_any;
  if (normalizes) {
    return contains_any(name, {"bias", "beta", "shift"}) ? KNACK_ROLE_NORM_SHIFT
                                                         : KNACK_ROLE_NORM_SCALE;
  }
  if (contains_any(name, {"token", "pos_embed", "position"})) return KNACK_ROLE_TOKEN;
  if (contains_any(name, {"bias"})) return KNACK_ROLE_BIAS;
  if (kind.starts_with("Embedding")) return KNACK_ROLE_EMBEDDING;
  if (kind == "PReLU" || contains_any(name, {"scale", "gamma"})) return KNACK_ROLE_SCALE;
  return KNACK_ROLE_WEIGHT;
}

/// The role of the buffer `name`, whatever module it belongs to.
inline std::string_view buffer_role(std::string_view name) {
  const bool statistic =
      name == "running_mean" || name == "running_var" || name == "num_batches_tracked";
  return statistic ? KNACK_ROLE_NORM_STAT : KNACK_ROLE_BUFFER;
}

/// Parameters, then buffers, each in the order of the modules. A tensor that several modules share
/// is listed under its first name.
inline std::vector<ModuleTensor> list_tensors(const torch::nn::Module& root) {
  std::vector<ModuleTensor> parameters;
  std::vector<ModuleTensor> buffers;
  std::unordered_set<const void*> seen;
  root.apply([&](const std::string& path, const torch::nn::Module& module) {
    const std::string prefix = path.empty() ? "" : path + ".";
    const std::string kind = module_kind(module);
    const auto own_buffers = module.named_buffers(/*recurse=*/false);
    const bool normalizes =
        detail::contains_any(kind, {"Norm"}) || own_buffers.contains("running_mean");
    for (const auto& [name, tensor] : module.named_parameters(/*recurse=*/false).pairs()) {
      if (!seen.insert(tensor.unsafeGetTensorImpl()).second) continue;
      const std::string_view role = parameter_role(kind, normalizes, name);
      parameters.push_back({prefix + name, kind, role, false, tensor});
    }
    for (const auto& [name, tensor] : own_buffers.pairs()) {
      if (!seen.insert(tensor.unsafeGetTensorImpl()).second) continue;
      buffers.push_back({prefix + name, kind, buffer_role(name), true, tensor});
    }
  });
  parameters.insert(parameters.end(), buffers.begin(), buffers.end());
  return parameters;
}

namespace detail {

template <typename BatchNorm>
bool append_norm(torch::nn::Module& module, const std::string& name,
                 std::vector<ModuleNorm>& norms) {
  auto* norm = dynamic_cast<BatchNorm*>(&module);
  if (norm == nullptr) return false;
  if (norm->running_mean.defined()) {
    norms.push_back({name, module_kind(module), norm, &norm->options, &norm->running_mean,
                     &norm->running_var, &norm->num_batches_tracked});
  }
  return true;
}

}  // namespace detail

/// The layers BatchNorm1d, 2d and 3d, or derived from them, that keep running statistics; each
/// once, in the order in which the modules were registered.
inline std::vector<ModuleNorm> list_norms(torch::nn::Module& root) {
  std::vector<ModuleNorm> norms;
  std::unordered_set<const torch::nn::Module*> seen;
  root.apply([&](const std::string& path, torch::nn::Module& module) {
    if (!seen.insert(&module).second) return;
    detail::append_norm<torch::nn::BatchNorm1dImpl>(module, path, norms) ||
        detail::append_norm<torch::nn::BatchNorm2dImpl>(module, path, norms) ||
        detail::append_norm<torch::nn::BatchNorm3dImpl>(module, path, norms);
  });
  return norms;
}

}  // namespace knack::inline v1
