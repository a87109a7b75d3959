// SPDX-License-Identifier: MIT
// What the checks found out, for people and for programs.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "host/validate/runner.hpp"

namespace knack::host {

/// "passed", "warned", "skipped", "failed".
const char* verdict_name(Verdict verdict);

/// The table for people, as it grows: a row has a check's name, verdict, what was checked and the
/// reason. What the same check says alike of several things is one row. Further lines of the reason,
/// and what the check printed if it failed, follow indented. Of checks that are skipped alike the first
/// has a row, and how many followed stands at the end of the file.
class OutcomeTable {
 public:
  /// `name_width` is that of the longest name of a check.
  OutcomeTable(std::ostream& stream, std::size_t name_width)
      : stream_(stream), name_width_(name_width) {}

  void add(const Outcome& outcome);

  /// Writes what was held back.
  void end_file();

 private:
  void flush();
  std::ostream& stream_;
  std::size_t name_width_;
  std::vector<Outcome> alike_;          // held back to see whether the next is alike
  std::map<std::string, int> skipped_;  // rows that were, by what was skipped and why
};

/// "ema.so: 27 passed, 1 warned, 2 skipped, 0 failed"
std::string summary_text(const FileReport& report);

/// The report for programs; its fields are described in docs/validate.md. Changes of their meaning
/// raise "schema_version".
nlohmann::ordered_json json_report(const std::vector<FileReport>& reports, std::uint64_t seed,
                                   int exit_code);

/// The report as JUnit XML: a test suite a file, a test case a check. Warnings are failures when
/// `is_strict`.
std::string junit_report(const std::vector<FileReport>& reports, bool is_strict);

}  // namespace knack::host
