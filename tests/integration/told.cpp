// SPDX-License-Identifier: MIT
#include "tests/integration/told.hpp"

#include <regex>
#include <sstream>

namespace knack::testing {
namespace {

const std::string kNoteGoesOn(11, ' ');

struct Shown {
  std::string place;
  std::string sentence;
  std::string rest;  ///< label, notes and helps

  std::string line() const {
    return (place.empty() ? "" : place + ": ") + sentence + rest + "\n";
  }
};

}  // namespace

std::string told(const std::string& standard_error) {
  static const std::regex head(R"(error\[E0\d{3}\]: (.*))");
  static const std::regex place(R"( +--> (.*))");
  static const std::regex argument(R"( {3}\| (.*))");
  static const std::regex mark(R"( +\|  *\^+ ?(.*))");
  static const std::regex remark(R"( +\= (?:note|help): (.*))");
  static const std::regex count(R"(\d+ errors?; `knack help .*)");
  std::string text;
  Shown shown;
  bool is_in_error = false;
  std::istringstream lines(standard_error);
  std::smatch match;
  for (std::string line; std::getline(lines, line);) {
    if (std::regex_match(line, match, head)) {
      if (is_in_error) text += shown.line();
      shown = {"", match[1], ""};
      is_in_error = true;
    } else if (std::regex_match(line, count)) {
      text += shown.line();
      is_in_error = false;
    } else if (!is_in_error) {
      text += line + "\n";
    } else if (std::regex_match(line, match, place)) {
      shown.place = match[1];
    } else if (std::regex_match(line, match, mark)) {
      if (match[1].length() > 0) shown.rest += ": " + match[1].str();
    } else if (shown.place == "command line" && std::regex_match(line, match, argument)) {
      shown.place = match[1];
    } else if (std::regex_match(line, match, remark)) {
      shown.rest += "; " + match[1].str();
    } else if (line.starts_with(kNoteGoesOn)) {
      shown.rest += "\n" + line.substr(kNoteGoesOn.size());
    }
  }
  return text;
}

}  // namespace knack::testing
