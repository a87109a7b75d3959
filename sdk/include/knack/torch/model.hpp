// SPDX-License-Identifier: MIT
// A torch::nn::Module as a model plugin, of tier torch-cxx.
//
//   struct NetImpl : torch::nn::Module {
//     explicit NetImpl(const Options& options);
//     at::Tensor forward(const at::Tensor& images);
//   };
//   class Net final : public knack::TorchModel<NetImpl> {
//    public:
//     static constexpr knack::Info info{.id = "acme.net", .summary = "A small network"};
//     using Options = ::Options;
//     explicit Net(const Options& options) : TorchModel(options) {}
//   };
//   KNACK_PLUGIN("1.0.0", Net)
#pragma once

#include <torch/version.h>
#include <knack/sdk/fill.hpp>
#include <knack/sdk/plugin.hpp>
#include <knack/torch/module_tables.hpp>
#include <knack/torch/tensor.hpp>

#include <concepts>
#include <limits>

// What includes this header needs the very LibTorch it is compiled with.
#undef KNACK_PLUGIN_TIER
#define KNACK_PLUGIN_TIER "torch-cxx"
#undef KNACK_PLUGIN_TORCH_VERSION
#define KNACK_PLUGIN_TORCH_VERSION TORCH_VERSION

namespace knack::inline v1 {

namespace detail {

/// The slots of a model's tables; see kinds/model.h.
class ModuleTables {
 public:
  explicit ModuleTables(torch::nn::Module& module)
      : tensors_(list_tensors(module)), norms_(list_norms(module)) {}

  [[nodiscard]] std::int64_t tensor_count() const {
    return static_cast<std::int64_t>(tensors_.size());
  }
  [[nodiscard]] std::int64_t norm_count() const {
    return static_cast<std::int64_t>(norms_.size());
  }

  void get(std::int64_t index, knack_model_tensor_t* out) const {
    const ModuleTensor& tensor = at(tensors_, index);
    fill(out, knack_model_tensor_t{.struct_size = sizeof(knack_model_tensor_t),
                                   .flags = tensor.buffer ? KNACK_MODEL_TENSOR_BUFFER : 0,
                                   .name = to_abi(tensor.name),
                                   .role = to_abi(tensor.role),
                                   .owner_kind = to_abi(tensor.owner_kind),
                                   .tensor_borrowed = lend_tensor(tensor.tensor)});
  }

  void get(std::int64_t index, knack_norm_layer_t* out) const {
    const ModuleNorm& norm = at(norms_, index);
    const at::Tensor& tracked = *norm.num_batches_tracked;
    fill(
        out,
        knack_norm_layer_t{
            .struct_size = sizeof(knack_norm_layer_t),
            .training = norm.module->is_training() ? 1u : 0u,
            .name = to_abi(norm.name),
            .kind = to_abi(norm.kind),
            .channels = norm.options->num_features(),
            .momentum = norm.options->momentum().value_or(std::numeric_limits<double>::quiet_NaN()),
            .running_mean_borrowed = lend_tensor(*norm.running_mean),
            .running_var_borrowed = lend_tensor(*norm.running_var),
            .num_batches_tracked_borrowed = tracked.defined() ? lend_tensor(tracked) : nullptr});
  }

  void set_norm_training(std::int64_t index, bool training) {
    at(norms_, index).module->train(training);
  }

  /// NaN stands for the cumulative average.
  void set_norm_momentum(std::int64_t index, double momentum) {
    at(norms_, index)
        .options->momentum(momentum == momentum ? std::optional(momentum) : std::nullopt);
  }

  void set_role(std::string_view name, std::string_view role) {
    const auto found = std::ranges::find(tensors_, name, &ModuleTensor::name);
    if (found == tensors_.end()) {
      throw Error(KNACK_STATUS_NOT_FOUND, "there is no tensor \"" + std::string(name) + "\"");
    }
    found->role = role;
  }

 private:
  template <typename Element>
  static const Element& at(const std::vector<Element>& elements, std::int64_t index) {
    if (index < 0 || static_cast<std::size_t>(index) >= elements.size()) {
      throw Error(KNACK_STATUS_NOT_FOUND,
                  "index " + std::to_string(index) + " of " + std::to_string(elements.size()));
    }
    return elements[static_cast<std::size_t>(index)];
  }

  std::vector<ModuleTensor> tensors_;
  std::vector<ModuleNorm> norms_;
};

}  // namespace detail

/// Base of models. What the host is told of their tensors and layers is found by walking the
/// module, once, when it has been constructed.
template <std::derived_from<torch::nn::Module> Module>
class TorchModel : public Component {
 public:
  using Abi = knack_model_t;
  static constexpr const char* kind = KNACK_KIND_MODEL;

  /// Constructs the module from `arguments`.
  template <typename... Arguments>
  explicit TorchModel(Arguments&&... arguments)
      : module_(detail::with_torch_errors(
            [&] { return std::make_shared<Module>(std::forward<Arguments>(arguments)...); })),
        tables_(*module_) {}

  [[nodiscard]] Module& module() {
    return *module_;
  }

  /// Outputs for a batch. By default the inputs are one tensor and so are the outputs.
  virtual Value forward(ValueView inputs) {
    if constexpr (requires(const at::Tensor& tensor) {
                    { module_->forward(tensor) } -> std::convertible_to<at::Tensor>;
                  }) {
      if (inputs.is_tensor()) {
        return Tensor::take(give_tensor(module_->forward(tensor_of(inputs.abi()->as.tensor))));
      }
    }
    throw Error(
        KNACK_STATUS_INVALID,
        "this model cannot take " + std::string(ValueView::describe(inputs.tag())) + " as inputs");
  }

  virtual void set_training(bool training) {
    module_->train(training);
  }

 protected:
  /// Corrects the role of a tensor, where the module tree does not tell it. For constructors;
  /// `role` is a KNACK_ROLE_*. Throws Error when there is no such tensor.
  void set_role(std::string_view name, const char* role) {
    tables_.set_role(name, role);
  }

 private:
  template <typename T>
  friend struct detail::Instance;

  /// Runs `body(T&)` for a slot of the ABI's struct.
  template <typename T, typename Body>
  static std::int32_t call(knack_model_t* model, Body&& body) noexcept {
    auto& instance = detail::Instance<T>::of(model);
    return detail::guarded(instance.host, [&] {
      detail::with_torch_errors([&] { body(instance.object, instance.host); });
    });
  }
  template <typename T>
  static detail::ModuleTables& tables(knack_model_t* model) {
    return detail::Instance<T>::of(model).object.tables_;
  }

  template <typename T>
  static void bind(knack_model_t& abi) {
    abi.set_training = [](knack_model_t* model, std::uint32_t training) {
      return call<T>(model, [=](T& self, auto) { self.set_training(training != 0); });
    };
    abi.forward = [](knack_model_t* model, const knack_value_t* inputs, knack_value_t* outputs) {
      return call<T>(model, [=](T& self, const knack_host_t* host) {
        *outputs = self.forward(ValueView(inputs)).release(host);
      });
    };
    abi.tensor_count = [](knack_model_t* model) { return tables<T>(model).tensor_count(); };
    abi.get_tensor = [](knack_model_t* model, std::int64_t index, knack_model_tensor_t* out) {
      return call<T>(model, [=](T&, auto) { tables<T>(model).get(index, out); });
    };
    abi.norm_layer_count = [](knack_model_t* model) { return tables<T>(model).norm_count(); };
    abi.get_norm_layer = [](knack_model_t* model, std::int64_t index, knack_norm_layer_t* out) {
      return call<T>(model, [=](T&, auto) { tables<T>(model).get(index, out); });
    };
    abi.set_norm_training = [](knack_model_t* model, std::int64_t index, std::uint32_t training) {
      return call<T>(model,
                     [=](T&, auto) { tables<T>(model).set_norm_training(index, training != 0); });
    };
    abi.set_norm_momentum = [](knack_model_t* model, std::int64_t index, double momentum) {
      return call<T>(model, [=](T&, auto) { tables<T>(model).set_norm_momentum(index, momentum); });
    };
  }

  std::shared_ptr<Module> module_;
  detail::ModuleTables tables_;
};

}  // namespace knack::inline v1
