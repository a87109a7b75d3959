// SPDX-License-Identifier: MIT
#include "host/recipe/parse.hpp"

#include <algorithm>
#include <boost/locale/utf.hpp>
#include <cctype>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>

#include "host/recipe/syntax_error.hpp"

namespace knack::host {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// A text iterator that leaves in `*reached` how far it has got. nlohmann's parser tells its
/// handler no positions, but reads no further than the token it reports (a number: one byte more).
class TrackingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using difference_type = std::ptrdiff_t;
  using value_type = char;
  using pointer = const char*;
  using reference = const char&;

  TrackingIterator(const char* at, const char** reached) : at_(at), reached_(reached) {}

  reference operator*() const {
    return *at_;
  }
  TrackingIterator& operator++() {
    *reached_ = ++at_;
    return *this;
  }
  bool operator==(const TrackingIterator& other) const {
    return at_ == other.at_;
  }

 private:
  const char* at_;
  const char** reached_;
};

const char* first_malformed_byte(const std::string& text) {
  namespace utf = boost::locale::utf;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    const char* const start = at;
    if (!utf::is_valid_codepoint(utf::utf_traits<char>::decode(at, end))) return start;
  }
  return nullptr;
}

/// Line and column of places that are asked for from first to last.
class PositionCursor {
 public:
  explicit PositionCursor(const std::string& text) : at_(text.data()) {
    if (text.starts_with(kByteOrderMark)) at_ += kByteOrderMark.size();
  }

  TextPosition advance_to(const char* target) {
    for (; at_ < target; ++at_) {
      const bool continues_a_character = (static_cast<unsigned char>(*at_) & 0xC0) == 0x80;
      if (*at_ == '\n') {
        ++position_.line;
        position_.column = 1;
      } else if (!continues_a_character) {
        ++position_.column;
      }
    }
    return position_;
  }

 private:
  const char* at_;
  TextPosition position_;
};

/// Builds the Document from the events of nlohmann's parser.
class DocumentBuilder : public Json::json_sax_t {
 public:
  DocumentBuilder(const std::string& text, const std::string& source, Diagnostics& diagnostics)
      : text_(text),
        source_(source),
        lines_(std::make_shared<const SourceText>(text)),
        diagnostics_(diagnostics),
        reached_(text.data()),
        cursor_(text) {}

  Document build() {
    if (const char* malformed = first_malformed_byte(text_)) {
      fail(malformed, {.id = "E0207",
                       .sentence = "this byte is not UTF-8",
                       .helps = {"save the file as UTF-8"}});
    }
    const char* const begin = text_.data();
    const char* const end = begin + text_.size();
    const bool has_mark = text_.starts_with(kByteOrderMark);
    if (text_.find_first_not_of(" \t\r\n", has_mark ? kByteOrderMark.size() : 0) == text_.npos) {
      fail(begin, {.id = "E0204",
                   .sentence = "the text is empty",
                   .label = "expected a JSON object: `{ ... }`"});
    }
    Json::sax_parse(TrackingIterator(begin, &reached_), TrackingIterator(end, &reached_), this,
                    nlohmann::detail::input_format_t::json, /*strict=*/true,
                    /*ignore_comments=*/true);
    return std::move(document_);
  }

  bool null() override {
    return add(nullptr, reached_ - 4);
  }
  bool boolean(bool value) override {
    return add(value, reached_ - (value ? 4 : 5));
  }
  bool number_integer(number_integer_t value) override {
    return add(value, number_start());
  }
  bool number_unsigned(number_unsigned_t value) override {
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      refuse_large_integer();
    }
    return add(static_cast<std::int64_t>(value), number_start());
  }
  bool number_float(number_float_t value, const string_t& literal) override {
    // An integer that fits no integer type arrives as a float.
    if (literal.find_first_of(".eE") == literal.npos) {
      refuse_large_integer();
    }
    return add(value, number_start());
  }
  bool string(string_t& value) override {
    const char* start = string_start();
    if (value.size() > kLongestString) {
      refuse_length(start, "string", value.size(), kLongestString);
    }
    if (value.find('\0') != value.npos) {
      fail(start, {.id = "E0208", .sentence = "a string must not contain \\u0000"});
    }
    return add(std::move(value), start);
  }
  bool binary(binary_t&) override {
    return false;  // text has no binary values
  }

  bool start_object(std::size_t) override {
    return open(Json::object());
  }
  bool start_array(std::size_t) override {
    return open(Json::array());
  }
  bool end_object() override {
    open_.pop_back();
    return true;
  }
  bool end_array() override {
    open_.pop_back();
    return true;
  }

  bool key(string_t& name) override {
    const char* start = string_start();
    if (name.size() > kLongestKey) {
      refuse_length(start, "key", name.size(), kLongestKey);
    }
    if (std::any_of(name.begin(), name.end(), [](unsigned char c) { return std::iscntrl(c); })) {
      fail(start, {.id = "E0208", .sentence = "a key must not contain control characters"});
    }
    key_position_ = cursor_.advance_to(start);
    key_ = name;
    const std::string pointer = child_pointer(open_.back().pointer, key_);
    if (const Origin* first = document_.find_origin(pointer)) {
      diagnostics_.add({.id = "E0205",
                        .sentence = "duplicate key " + backticked(key_),
                        .place = place(*key_position_),
                        .label = "expected each key once",
                        .notes = {"it stands first at " + first->place_of_key()}});
      open_.back().container->erase(key_);
      document_.forget_origins(pointer);
    }
    return true;
  }

  bool parse_error(std::size_t read, const std::string&, const Json::exception& error) override {
    const char* const last = text_.data() + std::clamp<std::size_t>(read, 1, text_.size()) - 1;
    if ((*last == '}' || *last == ']') && follows_comma(last)) {
      fail(last, {.id = "E0202",
                  .sentence = "a comma before the closing " + backticked(std::string(1, *last)),
                  .helps = {"remove the comma"}});
    }
    const SyntaxError syntax(error.what());
    const bool is_end = syntax.problem == "unexpected end of input";
    const char* const at = is_end ? last : token_start(syntax, last);
    fail(at, describe(syntax, is_end ? "" : token_at(at)));
  }

 private:
  struct OpenContainer {
    Json* container;
    std::string pointer;
  };

  SourcePlace place(const TextPosition& position) const {
    return lines_->place(source_, position);
  }

  [[noreturn]] void fail(const char* at, Diagnostic diagnostic) {
    diagnostic.place = place(cursor_.advance_to(at));
    diagnostics_.fail(std::move(diagnostic));
  }

  [[noreturn]] void refuse_large_integer() {
    fail(number_start(), {.id = "E0206",
                          .sentence = "this integer does not fit into 64 bits with sign",
                          .label = "expected at most 9223372036854775807 in size"});
  }

  [[noreturn]] void refuse_length(const char* start, const std::string& what, std::size_t size,
                                  std::size_t longest) {
    fail(start, {.id = "E0209",
                 .sentence = "this " + what + " is too long",
                 .label = "expected at most " + std::to_string(longest) + " bytes, found " +
                          std::to_string(size)});
  }

  /// The beginning of the token of which `last` is the last byte that was read.
  const char* token_start(const SyntaxError& error, const char* last) const {
    if (error.problem == "unexpected string literal") return string_start();
    if (error.problem == "unexpected number literal") return number_start();
    const char* at = last;
    while (at > text_.data() && std::isalnum(static_cast<unsigned char>(*at)) != 0 &&
           std::isalnum(static_cast<unsigned char>(at[-1])) != 0) {
      --at;
    }
    return at;
  }

  std::string token_at(const char* at) const {
    const SourcePlace place =
        SourceText(text_.substr(at - text_.data(), kLongestKey)).place("", {});
    return place.text.substr(place.begin, place.end - place.begin);
  }

  const char* string_start() const {
    const auto is_escaped = [this](const char* quote) {
      const char* before = quote;
      while (before > text_.data() && before[-1] == '\\') --before;
      return (quote - before) % 2 == 1;
    };
    const char* quote = reached_ - 2;
    while (*quote != '"' || is_escaped(quote)) --quote;
    return quote;
  }

  const char* number_start() const {
    const auto is_part = [](char c) {
      return std::isdigit(c) || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E';
    };
    const char* at = reached_;
    if (!is_part(at[-1])) --at;
    while (at > text_.data() && is_part(at[-1])) --at;
    return at;
  }

  bool follows_comma(const char* at) const {
    while (at > text_.data() && std::isspace(static_cast<unsigned char>(at[-1]))) --at;
    return at > text_.data() && at[-1] == ',';
  }

  bool open(Json container) {
    const char* start = reached_ - 1;
    if (open_.size() == kDeepestNesting) {
      fail(start, {.id = "E0209",
                   .sentence = "nested more than " + std::to_string(kDeepestNesting) + " deep"});
    }
    return add(std::move(container), start);
  }

  bool add(Json value, const char* start) {
    if (document_.origins.size() == kMostValues) {
      fail(start,
           {.id = "E0209", .sentence = "more than " + std::to_string(kMostValues) + " values"});
    }
    const bool is_container = value.is_structured();
    const TextPosition position = cursor_.advance_to(start);
    std::string pointer;
    Json* added = &document_.root;
    if (open_.empty()) {
      *added = std::move(value);
    } else if (Json& parent = *open_.back().container; parent.is_array()) {
      pointer = child_pointer(open_.back().pointer, parent.size());
      added = &parent.emplace_back(std::move(value));
    } else {
      pointer = child_pointer(open_.back().pointer, key_);
      auto& members = parent.get_ref<Json::object_t&>();
      // Appends without the linear search: key() has made sure that the key is new.
      members.Container::emplace_back(key_, std::move(value));
      added = &members.back().second;
    }
    document_.origins[pointer] = {{}, source_, key_position_.value_or(position), position, lines_};
    key_position_.reset();
    if (is_container) open_.push_back({added, std::move(pointer)});
    return true;
  }

  const std::string& text_;
  const std::string& source_;
  std::shared_ptr<const SourceText> lines_;
  Diagnostics& diagnostics_;
  const char* reached_;
  PositionCursor cursor_;
  Document document_;
  std::vector<OpenContainer> open_;
  std::string key_;
  std::optional<TextPosition> key_position_;
};

}  // namespace

Document parse_json(const std::string& text, const std::string& source, Diagnostics& diagnostics) {
  return DocumentBuilder(text, source, diagnostics).build();
}

bool is_utf8(const std::string& text) {
  return first_malformed_byte(text) == nullptr;
}

}  // namespace knack::host
