// SPDX-License-Identifier: MIT
// The folder of one run: what lies where, and the small files in it.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace knack::host {

/// `runs/<name>/<timestamp>/`, the interface to other tools. Its files are listed in
/// docs/run_folder.md.
class RunFolder {
 public:
  /// Makes `<root>/<name>/<UTC time>`; two runs in one second get different folders.
  static RunFolder create_under(const std::filesystem::path& root, const std::string& name);

  /// Makes `folder`, which must not exist or be empty. Throws Error(usage) otherwise.
  static RunFolder create(const std::filesystem::path& folder);

  /// Undoes the making of this folder: removes what is in it, itself, and the folders made on the
  /// way to it that are empty. What was there before stays. Throws nothing.
  void discard() const noexcept;

  /// The folder of a finished or broken run. Throws Error(data) when it holds no recipe.json.
  static RunFolder open(const std::filesystem::path& folder);

  const std::filesystem::path& path() const {
    return path_;
  }
  std::filesystem::path recipe_file() const {
    return path_ / "recipe.json";
  }
  std::filesystem::path log_file() const {
    return path_ / "log.txt";
  }
  /// Names of the weight sets that final/ holds, sorted.
  std::vector<std::string> weight_sets() const;
  std::filesystem::path weights_file(const std::string& set) const {
    return path_ / "final" / (set + ".safetensors");
  }
  std::filesystem::path summary_file() const {
    return path_ / "final" / "summary.json";
  }
  /// A folder of its own for the files of one plugin instance; made on first use.
  std::filesystem::path instance_folder(const std::string& instance) const;

 private:
  explicit RunFolder(std::filesystem::path path) : path_(std::move(path)) {}

  std::filesystem::path path_;
  std::filesystem::path made_from_;  ///< the outermost folder made for this run; empty if none
};

/// Writes JSON for people, atomically. Throws Error(data).
void write_json(const std::filesystem::path& file, const nlohmann::ordered_json& json);

/// Throws Error(data) naming the file when it cannot be read or is no JSON.
nlohmann::ordered_json read_json(const std::filesystem::path& file);

/// `metrics.jsonl`: one JSON object a line, written and flushed as a whole. Numbers that JSON does
/// not have (NaN, infinities) are written as null.
class MetricsFile {
 public:
  explicit MetricsFile(const RunFolder& folder);
  void append(const nlohmann::ordered_json& record);

 private:
  struct Close {
    void operator()(std::FILE* file) const {
      std::fclose(file);
    }
  };
  std::filesystem::path path_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace knack::host
