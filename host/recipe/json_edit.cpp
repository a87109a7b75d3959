// SPDX-License-Identifier: MIT
#include "host/recipe/json_edit.hpp"

#include <algorithm>
#include <string_view>

#include "host/recipe/diagnostics.hpp"
#include "host/recipe/document.hpp"

namespace knack::host {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kSpaces = " \t\r\n";

struct Member {
  std::string key;
  std::size_t begin;  ///< of the key
  std::size_t value;
  std::size_t end;  ///< of the value
};

struct Object {
  std::size_t open;
  std::size_t close;  ///< its closing brace
  std::vector<Member> members;
};

/// Finds its way in well-formed JSON with comments. Positions are offsets into the text.
class JsonText {
 public:
  explicit JsonText(const std::string& text) : text_(text) {}

  std::size_t root() const {
    return skip(text_.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0);
  }

  Object object(std::size_t open) const {
    Object found{open, 0, {}};
    std::size_t at = skip(open + 1);
    while (text_[at] != '}') {
      if (text_[at] == ',') {
        at = skip(at + 1);
        continue;
      }
      const std::size_t key_end = end_of_string(at);
      const std::size_t value = skip(skip(key_end) + 1);
      const std::size_t end = end_of_value(value);
      found.members.push_back(
          {Json::parse(text_.substr(at, key_end - at)).get<std::string>(), at, value, end});
      at = skip(end);
    }
    found.close = at;
    return found;
  }

  /// The end of the last comment of those that follow, or `at` where none does.
  std::size_t end_of_comments(std::size_t at) const {
    for (;;) {
      const std::size_t next = text_.find_first_not_of(kSpaces, at);
      if (next == text_.npos || text_[next] != '/') return at;
      at = end_of_comment(next);
    }
  }

  /// The blanks that the line of `at` begins with.
  std::string indentation(std::size_t at) const {
    const std::size_t begin = line_begin(at);
    return text_.substr(begin, text_.find_first_not_of(kBlanks, begin) - begin);
  }

  bool is_first_in_line(std::size_t at) const {
    return at > 0 && line_begin(at) > 0 && text_.find_first_not_of(kBlanks, line_begin(at)) == at;
  }

 private:
  std::size_t line_begin(std::size_t at) const {
    const std::size_t before = at == 0 ? text_.npos : text_.rfind('\n', at - 1);
    return before == text_.npos ? 0 : before + 1;
  }

  std::size_t skip(std::size_t at) const {
    return std::min(text_.find_first_not_of(kSpaces, end_of_comments(at)), text_.size());
  }

  std::size_t end_of_comment(std::size_t at) const {
    return text_[at + 1] == '*' ? text_.find("*/", at + 2) + 2 : text_.find_first_of("\r\n", at);
  }

  std::size_t end_of_string(std::size_t at) const {
    for (++at; text_[at] != '"'; ++at) {
      if (text_[at] == '\\') ++at;
    }
    return at + 1;
  }

  std::size_t end_of_value(std::size_t at) const {
    if (text_[at] == '"') return end_of_string(at);
    if (text_[at] != '{' && text_[at] != '[') return text_.find_first_of(",]}/ \t\r\n", at);
    int depth = 0;
    do {
      const char c = text_[at];
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      at = c == '"' ? end_of_string(at) : at + 1;
      if (depth > 0) at = skip(at);
    } while (depth > 0);
    return at;
  }

  const std::string& text_;
};

std::string line_end(const std::string& text) {
  const std::size_t first = text.find('\n');
  return first != text.npos && first > 0 && text[first - 1] == '\r' ? "\r\n" : "\n";
}

/// By how much a member of the root is set in.
std::string indentation_unit(const JsonText& json, const Object& root) {
  if (root.members.empty() || !json.is_first_in_line(root.members.front().begin)) return "  ";
  const std::string unit = json.indentation(root.members.front().begin);
  return unit.empty() ? "  " : unit;
}

/// Adds `member` (key, colon and value) at the end of `object`.
void append(std::string& text, const Object& object, const std::string& member) {
  const JsonText json(text);
  const Object root = json.object(json.root());
  const bool has_lines = text.substr(root.open, root.close - root.open).find('\n') != text.npos;
  const std::string new_line = line_end(text);
  if (object.members.empty()) {
    const std::size_t end = json.end_of_comments(object.open + 1);
    const std::string outer = new_line + json.indentation(object.open);
    const std::string content =
        has_lines ? outer + indentation_unit(json, root) + member + outer : member;
    text.replace(end, object.close - end, content);
    return;
  }
  const Member& last = object.members.back();
  if (!json.is_first_in_line(last.begin)) {
    text.insert(last.end, ", " + member);
    return;
  }
  text.insert(json.end_of_comments(last.end), new_line + json.indentation(last.begin) + member);
  text.insert(last.end, ",");
}

std::string quoted(const std::string& text) {
  return Json(text).dump();
}

}  // namespace

std::string with_string(std::string text, const std::vector<std::string>& path,
                        const std::string& value) {
  std::size_t at = JsonText(text).root();
  for (std::size_t depth = 0; depth < path.size(); ++depth) {
    if (text[at] != '{') {
      throw Error("E0331", "expected an object to put " + backticked(path[depth]) +
                               " into, found another value");
    }
    const Object object = JsonText(text).object(at);
    const bool is_last = depth + 1 == path.size();
    const auto found =
        std::find_if(object.members.begin(), object.members.end(),
                     [&](const Member& member) { return member.key == path[depth]; });
    if (found == object.members.end()) {
      append(text, object, quoted(path[depth]) + ": " + (is_last ? quoted(value) : "{}"));
      return is_last ? text : with_string(std::move(text), path, value);
    }
    at = found->value;
    const std::string old = text.substr(at, found->end - at);
    if (is_last && (old.front() != '"' || Json::parse(old) != value)) {
      text.replace(at, old.size(), quoted(value));
    }
  }
  return text;
}

}  // namespace knack::host
