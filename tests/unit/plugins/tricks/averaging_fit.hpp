// SPDX-License-Identifier: MIT
// A fit of a few tensors in which a test calls the hooks of one trick.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>

#include "host/plugin/kinds/trick.hpp"
#include "host/plugin/text.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/unit/host/services/fake_fit.hpp"
#include "tests/unit/plugins/first_party.hpp"

namespace knack::testing {

/// One process: a trick, and the weights it works on. A resumed one gets the sets and the state of
/// the one before it, and the same folder.
class AveragingFit : public FakeFit {
 public:
  AveragingFit(const std::string& id, host::Value::Map options,
               std::vector<host::ModelTensor> tensors, std::filesystem::path folder)
      : folder_(std::move(folder)), store_(std::move(tensors)), trick_(make(id, options)) {
    call(host::Hook::fit_begin);
  }

  host::WeightStore& weights() override {
    return store_;
  }
  std::string instance_file(const std::string&, std::string_view path) override {
    const std::filesystem::path file = folder_ / path;
    std::filesystem::create_directories(file.parent_path());
    return file.string();
  }

  /// Step `step` of 10, to weights that its number alone decides.
  void step(std::int64_t step, bool stepped = true) {
    const at::NoGradGuard no_grad;
    for (at::Tensor& tensor : store_.live().tensors) {
      tensor.copy_((at::arange(tensor.numel(), at::kDouble) + 1).mul(step * 1.7).sin().mul(20));
    }
    knack_hook_context_t context = hook_context();
    context.step = step;
    context.stepped = stepped ? 1 : 0;
    call(host::Hook::after_step, context);
  }

  /// Step `epoch` and its evaluation.
  void epoch(std::int64_t epoch, double monitored) {
    step(epoch);
    knack_hook_context_t context = hook_context();
    context.epoch = epoch;
    context.weight_set = host::lend(kLive);
    context.monitored = monitored;
    call(host::Hook::eval_end, context);
    call(host::Hook::epoch_end, context);
  }

  void call(host::Hook hook) {
    call(hook, hook_context());
  }

  /// As the recipe says from now on.
  void plan(std::int64_t total_epochs) {
    total_epochs_ = total_epochs;
  }

  const host::Trick& trick() const {
    return trick_;
  }

  std::vector<at::Tensor> tensors(const std::string& set) {
    return store_.find(set)->tensors;
  }

  /// Takes over the sets, which both have, and the state that the other one saved.
  void resume(AveragingFit& other, const host::InstanceState& state) {
    const at::NoGradGuard no_grad;
    for (const auto& set : store_.sets()) {
      for (std::size_t i = 0; i < set->tensors.size(); ++i) {
        set->tensors[i].copy_(other.tensors(set->name)[i]);
      }
    }
    trick_.load_state(state);
  }

 private:
  void call(host::Hook hook, knack_hook_context_t context) {
    if (trick_.subscribes(hook)) trick_.call(hook, context, replacements_);
  }

  host::Trick make(const std::string& id, const host::Value::Map& options) {
    host::register_weights();
    host::register_log();
    host::register_metrics();
    services_.fit = this;
    return first_party_plugins().create<host::Trick>(id, id, host::Value(options), services_);
  }

  knack_hook_context_t hook_context() const {
    knack_hook_context_t context{};
    context.struct_size = sizeof(context);
    context.total_epochs = total_epochs_;
    context.total_steps = 10;
    context.higher_is_better = 1;
    context.monitor = host::lend(kMonitor);
    return context;
  }

  inline static const std::string kLive = "live";
  inline static const std::string kMonitor = "top1";

  std::int64_t total_epochs_ = 10;
  std::filesystem::path folder_;
  host::WeightStore store_;
  host::HostServices services_;
  host::Trick trick_;
  host::Replacements replacements_;
};

inline host::ModelTensor averaged_tensor(const std::string& name, at::ScalarType type,
                                         bool is_buffer = false, bool is_persistent = true) {
  return {name, "weight", "", is_buffer, is_persistent, at::zeros({5}, type)};
}

}  // namespace knack::testing
