// SPDX-License-Identifier: MIT
// Scripts that complete half-typed command lines.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "host/app/command_tree.hpp"
#include "host/common/embedded_file.hpp"

namespace knack::host {

/// What is the same for every command tree: knack.bash, knack.zsh, knack.fish, each with a line
/// `@TABLES@` for what is not.
std::span<const EmbeddedFile> completion_scripts();

/// bash, zsh and fish.
const std::vector<std::string>& completion_shells();

/// The script for a shell of completion_shells().
std::string completion_script(const std::string& shell, const CommandFacts& program);

}  // namespace knack::host
