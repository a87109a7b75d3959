// SPDX-License-Identifier: MIT
#include "host/weights/weight_set.hpp"

#include <gtest/gtest.h>

#include "small_model.hpp"
#include "tests/support/error_message.hpp"

namespace knack::host {
namespace {

using testing::error_message;
using testing::small_model;

TEST(WeightStore, SharesTheModelsStorageAsTheLiveSet) {
  WeightStore store(small_model());
  const at::NoGradGuard no_grad;
  store.model_tensors()[0].tensor.fill_(7);
  EXPECT_TRUE(at::equal(store.live().tensors[0], at::full({1, 4, 1, 1}, 7.0F)));
}

TEST(WeightStore, PublishesACopyThatKeepsItsValuesWhenTheLiveWeightsMove) {
  WeightStore store(small_model());
  const WeightSet& average = store.publish("average", "some_trick");
  const at::NoGradGuard no_grad;
  store.live().tensors[0].fill_(7);
  EXPECT_TRUE(at::equal(average.tensors[0].flatten(), at::arange(4, at::kFloat)));
  EXPECT_EQ(store.find("average"), &average);
  EXPECT_EQ(store.find("nobody"), nullptr);
}

TEST(WeightStore, RefusesANameThatIsTakenAndNamesItsPublisher) {
  WeightStore store(small_model());
  store.publish("average", "first");
  EXPECT_EQ(error_message(ExitCode::recipe, [&] { store.publish("average", "second"); }),
            "weight set `average` of `second`: the name is already taken by `first`; give one of "
            "the two another name");
}

TEST(WeightStore, RefusesNamesThatAreNoFileNames) {
  WeightStore store(small_model());
  for (const char* name : {"", "../up", "a/b", ".hidden", "model", "with space"}) {
    EXPECT_FALSE(error_message(ExitCode::recipe, [&] { store.publish(name, "trick"); }).empty());
  }
}

TEST(WeightStoreActivation, MakesTheModelComputeWithTheSetAndPutsTheLiveWeightsBack) {
  WeightStore store(small_model());
  WeightSet& average = store.publish("average", "trick");
  const at::NoGradGuard no_grad;
  average.tensors[0].fill_(3);
  const at::Tensor parameter = store.model_tensors()[0].tensor;
  const void* live_memory = parameter.const_data_ptr();
  {
    const WeightStore::Activation active(store, average);
    EXPECT_EQ(parameter.const_data_ptr(), average.tensors[0].const_data_ptr());
    EXPECT_TRUE(parameter.requires_grad());
    EXPECT_EQ(&store.active(), &average);
    {
      const WeightStore::Activation inner(store, store.live());
      EXPECT_EQ(parameter.const_data_ptr(), live_memory);
    }
    EXPECT_EQ(&store.active(), &average);
  }
  EXPECT_EQ(parameter.const_data_ptr(), live_memory);
}

TEST(BufferKeeper, PutsBuffersBackAndLeavesParametersAlone) {
  WeightStore store(small_model());
  const at::NoGradGuard no_grad;
  {
    const BufferKeeper keeper(store, store.live());
    store.live().tensors[0].fill_(9);
    store.live().tensors[1].fill_(9);
    store.live().tensors[2].fill_(9);
  }
  EXPECT_TRUE(at::equal(store.live().tensors[0], at::full({1, 4, 1, 1}, 9.0F)));
  EXPECT_TRUE(at::equal(store.live().tensors[1], at::zeros({4})));
  EXPECT_EQ(store.live().tensors[2].item<std::int64_t>(), 0);
}

}  // namespace
}  // namespace knack::host
