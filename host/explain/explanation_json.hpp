// SPDX-License-Identifier: MIT
// An explanation for programs.
#pragma once

#include "host/explain/explanation.hpp"

namespace knack::host {

/// The document that `knack explain --json` prints; its keys are listed in docs/explain.md.
Json to_json(const Explanation& explanation);

}  // namespace knack::host
