// SPDX-License-Identifier: MIT
// The manual page.
#pragma once

#include <span>
#include <string>

#include "host/app/command_tree.hpp"
#include "host/common/embedded_file.hpp"

namespace knack::host {

/// knack.1, whose line `@COMMANDS@` stands for what manual_page() puts there.
std::span<const EmbeddedFile> manual_texts();

/// The page in mdoc(7), with every command and option of the program.
std::string manual_page(const CommandFacts& program);

}  // namespace knack::host
