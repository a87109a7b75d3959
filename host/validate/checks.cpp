// SPDX-License-Identifier: MIT
#include "host/validate/checks.hpp"

namespace knack::host {

std::vector<Check> all_checks() {
  std::vector<Check> all;
  for (const std::span<const Check> level :
       {file_checks(), load_checks(), behaviour_checks(), state_checks()}) {
    all.insert(all.end(), level.begin(), level.end());
  }
  return all;
}

}  // namespace knack::host
