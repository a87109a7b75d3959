// SPDX-License-Identifier: MIT
// A model of tier c as the host lists it.
#include <gtest/gtest.h>
#include <knack/sdk/model.hpp>
#include <knack/testing/fake_host.hpp>

#include <cstddef>
#include <cstring>

namespace knack {
namespace {

class OneTensor final : public Model {
 public:
  static constexpr Info info{.id = "one_tensor"};
  void set_training(bool /*training*/) override {}
  Value forward(ValueView /*inputs*/) override {
    return {};
  }
  [[nodiscard]] std::int64_t tensor_count() const override {
    return 1;
  }
  [[nodiscard]] ModelTensor tensor(std::int64_t /*index*/) const override {
    return {.name = "fc.bias", .role = KNACK_ROLE_BIAS, .owner_kind = "Linear"};
  }
};

constexpr detail::PluginFacts kFacts{"1.0.0", "", "MIT", "c", ""};
constexpr auto kManifest = detail::make_manifest<kFacts, OneTensor>();
constexpr knack_entry_t kEntry = detail::make_entry<OneTensor>(kManifest.data(), kManifest.size());
constexpr unsigned char kPoison = 0xa5;

class ModelListing : public ::testing::Test {
 protected:
  ModelListing() {
    std::memset(bytes_, kPoison, sizeof(bytes_));
  }
  knack_model_tensor_t& list(std::uint32_t struct_size) {
    auto* out = reinterpret_cast<knack_model_tensor_t*>(bytes_);
    out->struct_size = struct_size;
    status_ = model_->get_tensor(model_.get(), 0, out);
    return *out;
  }
  void expect_poison_from(std::size_t begin) const {
    for (std::size_t i = begin; i < sizeof(bytes_); ++i) ASSERT_EQ(bytes_[i], kPoison) << i;
  }

  testing::FakeHost host_;
  testing::FakeHost::Instance<knack_model_t> model_ =
      host_.create<knack_model_t>(kEntry, "one_tensor");
  std::int32_t status_ = KNACK_STATUS_OK;
  alignas(knack_model_tensor_t) unsigned char bytes_[sizeof(knack_model_tensor_t) + 32];
};

TEST_F(ModelListing, FillsWhatAHostOfAnEarlierMinorKnows) {
  constexpr std::uint32_t kSize = offsetof(knack_model_tensor_t, owner_kind);
  const knack_model_tensor_t& listed = list(kSize);
  ASSERT_EQ(status_, KNACK_STATUS_OK) << host_.error;
  EXPECT_EQ(listed.struct_size, kSize);
  EXPECT_EQ(detail::from_abi(listed.role), KNACK_ROLE_BIAS);
  expect_poison_from(kSize);
}

TEST_F(ModelListing, TellsAHostOfALaterMinorHowMuchIsFilled) {
  const knack_model_tensor_t& listed = list(sizeof(bytes_));
  ASSERT_EQ(status_, KNACK_STATUS_OK) << host_.error;
  EXPECT_EQ(listed.struct_size, sizeof(knack_model_tensor_t));
  EXPECT_EQ(detail::from_abi(listed.owner_kind), "Linear");
  expect_poison_from(sizeof(knack_model_tensor_t));
}

TEST_F(ModelListing, RefusesAStructWithoutSize) {
  list(0);
  EXPECT_EQ(status_, KNACK_STATUS_INVALID);
  EXPECT_EQ(host_.error, "expected a struct with its struct_size set by the caller, found none");
}

}  // namespace
}  // namespace knack
