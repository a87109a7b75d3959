// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <knack/testing/fake_host.hpp>

namespace knack {
namespace {

std::string text(const Value& value) {
  const testing::FakeHost host;
  const knack_value_t lent = value.lend(host.abi());
  return testing::value_text(ValueView(&lent));
}

template <typename Function>
std::string refusal(Function function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was refused";
}

TEST(Value, LowersATree) {
  const Value tree = Value::map({{"none", Value()},
                                 {"flag", true},
                                 {"count", 3},
                                 {"rate", 0.25F},
                                 {"text", "a\"b"},
                                 {"empty", ""},
                                 {"list", Value::list({1, Value::list({}), Value::map({})})}});
  EXPECT_EQ(
      text(tree),
      R"({"none": null, "flag": true, "count": 3, "rate": 0.25, "text": "a\"b", "empty": "", )"
      R"("list": [1, [], {}]})");
}

TEST(Value, SetAddsOrReplaces) {
  Value map;
  map.set("a", 1);
  map.set("b", 2);
  map.set("a", "three");
  EXPECT_EQ(text(map), R"({"a": "three", "b": 2})");
  EXPECT_EQ(refusal([] { Value(1).set("a", 2); }), "\"a\" is set on no map");
}

TEST(Value, ReleaseGivesTensorsAway) {
  testing::FakeHost host;
  detail::open_gateway(host.abi());
  const Tensor tensor = Tensor::zeros({2});
  {
    const knack_value_t owned = Value::list({tensor}).release(host.abi());
    EXPECT_EQ(host.live_handles(), 2);
    Tensor::take(owned.as.items[0].as.tensor);
    EXPECT_EQ(host.live_handles(), 1);
  }
  {
    const Value kept = Value::list({tensor});
    const knack_value_t lent = kept.lend(host.abi());
    EXPECT_EQ(lent.as.items[0].tag, std::uint32_t{KNACK_VALUE_TENSOR});
    EXPECT_EQ(host.live_handles(), 2);
  }
  EXPECT_EQ(host.live_handles(), 1);
}

TEST(ValueView, SaysWhatWasExpectedAndFound) {
  const testing::FakeHost host;
  const Value tree = Value::map({{"a", Value::list({1})}});
  const knack_value_t lent = tree.lend(host.abi());
  const ValueView view(&lent);
  EXPECT_EQ(view["a"][0].integer(), 1);
  EXPECT_EQ(view["a"][0].number(), 1.0);
  EXPECT_EQ(refusal([&] { (void)view["b"]; }), "the map has no \"b\"");
  EXPECT_EQ(refusal([&] { (void)view["a"][1]; }), "index 1 of a list of 1");
  EXPECT_EQ(refusal([&] { (void)view.tensor(); }), "expected a tensor, found a map");
  EXPECT_EQ(refusal([&] { (void)view["a"][0].string(); }), "expected a string, found an integer");
  EXPECT_EQ(refusal([&] { (void)ValueView().boolean(); }), "expected a boolean, found none");
}

}  // namespace
}  // namespace knack
