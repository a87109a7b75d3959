// SPDX-License-Identifier: MIT
#include "host/common/diagnostic.hpp"

#include <locale.h>
#include <wchar.h>

#include <algorithm>
#include <boost/locale/utf.hpp>
#include <set>

namespace knack::host {
namespace {

constexpr std::string_view kTab = "    ";

/// Columns of a terminal that a character takes. C.UTF-8 is always there with glibc.
std::size_t columns_of(std::uint32_t code_point) {
  static const ::locale_t locale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  if (locale == nullptr) return 1;
  const ::locale_t before = ::uselocale(locale);
  const int columns = ::wcwidth(static_cast<wchar_t>(code_point));
  ::uselocale(before);
  return columns < 0 ? 1 : static_cast<std::size_t>(columns);
}

/// A piece of text as it is shown, and the columns it takes.
struct Shown {
  std::string text;
  std::size_t columns = 0;
};

/// Tabs as spaces; control characters and what is no UTF-8 as one column each.
Shown shown(std::string_view text) {
  namespace utf = boost::locale::utf;
  Shown result;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = code_point_size(text, at);
    const char* next = text.data() + at;
    const auto code_point = utf::utf_traits<char>::decode(next, text.data() + at + size);
    const bool is_valid = utf::is_valid_codepoint(code_point);
    const bool is_control =
        is_valid && (code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0));
    if (text[at] == '\t') {
      result.text += kTab;
      result.columns += kTab.size();
    } else if (!is_valid || is_control) {
      result.text += is_valid ? " " : "\xEF\xBF\xBD";
      ++result.columns;
    } else {
      result.text += text.substr(at, size);
      result.columns += columns_of(code_point);
    }
    at += size;
  }
  return result;
}

class Renderer {
 public:
  explicit Renderer(bool use_color) : use_color_(use_color) {}

  void add(const Diagnostic& diagnostic) {
    const bool has_text = !diagnostic.place.text.empty();
    gutter_ = std::max<std::size_t>(2, std::to_string(diagnostic.place.line).size());
    if (!text_.empty()) text_ += "\n";
    ids_.emplace(diagnostic.id.text());
    text_ += colored(kError, "error[" + std::string(diagnostic.id.text()) + "]") +
             colored(kBold, ": " + shown(diagnostic.sentence).text) + "\n";
    if (!diagnostic.place.source.empty()) add_place(diagnostic.place, diagnostic.label);
    if (!has_text && !diagnostic.label.empty()) add_remark("note", diagnostic.label);
    if (has_text && !(diagnostic.notes.empty() && diagnostic.helps.empty())) add_bar();
    for (const std::string& note : diagnostic.notes) add_remark("note", note);
    for (const std::string& help : diagnostic.helps) add_remark("help", help);
  }

  /// The last line: how many there were, and how to learn more.
  void add_count(std::size_t errors) {
    text_ += "\n" + std::to_string(errors) + (errors == 1 ? " error" : " errors") + "; ";
    const bool is_one = ids_.size() == 1;
    text_ += "`knack help " + (is_one ? *ids_.begin() : "CODE") + "` explains " +
             (errors == 1 ? "it"
              : is_one    ? "them"
                          : "each") +
             "\n";
  }

  std::string take() {
    return std::move(text_);
  }

 private:
  static constexpr const char* kError = "1;31";
  static constexpr const char* kBold = "1";
  static constexpr const char* kGutter = "1;34";
  static constexpr const char* kHelp = "1;36";

  std::string colored(const char* style, const std::string& text) const {
    return use_color_ ? "\x1b[" + std::string(style) + "m" + text + "\x1b[0m" : text;
  }

  std::string margin(const std::string& symbol) const {
    return std::string(gutter_ + 1, ' ') + colored(kGutter, symbol);
  }

  void add_bar() {
    text_ += margin("|") + "\n";
  }

  void add_place(const SourcePlace& place, const std::string& label) {
    const std::string name = place.is_argument ? "command line" : shown(place.name()).text;
    text_ += std::string(gutter_, ' ') + colored(kGutter, "-->") + " " + name + "\n";
    if (place.text.empty()) return;
    const std::string_view line = place.text;
    const Shown before = shown(line.substr(0, place.begin));
    const Shown marked = shown(line.substr(place.begin, place.end - place.begin));
    const std::string number = place.is_argument ? "" : std::to_string(place.line);
    std::string shown_line = before.text + marked.text + shown(line.substr(place.end)).text;
    shown_line.erase(shown_line.find_last_not_of(' ') + 1);
    add_bar();
    text_ += colored(kGutter, std::string(gutter_ - number.size(), ' ') + number + " |") + " " +
             shown_line + "\n";
    std::string mark(std::max<std::size_t>(marked.columns, 1), '^');
    if (!label.empty()) mark += " " + shown(label).text;
    text_ += margin("|") + " " + std::string(before.columns, ' ') + colored(kError, mark) + "\n";
  }

  void add_remark(const std::string& kind, const std::string& text) {
    text_ += margin("=") + " " + colored(kind == "help" ? kHelp : kBold, kind) + ": ";
    for (std::size_t begin = 0, end = 0; end != text.npos; begin = end + 1) {
      end = text.find('\n', begin);
      if (begin > 0) text_ += std::string(gutter_ + 3 + kind.size() + 2, ' ');
      text_ += shown(text.substr(begin, end - begin)).text + "\n";
    }
  }

  const bool use_color_;
  std::size_t gutter_ = 2;  ///< width of the line numbers
  std::string text_;
  std::set<std::string> ids_;
};

/// Where the parts of a message end. Between backticks stands what a user wrote, with any text.
std::vector<std::size_t> separators_of(std::string_view text) {
  std::vector<std::size_t> separators;
  bool is_quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '`') is_quoted = !is_quoted;
    if (!is_quoted && text.substr(at).starts_with("; ")) separators.push_back(at);
  }
  return separators;
}

}  // namespace

Diagnostic diagnostic_of(ErrorId id, const std::string& message) {
  Diagnostic diagnostic{.id = id};
  const std::size_t end = std::min(message.find('\n'), message.size());
  diagnostic.sentence = message.substr(0, end);
  const std::vector<std::size_t> separators = separators_of(diagnostic.sentence);
  if (!separators.empty()) {
    const std::size_t first = separators.front();
    const std::size_t last = separators.back();
    diagnostic.helps.push_back(diagnostic.sentence.substr(last + 2));
    if (first < last) {
      diagnostic.notes.push_back(diagnostic.sentence.substr(first + 2, last - first - 2));
    }
    diagnostic.sentence.erase(first);
  }
  if (end < message.size()) diagnostic.notes.push_back(message.substr(end + 1));
  return diagnostic;
}

std::string one_line_text(const Diagnostic& diagnostic) {
  std::string line = diagnostic.place.source.empty() ? "" : diagnostic.place.name() + ": ";
  line += diagnostic.sentence;
  if (!diagnostic.label.empty()) line += ": " + diagnostic.label;
  for (const std::string& note : diagnostic.notes) line += "; " + note;
  for (const std::string& help : diagnostic.helps) line += "; " + help;
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

std::string render(std::span<const Diagnostic> diagnostics, bool use_color) {
  Renderer renderer(use_color);
  for (const Diagnostic& diagnostic : diagnostics) renderer.add(diagnostic);
  renderer.add_count(diagnostics.size());
  return renderer.take();
}

}  // namespace knack::host
