// SPDX-License-Identifier: MIT
#include "host/validate/report.hpp"

#include <knack/abi/version.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <sstream>
#include <string_view>

#include "host/common/join.hpp"
#include "host/validate/clean_text.hpp"

namespace knack::host {
namespace {

constexpr std::size_t kShownLines = 5;

using Counts = std::array<int, 4>;  // by verdict

Counts count(const std::vector<Outcome>& outcomes) {
  Counts counts{};
  for (const Outcome& outcome : outcomes)
    ++counts[static_cast<std::size_t>(outcome.finding.verdict)];
  return counts;
}

int at(const Counts& counts, Verdict verdict) {
  return counts[static_cast<std::size_t>(verdict)];
}

/// "load.loads" or "load.schema_valid (trick ema)"
std::string full_name(const Outcome& outcome) {
  const std::string name = outcome.check->name;
  return outcome.id.empty() ? name : name + " (" + outcome.kind + " " + outcome.id + ")";
}

std::string indented(const std::string& text, const std::string& by, std::size_t most_lines) {
  std::istringstream lines(text);
  std::string result;
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    if (count < most_lines) result += "\n" + by + line;
  }
  if (count > most_lines) result += "\n" + by + "...";
  return result;
}

bool are_alike(const Outcome& one, const Outcome& other) {
  return one.check == other.check && one.kind == other.kind &&
         one.finding.verdict == other.finding.verdict &&
         one.finding.reason == other.finding.reason && one.output == other.output;
}

/// "model resnet20, resnet32"
std::string things_text(const std::vector<Outcome>& alike) {
  if (alike.front().id.empty()) return "";
  std::vector<std::string> ids;
  for (const Outcome& outcome : alike) ids.push_back(outcome.id);
  return alike.front().kind + " " + join(ids);
}

/// For an attribute or the text of an element: what XML 1.0 cannot have becomes `?`.
std::string escaped(std::string_view text) {
  std::string xml;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::string_view three = text.substr(i, 3);
    if (three == "\xEF\xBF\xBE" || three == "\xEF\xBF\xBF") {  // U+FFFE, U+FFFF
      xml += '?';
      i += 2;
    } else if (byte == '&') {
      xml += "&amp;";
    } else if (byte == '<') {
      xml += "&lt;";
    } else if (byte == '>') {
      xml += "&gt;";
    } else if (byte == '"') {
      xml += "&quot;";
    } else if (byte == '\n') {
      xml += "&#10;";
    } else {
      xml += byte < 0x20 ? '?' : text[i];
    }
  }
  return xml;
}

std::string seconds_text(double seconds) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3f", seconds);
  return text.data();
}

std::string test_case(const Outcome& outcome, bool is_strict) {
  const Finding& finding = outcome.finding;
  const std::string name = full_name(outcome);
  const std::size_t dot = name.find('.');
  std::string xml = "    <testcase classname=\"knack.validate." + escaped(name.substr(0, dot)) +
                    "\" name=\"" + escaped(name.substr(dot + 1)) + "\" time=\"" +
                    seconds_text(outcome.seconds) + "\">\n";
  const bool is_failure =
      finding.verdict == Verdict::failed || (is_strict && finding.verdict == Verdict::warned);
  if (is_failure || finding.verdict == Verdict::skipped) {
    xml += std::string("      <") + (is_failure ? "failure" : "skipped") + " message=\"" +
           escaped(finding.reason) + "\"/>\n";
  } else if (!finding.reason.empty()) {
    xml += "      <system-out>" + escaped(finding.reason) + "</system-out>\n";
  }
  if (!outcome.output.empty()) {
    xml += "      <system-err>" + escaped(outcome.output) + "</system-err>\n";
  }
  return xml + "    </testcase>\n";
}

std::string test_counts(const std::vector<Outcome>& outcomes, bool is_strict) {
  const Counts counts = count(outcomes);
  const int failures = at(counts, Verdict::failed) + (is_strict ? at(counts, Verdict::warned) : 0);
  double seconds = 0;
  for (const Outcome& outcome : outcomes) seconds += outcome.seconds;
  return " tests=\"" + std::to_string(outcomes.size()) + "\" failures=\"" +
         std::to_string(failures) + "\" errors=\"0\" skipped=\"" +
         std::to_string(at(counts, Verdict::skipped)) + "\" time=\"" + seconds_text(seconds) + "\"";
}

nlohmann::ordered_json json_outcome(const Outcome& outcome) {
  nlohmann::ordered_json json;
  json["name"] = outcome.check->name;
  json["level"] = outcome.check->level;
  json["promise"] = outcome.check->promise;
  if (!outcome.id.empty()) {
    json["kind"] = outcome.kind;
    json["id"] = outcome.id;
  }
  json["verdict"] = verdict_name(outcome.finding.verdict);
  json["reason"] = outcome.finding.reason;
  json["output"] = outcome.output;
  json["seconds"] = outcome.seconds;
  return json;
}

nlohmann::ordered_json json_counts(const Counts& counts) {
  nlohmann::ordered_json json;
  for (const Verdict verdict :
       {Verdict::passed, Verdict::warned, Verdict::skipped, Verdict::failed}) {
    json[verdict_name(verdict)] = at(counts, verdict);
  }
  return json;
}

}  // namespace

const char* verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed:
      return "passed";
    case Verdict::warned:
      return "warned";
    case Verdict::skipped:
      return "skipped";
    case Verdict::failed:
      break;
  }
  return "failed";
}

void OutcomeTable::add(const Outcome& outcome) {
  if (!alike_.empty() && !are_alike(alike_.front(), outcome)) flush();
  alike_.push_back(outcome);
  if (outcome.id.empty()) flush();  // there is one of the whole file
}

void OutcomeTable::flush() {
  if (alike_.empty()) return;
  const Outcome& outcome = alike_.front();
  const Finding& finding = outcome.finding;
  std::string row = outcome.check->name;
  row.append(std::max(name_width_, row.size()) - row.size() + 2, ' ');
  row += verdict_name(finding.verdict);
  const std::string things = things_text(alike_);
  const std::size_t first_line = finding.reason.find('\n');
  const std::string reason = finding.reason.substr(0, first_line);
  if (finding.verdict == Verdict::skipped && skipped_[things + ": " + finding.reason]++ > 0) {
    alike_.clear();
    return;
  }
  if (!things.empty()) row += "  " + things;
  if (!reason.empty()) row += (things.empty() ? "  " : ": ") + reason;
  if (first_line != finding.reason.npos) {
    row += indented(finding.reason.substr(first_line + 1), "    ", finding.reason.size());
  }
  if (finding.verdict == Verdict::failed) {
    row += "\n    expected: " + std::string(outcome.check->promise);
    row += indented(outcome.output, "    | ", kShownLines);
  }
  stream_ << row << std::endl;
  alike_.clear();
}

void OutcomeTable::end_file() {
  flush();
  for (const auto& [why, rows] : skipped_) {
    if (rows == 1) continue;
    std::string row = std::to_string(rows - 1) + " more";
    row.append(std::max(name_width_, row.size()) - row.size() + 2, ' ');
    const std::size_t begin = why.starts_with(": ") ? 2 : 0;  // of the whole file
    stream_ << row << "skipped  " << why.substr(begin, why.find('\n') - begin) << std::endl;
  }
  skipped_.clear();
}

std::string summary_text(const FileReport& report) {
  const Counts counts = count(report.outcomes);
  std::string text = clean_text(report.path.filename().string()) + ":";
  for (const Verdict verdict :
       {Verdict::passed, Verdict::warned, Verdict::skipped, Verdict::failed}) {
    text += (verdict == Verdict::passed ? " " : ", ") + std::to_string(at(counts, verdict)) + " " +
            verdict_name(verdict);
  }
  return text;
}

nlohmann::ordered_json json_report(const std::vector<FileReport>& reports, std::uint64_t seed,
                                   int exit_code) {
  nlohmann::ordered_json json;
  json["schema_version"] = 1;
  json["knack"] = KNACK_VERSION_STRING;
  json["seed"] = seed;
  json["exit_code"] = exit_code;
  json["files"] = nlohmann::ordered_json::array();
  for (const FileReport& report : reports) {
    nlohmann::ordered_json file;
    file["file"] = clean_text(report.path.string());
    file["can_be_loaded"] = report.can_be_loaded;
    file["counts"] = json_counts(count(report.outcomes));
    file["checks"] = nlohmann::ordered_json::array();
    for (const Outcome& outcome : report.outcomes) file["checks"].push_back(json_outcome(outcome));
    json["files"].push_back(std::move(file));
  }
  return json;
}

std::string junit_report(const std::vector<FileReport>& reports, bool is_strict) {
  std::vector<Outcome> all;
  for (const FileReport& report : reports) {
    all.insert(all.end(), report.outcomes.begin(), report.outcomes.end());
  }
  std::string xml =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"knack validate\"" +
      test_counts(all, is_strict) + ">\n";
  for (const FileReport& report : reports) {
    xml += "  <testsuite name=\"" + escaped(clean_text(report.path.string())) + "\"" +
           test_counts(report.outcomes, is_strict) + ">\n";
    for (const Outcome& outcome : report.outcomes) xml += test_case(outcome, is_strict);
    xml += "  </testsuite>\n";
  }
  return xml + "</testsuites>\n";
}

}  // namespace knack::host
