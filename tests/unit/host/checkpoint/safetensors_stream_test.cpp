// SPDX-License-Identifier: MIT
#include "host/checkpoint/safetensors_stream.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/common/error.hpp"
#include "tests/support/error_message.hpp"
#include "tests/support/temporary_folder.hpp"

namespace knack::host {
namespace {

using knack::testing::error_message;
using knack::testing::file_bytes;
using knack::testing::TemporaryFolder;
using ::testing::HasSubstr;

const std::vector<float> kOutputs = {1, 2, 3, 4, 5, 6};
const std::vector<std::int64_t> kTargets = {7, 8, 9};

TensorToWrite outputs() {
  return {"outputs", "F32", {3, 2}, kOutputs.data(), 24};
}
TensorToWrite targets() {
  return {"targets", "I64", {3}, kTargets.data(), 24};
}

TEST(SafetensorsStream, GivesTheBytesOfAFileThatIsWrittenAtOnce) {
  const TemporaryFolder folder;
  const std::map<std::string, std::string> metadata = {{"format", "pt"}};
  write_safetensors(folder.path() / "whole", {outputs(), targets()}, metadata);
  SafetensorsStream stream(folder.path() / "pieces", {outputs(), targets()}, metadata);
  for (std::size_t sample = 0; sample < 3; ++sample) {
    stream.append(0, kOutputs.data() + 2 * sample, 8);
    stream.append(1, kTargets.data() + sample, 8);
  }
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "pieces"));
  stream.commit();
  EXPECT_EQ(file_bytes(folder.path() / "pieces"), file_bytes(folder.path() / "whole"));
}

TEST(SafetensorsStream, RefusesMoreOrLessThanWasPromisedAndLeavesNoFile) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "x";
  EXPECT_THAT(error_message(ExitCode::data,
                            [&] {
                              SafetensorsStream stream(file, {outputs(), targets()}, {});
                              stream.append(0, kOutputs.data(), 24);
                              stream.append(1, kTargets.data(), 16);
                              stream.commit();
                            }),
              HasSubstr("tensor 'targets': expected 24 bytes, found 8 less"));
  EXPECT_THAT(error_message(ExitCode::data,
                            [&] {
                              SafetensorsStream stream(file, {outputs(), targets()}, {});
                              stream.append(1, kTargets.data(), 16);
                              stream.append(1, kTargets.data(), 16);
                            }),
              HasSubstr("tensor 'targets': expected 24 bytes, found 8 more"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace knack::host
