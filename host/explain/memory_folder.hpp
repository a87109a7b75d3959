// SPDX-License-Identifier: MIT
// A run folder that never reaches a disk.
#pragma once

#include <memory>

#include "host/common/file_descriptor.hpp"
#include "host/common/temporary_folder.hpp"
#include "host/report/run_folder.hpp"

namespace knack::host {

/// A run folder in memory for the files that tricks write, where the system has such a place.
/// It ends with this object; one whose process was killed goes when the next one is made.
class MemoryFolder {
 public:
  MemoryFolder();

  /// Null where there is none; then tricks that write files cannot be rehearsed.
  const RunFolder* folder() const {
    return folder_.get();
  }

 private:
  std::unique_ptr<TemporaryFolder> place_;
  FileDescriptor lock_;  // says that the process is alive
  std::unique_ptr<RunFolder> folder_;
};

}  // namespace knack::host
