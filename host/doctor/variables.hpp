// SPDX-License-Identifier: MIT
// Variables of the environment that change how knack runs.
#pragma once

#include <map>
#include <string>

#include "host/doctor/finding.hpp"

namespace knack::host {

using Variables = std::map<std::string, std::string>;

/// Those of this process.
Variables variables_of_process();

/// A finding for each variable that is set and matters, and one that says so if none is.
Findings examine_variables(const Variables& variables, int usable_cores);

}  // namespace knack::host
