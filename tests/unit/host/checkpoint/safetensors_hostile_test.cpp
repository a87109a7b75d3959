// SPDX-License-Identifier: MIT
// Files that no writer of ours made.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstring>
#include <random>

#include "host/checkpoint/safetensors.hpp"
#include "host/common/error.hpp"
#include "tests/support/error_message.hpp"
#include "tests/support/memory_file.hpp"
#include "tests/support/temporary_folder.hpp"

namespace knack::host {
namespace {

using knack::testing::error_message;
using knack::testing::file_bytes;
using knack::testing::MemoryFile;
using knack::testing::TemporaryFolder;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kNextStep =
    "; the file is damaged or no safetensors file, write or download it again";

std::string with_length(std::uint64_t length, const std::string& rest) {
  std::string bytes(sizeof(length), '\0');
  std::memcpy(bytes.data(), &length, sizeof(length));
  return bytes + rest;
}

std::string file_of(const std::string& header, std::size_t data_bytes) {
  return with_length(header.size(), header + std::string(data_bytes, '\1'));
}

std::string tensor(const std::string& name, const std::string& dtype, const std::string& shape,
                   const std::string& offsets) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape +
         ",\"data_offsets\":" + offsets + "}";
}

class SafetensorsHostileTest : public ::testing::Test {
 protected:
  /// The message for a file of these bytes, without the file's name in front.
  std::string refusal(const std::string& bytes) {
    const std::filesystem::path file = folder_.write("x.safetensors", bytes);
    const std::string message =
        error_message(ExitCode::data, [&] { const SafetensorsReader reader(file); });
    EXPECT_THAT(message, StartsWith(file.string() + ": "));
    return message.substr(std::min(message.size(), file.string().size() + 2));
  }

  std::string header_refusal(const std::string& header, std::size_t data_bytes = 0) {
    const std::string message = refusal(file_of(header, data_bytes));
    EXPECT_THAT(message, EndsWith(kNextStep));
    return message.substr(0, message.size() - std::min(message.size(), kNextStep.size()));
  }

  TemporaryFolder folder_;
};

TEST_F(SafetensorsHostileTest, RefusesWhatIsNotARegularFile) {
  const auto message = [](const std::filesystem::path& file) {
    return error_message(ExitCode::data, [&] { const SafetensorsReader reader(file); });
  };
  EXPECT_THAT(message(folder_.path() / "none"), HasSubstr("there is no such file; "));
  EXPECT_THAT(message(folder_.path()), HasSubstr("expected a regular file, found a folder; "));
  ASSERT_EQ(::mkfifo((folder_.path() / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(message(folder_.path() / "pipe"), HasSubstr("found a special file; "));
}

TEST_F(SafetensorsHostileTest, RefusesAFileThatIsCutOff) {
  EXPECT_EQ(refusal(""), "file: expected at least 9 bytes, found 0 bytes" + kNextStep);
  EXPECT_EQ(refusal("12345678"), "file: expected at least 9 bytes, found 8 bytes" + kNextStep);
  const std::string whole = file_of("{" + tensor("a", "F32", "[2]", "[0,8]") + "}", 8);
  EXPECT_EQ(refusal(whole.substr(0, whole.size() - 1)),
            "tensor \"a\": expected 8 bytes of data, found 7 bytes" + kNextStep);
  EXPECT_EQ(refusal(whole.substr(0, 20)),
            "header: expected a length from 1 to 12 bytes, found 54 bytes" + kNextStep);
}

TEST_F(SafetensorsHostileTest, RefusesAHeaderThatIsLargerThanTheFile) {
  EXPECT_EQ(
      refusal(with_length(std::uint64_t{1} << 62, "{}")),
      "header: expected a length from 1 to 2 bytes, found 4611686018427387904 bytes" + kNextStep);
  EXPECT_THAT(refusal(with_length(0, "{}")), HasSubstr("found 0 bytes; "));
}

TEST_F(SafetensorsHostileTest, RefusesAHeaderOfMoreThan100MB) {
  const std::filesystem::path file = folder_.write("x.safetensors", with_length(100'000'001, "{"));
  std::filesystem::resize_file(file, 200'000'000);
  EXPECT_THAT(error_message(ExitCode::data, [&] { const SafetensorsReader reader(file); }),
              HasSubstr("expected a length from 1 to 100000000 bytes, found 100000001 bytes"));
}

TEST_F(SafetensorsHostileTest, RefusesAHeaderThatIsNoJsonObject) {
  EXPECT_EQ(header_refusal("[]"), "header: expected { as its first character, found \"[\"");
  EXPECT_EQ(header_refusal("{\"a\":}"),
            "header: expected one JSON object, found a syntax error at its byte 6");
  EXPECT_THAT(header_refusal("{} x"), HasSubstr("found a syntax error at its byte "));
  EXPECT_THAT(header_refusal("{\"\xff\":1}"), HasSubstr("found a syntax error at its byte "));
  EXPECT_THAT(header_refusal("{\"a\":1e999}"), HasSubstr("found a number out of range"));
}

TEST_F(SafetensorsHostileTest, RefusesDeepNestingAtOnce) {
  EXPECT_EQ(header_refusal("{\"a\":" + std::string(1'000'000, '[')),
            "header: expected at most 3 nested values, found more");
}

TEST_F(SafetensorsHostileTest, RefusesANameThatComesTwice) {
  EXPECT_EQ(header_refusal("{" + tensor("a", "U8", "[1]", "[0,1]") + "," +
                               tensor("a", "U8", "[1]", "[1,2]") + "}",
                           2),
            "header: expected every name once, found \"a\" twice");
  EXPECT_EQ(
      header_refusal(R"({"a":{"dtype":"U8","dtype":"F32","shape":[],"data_offsets":[0,1]}})", 1),
      "header: expected every name once, found \"dtype\" twice");
  EXPECT_THAT(header_refusal(R"({"__metadata__":{"k":"v","k":"w"}})"), HasSubstr("\"k\" twice"));
}

TEST_F(SafetensorsHostileTest, AcceptsOneFieldNameInSeveralTensors) {
  const std::filesystem::path file =
      folder_.write("x.safetensors", file_of("{" + tensor("a", "U8", "[1]", "[1,2]") + "," +
                                                 tensor("b", "U8", "[1]", "[0,1]") + "}  ",
                                             2));
  const SafetensorsReader reader(file);
  ASSERT_EQ(reader.tensors().size(), 2u);
  EXPECT_EQ(reader.tensors()[0].name, "b");
  EXPECT_EQ(reader.find("a"), &reader.tensors()[1]);
}

TEST_F(SafetensorsHostileTest, RefusesAnUnknownDtype) {
  EXPECT_THAT(header_refusal("{" + tensor("a", "F31", "[1]", "[0,4]") + "}", 4),
              ::testing::AllOf(StartsWith("tensor \"a\": expected a dtype of BOOL, U8, "),
                               EndsWith(", found \"F31\"")));
  EXPECT_THAT(header_refusal("{\"a\":{}}"), EndsWith(", found null"));
  EXPECT_EQ(header_refusal("{\"a\":7}"), "tensor \"a\": expected a JSON object, found 7");
}

TEST_F(SafetensorsHostileTest, RefusesAShapeThatIsNoneOrTooLarge) {
  for (const char* shape : {"[-1]", "[1.0]", "[\"1\"]", "{}", "[true]", "[9223372036854775808]"}) {
    EXPECT_EQ(
        header_refusal("{" + tensor("a", "U8", shape, "[0,1]") + "}", 1),
        std::string("tensor \"a\": expected a shape of whole numbers from 0, found ") + shape);
  }
  for (const char* shape :
       {"[4294967296,4294967296]", "[0,4294967296,4294967296]", "[4294967296,2147483648]"}) {
    EXPECT_EQ(header_refusal("{" + tensor("a", "U8", shape, "[0,0]") + "}"),
              std::string("tensor \"a\": expected a size below 2^63 bytes, found U8 ") + shape);
  }
}

TEST_F(SafetensorsHostileTest, RefusesOffsetsThatDoNotFitDtypeAndShape) {
  EXPECT_EQ(header_refusal("{" + tensor("a", "F32", "[2,3]", "[0,20]") + "}", 20),
            "tensor \"a\": expected 24 bytes for F32 [2,3], found 20 bytes");
  for (const char* offsets :
       {"[8,0]", "[0]", "[0,4,8]", "[-8,0]", "0", "[0,18446744073709551615]"}) {
    EXPECT_EQ(
        header_refusal("{" + tensor("a", "F32", "[2]", offsets) + "}", 8),
        std::string("tensor \"a\": expected data_offsets [begin, end] with begin <= end, found ") +
            offsets);
  }
}

TEST_F(SafetensorsHostileTest, RefusesTensorsThatOverlap) {
  EXPECT_EQ(header_refusal("{" + tensor("a", "U8", "[4]", "[0,4]") + "," +
                               tensor("b", "U8", "[4]", "[2,6]") + "}",
                           6),
            "tensor \"b\": expected its data at offset 4, found 2, an overlap");
}

TEST_F(SafetensorsHostileTest, RefusesGapsAndTrailingBytes) {
  EXPECT_EQ(header_refusal("{" + tensor("a", "U8", "[4]", "[0,4]") + "," +
                               tensor("b", "U8", "[4]", "[6,10]") + "}",
                           10),
            "tensor \"b\": expected its data at offset 4, found 6, a gap");
  EXPECT_EQ(header_refusal("{" + tensor("a", "U8", "[4]", "[0,4]") + "}", 5),
            "file: expected its end after 4 bytes of data, found 5 bytes");
}

TEST_F(SafetensorsHostileTest, RefusesMetadataThatIsNoText) {
  EXPECT_EQ(header_refusal(R"({"__metadata__":{"k":1}})"),
            "__metadata__: expected an object of strings, found {\"k\":1}");
}

TEST_F(SafetensorsHostileTest, KeepsAHostileNameOnOneLine) {
  EXPECT_EQ(header_refusal(R"({"a\n\u001b[2J":7})"),
            R"(tensor "a\n\u001b[2J": expected a JSON object, found 7)");
}

TEST_F(SafetensorsHostileTest, AcceptsAHeaderWhoseLengthLooksLikeAPickle) {
  std::string header = "{}";
  header.resize(0x280, ' ');
  const std::filesystem::path file = folder_.write("x.safetensors", file_of(header, 0));
  ASSERT_THAT(file_bytes(file), StartsWith("\x80\x02"));
  EXPECT_TRUE(SafetensorsReader(file).tensors().empty());
}

TEST_F(SafetensorsHostileTest, RefusesToReadWhatWasCutOffAfterOpening) {
  const std::filesystem::path file =
      folder_.write("x.safetensors", file_of("{" + tensor("a", "U8", "[4]", "[0,4]") + "}", 4));
  const SafetensorsReader reader(file);
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 1);
  char buffer[4];
  EXPECT_THAT(error_message(ExitCode::data, [&] { reader.read(reader.tensors()[0], buffer); }),
              HasSubstr("tensor \"a\": expected 4 bytes, found 3 bytes"));
}

TEST_F(SafetensorsHostileTest, SurvivesTwentyThousandDamagedFiles) {
  const std::string whole =
      file_of("{\"__metadata__\":{\"k\":\"v\"}," + tensor("a", "F32", "[2,3]", "[0,24]") + "," +
                  tensor("b", "I64", "[]", "[24,32]") + "}",
              32);
  const std::size_t header_end = whole.size() - 32;
  MemoryFile file;
  std::mt19937_64 random(20260703);
  int read = 0;
  int refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = whole;
    for (std::size_t hits = 1 + random() % 3; hits > 0; --hits) {
      const char values[] = {static_cast<char>(random()), static_cast<char>('0' + random() % 10),
                             "[]{},:\"-"[random() % 8]};
      bytes[random() % header_end] = values[random() % 3];
    }
    if (random() % 16 == 0) bytes.resize(random() % bytes.size());
    file.assign(bytes);
    try {
      const SafetensorsReader reader(file.path());
      for (const StoredTensor& tensor : reader.tensors()) {
        ASSERT_LE(tensor.bytes, 32u);
        std::vector<char> buffer(tensor.bytes);
        reader.read(tensor, buffer.data());
      }
      ++read;
    } catch (const Error& error) {
      ASSERT_EQ(error.code(), ExitCode::data);
      ++refused;
    }
  }
  EXPECT_GT(read, 100);
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace knack::host
