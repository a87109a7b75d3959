// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <knack/testing/fake_host.hpp>

extern "C" const knack_entry_t knack_plugin_v1;

namespace knack {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class NoWeightDecay : public ::testing::Test {
 protected:
  void run(Value::Map options) {
    host_.params = {
        {.name = "cls_token", .role = KNACK_ROLE_TOKEN, .shape = {1, 1, 8}},
        {.name = "conv.weight", .role = KNACK_ROLE_WEIGHT, .shape = {8, 3, 3, 3}},
        {.name = "bn.weight",
         .role = KNACK_ROLE_NORM_SCALE,
         .owner_kind = "BatchNorm2d",
         .shape = {8}},
        {.name = "bn.bias",
         .role = KNACK_ROLE_NORM_SHIFT,
         .owner_kind = "BatchNorm2d",
         .shape = {8}},
        {.name = "rms.weight",
         .role = KNACK_ROLE_NORM_SCALE,
         .owner_kind = "RMSNorm",
         .shape = {8}},
        {.name = "attn.in_proj_bias", .role = KNACK_ROLE_BIAS, .shape = {24}},
        {.name = "prelu.weight", .role = KNACK_ROLE_SCALE, .shape = {1}},
        {.name = "frozen.bias", .role = KNACK_ROLE_BIAS, .shape = {4}, .requires_grad = false},
        {.name = "fc.weight", .role = KNACK_ROLE_WEIGHT, .shape = {10, 8}},
        {.name = "fc.bias", .role = KNACK_ROLE_BIAS, .shape = {10}},
    };
    const auto trick =
        host_.create<knack_trick_t>(knack_plugin_v1, "no_weight_decay", std::move(options));
    knack_hook_context_t context = testing::hook_context();
    host_.expect_ok(trick->fit_begin(trick.get(), &context));
  }

  std::vector<std::string> exempt() const {
    std::vector<std::string> names;
    for (const testing::SetOption& set : host_.set_options) names.push_back(set.param);
    return names;
  }

  std::vector<std::string> warnings() const {
    std::vector<std::string> texts;
    for (const testing::LogLine& line : host_.log) {
      if (line.level == KNACK_LOG_WARNING) texts.push_back(line.text);
    }
    return texts;
  }

  testing::FakeHost host_;
};

TEST_F(NoWeightDecay, ByDefaultGoesByTheRolesOfNormalizationAndBias) {
  run({});
  EXPECT_THAT(exempt(),
              ElementsAre("bn.weight", "bn.bias", "rms.weight", "attn.in_proj_bias", "fc.bias"));
  for (const testing::SetOption& set : host_.set_options) {
    EXPECT_EQ(set.option, "weight_decay");
    EXPECT_EQ(set.value, 0.0);
  }
  EXPECT_EQ(host_.set_options[0].reason, "role norm_scale");
}

TEST_F(NoWeightDecay, TimmGoesByDimensionsNamesAndTokens) {
  run({{"preset", "timm"}});
  EXPECT_THAT(exempt(), ElementsAre("cls_token", "bn.weight", "bn.bias", "rms.weight",
                                    "attn.in_proj_bias", "prelu.weight", "fc.bias"));
}

TEST_F(NoWeightDecay, TorchvisionAndSuperGradientsGoByNormalizationAndTheNameBias) {
  run({{"preset", "torchvision"}});
  EXPECT_THAT(exempt(), ElementsAre("bn.weight", "bn.bias", "fc.bias"));
  host_.set_options.clear();
  run({{"preset", "super_gradients"}});
  EXPECT_THAT(exempt(), ElementsAre("bn.weight", "bn.bias", "fc.bias"));
}

TEST_F(NoWeightDecay, ExcludeWinsOverIncludeAndBothOverThePreset) {
  run({{"include", Value::list({"*_token", "fc.*"})},
       {"exclude", Value::list({"fc.weight", "bn.*", "rms.*"})}});
  EXPECT_THAT(exempt(), ElementsAre("cls_token", "attn.in_proj_bias", "fc.bias"));
  EXPECT_EQ(host_.set_options[0].reason, "include \"*_token\"");
  EXPECT_THAT(warnings(), IsEmpty());
}

TEST_F(NoWeightDecay, SaysWhyForEachAndHowManyInAll) {
  run({});
  EXPECT_THAT(host_.log, Contains(Field(&testing::LogLine::text,
                                        HasSubstr("bn.weight: not decayed, role norm_scale"))));
  EXPECT_THAT(host_.log,
              Contains(Field(&testing::LogLine::text, "5 of 9 parameters are not decayed")));
}

TEST_F(NoWeightDecay, WarnsOfGlobsThatFitNothing) {
  run({{"include", Value::list({"haed.*"})}});
  EXPECT_THAT(warnings(), ElementsAre("include: no parameter fits \"haed.*\""));
}

}  // namespace
}  // namespace knack
