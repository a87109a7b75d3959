// SPDX-License-Identifier: MIT
// What `knack doctor` finds.
#pragma once

#include <string>
#include <vector>

namespace knack::host {

enum class Health { ok, warning, problem };

/// "ok", "warning" or "problem".
const char* word_for(Health health);

struct Finding {
  Health health = Health::ok;
  std::string subject;  ///< "LibTorch", "OpenMP", "plugin folder"
  std::string found;
  std::string advice;  ///< what to do; empty when all is well
};
using Findings = std::vector<Finding>;

bool has_problem(const Findings& findings);

}  // namespace knack::host
