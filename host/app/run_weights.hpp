// SPDX-License-Identifier: MIT
// The weights of a run that a command line names.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "host/report/run_folder.hpp"

namespace knack::host {

/// A safetensors file.
struct RunWeights {
  std::string name;  ///< of the set; "model" is the chosen one; of a file its path as given
  std::filesystem::path file;
  std::string checkpoint;            ///< name of the one it is of; empty: final weights or a file
  std::optional<std::int64_t> step;  ///< optimizer steps behind the weights, where that is known
};

/// What `--weights` and `--checkpoint` name.
struct WeightsRequest {
  std::string weights = "model";
  std::string checkpoint = {};     ///< "last", "best" or a name; empty: the weights at the end
  bool may_be_other_file = false;  ///< `weights` may be a file that is none of the run
};

/// Finds the set that is asked for: one of final/, or of a checkpoint, where "model" stands for
/// "live". A checkpoint is verified. Throws Error(data) that lists what there is.
RunWeights find_weights(const RunFolder& folder, const WeightsRequest& request);

}  // namespace knack::host
