// SPDX-License-Identifier: MIT
// Which runs there are, and which one is meant by a path that is none.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace knack::host {

/// The runs in `root` and in the folders in it, where `knack train` and its users put them; the one
/// whose log was written to last comes first. Links count as
/// what they lead to.
std::vector<std::filesystem::path> runs_below(const std::filesystem::path& root);

/// What is wrong with `path`, which is no run folder, and which one is meant. `with_weights`: who
/// asks has the option --weights, which the text may advise.
std::string describe_no_run(const std::filesystem::path& path, bool with_weights);

}  // namespace knack::host
