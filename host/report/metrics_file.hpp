// SPDX-License-Identifier: MIT
// The numbers of a run, one JSON object a line.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "host/report/run_folder.hpp"

namespace knack::host {

/// `metrics.jsonl`: one JSON object a line, written and flushed as a whole. Numbers that JSON does
/// not have (NaN, infinities) are written as null.
class MetricsFile {
 public:
  explicit MetricsFile(const RunFolder& folder);
  void append(const nlohmann::ordered_json& record);

  /// Brings all records to disk and returns how many bytes they take.
  std::uint64_t sync();

  /// Forgets the records behind the first `bytes`. False when there are not that many.
  bool cut(std::uint64_t bytes);

 private:
  [[noreturn]] void fail() const;

  struct Close {
    void operator()(std::FILE* file) const {
      std::fclose(file);
    }
  };
  std::filesystem::path path_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace knack::host
