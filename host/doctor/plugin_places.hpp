// SPDX-License-Identifier: MIT
// Where plugins are looked for, and what is there.
#pragma once

#include "host/doctor/finding.hpp"
#include "host/plugin/search_path.hpp"

namespace knack::host {

/// A finding for each place, found or not, and one for each file that is refused.
Findings examine_plugin_places(const SearchPlaces& places);

}  // namespace knack::host
