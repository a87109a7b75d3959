// SPDX-License-Identifier: MIT
#include "host/checkpoint/foreign_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>

#include "host/checkpoint/safetensors.hpp"
#include "host/common/error.hpp"
#include "tests/support/temporary_folder.hpp"

namespace knack::host {
namespace {

using namespace std::string_literals;
using knack::testing::TemporaryFolder;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const std::string kLegacyCheckpoint = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."s;

class ForeignFileTest : public ::testing::Test {
 protected:
  std::optional<ForeignFile> recognise(const std::string& bytes,
                                       const std::string& name = "weights.pth") {
    const std::filesystem::path file = folder_.write(name, bytes);
    const FileDescriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    return recognise_foreign_file(descriptor.get(), bytes.size(), file);
  }

  std::string what(const std::string& bytes) {
    const auto foreign = recognise(bytes);
    return foreign ? foreign->what : "nothing";
  }

  TemporaryFolder folder_;
};

TEST_F(ForeignFileTest, TellsArchivesApartByTheNamesAtTheirEnd) {
  const std::string start = "PK\x03\x04" + std::string(2 << 20, 'x');
  EXPECT_EQ(what(start + "archive/data.pkl"), "a PyTorch checkpoint");
  EXPECT_EQ(what(start + "archive/data.pkl archive/constants.pkl"), "a TorchScript archive");
  EXPECT_EQ(what(start + "fc.weight.npy"), "an archive of NumPy arrays");
  EXPECT_EQ(what(start), "a zip archive");
  EXPECT_EQ(what("PK\x03\x04 archive/data.pkl" + start), "a zip archive");
}

TEST_F(ForeignFileTest, KnowsOthersByTheirFirstBytes) {
  EXPECT_EQ(what(kLegacyCheckpoint), "a PyTorch checkpoint");
  EXPECT_EQ(what("\x80\x04\x95 and more"), "a pickle of Python");
  EXPECT_EQ(what("\x89HDF\r\n\x1a\n"), "an HDF5 file, as Keras writes them");
  EXPECT_EQ(what("\x08\x08\x12\x07pytorch"), "an ONNX model");
  EXPECT_EQ(what("\x1f\x8b\x08"), "a gzip file");
  EXPECT_EQ(what("<html><body>404"), "a web page");
}

TEST_F(ForeignFileTest, TakesNothingElseForOneOfThem) {
  for (const std::string& bytes :
       {""s, "PK"s, "\x80"s, "\x80\x09"s, "\x08\x00\x12"s, "text"s, std::string(100, '\0')}) {
    EXPECT_EQ(what(bytes), "nothing") << bytes;
  }
}

TEST_F(ForeignFileTest, NamesTheFilesInItsCommandsAsAShellNeedsThem) {
  const auto foreign = recognise(kLegacyCheckpoint, "o'ne two.pth");
  ASSERT_TRUE(foreign);
  const std::string from = "'" + folder_.path().string() + "/o'\\''ne two.pth'";
  const std::string to = "'" + folder_.path().string() + "/o'\\''ne two.safetensors'";
  EXPECT_THAT(foreign->helps,
              ElementsAre(AllOf(HasSubstr("python3 -c '"), HasSubstr(from + " " + to)),
                          HasSubstr("convert_pth.py " + from + " --to " + to)));
}

TEST_F(ForeignFileTest, NeverConvertsAFileOntoItself) {
  const auto foreign = recognise(kLegacyCheckpoint, "w.safetensors");
  ASSERT_TRUE(foreign);
  EXPECT_THAT(foreign->helps[0],
              HasSubstr("w.safetensors " + (folder_.path() / "w.converted.safetensors").string()));
}

TEST_F(ForeignFileTest, ConvertsToANameThatNothingHas) {
  folder_.write("w.safetensors", "of the user");
  const auto first = recognise(kLegacyCheckpoint, "w.pth");
  folder_.write("w.converted.safetensors", "of the user");
  const auto second = recognise(kLegacyCheckpoint, "w.pth");
  ASSERT_TRUE(first && second);
  EXPECT_THAT(first->helps, Each(HasSubstr("/w.converted.safetensors")));
  EXPECT_THAT(second->helps, Each(HasSubstr("/w.converted2.safetensors")));
}

TEST_F(ForeignFileTest, IsWhatTheReaderOfSafetensorsSpeaksOf) {
  const std::filesystem::path file = folder_.write("x.pth", kLegacyCheckpoint);
  try {
    const SafetensorsReader reader(file);
    ADD_FAILURE() << "nothing was refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::data);
    ASSERT_THAT(error.diagnostics(), SizeIs(1));
    EXPECT_EQ(error.diagnostics()[0].sentence,
              "expected a safetensors file, found a PyTorch checkpoint");
    EXPECT_EQ(error.diagnostics()[0].place.source, file.string());
  }
}

}  // namespace
}  // namespace knack::host
