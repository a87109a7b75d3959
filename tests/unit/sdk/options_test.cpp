// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <knack/sdk/options.hpp>
#include <knack/testing/fake_host.hpp>

namespace knack {
namespace {

using ::testing::ElementsAre;

struct Every {
  bool flag = true;
  std::int64_t count = 3;
  double rate = 0.1;
  std::string mode = "fast";
  std::vector<std::int64_t> range = {0, 10};
  std::vector<std::string> globs;
  std::optional<double> limit;
  std::optional<std::string> file;

  static void describe(OptionSpec<Every>& spec) {
    spec.add("flag", &Every::flag, "A flag");
    spec.add("count", &Every::count, "A count").at_least(1);
    spec.add("rate", &Every::rate, "A \"rate\"").above(0).below(1);
    spec.add("mode", &Every::mode, "A mode").one_of({"fast", "slow"});
    spec.add("range", &Every::range, "First and last").length(2).at_least(0);
    spec.add("globs", &Every::globs, "Globs");
    spec.add("limit", &Every::limit, "A limit").in_range(-1, 1.5);
    spec.add("file", &Every::file, "A file").path();
  }
};

struct Required {
  std::string root;
  static void describe(OptionSpec<Required>& spec) {
    spec.add("root", &Required::root, "A folder").path().required();
  }
};

Every read(Value::Map given) {
  const testing::FakeHost host;
  const knack_value_t map = Value(std::move(given)).lend(host.abi());
  return read_options<Every>(ValueView(&map));
}

std::string refusal(Value::Map given) {
  try {
    read(std::move(given));
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), KNACK_STATUS_INVALID);
    return error.what();
  }
  return "nothing was refused";
}

TEST(OptionSpec, YieldsTheWholeSchema) {
  EXPECT_EQ(
      OptionSpec<Every>().schema(),
      R"({"type": "object", "additionalProperties": false, "properties": {)"
      R"("flag": {"type": "boolean", "default": true, "description": "A flag"}, )"
      R"("count": {"type": "integer", "minimum": 1, "default": 3, "description": "A count"}, )"
      R"("rate": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1, "default": 0.1, )"
      R"("description": "A \"rate\""}, )"
      R"("mode": {"type": "string", "enum": ["fast", "slow"], "default": "fast", )"
      R"("description": "A mode"}, )"
      R"("range": {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 2, )"
      R"("maxItems": 2, "default": [0, 10], "description": "First and last"}, )"
      R"("globs": {"type": "array", "items": {"type": "string"}, "default": [], )"
      R"("description": "Globs"}, )"
      R"("limit": {"type": ["number", "null"], "minimum": -1, "maximum": 1.5, "default": null, )"
      R"("description": "A limit"}, )"
      R"("file": {"type": ["string", "null"], "format": "knack-path", "default": null, )"
      R"("description": "A file"}}})");
}

TEST(OptionSpec, ARequiredOptionHasNoDefault) {
  EXPECT_EQ(OptionSpec<Required>().schema(),
            R"({"type": "object", "additionalProperties": false, "properties": {)"
            R"("root": {"type": "string", "format": "knack-path", "description": "A folder"}}, )"
            R"("required": ["root"]})");
}

TEST(ReadOptions, TakesOverWhatIsGivenAndKeepsTheRest) {
  const Every options = read({{"count", 7},
                              {"rate", 0.5},
                              {"range", Value::list({4, 5})},
                              {"globs", Value::list({"a*", "b"})},
                              {"file", "/data/x"}});
  EXPECT_EQ(options.count, 7);
  EXPECT_EQ(options.rate, 0.5);
  EXPECT_THAT(options.range, ElementsAre(4, 5));
  EXPECT_THAT(options.globs, ElementsAre("a*", "b"));
  EXPECT_EQ(options.file, "/data/x");
  EXPECT_TRUE(options.flag);
  EXPECT_EQ(options.mode, "fast");
  EXPECT_EQ(options.limit, std::nullopt);
}

TEST(ReadOptions, AnIntegerIsANumber) {
  EXPECT_EQ(read({{"limit", 1}}).limit, 1.0);
}

TEST(ReadOptions, NullUnsetsAnOptional) {
  const testing::FakeHost host;
  const knack_value_t map = Value(Value::Map{{"limit", Value()}}).lend(host.abi());
  Every present;
  present.limit = 0.5;
  EXPECT_EQ(read_options(ValueView(&map), present).limit, std::nullopt);
}

TEST(ReadOptions, NamesTheOptionOfAWrongType) {
  EXPECT_EQ(refusal({{"count", 1.5}}), "option \"count\": expected an integer, found a number");
  EXPECT_EQ(refusal({{"flag", "yes"}}), "option \"flag\": expected a boolean, found a string");
  EXPECT_EQ(refusal({{"globs", "a*"}}), "option \"globs\": expected a list, found a string");
  EXPECT_EQ(refusal({{"range", Value::list({1, 2.5})}}),
            "option \"range\": expected an integer, found a number");
}

TEST(ReadOptions, NamesTheOptionOutOfItsLimits) {
  EXPECT_EQ(refusal({{"count", 0}}), "option \"count\": expected minimum 1, found 0");
  EXPECT_EQ(refusal({{"rate", 1.0}}), "option \"rate\": expected exclusiveMaximum 1, found 1");
  EXPECT_EQ(refusal({{"limit", 2}}), "option \"limit\": expected maximum 1.5, found 2");
  EXPECT_EQ(refusal({{"range", Value::list({3})}}),
            "option \"range\": expected 2 elements, found 1");
  EXPECT_EQ(refusal({{"mode", "sloow"}}),
            R"(option "mode": expected "fast" or "slow", found "sloow")");
}

TEST(ReadOptions, RefusesAnUnknownOption) {
  EXPECT_EQ(refusal({{"cuont", 1}}),
            "there is no option \"cuont\"; there are flag, count, rate, mode, range, globs, limit, "
            "file");
}

}  // namespace
}  // namespace knack
