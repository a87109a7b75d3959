// SPDX-License-Identifier: MIT
// Manifests of checkpoints: what is taken names files below the checkpoint only, and comes back.
#include <algorithm>

#include "host/checkpoint/manifest.hpp"
#include "tests/fuzz/fuzz_target.hpp"

namespace {

using namespace knack;

constexpr const char* kPlace = "run/manifest.json";

void check_path(const std::string& name) {
  const std::filesystem::path path(name);
  fuzz::require(path.is_relative() && path.has_filename(),
                "a file is named relative to its folder");
  fuzz::require(std::find(path.begin(), path.end(), "..") == path.end(), "no path leads upwards");
  fuzz::require(name.find('\0') == name.npos, "the system sees the whole path");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  host::CheckpointManifest manifest;
  const bool is_sound = fuzz::accepts(host::ExitCode::data, kPlace, [&] {
    manifest = host::parse_manifest({reinterpret_cast<const char*>(data), size}, kPlace);
  });
  if (!is_sound) return 0;
  fuzz::require(manifest.step >= 0 && manifest.epoch >= 0, "counters are at least 0");
  for (const auto& [name, file] : manifest.files) {
    check_path(name);
    fuzz::require(file.sha256.size() == 64, "a checksum has 64 digits");
  }
  const std::string text = host::manifest_text(manifest);
  const host::CheckpointManifest again = host::parse_manifest(text, kPlace);
  fuzz::require(host::manifest_text(again) == text, "what is written comes back");
  fuzz::require(again.files.size() == manifest.files.size(), "with every file");
  return 0;
}
