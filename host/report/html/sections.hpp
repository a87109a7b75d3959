// SPDX-License-Identifier: MIT
// The parts of a run's page, each as HTML; empty where the run has nothing to show in it.
#pragma once

#include <string>

#include "host/report/html/run_data.hpp"

namespace knack::host::html {

/// Name, state, and the figures that matter most.
std::string headline(const RunData& run);

/// Every weight set with what it reached, the chosen one marked and why.
std::string weight_sets(const RunData& run);

/// Time and share of each trick, and what it tells of itself.
std::string tricks(const RunData& run);

/// Confusion matrix, and the samples that were farthest from right.
std::string classification(const RunData& run);

/// The resolved recipe.
std::string recipe(const RunData& run);

/// Plugins with versions and checksums.
std::string plugins(const RunData& run);

/// Where each session ran, and with which versions.
std::string machine(const RunData& run);

/// Warnings of the log, and what of the folder could not be read.
std::string warnings(const RunData& run);

}  // namespace knack::host::html
