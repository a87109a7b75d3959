// SPDX-License-Identifier: MIT
#include "host/train/norm_pass.hpp"

#include <ATen/ATen.h>

#include <exception>
#include <string_view>
#include <unordered_map>

#include "host/common/error.hpp"
#include "host/train/keepers.hpp"
#include "host/train/watch_scope.hpp"

namespace knack::host {
namespace {

/// The layers that are watched, and whom to tell. One at a time on a thread.
struct Watch {
  std::unordered_map<const at::TensorImpl*, std::int64_t> layer_of_running_mean;
  const FitServices::InputCallback* on_input = nullptr;
  std::exception_ptr failure;
  bool busy = false;  // while on_input runs, its own operators are none of ours
};

thread_local Watch* current_watch = nullptr;

// aten::batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, cudnn)
constexpr std::size_t kInput = 0;
constexpr std::size_t kRunningMean = 3;
constexpr std::size_t kTraining = 5;

std::unique_ptr<at::ObserverContext> on_operator(const at::RecordFunction& call) {
  Watch& watch = *current_watch;
  if (watch.busy || watch.failure || std::string_view(call.name()) != "aten::batch_norm") {
    return nullptr;
  }
  const auto arguments = call.inputs();
  if (!arguments[kRunningMean].isTensor() || !arguments[kTraining].toBool()) return nullptr;
  const auto layer =
      watch.layer_of_running_mean.find(arguments[kRunningMean].toTensor().unsafeGetTensorImpl());
  if (layer == watch.layer_of_running_mean.end()) return nullptr;
  at::Tensor input = arguments[kInput].toTensor();
  watch.busy = true;
  try {
    (*watch.on_input)(layer->second, input);
  } catch (...) {
    watch.failure = std::current_exception();  // LibTorch swallows what an observer throws
  }
  watch.busy = false;
  return nullptr;
}

}  // namespace

std::int64_t pass_over_data(Loader& loader, const Placement& placement,
                            const FitServices::BatchCallback& on_batch) {
  const at::NoGradGuard no_grad;
  std::int64_t seen = 0;
  loader.start_epoch(1);
  while (std::optional<Batch> batch = loader.next()) {
    on_batch(placement.place(batch->inputs), placement.place(batch->targets), batch->samples);
    seen += batch->samples;
  }
  return seen;
}

std::vector<NormLayer> norm_layers_in_training(Model& model) {
  const bool training_before = model.is_training();
  model.set_training(true);  // asks the model which layers train
  std::vector<NormLayer> layers;
  for (std::size_t i = 0; i < model.norm_layer_count(); ++i) layers.push_back(model.norm_layer(i));
  model.set_training(training_before);
  return layers;
}

std::int64_t observe_norm_inputs(Model& model, const std::vector<NormLayer>& layers, Loader& loader,
                                 const Placement& placement,
                                 const FitServices::InputCallback& on_input) {
  if (current_watch != nullptr) {
    throw Error("E0601",
                "knack.norm/1: observe was called from inside its own callback; collect what is "
                "needed and observe again afterwards");
  }
  const at::NoGradGuard no_grad;
  const AutocastScope no_autocast(placement.device(), false);
  const RandomStreamKeeper random_stream;
  const StatisticsKeeper statistics(layers);
  const EvaluationMode evaluation(model);
  Watch watch;
  watch.on_input = &on_input;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (layers[i].training) {
      model.set_norm_training(i, true);
      watch.layer_of_running_mean.emplace(layers[i].running_mean->unsafeGetTensorImpl(),
                                          static_cast<std::int64_t>(i));
    }
  }
  return pass_over_data(loader, placement, [&](const Value& inputs, const Value&, std::int64_t) {
    {
      const WatchScope scope(current_watch, watch,
                             at::RecordFunctionCallback(&on_operator).needsInputs(true));
      model.forward(inputs);
    }
    if (watch.failure) std::rethrow_exception(watch.failure);
  });
}

}  // namespace knack::host
