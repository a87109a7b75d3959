// SPDX-License-Identifier: MIT
// What a checkpoint consists of, so that damage is found before anything is believed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "host/common/error.hpp"

namespace knack::host {

/// A checkpoint that is not as it was written.
class DamagedCheckpoint : public Error {
 public:
  explicit DamagedCheckpoint(const std::string& message) : Error("E0510", message) {}
};

/// A file of a checkpoint as it was written.
struct CheckpointFile {
  std::uint64_t bytes = 0;
  std::string sha256;  ///< of the content, 64 hex digits
};

/// `manifest.json`, written last.
struct CheckpointManifest {
  std::int64_t step = 0;
  std::int64_t epoch = 0;
  std::map<std::string, CheckpointFile> files;  ///< by path below the checkpoint, with '/'
};

/// The name of the manifest in its checkpoint.
inline constexpr const char* kManifestName = "manifest.json";

std::string manifest_text(const CheckpointManifest& manifest);

/// Reads a manifest nobody vouches for. Throws DamagedCheckpoint that begins with `place` for
/// what is missing or of another form, and for paths that lead out of the checkpoint; Error(data)
/// for a later format. Keys it does not know are left alone.
CheckpointManifest parse_manifest(std::string_view text, const std::string& place);

/// Reads the manifest of `checkpoint` and compares every file with it. Throws
/// DamagedCheckpoint that names the first file that is missing or not as it was written, and
/// Error(data) for one that is there and may not be read.
CheckpointManifest verify_checkpoint(const std::filesystem::path& checkpoint);

}  // namespace knack::host
