// SPDX-License-Identifier: MIT
// Options with which the plugin under test can be made.
#pragma once

#include <string>

#include "host/recipe/document.hpp"
#include "host/validate/check.hpp"

namespace knack::host {

/// Options that fit the schema of the offer, complete with defaults.
struct UsableOptions {
  Json options = Json::object();
  std::string problem;  ///< why there are none, such as a required option; else empty
};

/// The options that the recipe gives the plugin where it has it, else the defaults. Loads the plugin
/// file. Throws Error(plugin) when the schema is invalid.
UsableOptions usable_options(const Subject& subject);

}  // namespace knack::host
