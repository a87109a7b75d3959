// SPDX-License-Identifier: MIT
// The random numbers of one plugin instance.
#pragma once

#include <ATen/core/Generator.h>

#include "host/plugin/instance_context.hpp"
#include "host/plugin/value.hpp"

namespace knack::host {

/// The stream of `instance` on `device`: a generator of its own, seeded by the run's seed and the
/// instance's name, so that what it draws changes no other stream. A model's is LibTorch's default
/// generator, from which its initial weights and its dropout come in any case. Throws ServiceError
/// on other threads than the one that made the instance: streams belong to the fit thread.
at::Generator& random_stream(InstanceContext& instance, at::Device device);

/// The streams' positions, for checkpoints; and back. Throws std::invalid_argument for a value that
/// save_random_streams() did not write.
Value save_random_streams(InstanceContext& instance);
void load_random_streams(InstanceContext& instance, const Value& saved);

}  // namespace knack::host
