// SPDX-License-Identifier: MIT
// What follows from the sizes of a recipe's data and model.
#pragma once

#include "host/explain/explanation.hpp"
#include "host/explain/rehearsal.hpp"
#include "host/recipe/recipe.hpp"
#include "host/train/fit.hpp"

namespace knack::host {

/// The numbers of a training by `recipe`, with the window and the weight sets of `rehearsal`.
RunNumbers run_numbers(const Recipe& recipe, Fit& fit, const Rehearsal& rehearsal);

}  // namespace knack::host
