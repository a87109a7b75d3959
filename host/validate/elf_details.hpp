// SPDX-License-Identifier: MIT
// What a shared object exports, needs and asks of the loader.
#pragma once

#include <string_view>
#include <vector>

namespace knack::host {

/// A symbol that the loader sees.
struct DynamicSymbol {
  std::string_view name;
  bool is_defined;  ///< else another library must have it
  bool is_weak;
  bool is_unique;    ///< STB_GNU_UNIQUE: one for the whole process
  bool is_exported;  ///< defined, and visible to others
};

/// Every text is a part of the file's bytes.
struct ElfDetails {
  std::vector<DynamicSymbol> symbols;           ///< without section and file symbols
  std::vector<std::string_view> needed;         ///< file names of libraries
  std::vector<std::string_view> library_paths;  ///< DT_RUNPATH and DT_RPATH, colon separated
  bool has_text_relocations = false;            ///< the loader must write to code
  bool has_executable_stack = false;       ///< asks for one, or says nothing, which asks for one
  std::vector<std::string_view> segments;  ///< what is mapped
};

/// Reads the dynamic section of a 64-bit little endian shared object whose whole content is `bytes`,
/// which nobody vouches for: every offset is checked, and what is returned is at most a few times
/// as large. Throws std::runtime_error with what is wrong.
ElfDetails read_elf_details(std::string_view bytes);

}  // namespace knack::host
