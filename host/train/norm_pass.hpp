// SPDX-License-Identifier: MIT
// Shows what flows into a model's normalization layers.
#pragma once

#include <cstdint>
#include <vector>

#include "host/data/loader.hpp"
#include "host/plugin/kinds/model.hpp"
#include "host/services/fit_services.hpp"
#include "host/train/placement.hpp"

namespace knack::host {

/// The model's normalization layers with their modes in training.
std::vector<NormLayer> norm_layers_in_training(Model& model);

/// Runs the model forward over the first epoch of `loader`, with those of `layers` in training mode
/// that train in training, and everything else as in evaluation; calls `on_input` each time such a
/// layer is reached. Gradient and autocast are off. Modes, running statistics and LibTorch's random
/// stream are afterwards as they were, also after an exception.
///
/// The layers' calls are seen by observing the operator `aten::batch_norm`, so that it works for
/// any model plugin, whatever it is written in, and for layers that the model uses more than once.
/// Returns the number of samples seen.
std::int64_t observe_norm_inputs(Model& model, const std::vector<NormLayer>& layers, Loader& loader,
                                 const Placement& placement,
                                 const FitServices::InputCallback& on_input);

/// Calls `on_batch` with the batches of the first epoch of `loader`. Returns the number of samples.
std::int64_t pass_over_data(Loader& loader, const Placement& placement,
                            const FitServices::BatchCallback& on_batch);

}  // namespace knack::host
