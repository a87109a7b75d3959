// SPDX-License-Identifier: MIT
#include "host/doctor/finding.hpp"

#include <algorithm>

namespace knack::host {

const char* word_for(Health health) {
  switch (health) {
    case Health::ok:
      return "ok";
    case Health::warning:
      return "warning";
    case Health::problem:
      return "problem";
  }
  return "";
}

bool has_problem(const Findings& findings) {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& each) { return each.health == Health::problem; });
}

}  // namespace knack::host
