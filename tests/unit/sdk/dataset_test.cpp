// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <knack/sdk/dataset.hpp>
#include <knack/testing/fake_host.hpp>

namespace knack {
namespace {

/// Sample i is the number i.
class Numbers final : public Dataset {
 public:
  static constexpr Info info{.id = "numbers"};
  static constexpr bool reentrant = true;

  [[nodiscard]] std::int64_t length() const override {
    return 10;
  }
  [[nodiscard]] Value describe() const override {
    return Value::map({{"num_classes", 2}});
  }
  void batch(const BatchRequest& request, Value& inputs, Value& targets) override {
    if (request.epoch() == 9) throw Error(KNACK_STATUS_DATA, "numbers.txt is damaged");
    std::vector<float> numbers;
    for (const std::int64_t index : request.indices()) numbers.push_back(static_cast<float>(index));
    const std::array sizes{request.size()};
    inputs = Tensor::from_data<float>(numbers, sizes);
    targets = Value::list_of(request.indices());
  }
};

constexpr detail::PluginFacts kFacts{"1.0.0", "", "MIT", "c", ""};
constexpr auto kManifest = detail::make_manifest<kFacts, Numbers>();
constexpr knack_entry_t kEntry = detail::make_entry<Numbers>(kManifest.data(), kManifest.size());

TEST(Dataset, HandsOverBatches) {
  testing::FakeHost host;
  const auto dataset = host.create<knack_dataset_t>(kEntry, "numbers");
  EXPECT_EQ(dataset->head.flags, KNACK_INSTANCE_REENTRANT);
  EXPECT_EQ(dataset->head.state_save, nullptr);

  std::int64_t length = 0;
  host.expect_ok(dataset->length(dataset.get(), &length));
  EXPECT_EQ(length, 10);

  knack_value_t facts{};
  host.expect_ok(dataset->describe(dataset.get(), &facts));
  EXPECT_EQ(testing::value_text(ValueView(&facts)), R"({"num_classes": 2})");

  const std::array<std::int64_t, 3> indices{4, 1, 7};
  knack_batch_request_t request{sizeof(request), 0, 1, 5, indices.data(), 3};
  knack_value_t inputs{};
  knack_value_t targets{};
  host.expect_ok(dataset->batch(dataset.get(), &request, &inputs, &targets));
  EXPECT_EQ(testing::value_text(ValueView(&targets)), "[4, 1, 7]");
  const Tensor tensor = Tensor::take(inputs.as.tensor);
  ASSERT_EQ(tensor.numel(), 3);
  EXPECT_EQ(tensor.data<float>()[2], 7.0F);
}

TEST(Dataset, BadDataIsAStatusOfItsOwn) {
  testing::FakeHost host;
  const auto dataset = host.create<knack_dataset_t>(kEntry, "numbers");
  const std::int64_t index = 0;
  knack_batch_request_t request{sizeof(request), 0, 9, 5, &index, 1};
  knack_value_t inputs{};
  knack_value_t targets{};
  EXPECT_EQ(dataset->batch(dataset.get(), &request, &inputs, &targets), KNACK_STATUS_DATA);
  EXPECT_EQ(host.error, "numbers.txt is damaged");
}

}  // namespace
}  // namespace knack
