// SPDX-License-Identifier: MIT
#include "host/plugin/value.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <memory_resource>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "host/plugin/tensor_handle.hpp"

namespace knack::host {
namespace {

/// A tree with every type in it, and `tensor` twice.
Value sample(const at::Tensor& tensor) {
  return Value::Map{{"none", {}},
                    {"flag", true},
                    {"count", 3},
                    {"rate", 0.5},
                    {"name", "ema"},
                    {"empty", std::string()},
                    {"levels", Value::List{tensor, Value::List{}, Value::Map{{"again", tensor}}}}};
}

void expect_sample(const Value& value, const at::Tensor& tensor) {
  EXPECT_TRUE(value.find("none")->is_none());
  EXPECT_TRUE(*value.find("flag")->get_if<bool>());
  EXPECT_EQ(*value.find("count")->get_if<std::int64_t>(), 3);
  EXPECT_EQ(*value.find("rate")->get_if<double>(), 0.5);
  EXPECT_EQ(*value.find("name")->get_if<std::string>(), "ema");
  EXPECT_EQ(*value.find("empty")->get_if<std::string>(), "");
  const auto& levels = *value.find("levels")->get_if<Value::List>();
  ASSERT_EQ(levels.size(), 3u);
  EXPECT_TRUE(levels[0].get_if<at::Tensor>()->is_same(tensor));
  EXPECT_TRUE(levels[1].get_if<Value::List>()->empty());
  EXPECT_TRUE(levels[2].find("again")->get_if<at::Tensor>()->is_same(tensor));
}

TEST(Value, SurvivesBeingShownAndCopied) {
  const at::Tensor tensor = at::ones({2});
  const Value value = sample(tensor);
  const BorrowedValue borrowed(value);
  expect_sample(Value::copy(*borrowed.get()), tensor);
}

TEST(Value, SurvivesBeingGivenAndTakenAndLeavesNoReference) {
  const at::Tensor tensor = at::ones({2});
  {
    std::pmr::monotonic_buffer_resource memory;
    const knack_value_t owned = give_value(sample(tensor), memory);
    EXPECT_EQ(tensor.use_count(), 3u);
    expect_sample(Value::take(owned), tensor);
  }
  EXPECT_EQ(tensor.use_count(), 1u);
}

TEST(BorrowedValue, ShowsOneTreeAfterAnother) {
  const at::Tensor tensor = at::ones({2});
  BorrowedValue borrowed;
  const Value value = sample(tensor);
  expect_sample(Value::copy(*borrowed.show(value)), tensor);
  const Value number = 7;
  EXPECT_EQ(borrowed.show(number)->as.i64, 7);
  expect_sample(Value::copy(*borrowed.show(value)), tensor);
}

TEST(Value, IsTheSameAfterJson) {
  const auto json = nlohmann::ordered_json::parse(
      R"({"a": [1, -2, 0.5, "x", true, null, {}], "b": {"c": 9223372036854775807}})");
  EXPECT_EQ(Value::from_json(json).to_json(), json);
}

TEST(Value, RefusesNumbersThatDoNotFit) {
  EXPECT_THROW(Value::from_json(nlohmann::ordered_json::parse("9223372036854775808")),
               std::out_of_range);
}

TEST(Value, HasNoJsonForTensors) {
  EXPECT_THROW(Value(at::ones({1})).to_json(), std::invalid_argument);
}

TEST(Value, MapsItsTensors) {
  const Value doubled =
      sample(at::ones({2})).map_tensors([](const at::Tensor& tensor) { return tensor * 2; });
  const auto& levels = *doubled.find("levels")->get_if<Value::List>();
  EXPECT_EQ(levels[2].find("again")->get_if<at::Tensor>()->sum().item<double>(), 4.0);
  EXPECT_EQ(*doubled.find("name")->get_if<std::string>(), "ema");
}

/// The text with which `value` is refused.
std::string refusal(const knack_value_t& value) {
  try {
    Value::take(value);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "it was taken";
}

knack_value_t node(std::uint32_t tag, std::uint64_t count = 0) {
  knack_value_t value{};
  value.tag = tag;
  value.count = count;
  return value;
}

TEST(Value, RefusesWhatBreaksTheRules) {
  EXPECT_EQ(refusal(node(8)), "a value with the unknown tag 8");
  knack_value_t reserved = node(KNACK_VALUE_INT);
  reserved.reserved = 1;
  EXPECT_EQ(refusal(reserved), "a value whose reserved field is 1 and not 0");
  EXPECT_EQ(refusal(node(KNACK_VALUE_TENSOR)), "a tensor that is NULL");
  EXPECT_EQ(refusal(node(KNACK_VALUE_LIST, 1)), "a list, map or string that is NULL");
  EXPECT_EQ(refusal(node(KNACK_VALUE_STRING, 1)), "a list, map or string that is NULL");
  EXPECT_EQ(refusal(node(KNACK_VALUE_MAP, std::uint64_t{1} << 40)),
            "a value with 1099511627776 elements");
  knack_value_t undefined = node(KNACK_VALUE_TENSOR);
  undefined.as.tensor = give_tensor({});
  EXPECT_EQ(refusal(undefined), "a tensor that is undefined");
}

TEST(Value, RefusesTwoEntriesOfOneName) {
  const knack_named_value_t entries[] = {{{"x", 1}, node(KNACK_VALUE_NONE)},
                                         {{"x", 1}, node(KNACK_VALUE_NONE)}};
  knack_value_t map = node(KNACK_VALUE_MAP, 2);
  map.as.entries = entries;
  EXPECT_EQ(refusal(map), "a map with two entries named 'x'");
}

TEST(Value, RefusesATreeThatEndsInItself) {
  knack_value_t endless = node(KNACK_VALUE_LIST, 1);
  endless.as.items = &endless;
  EXPECT_EQ(refusal(endless), "a value nested more than 64 deep");
}

TEST(Value, FreesTheTensorsOfATreeItRefuses) {
  const at::Tensor tensor = at::ones({2});
  knack_value_t items[] = {node(KNACK_VALUE_TENSOR), node(99)};
  items[0].as.tensor = give_tensor(tensor);
  knack_value_t list = node(KNACK_VALUE_LIST, 2);
  list.as.items = items;
  EXPECT_EQ(refusal(list), "a value with the unknown tag 99");
  EXPECT_EQ(tensor.use_count(), 1u);
}

}  // namespace
}  // namespace knack::host
