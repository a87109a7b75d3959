// SPDX-License-Identifier: MIT
// Plugin files before they are loaded: the ELF readers and the manifest in it.
#include <knack/abi/entry.h>

#include <algorithm>
#include <stdexcept>

#include "host/plugin/elf_file.hpp"
#include "host/plugin/manifest.hpp"
#include "host/validate/elf_details.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/support/memory_file.hpp"

namespace {

using namespace knack;

constexpr std::size_t kLongestSection = 64 << 10;

void read_manifest(std::string_view bytes) {
  host::Manifest manifest;
  const bool is_sound = fuzz::accepts(host::ExitCode::plugin, "plugin.so: ", [&] {
    manifest = host::parse_manifest("plugin.so", bytes);
  });
  if (!is_sound) return;
  fuzz::require(!manifest.provides.empty(), "an accepted manifest provides something");
  fuzz::require(!host::tier_name(manifest.tier).empty(), "its tier has a name");
  const host::HostFacts facts{1, 0, {"2.13.0", "libstdc++", 1, "gcc-12"}};
  fuzz::accepts(host::ExitCode::plugin, "plugin.so: ", [&] {
    host::check_manifest("plugin.so", manifest, facts);
    fuzz::require(manifest.abi_major == 1 && manifest.abi_minor == 0, "the ABI fits");
  });
}

void read_details(std::string_view bytes) {
  host::ElfDetails details;
  try {
    details = host::read_elf_details(bytes);
  } catch (const std::runtime_error&) {
    return;
  }
  const auto is_inside = [&](std::string_view text) {
    return text.data() >= bytes.data() && text.data() + text.size() <= bytes.data() + bytes.size();
  };
  fuzz::require(
      std::all_of(details.symbols.begin(), details.symbols.end(),
                  [&](const host::DynamicSymbol& symbol) { return is_inside(symbol.name); }),
      "a symbol's name is a part of the file");
  fuzz::require(std::all_of(details.segments.begin(), details.segments.end(), is_inside),
                "a segment is a part of the file");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static testing::MemoryFile file;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.starts_with("knack-manifest")) {
    read_manifest(bytes);
    return 0;
  }
  read_details(bytes);
  file.assign(bytes);
  std::string section;
  const bool is_sound = fuzz::accepts(host::ExitCode::plugin, file.path().string() + ": ", [&] {
    section = host::read_elf_section(file.path(), KNACK_MANIFEST_SECTION);
  });
  if (!is_sound) return 0;
  fuzz::require(section.size() <= kLongestSection, "a section is at most 64 KiB");
  fuzz::require(bytes.find(section) != bytes.npos, "a section is a part of the file");
  read_manifest(section);
  return 0;
}
