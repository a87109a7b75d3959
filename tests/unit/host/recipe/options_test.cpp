// SPDX-License-Identifier: MIT
#include "host/recipe/schema.hpp"

#include <array>

#include "tests/unit/host/recipe/recipe_files.hpp"

namespace knack::host {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kEmaSchema = R"({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "decay": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.9999},
    "schedule": {"enum": ["exp", "constant"], "default": "exp"},
    "every": {"type": "integer", "minimum": 1, "default": 1},
    "exclude": {"type": "array", "items": {"type": "string"}, "default": []}
  }
})";

class ValidateOptions : public RecipeFiles {
 protected:
  /// The options of the first trick after validation, or all errors.
  Json validate(const std::string& trick, const std::string& schema,
                const std::vector<std::string>& overrides = {}) const {
    write("sub/r.json", minimal_recipe(",\n\"tricks\": [" + trick + "]"));
    Diagnostics diagnostics;
    const Document document = load_document("sub/r.json", overrides, diagnostics);
    Recipe recipe = read_recipe(document, diagnostics);
    validate_options(recipe.tricks.at(0), schema, document, diagnostics);
    diagnostics.throw_if_any();
    return recipe.tricks.at(0).options;
  }
  std::string error_in(const std::string& trick, const std::string& schema) const {
    return error_of([&] { validate(trick, schema); });
  }
  std::string defect_of(const std::string& schema) const {
    return error_of([&] { validate(R"({"use": "ema", "a": 1})", schema); }, ExitCode::plugin);
  }
};

TEST_F(ValidateOptions, FillsInDefaults) {
  EXPECT_EQ(validate(R"({"use": "ema", "decay": 0.5})", kEmaSchema),
            Json::parse(R"({"decay": 0.5, "schedule": "exp", "every": 1, "exclude": []})"));
}

TEST_F(ValidateOptions, FillsInDefaultsOfNestedObjects) {
  const std::string schema = R"({"properties": {"warm": {"type": "object", "default": {},
      "properties": {"steps": {"type": "integer", "default": 5}, "by": {"default": "x"}}}}})";
  EXPECT_EQ(validate(R"({"use": "ema"})", schema)["warm"], Json::parse(R"({"steps":5,"by":"x"})"));
  EXPECT_EQ(validate(R"({"use": "ema", "warm": {"by": "y"}})", schema)["warm"],
            Json::parse(R"({"by": "y", "steps": 5})"));
}

TEST_F(ValidateOptions, NamesAnUnknownKeyAndTheNearest) {
  EXPECT_EQ(
      error_in(R"({"use": "ema", "dcay": 0.5})", kEmaSchema),
      "sub/r.json:6:27: unknown key `dcay` in `tricks[0]` (ema): expected one of: decay, "
      "schedule, every, exclude, use, name; did you mean `decay`?; `knack plugins inspect ema` "
      "shows its options");
}

TEST_F(ValidateOptions, KnowsTheKeysOfTheHostToo) {
  EXPECT_THAT(error_in(R"({"use": "ema", "nmae": "x"})", kEmaSchema),
              HasSubstr("did you mean `name`?"));
}

TEST_F(ValidateOptions, ReportsEveryInnermostViolationOnce) {
  EXPECT_EQ(
      error_in(R"({"use": "ema", "decay": "a", "schedule": "epx", "every": 0,
  "exclude": ["x", 1, [2]]})",
               kEmaSchema),
      "sub/r.json:6:36: `tricks[0].decay` has the wrong type: expected a number from 0 to 1, found "
      "`\"a\"`\n"
      "sub/r.json:6:53: `tricks[0].schedule` is not one of its choices: expected one of \"exp\", "
      "\"constant\", "
      "found `\"epx\"`; did you mean `exp`?\n"
      "sub/r.json:6:69: `tricks[0].every` is out of range: expected an integer of at least 1, "
      "found `0`\n"
      "sub/r.json:7:20: `tricks[0].exclude[1]` has the wrong type: expected a string, found `1`\n"
      "sub/r.json:7:23: `tricks[0].exclude[2]` has the wrong type: expected a string, found a list "
      "of 1");
}

TEST_F(ValidateOptions, DescribesWhatItExpects) {
  const std::vector<std::array<std::string, 3>> kCases = {
      {R"({"type": "number", "exclusiveMinimum": 0})", "0", "a number above 0, found `0`"},
      {R"({"type": "number", "maximum": 2})", "3", "a number of at most 2, found `3`"},
      {R"({"type": "integer", "multipleOf": 8})", "3",
       "an integer that is a multiple of 8, found `3`"},
      {R"({"type": ["string", "null"]})", "3", "a string or null, found `3`"},
      {R"({"const": 4})", "3", "4, found `3`"},
      {R"({"type": "array", "minItems": 2})", "[1]", "a list of at least 2 elements, found a list"},
      {R"({"type": "array", "uniqueItems": true})", "[1, 1]", "a list without repeats"},
      {R"({"type": "string", "pattern": "^a+$"})", "\"b\"", "a string matching `^a+$`"},
      {R"({"type": "object"})", "3", "an object, found `3`"}};
  for (const auto& [schema, value, message] : kCases) {
    EXPECT_THAT(error_in(R"({"use": "ema", "a": )" + value + "}",
                         R"({"properties": {"a": )" + schema + "}}"),
                HasSubstr(": expected " + message));
  }
}

TEST_F(ValidateOptions, ChecksSchemasThatAreCombined) {
  const std::string schema = R"({"properties": {"a": {"anyOf": [{"type": "string"},
      {"type": "array", "items": {"type": "integer"}}]}}})";
  EXPECT_EQ(validate(R"({"use": "ema", "a": [1, 2]})", schema)["a"].size(), 2u);
  EXPECT_THAT(error_in(R"({"use": "ema", "a": 3})", schema),
              StartsWith("sub/r.json:6:32: `tricks[0].a` is not valid: "));
}

TEST_F(ValidateOptions, ReportsAMissingKey) {
  EXPECT_EQ(
      error_in(R"({"use": "ema"})", R"({"required": ["root"], "properties": {"root": {}}})"),
      "sub/r.json:6:12: missing key `root` in `tricks[0]` (ema): expected a key `root` in here");
}

TEST_F(ValidateOptions, TakesNoOptionsWithoutASchema) {
  EXPECT_EQ(validate(R"({"use": "ema"})", ""), Json::object());
  EXPECT_THAT(error_in(R"({"use": "ema", "a": 1})", "{}"), HasSubstr("unknown key `a`"));
  EXPECT_EQ(validate(R"({"use": "ema", "a": 1})", R"({"additionalProperties": true})")["a"], 1);
}

TEST_F(ValidateOptions, MakesPathsAbsolute) {
  const std::string path = R"({"type": "string", "format": "knack-path"})";
  const std::string schema = R"({"properties": {"a": )" + path + R"(, "b": )" + path +
                             R"(, "c": {"type": "array", "items": )" + path + R"(},
      "d": {"type": ["string", "null"], "format": "knack-path", "default": null},
      "e": {"type": "string", "format": "knack-path", "default": ""}}})";
  const std::string trick = R"({"use": "ema", "a": "x/../y", "b": "/abs", "c": ["u", "v"]})";
  EXPECT_EQ(validate(trick, schema),
            Json({{"a", (folder() / "sub/y").string()},
                  {"b", "/abs"},
                  {"c", {(folder() / "sub/u").string(), (folder() / "sub/v").string()}},
                  {"d", nullptr},
                  {"e", ""}}));
  EXPECT_EQ(validate(trick, schema, {"tricks[ema].a=z"})["a"], (folder() / "z").string());
}

TEST_F(ValidateOptions, BlamesTheRecipeForAPathThatIsNoString) {
  for (const std::string type : {R"("string")", R"(["string", "null"])"}) {
    const std::string schema =
        R"({"properties": {"a": {"type": )" + type + R"(, "format": "knack-path"}}})";
    for (const char* wrong : {"{\"b\": 1}", "[\"b\"]", "5", "true"}) {
      EXPECT_THAT(error_in(R"({"use": "ema", "a": )" + std::string(wrong) + "}", schema),
                  HasSubstr("`tricks[0].a` has the wrong type: expected a string"));
    }
  }
}

TEST_F(ValidateOptions, BlamesThePluginForABadSchema) {
  for (const char* schema :
       {"{", "[]", "3", R"({"type": "numbr"})", R"({"properties": []})", R"({"a": 1, "a": 2})",
        R"({"required": "x"})", R"({"properties": {"a": {"minimum": "0"}}})",
        R"({"properties": {"a": {"multipleOf": 0}}})", R"({"$ref": "#"})",
        R"({"properties": {"a": {"$ref": "http://example.org/schema"}}})",
        R"({"properties": {"a": {"pattern": "("}}})", R"({"properties": {"a": 5}})",
        R"({"properties": {"b": {"type": "integer", "default": "x"}}})",
        R"({"properties": {"a": {"enum": []}}})", R"({"anyOf": [{"$ref": "#/anyOf/0"}]})"}) {
    EXPECT_THAT(defect_of(schema), StartsWith("plugin `ema`: its options schema is invalid: "))
        << schema;
  }
  std::string deep = "{}";
  for (int i = 0; i < 10'000; ++i) deep = R"({"items": )" + deep + "}";
  EXPECT_THAT(defect_of(deep), HasSubstr("nested more than 64 deep"));
}

TEST_F(ValidateOptions, MatchesAPatternAgainstTheLongestStringAllowed) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer follows 65,536 nested calls, std::regex makes more";
#endif
  const std::string longest(4096, 'a');
  for (const std::string pattern : {"^(a|b)*$", "^((((a|b)|c)|d)|e)*$", "^((((((((a))))))))*$"}) {
    const std::string schema = R"({"properties": {"a": {"pattern": ")" + pattern + "\"}}}";
    EXPECT_EQ(validate(R"({"use": "ema", "a": ")" + longest + "\"}", schema)["a"], longest);
  }
}

}  // namespace
}  // namespace knack::host
