// SPDX-License-Identifier: MIT
#include "host/checkpoint/safetensors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "tests/support/error_message.hpp"
#include "tests/support/temporary_folder.hpp"

namespace knack::host {
namespace {

using knack::testing::error_message;
using knack::testing::file_bytes;
using knack::testing::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SafetensorsTest : public ::testing::Test {
 protected:
  TensorToWrite floats(const std::string& name) const {
    return {name, "F32", {2, 3}, floats_.data(), sizeof(float) * floats_.size()};
  }

  std::string refusal(const std::vector<TensorToWrite>& tensors) {
    const std::string message =
        error_message(ExitCode::data, [&] { write_safetensors(file_, tensors); });
    EXPECT_FALSE(std::filesystem::exists(file_));
    return message;
  }

  TemporaryFolder folder_;
  std::filesystem::path file_ = folder_.path() / "model.safetensors";
  std::vector<float> floats_ = {1, 2, 3, 4, 5, 6.5F};
  std::vector<std::uint8_t> bytes_ = {7, 8, 9};
  std::int64_t count_ = 42;
};

TEST_F(SafetensorsTest, GivesBackWhatWasWritten) {
  write_safetensors(file_,
                    {{"flags", "U8", {3}, bytes_.data(), 3},
                     floats("conv1.weight"),
                     {"bn1.num_batches_tracked", "I64", {}, &count_, 8},
                     {"empty", "F64", {4, 0, 2}, nullptr, 0}},
                    {{"format", "pt"}, {"note", "größer"}});
  const SafetensorsReader reader(file_);
  EXPECT_THAT(reader.metadata(),
              ElementsAre(std::pair("format", "pt"), std::pair("note", "größer")));
  ASSERT_EQ(reader.tensors().size(), 4u);

  const StoredTensor* weight = reader.find("conv1.weight");
  ASSERT_NE(weight, nullptr);
  EXPECT_EQ(weight->dtype, "F32");
  EXPECT_THAT(weight->shape, ElementsAre(2, 3));
  std::vector<float> read(6);
  ASSERT_EQ(weight->bytes, 24u);
  reader.read(*weight, read.data());
  EXPECT_EQ(read, floats_);

  const StoredTensor* tracked = reader.find("bn1.num_batches_tracked");
  ASSERT_NE(tracked, nullptr);
  EXPECT_THAT(tracked->shape, IsEmpty());
  std::int64_t count = 0;
  reader.read(*tracked, &count);
  EXPECT_EQ(count, 42);

  ASSERT_NE(reader.find("empty"), nullptr);
  EXPECT_EQ(reader.find("empty")->bytes, 0u);
  EXPECT_THAT(reader.find("empty")->shape, ElementsAre(4, 0, 2));
  EXPECT_EQ(reader.find("conv2.weight"), nullptr);
}

TEST_F(SafetensorsTest, AlignsEveryTensorToItsElement) {
  write_safetensors(file_, {{"flags", "U8", {3}, bytes_.data(), 3},
                            floats("weight"),
                            {"half", "BF16", {1}, bytes_.data(), 2},
                            {"count", "I64", {1}, &count_, 8}});
  const SafetensorsReader reader(file_);
  ASSERT_EQ(reader.tensors().size(), 4u);
  for (const StoredTensor& tensor : reader.tensors()) {
    EXPECT_EQ(tensor.offset % element_size(tensor.dtype), 0u) << tensor.name;
  }
}

TEST_F(SafetensorsTest, WritesTheFormatsLengthHeaderAndData) {
  write_safetensors(file_, {{"a", "U8", {3}, bytes_.data(), 3}}, {{"k", "v"}});
  const std::string bytes = file_bytes(file_);
  std::uint64_t length = 0;
  ASSERT_GT(bytes.size(), 8u);
  std::memcpy(&length, bytes.data(), 8);
  EXPECT_EQ(length % 8, 0u);
  ASSERT_EQ(bytes.size(), 8 + length + 3);
  EXPECT_EQ(nlohmann::json::parse(bytes.substr(8, length)),
            nlohmann::json::parse(R"({"__metadata__": {"k": "v"},
                                      "a": {"dtype": "U8", "shape": [3], "data_offsets": [0, 3]}})"));
  EXPECT_EQ(bytes.substr(8 + length), "\x07\x08\x09");
}

TEST_F(SafetensorsTest, WritesAnEmptyFileOfTheFormat) {
  write_safetensors(file_, {});
  const SafetensorsReader reader(file_);
  EXPECT_THAT(reader.tensors(), IsEmpty());
  EXPECT_THAT(reader.metadata(), IsEmpty());
}

TEST_F(SafetensorsTest, RefusesToWriteATensorWhoseSizeDoesNotFit) {
  TensorToWrite tensor = floats("w");
  tensor.bytes = 20;
  EXPECT_EQ(refusal({tensor}), file_.string() +
                                   ": cannot write tensor 'w': expected the bytes of F32 [2, 3], "
                                   "found 20");
  tensor = floats("w");
  tensor.dtype = "float32";
  EXPECT_THAT(refusal({tensor}), HasSubstr("expected the bytes of float32 [2, 3]"));
  tensor = floats("w");
  tensor.shape = {-2, -3};
  EXPECT_THAT(refusal({tensor}), HasSubstr("expected the bytes of F32 [-2, -3]"));
}

TEST_F(SafetensorsTest, RefusesToWriteANameThatIsTaken) {
  EXPECT_THAT(refusal({floats("w"), floats("w")}), HasSubstr("tensor 'w': its name is taken"));
  EXPECT_THAT(refusal({floats("__metadata__")}), HasSubstr("its name is taken"));
}

TEST_F(SafetensorsTest, RefusesToWriteANameThatIsNotUtf8) {
  EXPECT_THAT(refusal({floats("\xff")}), HasSubstr("expected names and metadata in UTF-8"));
}

}  // namespace
}  // namespace knack::host
