// SPDX-License-Identifier: MIT
#include "host/plugin/manifest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "host/common/error.hpp"
#include "tests/support/error_message.hpp"

namespace knack::host {
namespace {

using Json = nlohmann::json;
using knack::testing::error_message;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const char* const kFile = "plugins/foo.so";
const std::string kLine = "knack-manifest/1\n";

Json good() {
  return Json::parse(R"({
    "abi_major": 1, "abi_minor": 0, "tier": "c", "version": "1.0.0", "author": "Ada",
    "license": "MIT", "provides": [
      {"kind": "trick", "id": "ema", "summary": "averages", "before": ["a"], "after": ["b.c-d"]},
      {"kind": "metric_sink", "id": "acme.sink"}]})");
}

Json torch_cxx() {
  Json json = good();
  json["tier"] = "torch-cxx";
  json["torch"] = {{"version", "2.13.0+cu126"},
                   {"stdlib", "libstdc++"},
                   {"cxx11_abi", 1},
                   {"compiler", "gcc-12.3"}};
  return json;
}

Json torch_stable(const char* target) {
  Json json = good();
  json["tier"] = "torch-stable";
  json["torch"] = {{"target", target}};
  return json;
}

Manifest parse(const Json& json) {
  return parse_manifest(kFile, kLine + json.dump());
}

std::string refusal(const std::string& bytes) {
  return error_message(ExitCode::plugin, [&] { parse_manifest(kFile, bytes); });
}

std::string refusal_with(const char* pointer, const Json& value) {
  Json json = torch_cxx();
  json[Json::json_pointer(pointer)] = value;
  return refusal(kLine + json.dump());
}

HostFacts host() {
  return {1, 2, {"2.13.0+cpu", "libstdc++", 1, "gcc-12"}};
}

std::string mismatch(const Json& json) {
  const Manifest manifest = parse(json);
  return error_message(ExitCode::plugin, [&] { check_manifest(kFile, manifest, host()); });
}

TEST(Manifest, GivesEveryField) {
  const Manifest manifest = parse_manifest(kFile, kLine + good().dump() + std::string(7, '\0'));
  EXPECT_EQ(manifest.abi_major, 1);
  EXPECT_EQ(manifest.abi_minor, 0);
  EXPECT_EQ(tier_name(manifest.tier), "c");
  EXPECT_EQ(manifest.version, "1.0.0");
  EXPECT_EQ(manifest.author, "Ada");
  EXPECT_EQ(manifest.license, "MIT");
  ASSERT_EQ(manifest.provides.size(), 2u);
  EXPECT_EQ(manifest.provides[0].kind, "trick");
  EXPECT_EQ(manifest.provides[0].id, "ema");
  EXPECT_EQ(manifest.provides[0].summary, "averages");
  EXPECT_THAT(manifest.provides[0].before, ElementsAre("a"));
  EXPECT_THAT(manifest.provides[0].after, ElementsAre("b.c-d"));
  EXPECT_EQ(manifest.provides[1].kind, "metric_sink");
}

TEST(Manifest, GivesTheTorchBuildOfTierTorchCxx) {
  const Manifest manifest = parse(torch_cxx());
  EXPECT_EQ(manifest.tier, Tier::torch_cxx);
  EXPECT_EQ(manifest.torch.version, "2.13.0+cu126");
  EXPECT_EQ(manifest.torch.stdlib, "libstdc++");
  EXPECT_EQ(manifest.torch.cxx11_abi, 1);
  EXPECT_EQ(manifest.torch.compiler, "gcc-12.3");
}

TEST(Manifest, IgnoresFieldsOfLaterMinors) {
  Json json = good();
  json["homepage"] = {{"any", {1, 2, 3}}};
  json["provides"][0]["colour"] = "blue";
  EXPECT_EQ(parse(json).provides.size(), 2u);
}

TEST(Manifest, RefusesAnotherFormat) {
  EXPECT_EQ(refusal("knack-manifest/2\n{}"),
            "plugins/foo.so: manifest: expected the line knack-manifest/1, found "
            "'knack-manifest/2'; use a plugin and a knack of one ABI major");
  EXPECT_THAT(refusal(""), HasSubstr("found ''; "));
  EXPECT_THAT(refusal("knack-manifest/1"), HasSubstr("expected the line knack-manifest/1"));
}

TEST(Manifest, RefusesTwoPluginsLinkedIntoOneFile) {
  const std::string one = kLine + good().dump() + '\0';
  EXPECT_EQ(refusal(one + one),
            "plugins/foo.so: manifest: expected one manifest, found several; declare the plugin in "
            "one of its source files only");
}

TEST(Manifest, RefusesWhatIsNotOneJsonObject) {
  EXPECT_EQ(refusal(kLine + "{\"abi_major\": }"),
            "plugins/foo.so: manifest: expected one JSON object, found a syntax error at byte 15; "
            "rebuild it with knack_add_plugin()");
  EXPECT_THAT(refusal(kLine), HasSubstr("found a syntax error"));
  EXPECT_THAT(refusal(kLine + "{} trailing"), HasSubstr("found a syntax error"));
  EXPECT_THAT(refusal(kLine + "{\"author\": \"\xff\"}"), HasSubstr("found a syntax error"));
  EXPECT_THAT(refusal(kLine + "[1]"), HasSubstr("manifest: expected a JSON object, found array; "));
  EXPECT_THAT(refusal(kLine + "{\"author\": 1e999}"), HasSubstr("expected one JSON object"));
}

TEST(Manifest, RefusesDeepNesting) {
  EXPECT_THAT(refusal(kLine + "{\"a\":" + std::string(60'000, '[')),
              HasSubstr("expected at most 16 nested values, found more; "));
}

TEST(Manifest, RefusesAMissingField) {
  for (const char* field : {"abi_major", "abi_minor", "tier", "version", "provides", "torch"}) {
    Json json = torch_cxx();
    json.erase(field);
    EXPECT_THAT(refusal(kLine + json.dump()),
                StartsWith(std::string("plugins/foo.so: manifest.") + field + ": expected "));
  }
}

TEST(Manifest, RefusesAFieldOfTheWrongForm) {
  EXPECT_EQ(refusal_with("/abi_major", "1"),
            "plugins/foo.so: manifest.abi_major: expected a whole number from 0 to 65535, found "
            "\"1\"; correct it and rebuild the plugin");
  const std::pair<const char*, Json> cases[] = {{"/abi_major", -1},
                                                {"/abi_minor", 1.5},
                                                {"/abi_minor", 65536},
                                                {"/tier", "cxx"},
                                                {"/tier", 1},
                                                {"/version", ""},
                                                {"/version", Json::array()},
                                                {"/author", 7},
                                                {"/author", "two\nlines"},
                                                {"/license", std::string(1025, 'x')},
                                                {"/provides", Json::array()},
                                                {"/provides", Json::object()},
                                                {"/torch/version", "2.x"},
                                                {"/torch/version", "2.13.0.1"},
                                                {"/torch/stdlib", "msvc"},
                                                {"/torch/cxx11_abi", true},
                                                {"/torch/compiler", "gcc12"},
                                                {"/torch", "2.13.0"}};
  for (const auto& [pointer, value] : cases) {
    std::string field = std::string("manifest") + pointer;
    std::replace(field.begin(), field.end(), '/', '.');
    EXPECT_THAT(refusal_with(pointer, value),
                StartsWith("plugins/foo.so: " + field + ": expected "))
        << value;
  }
}

TEST(Manifest, RefusesAProvidedThingOfTheWrongForm) {
  EXPECT_THAT(refusal_with("/provides/0/kind", "Trick"), HasSubstr("manifest.provides[0].kind: "));
  EXPECT_THAT(refusal_with("/provides/1", 5), HasSubstr("manifest.provides[1]: expected a JSON "));
  EXPECT_THAT(refusal_with("/provides/0/before", "a"), HasSubstr("manifest.provides[0].before: "));
  EXPECT_THAT(refusal_with("/provides/0/after/0", "A"), HasSubstr("manifest.provides[0].after: "));
  for (const char* id : {"", "Ema", ".ema", "ema.", "a..b", "a-b", "a b", "é"}) {
    EXPECT_THAT(refusal_with("/provides/0/id", id), HasSubstr("manifest.provides[0].id: ")) << id;
  }
}

TEST(Manifest, RefusesTheSameIdTwiceInOneKindOnly) {
  Json json = good();
  json["provides"][1] = {{"kind", "model"}, {"id", "ema"}};
  EXPECT_EQ(parse(json).provides.size(), 2u);
  json["provides"][1]["kind"] = "trick";
  EXPECT_EQ(refusal(kLine + json.dump()),
            "plugins/foo.so: manifest.provides[1].id: expected every trick once, found \"ema\"; "
            "correct it and rebuild the plugin");
}

TEST(Manifest, RefusesMoreThan256Provided) {
  Json json = good();
  json["provides"] = Json::array();
  for (int i = 0; i < 257; ++i) {
    json["provides"].push_back({{"kind", "trick"}, {"id", "t" + std::to_string(i)}});
  }
  EXPECT_THAT(refusal(kLine + json.dump()), HasSubstr("expected an array of 1 to 256 elements"));
  json["provides"].erase(0);
  EXPECT_EQ(parse(json).provides.size(), 256u);
}

TEST(Manifest, SurvivesTwentyThousandDamagedTexts) {
  const std::string whole = kLine + torch_cxx().dump() + std::string(8, '\0');
  std::mt19937_64 random(20260702);
  int refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = whole;
    for (std::size_t hits = 1 + random() % 4; hits > 0; --hits) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    if (random() % 8 == 0) bytes.resize(random() % bytes.size());
    try {
      parse_manifest(kFile, bytes);
    } catch (const Error& error) {
      ASSERT_EQ(error.code(), ExitCode::plugin);
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000);
  EXPECT_LT(refused, 20'000);
}

TEST(ManifestCheck, AcceptsWhatThisHostServes) {
  EXPECT_NO_THROW(check_manifest(kFile, parse(good()), host()));
  EXPECT_NO_THROW(check_manifest(kFile, parse(torch_cxx()), host()));
  EXPECT_NO_THROW(check_manifest(kFile, parse(torch_stable("2.11")), host()));
  EXPECT_NO_THROW(check_manifest(kFile, parse(torch_stable("2.13")), host()));
  Json json = good();
  json["abi_minor"] = 2;
  EXPECT_NO_THROW(check_manifest(kFile, parse(json), host()));
}

TEST(ManifestCheck, RefusesAnotherAbiMajor) {
  Json json = good();
  json["abi_major"] = 2;
  EXPECT_EQ(mismatch(json),
            "plugins/foo.so: manifest.abi_major: expected 1, found 2; rebuild the plugin with this "
            "knack's headers, or use a knack of its ABI major");
}

TEST(ManifestCheck, RefusesANewerAbiMinor) {
  Json json = good();
  json["abi_minor"] = 3;
  EXPECT_EQ(mismatch(json),
            "plugins/foo.so: manifest.abi_minor: expected at most 2, found 3; update knack or "
            "build the plugin for an older minor");
}

TEST(ManifestCheck, NamesEveryDifferenceOfATorchBuild) {
  Json json = torch_cxx();
  json["torch"] = {
      {"version", "2.12.0+cpu"}, {"stdlib", "libc++"}, {"cxx11_abi", 0}, {"compiler", "clang-14"}};
  EXPECT_EQ(mismatch(json),
            "plugins/foo.so: manifest.torch: expected version 2.13.0, stdlib libstdc++, cxx11_abi "
            "1, compiler gcc-12, found version 2.12.0, stdlib libc++, cxx11_abi 0, compiler "
            "clang-14; rebuild the plugin with this host's LibTorch and compiler");
}

TEST(ManifestCheck, NamesTheOneDifferenceOfATorchBuild) {
  Json json = torch_cxx();
  json["torch"]["compiler"] = "gcc-13.1";
  EXPECT_THAT(mismatch(json),
              HasSubstr("manifest.torch: expected compiler gcc-12, found compiler gcc-13; "));
}

TEST(ManifestCheck, RefusesAStableTargetNewerThanTheHost) {
  EXPECT_EQ(mismatch(torch_stable("2.14")),
            "plugins/foo.so: manifest.torch.target: expected at most 2.13.0+cpu, found 2.14; use a "
            "newer LibTorch or build the plugin for an older target");
}

}  // namespace
}  // namespace knack::host
