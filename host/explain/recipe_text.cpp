// SPDX-License-Identifier: MIT
#include "host/explain/recipe_text.hpp"

#include <algorithm>
#include <map>

#include "host/recipe/diagnostics.hpp"
#include "host/ui/color.hpp"

namespace knack::host {
namespace {

constexpr std::size_t kWidestJson = 58;  // leaves room for the origins in 100 columns
constexpr std::size_t kLongestValue = 40;

struct Line {
  std::string json;
  std::string origin;
};

std::string origin_text(const ResolvedValue& value) {
  std::string text = value.origin.text();
  if (value.overridden) {
    text += " (" + value.overridden->origin.text() + " said " +
            one_line(value.overridden->value.dump(), kLongestValue) + ")";
  }
  return text;
}

/// JSON of a value without parts on one line: `[0, 1200]`.
std::string inline_json(const Json& value) {
  if (!value.is_array()) return value.dump();
  std::string text;
  for (const Json& element : value) text += (text.empty() ? "" : ", ") + element.dump();
  return "[" + text + "]";
}

class RecipeText {
 public:
  explicit RecipeText(const std::vector<ResolvedValue>& values) {
    for (const ResolvedValue& value : values) by_pointer_[value.pointer] = &value;
  }

  std::vector<Line> lines_of(const Json& resolved) {
    add(resolved, "", "", 0, "");
    return std::move(lines_);
  }

 private:
  void add(const Json& value, const std::string& pointer, const std::string& key, std::size_t depth,
           const std::string& end) {
    const std::string start = std::string(2 * depth, ' ') + key;
    if (const auto known = by_pointer_.find(pointer); known != by_pointer_.end()) {
      lines_.push_back({start + inline_json(value) + end, origin_text(*known->second)});
      return;
    }
    const bool is_list = value.is_array();
    lines_.push_back({start + (is_list ? "[" : "{"), ""});
    std::size_t left = value.size();
    std::size_t index = 0;
    for (const auto& [name, member] : value.items()) {
      const std::string comma = --left > 0 ? "," : "";
      if (is_list) {
        add(member, child_pointer(pointer, index++), "", depth + 1, comma);
      } else {
        add(member, child_pointer(pointer, name), Json(name).dump() + ": ", depth + 1, comma);
      }
    }
    lines_.push_back({std::string(2 * depth, ' ') + (is_list ? "]" : "}") + end, ""});
  }

  std::map<std::string, const ResolvedValue*> by_pointer_;
  std::vector<Line> lines_;
};

}  // namespace

std::vector<std::string> recipe_lines(const Json& resolved,
                                      const std::vector<ResolvedValue>& values, bool use_color) {
  const std::vector<Line> lines = RecipeText(values).lines_of(resolved);
  std::size_t column = 0;
  for (const Line& line : lines) {
    if (line.json.size() <= kWidestJson) column = std::max(column, line.json.size() + 2);
  }
  std::vector<std::string> texts;
  for (const Line& line : lines) {
    if (line.origin.empty()) {
      texts.push_back(line.json);
      continue;
    }
    std::string text = line.json;
    if (text.size() + 2 > column) {  // too long to have anything beside it
      texts.push_back(std::move(text));
      text.clear();
    }
    text.resize(column, ' ');
    texts.push_back(text + painted(line.origin, Paint::dim, use_color));
  }
  return texts;
}

}  // namespace knack::host
