// SPDX-License-Identifier: MIT
// What saving and loading a fit share: names in a checkpoint, and of what is in it.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "host/plugin/instance.hpp"
#include "host/train/fit.hpp"

namespace knack::host {

inline constexpr const char* kStateFile = "state.json";
inline constexpr const char* kStateTensors = "state.safetensors";

inline std::filesystem::path weights_file(const std::filesystem::path& folder,
                                          const std::string& set) {
  return folder / "weights" / (set + ".safetensors");
}

/// "trick/ema": unique in a run.
inline std::string key_of(const Instance& instance) {
  return instance.context().kind + "/" + instance.name();
}

/// What the last bits of a result depend on besides the recipe.
std::map<std::string, std::string> makers_of(const Fit& fit);

}  // namespace knack::host
