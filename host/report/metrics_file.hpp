// SPDX-License-Identifier: MIT
// The numbers of a run, one JSON object a line.
#pragma once

#include <nlohmann/json.hpp>

#include "host/report/appended_file.hpp"
#include "host/report/run_folder.hpp"

namespace knack::host {

/// `metrics.jsonl`: one JSON object a line. Numbers that JSON does not have (NaN, infinities) are
/// written as null.
class MetricsFile : public AppendedFile {
 public:
  explicit MetricsFile(const RunFolder& folder) : AppendedFile(folder.metrics_file()) {}

  void append(const nlohmann::ordered_json& record) {
    AppendedFile::append(one_json_line(record));
  }
};

}  // namespace knack::host
