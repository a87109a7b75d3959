// SPDX-License-Identifier: MIT
// metrics.jsonl by columns.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace knack::host {

/// One number of a stream's records, where they have it.
struct MetricColumn {
  std::string metric;
  std::vector<std::uint32_t> row;  ///< of the stream, ascending
  std::vector<double> value;       ///< NaN for null
};

/// The records of one split and one weight set, in the order of the file.
struct MetricStream {
  std::string split;
  std::string weights;
  bool is_final = false;  ///< whether these are the records of the end
  std::vector<double> step;
  std::vector<double> epoch;  ///< NaN where a record has none
  std::vector<MetricColumn> columns;

  /// Null when no record has this number.
  const MetricColumn* column(std::string_view metric) const;
};

struct MetricStreams {
  std::vector<MetricStream> streams;  ///< in the order in which they first appear
  std::uint64_t records = 0;
  std::uint64_t refused = 0;   ///< lines that are no record
  std::uint64_t left_out = 0;  ///< records of too many kinds, and such numbers

  /// Null when there are no such records.
  const MetricStream* find(std::string_view split, std::string_view weights, bool is_final) const;
};

/// Reads a file of records. Lines that are none are counted and left out, an unfinished last line
/// is left out; a file that is not there has no records.
MetricStreams read_metric_streams(const std::filesystem::path& file);

}  // namespace knack::host
