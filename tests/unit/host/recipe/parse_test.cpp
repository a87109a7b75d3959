// SPDX-License-Identifier: MIT
#include "host/recipe/parse.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/common/error.hpp"

namespace knack::host {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

Document parse(const std::string& text) {
  Diagnostics diagnostics;
  Document document = parse_json(text, "r.json", diagnostics);
  diagnostics.throw_if_any();
  return document;
}

std::string error_in(const std::string& text) {
  try {
    parse(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::recipe);
    return error.what();
  }
  return "no error";
}

TEST(ParseJson, KnowsLineAndColumnOfEachKeyAndValue) {
  const Document document = parse(R"({
  // a comment with "quotes" and 1.5
  "name" : "a \"quoted\\" ,
  "list":[-1.5e+3,/* 7 */12 , true,false,null, "x"],
  "inner": { "é": {"k":7} }
})");
  const auto key = [&](const char* at) { return document.origins.at(at).place_of_key(); };
  const auto value = [&](const char* at) { return document.origins.at(at).place_of_value(); };
  EXPECT_EQ(value(""), "r.json:1:1");
  EXPECT_EQ(key("/name"), "r.json:3:3");
  EXPECT_EQ(value("/name"), "r.json:3:12");
  EXPECT_EQ(value("/list"), "r.json:4:10");
  EXPECT_EQ(value("/list/0"), "r.json:4:11");
  EXPECT_EQ(value("/list/1"), "r.json:4:26");
  EXPECT_EQ(value("/list/2"), "r.json:4:31");
  EXPECT_EQ(value("/list/3"), "r.json:4:36");
  EXPECT_EQ(value("/list/4"), "r.json:4:42");
  EXPECT_EQ(value("/list/5"), "r.json:4:48");
  EXPECT_EQ(key("/inner/é"), "r.json:5:14");
  EXPECT_EQ(value("/inner/é"), "r.json:5:19");  // a column is a character, not a byte
  EXPECT_EQ(value("/inner/é/k"), "r.json:5:24");
  EXPECT_EQ(document.origins.size(), 12u);
  EXPECT_EQ(document.root["name"], "a \"quoted\\");
  EXPECT_EQ(document.root["list"], Json::parse(R"([-1500.0, 12, true, false, null, "x"])"));
}

TEST(ParseJson, FindsTheStartOfANumberThatEndsTheText) {
  EXPECT_EQ(parse("  12.5e-3").origins.at("").place_of_value(), "r.json:1:3");
  EXPECT_EQ(parse(" 7\n").origins.at("").place_of_value(), "r.json:1:2");
}

TEST(ParseJson, KeepsTheOrderOfKeysAndEscapesPointers) {
  const Document document = parse(R"({"z": 1, "a/b": {"~": 2}, "m": 3})");
  EXPECT_EQ(document.root.dump(), R"({"z":1,"a/b":{"~":2},"m":3})");
  EXPECT_TRUE(document.origins.contains("/a~1b/~0"));
}

TEST(ParseJson, AcceptsAByteOrderMark) {
  EXPECT_EQ(parse("\xEF\xBB\xBF{\"a\": 1}").origins.at("/a").place_of_key(), "r.json:1:2");
}

TEST(ParseJson, RefusesADuplicateKeyWithBothPlaces) {
  EXPECT_EQ(
      error_in("{\"a\": {\n \"lr\": {\"x\": 1},\n \"lr\": 2}}"),
      "r.json:3:2: duplicate key `lr`: expected each key once; it stands first at r.json:2:2");
}

TEST(ParseJson, ForgetsWhatStoodBelowTheFirstOfTwoKeys) {
  Diagnostics diagnostics;
  const Document document =
      parse_json(R"({"a": {"b": 1, "c": 2}, "a": {"b": 3}})", "r.json", diagnostics);
  EXPECT_EQ(diagnostics.all().size(), 1u);
  EXPECT_EQ(document.root.dump(), R"({"a":{"b":3}})");
  EXPECT_EQ(document.find_origin("/a/c"), nullptr);
}

TEST(ParseJson, ReportsEveryDuplicateKeyAndThenTheSyntaxError) {
  EXPECT_THAT(error_in(R"({"a": 1, "a": 2, "b": 1, "b": 2, ])"),
              AllOf(HasSubstr("duplicate key `a`"), HasSubstr("\nr.json:1:26: duplicate"),
                    HasSubstr("\nr.json:1:34: ")));
}

TEST(ParseJson, RefusesATrailingComma) {
  EXPECT_EQ(error_in("{\"a\": 1,\n}"),
            "r.json:2:1: a comma before the closing `}`; remove the comma");
  EXPECT_EQ(error_in("[1, 2, ]"), "r.json:1:8: a comma before the closing `]`; remove the comma");
}

TEST(ParseJson, NamesThePlaceOfASyntaxError) {
  EXPECT_EQ(error_in("{\n  \"a\" 1}"), "r.json:2:7: this is not JSON: expected `:`, found `1`");
  EXPECT_THAT(error_in("{\"a\": 1"),
              StartsWith("r.json:1:7: the text ends too early: expected `}`"));
  EXPECT_THAT(error_in("{\"a\": 1} x"),
              StartsWith("r.json:1:10: this is not JSON: expected nothing"));
  EXPECT_THAT(error_in("{\"a\": 1 /* no end"), HasSubstr("the text ends too early"));
  EXPECT_THAT(error_in("{'a': 1}"), StartsWith("r.json:1:2: this is not JSON: expected a key"));
}

TEST(ParseJson, RefusesAnEmptyText) {
  for (const char* text : {"", " \n\t", "\xEF\xBB\xBF"}) {
    EXPECT_EQ(error_in(text), "r.json:1:1: the text is empty: expected a JSON object: `{ ... }`");
  }
}

TEST(ParseJson, RefusesNumbersThatAreNone) {
  for (const char* number :
       {"NaN", "nan", "Infinity", "-Infinity", "01", "+1", ".5", "1.", "0x1"}) {
    EXPECT_THAT(error_in(std::string("{\"a\": ") + number + "}"), HasSubstr("r.json:1:")) << number;
  }
}

TEST(ParseJson, RefusesNumbersThatDoNotFit) {
  EXPECT_EQ(error_in("[1, 1e400]"),
            "r.json:1:5: this number is too large: expected at most 1.7e308 in size");
  const std::string too_large =
      "this integer does not fit into 64 bits with sign: "
      "expected at most 9223372036854775807 in size";
  EXPECT_EQ(error_in("[1, 9223372036854775808]"), "r.json:1:5: " + too_large);
  EXPECT_EQ(error_in("[ -9223372036854775809]"), "r.json:1:3: " + too_large);
  EXPECT_EQ(error_in("[" + std::string(300, '9') + "]"), "r.json:1:2: " + too_large);
  EXPECT_EQ(parse("[9223372036854775807]").root[0], INT64_MAX);
  EXPECT_EQ(parse("[-9223372036854775808]").root[0], INT64_MIN);
}

TEST(ParseJson, RefusesTextThatIsNotUtf8EvenInComments) {
  EXPECT_THAT(error_in("{\n\"a\": \"\xFF\"}"), StartsWith("r.json:2:7: this byte is not"));
  EXPECT_THAT(error_in("// caf\xE9\n{}"), StartsWith("r.json:1:7: this byte is not"));
  EXPECT_THAT(error_in("{\"\xC0\x80\": 1}"), StartsWith("r.json:1:3: "));           // overlong
  EXPECT_THAT(error_in("{\"\xED\xA0\x80\": 1}"), StartsWith("r.json:1:3: "));       // surrogate
  EXPECT_THAT(error_in("{\"a\": \"\xE2\x82"), StartsWith("r.json:1:8: "));          // cut short
  EXPECT_THAT(error_in(std::string("{\"a\0b\": 1}", 9)), StartsWith("r.json:1:"));  // NUL byte
}

TEST(ParseJson, RefusesLoneSurrogatesAndEscapedNul) {
  EXPECT_THAT(error_in(R"({"a": "\ud800"})"), HasSubstr("surrogate"));
  EXPECT_THAT(error_in(R"({"a": "\udc00"})"), HasSubstr("surrogate"));
  EXPECT_EQ(error_in(R"({"a": "b\u0000c"})"), "r.json:1:7: a string must not contain \\u0000");
  EXPECT_EQ(error_in(R"({"a\nb": 1})"), "r.json:1:2: a key must not contain control characters");
  EXPECT_EQ(parse(R"(["\ud83d\ude00"])").root[0], "\xF0\x9F\x98\x80");
}

TEST(ParseJson, RefusesWhatIsTooDeepTooLongOrTooMuch) {
  const auto nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  EXPECT_EQ(error_in(nested(kDeepestNesting)), "no error");
  EXPECT_EQ(error_in(nested(kDeepestNesting + 1)), "r.json:1:65: nested more than 64 deep");
  EXPECT_THAT(error_in(std::string(1'000'000, '[')), HasSubstr("nested more than 64 deep"));
  EXPECT_EQ(error_in("{\"a\": \"" + std::string(1 << 20, 'x') + "\"}"),
            "r.json:1:7: this string is too long: expected at most 4096 bytes, found 1048576");
  EXPECT_EQ(error_in("{\"" + std::string(1 << 20, 'x') + "\": 1}"),
            "r.json:1:2: this key is too long: expected at most 256 bytes, found 1048576");
  std::string many = "[0";
  for (int i = 0; i < 60'000; ++i) many += ",0";
  EXPECT_THAT(error_in(many + "]"), HasSubstr("more than 50000 values"));
}

TEST(ParseJson, KeepsMessagesShortAndOnOneLine) {
  const std::string message = error_in("{\"a\": \"" + std::string(1 << 20, 'x') + "\n\"}");
  EXPECT_LT(message.size(), 300u);
  EXPECT_EQ(message.find('\n'), message.npos);
  EXPECT_THAT(error_in("{\"a\": \x7fm\"}"), HasSubstr("expected a value, found ` `"));
}

}  // namespace
}  // namespace knack::host
