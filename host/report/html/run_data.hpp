// SPDX-License-Identifier: MIT
// What a run left in its folder, read for a report.
#pragma once

#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/report/html/metric_streams.hpp"
#include "host/report/run_folder.hpp"

namespace knack::host {

/// The files of a run. Nothing in it is trusted: a file that is missing, half written, too large or
/// of another form than expected is null here, or left out in part, with a sentence in `remarks`.
struct RunData {
  std::string folder;                     ///< its name, without the folders above it
  MetricStreams metrics;                  ///< metrics.jsonl
  bool has_metrics_file = false;          ///< whether there is one
  nlohmann::ordered_json recipe;          ///< recipe.json
  nlohmann::ordered_json summary;         ///< final/summary.json; null until the end
  nlohmann::ordered_json environment;     ///< environment.json
  nlohmann::ordered_json classification;  ///< final/classification.json
  std::vector<std::string> warnings;      ///< of log.txt: the last of them, oldest first
  std::uint64_t warning_count = 0;        ///< of the part of log.txt that was read
  bool was_stopped = false;               ///< whether the log ends with a stop by a signal
  std::string failure;                    ///< the error with which the log ends; else empty
  double log_seconds = NAN;               ///< that the sessions took by log.txt; NaN if unknown
  std::vector<std::string> remarks;       ///< what could not be read
};

/// Reads a run folder. Throws nothing for what is in the files.
RunData read_run(const RunFolder& folder);

}  // namespace knack::host
