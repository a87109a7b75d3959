// SPDX-License-Identifier: MIT
// The forms that words in a manifest may have.
#pragma once

#include <string_view>
#include <vector>

namespace knack::host {

/// [a-z_]+
bool is_kind(std::string_view text);

/// [a-z0-9_]+(\.[a-z0-9_-]+)*
bool is_id(std::string_view text);

/// `libstdc++` or `libc++`
bool is_stdlib(std::string_view text);

/// A family and its version, as `gcc-12` or `clang-14.0.6`.
bool is_compiler(std::string_view text);

/// One to three numbers joined by dots and, not looked at, whatever follows a `+`.
bool is_version(std::string_view text);

/// The numbers of a version: `2.13.0+cpu` gives {2, 13, 0}; empty unless is_version(text).
std::vector<int> version_numbers(std::string_view text);

/// What has to be equal in two compilers for their C++ to mix: `gcc-12.2` gives `gcc-12`.
std::string_view compiler_major(std::string_view compiler);

/// What has to be equal in two LibTorch versions: `2.13.0+cpu` gives `2.13.0`.
std::string_view release_of(std::string_view version);

}  // namespace knack::host
