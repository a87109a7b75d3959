// SPDX-License-Identifier: MIT
// How large a gradient is.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace knack::host {

/// The L2 norm of the whole gradient: of all parameters that have one, as one vector. Where the
/// device is not the CPU it is waited for.
double gradient_norm(const std::vector<std::vector<at::Tensor>>& group_params);

}  // namespace knack::host
