// SPDX-License-Identifier: MIT
// The checkpoints of a run: written whole or not at all, verified, and never more than promised.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/checkpoint/manifest.hpp"

namespace knack::host {

/// A folder of one run with a folder a checkpoint, `<number>-step-<step>`; the numbers grow. The
/// links `last` and `best` lead to two of them.
///
/// One process at a time may use it. All failures throw Error(ExitCode::data).
class CheckpointStore {
 public:
  struct Place {
    std::int64_t number = 0;
    std::filesystem::path path;
  };
  struct Verified {
    std::filesystem::path path;
    CheckpointManifest manifest;
  };

  /// `folder` is made on first writing. The newest `keep` >= 1 checkpoints stay, and the best.
  CheckpointStore(std::filesystem::path folder, std::int64_t keep);

  /// Removes what a process that was killed left half done.
  void clean() const noexcept;

  /// All checkpoints, the newest first; they may be damaged. None when there is no folder.
  std::vector<Place> list() const;

  /// The newest checkpoint whose files are all as they were written; none when there are no
  /// checkpoints at all. `on_damage` is told, newest first, of each one that had to be passed over.
  /// Throws when all are damaged, or one may not be read.
  using OnDamage = std::function<void(const std::string& problem)>;
  std::optional<Verified> newest(const OnDamage& on_damage) const;

  /// Makes a checkpoint of the files that `fill` writes into the folder it is given; they need not
  /// be synced. It becomes `last`, and `best` if so marked; then those that are too many are
  /// removed. Until it is whole and on disk it has no name, so whatever happens on the way, the
  /// checkpoints before it stay.
  using Fill = std::function<void(const std::filesystem::path& folder)>;
  std::filesystem::path write(std::int64_t step, std::int64_t epoch, bool is_best,
                              const Fill& fill);

  /// For a run that goes on from `checkpoint`: makes `last` lead to it, and `best` too if it
  /// `is_best`, as the process before may have ended between a checkpoint and its links. Newer ones,
  /// which are damaged, count no more: they are called `<name>.damaged` and removed once there is
  /// another.
  void go_on_from(const std::filesystem::path& checkpoint, bool is_best) const;

  /// From here on no checkpoint is the best.
  void forget_best() const;

 private:
  std::int64_t next_number() const;
  CheckpointManifest describe(const std::filesystem::path& folder);
  std::string checksum(const std::filesystem::path& file);
  void link(const std::filesystem::path& checkpoint, bool is_best) const;
  void link(const char* name, const std::filesystem::path& checkpoint) const;
  void prune() const;
  void remove(const std::filesystem::path& checkpoint) const;

  std::filesystem::path folder_;
  std::int64_t keep_;
  std::map<std::string, std::string> known_checksums_;  // of files that several checkpoints share
};

}  // namespace knack::host
