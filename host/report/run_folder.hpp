// SPDX-License-Identifier: MIT
// The folder of one run: what lies where, and the small files in it.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/common/file_descriptor.hpp"

namespace knack::host {

/// What the names of files for TensorBoard begin with, by which it finds them.
inline constexpr const char* kEventFilePrefix = "events.out.tfevents.";

/// `runs/<name>/<timestamp>/`, the interface to other tools. Its files are listed in
/// docs/run_folder.md.
///
/// A folder that was made or taken over belongs to this object: no other process gets it while the
/// object lives.
class RunFolder {
 public:
  /// Makes `<root>/<name>/<UTC time>`; two runs in one second get different folders.
  static RunFolder create_under(const std::filesystem::path& root, const std::string& name);

  /// Makes `folder`, which must not exist or be empty, apart from what a run left that was ended
  /// before it began. Throws Error(usage) otherwise, and Error(data) when another process trains
  /// in it.
  static RunFolder create(const std::filesystem::path& folder);

  /// The folder of a run that is to go on. What a process that was killed left half written is
  /// removed. Throws Error(data) as open() does, and when another process trains in it.
  static RunFolder take_over(const std::filesystem::path& folder);

  /// Whether `folder` holds a run, finished or not, and not just a recipe of that name.
  static bool is_run(const std::filesystem::path& folder);

  /// Undoes the making of this folder: removes what is in it, itself, and the folders made on the
  /// way to it that are empty. What was there before stays. Throws nothing.
  void discard() const noexcept;

  /// The folder of a run, to look at. Throws Error(data) when it holds no recipe.json, or is a
  /// checkpoint. `with_weights`: who asks has the option --weights, which the message may advise.
  static RunFolder open(const std::filesystem::path& folder, bool with_weights = false);

  const std::filesystem::path& path() const {
    return path_;
  }
  std::filesystem::path recipe_file() const {
    return path_ / "recipe.json";
  }
  std::filesystem::path log_file() const {
    return path_ / "log.txt";
  }
  std::filesystem::path metrics_file() const {
    return path_ / "metrics.jsonl";
  }
  std::filesystem::path environment_file() const {
    return path_ / "environment.json";
  }
  std::filesystem::path checkpoints() const {
    return path_ / "checkpoints";
  }
  /// Whether the training has come to its end.
  bool is_finished() const;
  /// For a run that goes on after all: from here on it has not come to its end.
  void forget_end() const;
  /// For a run that begins anew: removes what its training wrote.
  void forget_training() const;

  /// Names of the weight sets that final/ holds, sorted.
  std::vector<std::string> weight_sets() const;
  std::filesystem::path weights_file(const std::string& set) const {
    return path_ / "final" / (set + ".safetensors");
  }
  std::filesystem::path summary_file() const {
    return path_ / "final" / "summary.json";
  }
  std::filesystem::path classification_file() const {
    return path_ / "final" / "classification.json";
  }
  /// A folder of its own for the files of one plugin instance; made on first use.
  std::filesystem::path instance_folder(const std::string& instance) const;

  /// Puts into `copy` what all instance folders hold, and puts back from there what they held
  /// then. The files are shared, not copied, where the file system can: they are only ever
  /// replaced as a whole. Throws Error(data).
  void save_instance_files(const std::filesystem::path& copy) const;
  void restore_instance_files(const std::filesystem::path& copy) const;

 private:
  explicit RunFolder(std::filesystem::path path) : path_(std::move(path)) {}
  void lock();
  std::filesystem::path instances() const {
    return path_ / "plugins";
  }

  std::filesystem::path path_;
  std::filesystem::path made_from_;  ///< the outermost folder made for this run; empty if none
  FileDescriptor lock_;
};

/// Writes JSON for people, atomically. Throws Error(data).
void write_json(const std::filesystem::path& file, const nlohmann::ordered_json& json);

/// JSON as one line, with its end. Text that is no UTF-8 is mended, not refused.
std::string one_json_line(const nlohmann::ordered_json& json);

/// Throws Error(data) naming the file when it cannot be read or is no JSON.
nlohmann::ordered_json read_json(const std::filesystem::path& file);

}  // namespace knack::host
