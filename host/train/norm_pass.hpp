// SPDX-License-Identifier: MIT
// Shows what flows into a model's normalization layers.
#pragma once

#include <cstdint>

#include "host/data/loader.hpp"
#include "host/plugin/kinds/model.hpp"
#include "host/services/fit_services.hpp"
#include "host/train/placement.hpp"

namespace knack::host {

/// Runs the model forward over `samples` training samples (all when <= 0), with those normalization
/// layers in training mode that train in training, and everything else as in evaluation; calls
/// `on_input` each time such a layer is reached. Gradient and autocast are off. Modes, running
/// statistics and LibTorch's random stream are afterwards as they were, also after an exception.
///
/// The layers' calls are seen by observing the operator `aten::batch_norm`, so that it works for any
/// model plugin, whatever it is written in, and for layers that the model uses more than once.
/// Returns the number of samples seen.
std::int64_t observe_norm_inputs(Model& model, Loader& loader, const Placement& placement,
                                 std::int64_t samples, const FitServices::InputCallback& on_input);

/// Calls `on_batch` with training batches in the order of the first epoch, the last one cut so that
/// exactly `samples` are seen (all when <= 0). Returns their number.
std::int64_t pass_over_data(Loader& loader, const Placement& placement, std::int64_t samples,
                            const FitServices::BatchCallback& on_batch);

}  // namespace knack::host
