// SPDX-License-Identifier: MIT
#include "host/checkpoint/manifest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "host/common/sha256.hpp"
#include "tests/support/error_message.hpp"
#include "tests/support/temporary_folder.hpp"

namespace knack::host {
namespace {

using knack::testing::error_message;
using knack::testing::TemporaryFolder;
using ::testing::HasSubstr;

const std::string kSha256 = std::string(64, 'a');

CheckpointManifest example() {
  return {
      120, 3, {{"weights/live.safetensors", {1'000'000'000'000, kSha256}}, {"a", {0, kSha256}}}};
}

/// A manifest's text with one change.
std::string changed(const char* pointer, const nlohmann::json& value) {
  auto json = nlohmann::json::parse(manifest_text(example()));
  json[nlohmann::json::json_pointer(pointer)] = value;
  return json.dump();
}

TEST(Manifest, ComesBackAsItWasWritten) {
  const CheckpointManifest read = parse_manifest(manifest_text(example()), "here");
  EXPECT_EQ(read.step, 120);
  EXPECT_EQ(read.epoch, 3);
  ASSERT_EQ(read.files.size(), 2u);
  EXPECT_EQ(read.files.at("weights/live.safetensors").bytes, 1'000'000'000'000u);
  EXPECT_EQ(read.files.at("a").sha256, kSha256);
}

TEST(Manifest, RefusesWhatIsNoManifest) {
  for (const char* text : {"", "{", "null", "[]", "3", "{\"format\": 1}", "\xff\xfe"}) {
    EXPECT_THAT(error_message(ExitCode::data, [&] { parse_manifest(text, "here"); }),
                HasSubstr("here: expected"))
        << text;
  }
}

TEST(Manifest, RefusesFieldsOfAnotherType) {
  for (const char* pointer : {"/step", "/epoch", "/files/a/bytes"}) {
    for (const nlohmann::json& value : {nlohmann::json(-1), nlohmann::json(1.5),
                                        nlohmann::json("1"), nlohmann::json(UINT64_MAX)}) {
      error_message(ExitCode::data, [&] { parse_manifest(changed(pointer, value), "here"); });
    }
  }
  for (const nlohmann::json& value :
       {nlohmann::json(7), nlohmann::json("abc"), nlohmann::json(std::string(64, 'A'))}) {
    error_message(ExitCode::data,
                  [&] { parse_manifest(changed("/files/a/sha256", value), "here"); });
  }
  error_message(ExitCode::data, [&] { parse_manifest(changed("/files", 1), "here"); });
}

TEST(Manifest, OfALaterFormatSaysSo) {
  EXPECT_EQ(error_message(ExitCode::data, [&] { parse_manifest(changed("/format", 2), "here"); }),
            "here: expected checkpoint format 1, found 2; a later knack wrote it, go on with that");
}

TEST(Manifest, RefusesPathsThatLeadElsewhere) {
  const std::string with_nul("a\0b", 3);
  for (const std::string& path :
       {std::string("../secret"), std::string("/etc/passwd"), std::string("a/../../b"),
        std::string("."), std::string(".."), std::string("./a"), std::string("a//b"),
        std::string("a/"), std::string(), with_nul}) {
    auto json = nlohmann::json::parse(manifest_text(example()));
    json["files"][path] = {{"bytes", 1}, {"sha256", kSha256}};
    EXPECT_THAT(error_message(ExitCode::data, [&] { parse_manifest(json.dump(), "here"); }),
                HasSubstr("below the checkpoint"))
        << path;
  }
}

class VerifyCheckpoint : public ::testing::Test {
 protected:
  VerifyCheckpoint() {
    folder_.write("state.json", "{}");
    folder_.write("weights/live.safetensors", "weights");
    CheckpointManifest manifest;
    for (const char* name : {"state.json", "weights/live.safetensors"}) {
      const auto file = folder_.path() / name;
      manifest.files[name] = {std::filesystem::file_size(file), sha256_of_file(file)};
    }
    folder_.write(kManifestName, manifest_text(manifest));
  }

  std::string problem() {
    return error_message(ExitCode::data, [&] { verify_checkpoint(folder_.path()); });
  }

  TemporaryFolder folder_;
};

TEST_F(VerifyCheckpoint, AcceptsWhatWasWritten) {
  EXPECT_EQ(verify_checkpoint(folder_.path()).files.size(), 2u);
}

TEST_F(VerifyCheckpoint, FindsAFileThatIsShortChangedOrMissing) {
  folder_.write("state.json", "{");
  EXPECT_THAT(problem(), HasSubstr("state.json: expected 2 bytes, found 1"));
  folder_.write("state.json", "[]");
  EXPECT_THAT(problem(), HasSubstr("state.json: its checksum is not that"));
  std::filesystem::remove(folder_.path() / "state.json");
  EXPECT_THAT(problem(), HasSubstr("state.json: cannot be read: No such file"));
  std::filesystem::create_directory(folder_.path() / "state.json");
  EXPECT_THAT(problem(), HasSubstr("state.json: cannot be read"));
}

TEST_F(VerifyCheckpoint, FindsAManifestThatIsMissingOrHuge) {
  std::filesystem::resize_file(folder_.path() / kManifestName, std::uintmax_t{1} << 40);
  EXPECT_THAT(problem(), HasSubstr("too long for a manifest"));
  std::filesystem::remove(folder_.path() / kManifestName);
  EXPECT_THAT(problem(), HasSubstr("manifest.json: cannot be read"));
}

TEST(Sha256, IsThatOfTheStandard) {
  const TemporaryFolder folder;
  folder.write("abc", "abc");
  EXPECT_EQ(sha256_of_file(folder.path() / "abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  folder.write("long", std::string(1'000'000, 'a'));
  EXPECT_EQ(sha256_of_file(folder.path() / "long"),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  EXPECT_THAT(error_message(ExitCode::data, [&] { sha256_of_file(folder.path()); }),
              HasSubstr("Is a directory"));
}

}  // namespace
}  // namespace knack::host
