// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <knack/sdk/trick.hpp>

namespace knack {
namespace {

struct First : Trick {
  static constexpr Info info{.id = "acme.first",
                             .summary = "Says \"one\"\n\\",
                             .before = "ema, acme.second",
                             .after = "accumulate"};
};
struct Second : Trick {
  static constexpr Info info{.id = "acme.second"};
};

constexpr detail::PluginFacts kFacts{"1.2.0", "Jörg", "MIT", "c", ""};
constexpr detail::PluginFacts kStableFacts{"1.2.0", "", "MIT", "torch-stable", "2.11", 12};
constexpr detail::PluginFacts kTorchFacts{"1.2.0", "", "MIT", "torch-cxx", "2.13.0"};

template <const detail::PluginFacts& facts, typename... Provided>
std::string_view manifest() {
  static constexpr auto bytes = detail::make_manifest<facts, Provided...>();
  return {bytes.data(), bytes.size()};
}

TEST(Manifest, IsMadeWhileCompiling) {
  constexpr auto bytes = detail::make_manifest<kFacts, Second>();
  static_assert(bytes.front() == 'k' && bytes.back() == '\n');
  EXPECT_EQ(
      (manifest<kFacts, First, Second>()),
      "knack-manifest/1\n"
      R"({"abi_major": 1, "abi_minor": 0, "tier": "c", "version": "1.2.0", "author": "Jörg", )"
      R"("license": "MIT", "provides": [)"
      R"({"kind": "trick", "id": "acme.first", "summary": "Says \"one\"\u000a\\", )"
      R"("before": ["ema", "acme.second"], "after": ["accumulate"]}, )"
      R"({"kind": "trick", "id": "acme.second", "summary": "", "before": [], "after": []}]})"
      "\n");
}

TEST(Manifest, OfTierTorchCxxSaysWhichLibTorchAndWhichCompiler) {
  const std::string_view text = manifest<kTorchFacts, Second>();
  const std::string expected =
      R"("torch": {"version": "2.13.0", "stdlib": ")" + std::string(detail::kStandardLibrary) +
      R"(", "cxx11_abi": 1, "compiler": ")" + std::string(detail::kCompiler) + "\"}";
  EXPECT_NE(text.find(expected), std::string_view::npos) << text;
  EXPECT_EQ((manifest<kFacts, Second>().find("\"torch\"")), std::string_view::npos);
}

TEST(Manifest, OfTierTorchStableSaysTheOldestLibTorchAndAnyTierTheLowestMinor) {
  const std::string_view text = manifest<kStableFacts, Second>();
  EXPECT_NE(text.find(R"("torch": {"target": "2.11"}, )"), std::string_view::npos) << text;
  EXPECT_NE(text.find(R"("abi_minor": 12, )"), std::string_view::npos) << text;
  EXPECT_EQ(detail::make_entry<Second>(nullptr, 0, 12).abi_minor_needed, 12U);
  EXPECT_EQ(detail::make_entry<Second>(nullptr, 0).abi_minor_needed, 0U);
}

}  // namespace
}  // namespace knack
