// SPDX-License-Identifier: MIT
// Everything a fit needs to go on bit for bit: as the files of a checkpoint, and back.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "host/plugin/value.hpp"
#include "host/train/fit.hpp"

namespace knack::host {

/// Writes into `folder`, a checkpoint in the making: all tensors of every weight set, the state of
/// every plugin instance, random streams, the loop's position, and `session`, which is the
/// caller's own. Only between two windows. Throws Error.
void save_fit(Fit& fit, const Value& session, const std::filesystem::path& folder);

/// What may differ from the run that wrote the checkpoint, because the user allowed it.
struct AllowedChanges {
  std::string sampling;             ///< one of the keys that decides which samples come; or ""
  std::set<std::string> keys;       ///< of the recipe, all of them
  std::set<std::string> instances;  ///< "<kind>/<name>" that are new, gone, or another plugin now
  std::set<std::string> optimizer_options;  ///< that take effect in place of the saved ones
};

/// Takes back what save_fit() wrote and returns `session`. The fit has begun and has not trained.
/// Whatever is missing, does not fit or is not asked for throws Error(data), apart from `allowed`;
/// `say` is told what those changes lead to.
Value load_fit(Fit& fit, const std::filesystem::path& folder, const AllowedChanges& allowed,
               const std::function<void(const std::string&)>& say);

}  // namespace knack::host
