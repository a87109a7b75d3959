// SPDX-License-Identifier: MIT
#include "host/checkpoint/manifest.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <nlohmann/json.hpp>

#include "host/common/sha256.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::int64_t kFormat = 1;
constexpr std::uintmax_t kLongestManifest = 16 << 20;

[[noreturn]] void refuse(const std::string& place, const std::string& what) {
  throw DamagedCheckpoint(place + ": " + what);
}

/// The size of a file; what is no file, or not there, is damage.
std::uintmax_t size_of(const fs::path& file) {
  std::error_code failure;
  const std::uintmax_t size = fs::file_size(file, failure);
  if (failure == std::errc::permission_denied) throw ReadError(file, failure.value());
  if (failure) refuse(file.string(), "cannot be read: " + failure.message());
  return size;
}

/// A disk that has lost a block has damaged a checkpoint; one that may not be read is no damage.
std::string checksum_of(const fs::path& file) {
  try {
    return sha256_of_file(file);
  } catch (const ReadError& error) {
    if (error.cause() == EIO) throw DamagedCheckpoint(error.what());
    throw;
  }
}

/// The member `key` of an object, which `is` accepts.
const Json& member(const Json& object, const std::string& key, bool (Json::*is)() const noexcept,
                   const std::string& expected, const std::string& place) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  if (found == object.end() || !((*found).*is)()) {
    refuse(place, "expected `" + key + "` to be " + expected);
  }
  return *found;
}

std::int64_t count(const Json& object, const std::string& key, const std::string& place) {
  const Json& number = member(object, key, &Json::is_number_unsigned, "a number >= 0", place);
  const auto value = number.get<std::uint64_t>();
  if (value > static_cast<std::uint64_t>(INT64_MAX)) refuse(place, "`" + key + "` is too large");
  return static_cast<std::int64_t>(value);
}

bool is_sha256(const std::string& text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

/// Whether `name` leads to a file below a folder, in its plainest form.
bool stays_below(const std::string& name) {
  const fs::path path(name);
  const bool plain = !name.empty() && name.find('\0') == std::string::npos && path.is_relative() &&
                     path.has_filename() && path.lexically_normal().generic_string() == name;
  return plain && *path.begin() != ".." && *path.begin() != ".";
}

std::string read_text(const fs::path& file) {
  const std::uintmax_t size = size_of(file);
  if (size > kLongestManifest) refuse(file.string(), "is too long for a manifest");
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  if (!stream && errno == EACCES) throw ReadError(file, errno);
  std::string text(size, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(size));
  if (!stream) refuse(file.string(), "cannot be read to its end");
  return text;
}

}  // namespace

std::string manifest_text(const CheckpointManifest& manifest) {
  nlohmann::ordered_json json = {
      {"format", kFormat}, {"step", manifest.step}, {"epoch", manifest.epoch}};
  json["files"] = nlohmann::ordered_json::object();
  for (const auto& [name, file] : manifest.files) {
    json["files"][name] = {{"bytes", file.bytes}, {"sha256", file.sha256}};
  }
  return json.dump(2) + "\n";
}

CheckpointManifest parse_manifest(std::string_view text, const std::string& place) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) refuse(place, "expected a JSON object, found something else");
  const std::int64_t format = count(json, "format", place);
  if (format != kFormat) {
    throw Error("E0512", place,
                "expected checkpoint format " + std::to_string(kFormat) + ", found " +
                    std::to_string(format) + "; a later knack wrote it, go on with that");
  }
  CheckpointManifest manifest;
  manifest.step = count(json, "step", place);
  manifest.epoch = count(json, "epoch", place);
  const Json& files = member(json, "files", &Json::is_object, "an object", place);
  for (const auto& [name, entry] : files.items()) {
    if (!stays_below(name)) refuse(place, "expected paths below the checkpoint only");
    CheckpointFile file;
    file.bytes = static_cast<std::uint64_t>(count(entry, "bytes", place));
    file.sha256 = member(entry, "sha256", &Json::is_string, "a text", place).get<std::string>();
    if (!is_sha256(file.sha256)) refuse(place, "expected `sha256` to be 64 hex digits");
    manifest.files[name] = file;
  }
  return manifest;
}

CheckpointManifest verify_checkpoint(const fs::path& checkpoint) {
  const fs::path place = checkpoint / kManifestName;
  CheckpointManifest manifest = parse_manifest(read_text(place), place.string());
  for (const auto& [name, expected] : manifest.files) {
    const fs::path file = checkpoint / name;
    const std::uintmax_t bytes = size_of(file);
    if (bytes != expected.bytes) {
      refuse(file.string(), "expected " + std::to_string(expected.bytes) + " bytes, found " +
                                std::to_string(bytes));
    }
    if (checksum_of(file) != expected.sha256) {
      refuse(file.string(), "its checksum is not that of the file that was written");
    }
  }
  return manifest;
}

}  // namespace knack::host
