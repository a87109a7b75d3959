// SPDX-License-Identifier: MIT
#include "host/recipe/json_edit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "host/recipe/parse.hpp"
#include "tests/support/error_message.hpp"

namespace knack::host {
namespace {

const std::vector<std::string> kPath = {"plugins", "pin", "ema"};

std::string edited(const std::string& text) {
  return with_string(text, kPath, "x");
}

Json parsed(const std::string& text) {
  Diagnostics diagnostics;
  Json root = parse_json(text, "text", diagnostics).root;
  diagnostics.throw_if_any();
  return root;
}

TEST(JsonEdit, AddsWhatIsMissingInTheLayoutOfTheText) {
  EXPECT_EQ(edited("{\n  \"name\": \"a\"\n}"),
            "{\n  \"name\": \"a\",\n  \"plugins\": {\n    \"pin\": {\n      \"ema\": \"x\"\n"
            "    }\n  }\n}");
  EXPECT_EQ(edited("{\n\t\"plugins\": {\n\t\t\"path\": []\n\t}\n}\n"),
            "{\n\t\"plugins\": {\n\t\t\"path\": [],\n\t\t\"pin\": {\n\t\t\t\"ema\": \"x\"\n"
            "\t\t}\n\t}\n}\n");
  EXPECT_EQ(edited("{\n  \"plugins\": { \"path\": [] }\n}\n"),
            "{\n  \"plugins\": { \"path\": [], \"pin\": {\n    \"ema\": \"x\"\n  } }\n}\n");
}

TEST(JsonEdit, StaysInOneLineWhereTheTextHasOne) {
  EXPECT_EQ(edited("{}"), R"({"plugins": {"pin": {"ema": "x"}}})");
  EXPECT_EQ(edited(R"({"a": 1, "plugins": {"pin": {"sgd": "y"}}})"),
            R"({"a": 1, "plugins": {"pin": {"sgd": "y", "ema": "x"}}})");
}

TEST(JsonEdit, FillsEmptyObjects) {
  EXPECT_EQ(edited("{\n}\n"),
            "{\n  \"plugins\": {\n    \"pin\": {\n      \"ema\": \"x\"\n    }\n  }\n}\n");
  EXPECT_EQ(edited("{\n  \"plugins\": {\"pin\": {  }}\n}"),
            "{\n  \"plugins\": {\"pin\": {\n    \"ema\": \"x\"\n  }}\n}");
  EXPECT_EQ(edited("{\n  \"plugins\": { // none yet\n  }\n}"),
            "{\n  \"plugins\": { // none yet\n    \"pin\": {\n      \"ema\": \"x\"\n    }\n"
            "  }\n}");
}

TEST(JsonEdit, ReplacesAValueAndNothingElse) {
  const std::string before = "{ /* } */ \"plugins\" : {\"pin\":{ \"ema\"  :  \"";
  const std::string after = "\" , // \"ema\": \"z\"\n \"b\\\\\": \"}\\\"{\" } } }";
  EXPECT_EQ(edited(before + "old \\\" one" + after), before + "x" + after);
  EXPECT_EQ(edited(before + "x" + after), before + "x" + after);
}

TEST(JsonEdit, FindsAKeyThatIsWrittenWithEscapes) {
  EXPECT_EQ(edited(R"({"pl\u0075gins": {"pin": {"e\u006da": "y"}}})"),
            R"({"pl\u0075gins": {"pin": {"e\u006da": "x"}}})");
}

TEST(JsonEdit, LeavesCommentsWithTheLineTheyStandIn) {
  EXPECT_EQ(edited("{\n  \"plugins\": {\n    \"pin\": {\n      \"a\": \"b\" // of a\n"
                   "      // the end\n    }\n  }\n}"),
            "{\n  \"plugins\": {\n    \"pin\": {\n      \"a\": \"b\", // of a\n"
            "      // the end\n      \"ema\": \"x\"\n    }\n  }\n}");
}

TEST(JsonEdit, KeepsTheLineEndsOfTheText) {
  EXPECT_EQ(edited("{\r\n  \"a\": 1 // one\r\n}\r\n"),
            "{\r\n  \"a\": 1, // one\r\n  \"plugins\": {\r\n    \"pin\": {\r\n"
            "      \"ema\": \"x\"\r\n    }\r\n  }\r\n}\r\n");
}

TEST(JsonEdit, KeepsAByteOrderMark) {
  EXPECT_EQ(edited("\xEF\xBB\xBF{}"), "\xEF\xBB\xBF{\"plugins\": {\"pin\": {\"ema\": \"x\"}}}");
}

TEST(JsonEdit, RefusesToPutAValueIntoWhatIsNoObject) {
  EXPECT_EQ(knack::testing::error_message(ExitCode::recipe, [] { edited(R"({"plugins": null})"); }),
            "expected an object to put `pin` into, found another value");
}

/// Random JSON with random blanks and comments between its tokens.
class RandomText {
 public:
  explicit RandomText(unsigned seed) : random_(seed) {}

  std::string object(int depth) {
    std::string text = "{" + space();
    const unsigned members = below(4);
    for (unsigned i = 0; i < members; ++i) {
      if (i > 0) text += "," + space();
      text += key(i) + space() + ":" + space() + value(depth) + space();
    }
    return text + "}";
  }

 private:
  unsigned below(unsigned end) {
    return static_cast<unsigned>(random_() % end);
  }

  /// Different for each `i`; the first has no ending.
  std::string key(unsigned i) {
    static constexpr const char* kNames[] = {"plugins",     "pin", "ema",
                                             "a{\\\"b\\\\", "//",  "\\u00e9"};
    return "\"" + std::string(kNames[below(6)]) + std::string(i, '_') + "\"";
  }

  std::string value(int depth) {
    switch (below(depth > 0 ? 7 : 4)) {
      case 0:
        return "-1.5e3";
      case 1:
        return "\"}]\\\\\"";
      case 2:
        return "true";
      case 3:
        return "\"/* \\\" */\"";
      case 4:
        return "[" + space() + value(depth - 1) + space() + "," + object(depth - 1) + "]";
      default:
        return object(depth - 1);
    }
  }

  std::string space() {
    static constexpr const char* kSpaces[] = {"",     " ",      "\n  ",     "\r\n\t",
                                              "\n\n", "// }\n", "/* \" */", "\n  // \"a\": {\n  "};
    return kSpaces[below(8)];
  }

  std::mt19937 random_;
};

/// What the edit is to make of the tree, or nothing where it is to be refused.
std::optional<Json> merged(Json root) {
  Json* at = &root;
  for (const std::string& key : kPath) {
    if (!at->is_object()) return std::nullopt;
    if (!at->contains(key)) (*at)[key] = Json::object();
    at = &(*at)[key];
  }
  *at = "x";
  return root;
}

TEST(JsonEdit, DoesToAnyTextWhatItWouldDoToTheTree) {
  unsigned done = 0;
  for (unsigned seed = 0; seed < 5000; ++seed) {
    const std::string text = RandomText(seed).object(3);
    const std::optional<Json> expected = merged(parsed(text));
    if (!expected) {
      EXPECT_THROW(edited(text), Error) << text;
      continue;
    }
    const std::string result = edited(text);
    EXPECT_EQ(parsed(result).dump(), expected->dump()) << text << "\nbecame\n" << result;
    EXPECT_EQ(edited(result), result);
    ++done;
  }
  EXPECT_GT(done, 1000u);
}

}  // namespace
}  // namespace knack::host
