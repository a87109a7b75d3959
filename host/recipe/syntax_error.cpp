// SPDX-License-Identifier: MIT
#include "host/recipe/syntax_error.hpp"

#include <map>

#include "host/recipe/diagnostics.hpp"

namespace knack::host {
namespace {

constexpr const char* kValues =
    "a value is a number, text in double quotes, `true`, `false`, `null`, a list or an object";

/// Takes from `text` what stands behind the last `mark`, with the mark.
std::string cut_behind(std::string& text, std::string_view mark) {
  const std::size_t at = text.rfind(mark);
  if (at == text.npos) return "";
  std::string rest = text.substr(at + mark.size());
  text.erase(at);
  return rest;
}

/// '}' as `}`.
std::string quoted_as_code(std::string text) {
  for (char& c : text) {
    if (c == '\'') c = '`';
  }
  return text;
}

std::string name_of(const std::string& token) {
  return token.empty() ? "the end of the text" : backticked(token);
}

/// What is usually meant by a word that is none of JSON's.
std::vector<std::string> advice_for(const std::string& token, bool is_key) {
  static const std::map<std::string, std::string> kWords = {
      {"True", "write `true`"},   {"TRUE", "write `true`"},   {"yes", "write `true`"},
      {"False", "write `false`"}, {"FALSE", "write `false`"}, {"no", "write `false`"},
      {"None", "write `null`"},   {"nil", "write `null`"},    {"undefined", "write `null`"}};
  if (const auto word = kWords.find(token); word != kWords.end()) return {word->second};
  if (token.starts_with('\'')) return {"JSON takes double quotes only"};
  if (token.starts_with('#')) return {"comments begin with `//`"};
  if (token.starts_with('+')) return {"leave out the `+`"};
  if (token.starts_with('.')) return {"write a digit before the point, as in `0" + token + "`"};
  const bool is_word = !token.empty() && std::isalpha(static_cast<unsigned char>(token[0])) != 0;
  if (token == "NaN" || token == "nan" || token == "Infinity") {
    return {"JSON has numbers only that are finite"};
  }
  if (is_word) {
    return {std::string("put ") + (is_key ? "the key" : "text") + " between double quotes: `\"" +
            one_line(token) + "\"`"};
  }
  return {};
}

}  // namespace

SyntaxError::SyntaxError(std::string message) {
  const std::string_view kParsing = "while parsing ";
  if (const auto at = message.find(kParsing); at != message.npos) {
    message.erase(0, at + kParsing.size());
  } else if (const auto end = message.find("] "); end != message.npos) {
    message.erase(0, end + 2);
  }
  const std::size_t read = message.find("; last read: ");
  expected = cut_behind(message, "; expected ");
  if (read != message.npos && read < message.size()) message.erase(read);
  problem = message;
  if (const std::size_t dash = problem.find(" - "); dash != problem.npos) {
    context = problem.substr(0, dash);
    problem.erase(0, dash + 3);
  }
}

Diagnostic describe(const SyntaxError& error, const std::string& token) {
  const std::string found = ", found " + name_of(token);
  const bool is_in_container = error.context == "object" || error.context == "array";
  const std::string container = error.context == "array" ? "list" : "object";
  if (error.problem.starts_with("number overflow")) {
    return {.id = "E0206",
            .sentence = "this number is too large",
            .label = "expected at most 1.7e308 in size"};
  }
  if (error.problem.starts_with("invalid string: ")) {
    Diagnostic diagnostic{.id = "E0208",
                          .sentence = "this text between quotes is not as JSON wants it"};
    diagnostic.label = error.problem.substr(std::string_view("invalid string: ").size());
    if (diagnostic.label.find("backslash") != std::string::npos) {
      diagnostic.helps.push_back("write `\\\\` for a backslash, as in `\"C:\\\\data\"`");
    }
    return diagnostic;
  }
  if (error.problem == "unexpected end of input" || error.problem.find("*/") != std::string::npos) {
    const std::string missing =
        error.expected.empty() ? (error.problem.starts_with("invalid comment") ? "`*/`" : "a value")
                               : quoted_as_code(error.expected);
    return {.id = "E0204",
            .sentence = "the text ends too early",
            .label = "expected " + missing + " before the end"};
  }
  const bool closes = token == "}" || token == "]";
  if (is_in_container && error.problem.starts_with("unexpected") && !closes) {
    return {.id = "E0203",
            .sentence = "a comma is missing in this " + container,
            .label = "expected `,` before this, or " + quoted_as_code(error.expected)};
  }
  Diagnostic diagnostic{.id = "E0201", .sentence = "this is not JSON"};
  const bool wants_value = error.expected.empty() || error.expected.starts_with("'[', '{'");
  const bool wants_key = error.context == "object key";
  std::string expected = wants_value ? "a value" : quoted_as_code(error.expected);
  if (wants_key) expected = "a key in double quotes";
  if (error.expected == "end of input") expected = "nothing behind the recipe";
  if (error.problem.starts_with("invalid number") || error.problem.starts_with("invalid comment")) {
    diagnostic.label = quoted_as_code(error.problem);
    if (!error.expected.empty()) diagnostic.label += "; expected " + expected;
    return diagnostic;
  }
  diagnostic.label = "expected " + expected + found;
  if (wants_value && !wants_key) diagnostic.notes.push_back(kValues);
  if (wants_value || wants_key) diagnostic.helps = advice_for(token, wants_key);
  return diagnostic;
}

}  // namespace knack::host
