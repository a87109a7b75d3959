// SPDX-License-Identifier: MIT
#include "host/archive/value_archive.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "tests/support/error_message.hpp"
#include "tests/support/temporary_folder.hpp"

namespace knack::host {
namespace {

using knack::testing::error_message;
using knack::testing::TemporaryFolder;
using ::testing::HasSubstr;
using Json = nlohmann::ordered_json;

class ValueArchive : public ::testing::Test {
 protected:
  /// The tree through JSON text and a file.
  Value round_trip(const Value& value) {
    ValueArchiveWriter writer;
    const std::string text = writer.add(value, "tree").dump();
    write_safetensors(file_, TensorsToWrite(writer.tensors()).get());
    return read_value(Json::parse(text), SafetensorsReader(file_));
  }

  TemporaryFolder folder_;
  std::filesystem::path file_ = folder_.path() / "tensors.safetensors";
};

TEST_F(ValueArchive, KeepsTypesAndEveryBitOfNumbers) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const double number :
       {0.1, -0.0, 3.0, 5e-324, 1.7976931348623157e308, 1.0 / 3, kInfinity, -kInfinity}) {
    const Value back = round_trip(number);
    ASSERT_NE(back.get_if<double>(), nullptr) << number;
    EXPECT_EQ(std::bit_cast<std::uint64_t>(*back.get_if<double>()),
              std::bit_cast<std::uint64_t>(number));
  }
  EXPECT_TRUE(std::isnan(*round_trip(std::nan("")).get_if<double>()));
  for (const std::int64_t number : {std::int64_t{0}, INT64_MIN, INT64_MAX}) {
    EXPECT_EQ(*round_trip(number).get_if<std::int64_t>(), number);
  }
  EXPECT_TRUE(*round_trip(true).get_if<bool>());
  EXPECT_TRUE(round_trip(Value()).is_none());
}

TEST_F(ValueArchive, KeepsTextsWhateverTheirBytes) {
  for (const std::string& text :
       {std::string(), std::string("text"), std::string("\xff\0\x80", 3)}) {
    EXPECT_EQ(*round_trip(text).get_if<std::string>(), text);
  }
}

TEST_F(ValueArchive, KeepsTheOrderAndTheNamesOfMaps) {
  const Value tree = Value::Map{
      {"z", 1}, {"a", Value::List{2, "x", Value::Map{}}}, {"$tensor", "mine"}, {"$$", Value()}};
  const Value back = round_trip(tree);
  const auto& map = *back.get_if<Value::Map>();
  ASSERT_EQ(map.size(), 4u);
  EXPECT_EQ(map[0].name, "z");
  EXPECT_EQ(map[1].value.get_if<Value::List>()->size(), 3u);
  EXPECT_EQ(map[2].name, "$tensor");
  EXPECT_EQ(*map[2].value.get_if<std::string>(), "mine");
  EXPECT_EQ(map[3].name, "$$");
}

TEST_F(ValueArchive, KeepsTensorsOfEveryDtypeAndShape) {
  at::manual_seed(1);
  for (const at::ScalarType type : {at::kFloat, at::kDouble, at::kHalf, at::kBFloat16, at::kLong,
                                    at::kInt, at::kShort, at::kChar, at::kByte, at::kBool}) {
    for (const std::vector<std::int64_t>& shape :
         {std::vector<std::int64_t>{}, {0}, {3}, {2, 0, 4}, {2, 3, 4, 5}}) {
      const at::Tensor tensor = at::randint(0, 2, shape).to(type);
      const Value back = round_trip(tensor);
      ASSERT_NE(back.get_if<at::Tensor>(), nullptr);
      EXPECT_TRUE(at::equal(*back.get_if<at::Tensor>(), tensor)) << at::toString(type);
      EXPECT_EQ(back.get_if<at::Tensor>()->scalar_type(), type);
    }
  }
}

TEST_F(ValueArchive, WritesTensorsInTheirMeaningAndNotInTheirMemorysOrder) {
  const at::Tensor image = at::rand({2, 3, 4, 5}).contiguous(at::MemoryFormat::ChannelsLast);
  const Value back = round_trip(Value::List{image, image.transpose(0, 1), image[1]});
  const auto& list = *back.get_if<Value::List>();
  EXPECT_TRUE(at::equal(*list[0].get_if<at::Tensor>(), image));
  EXPECT_TRUE(at::equal(*list[1].get_if<at::Tensor>(), image.transpose(0, 1)));
  EXPECT_TRUE(at::equal(*list[2].get_if<at::Tensor>(), image[1]));
}

TEST_F(ValueArchive, GivesTensorsOfEqualPathsTheirOwnNames) {
  const Value tree = Value::Map{{"a/b", at::ones({1})}, {"a", Value::Map{{"b", at::zeros({1})}}}};
  const Value back = round_trip(tree);
  EXPECT_EQ(back.find("a/b")->get_if<at::Tensor>()->item<float>(), 1.0f);
  EXPECT_EQ(back.find("a")->find("b")->get_if<at::Tensor>()->item<float>(), 0.0f);
}

TEST_F(ValueArchive, RefusesATensorThatIsNotInTheFile) {
  write_safetensors(file_, {});
  EXPECT_THAT(
      error_message(ExitCode::data,
                    [&] { read_value(Json{{"$tensor", "gone"}}, SafetensorsReader(file_)); }),
      HasSubstr("expected a tensor `gone`"));
}

TEST_F(ValueArchive, RefusesJsonThatNoWriterWrote) {
  write_safetensors(file_, {});
  for (const Json& json : {Json{{"$float", "1"}}, Json{{"$float", 1}}, Json{{"$tensor", 7}}}) {
    error_message(ExitCode::data, [&] { read_value(json, SafetensorsReader(file_)); });
  }
}

TEST_F(ValueArchive, RefusesADtypeTheFormatDoesNotHave) {
  ValueArchiveWriter writer;
  writer.add(at::zeros({1}, at::kComplexFloat), "tree/momentum");
  EXPECT_THAT(error_message(ExitCode::data, [&] { TensorsToWrite{writer.tensors()}; }),
              HasSubstr("tensor `tree/momentum`: its dtype ComplexFloat"));
}

}  // namespace
}  // namespace knack::host
