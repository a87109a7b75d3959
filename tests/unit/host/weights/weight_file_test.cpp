// SPDX-License-Identifier: MIT
#include "host/weights/weight_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/checkpoint/safetensors.hpp"
#include "host/common/error.hpp"
#include "small_model.hpp"
#include "tests/support/temporary_folder.hpp"

namespace knack::host {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::small_model;
using testing::TemporaryFolder;

std::string loading_error(WeightStore& store, const std::filesystem::path& file) {
  try {
    load_weights(store, store.live(), file);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::data);
    return error.what();
  }
  ADD_FAILURE() << "nothing was refused";
  return "";
}

TEST(WeightFile, HoldsThePersistentTensorsRowMajorAndComesBackEqual) {
  const TemporaryFolder folder;
  WeightStore store(small_model());
  store.model_tensors()[0].tensor.set_data(
      at::rand({2, 3, 4, 5}).contiguous(at::MemoryFormat::ChannelsLast));
  WeightStore source(store.model_tensors());
  save_weights(source, source.live(), folder.path() / "w.safetensors");

  const SafetensorsReader reader(folder.path() / "w.safetensors");
  EXPECT_EQ(reader.tensors().size(), 3U);
  EXPECT_EQ(reader.find("cache"), nullptr);

  WeightSet& copy = source.publish("copy", "test");
  const at::NoGradGuard no_grad;
  for (at::Tensor& tensor : copy.tensors) tensor.zero_();
  load_weights(source, copy, folder.path() / "w.safetensors");
  EXPECT_TRUE(at::equal(copy.tensors[0], source.live().tensors[0]));
  EXPECT_TRUE(copy.tensors[0].is_contiguous(at::MemoryFormat::ChannelsLast));
}

TEST(WeightFile, TellsMissingUnexpectedAndMisshapenTensorsInOneTableAndChangesNothing) {
  const TemporaryFolder folder;
  const std::vector<float> data(8, 5.0F);
  write_safetensors(folder.path() / "w.safetensors",
                    {{"conv.weights", "F32", {4}, data.data(), 16},
                     {"bn.running_mean", "F32", {8}, data.data(), 32}});
  WeightStore store(small_model());
  EXPECT_THAT(
      loading_error(store, folder.path() / "w.safetensors"),
      AllOf(HasSubstr("found 4 that differ"), HasSubstr("missing     conv.weight  [1, 4, 1, 1]"),
            HasSubstr("misshapen   bn.running_mean  expected [4], found [8]"),
            HasSubstr("missing     bn.num_batches_tracked"),
            HasSubstr("unexpected  conv.weights  [4]; the nearest name of the model is "
                      "conv.weight")));
  EXPECT_TRUE(at::equal(store.live().tensors[1], at::zeros({4})));
}

TEST(WeightFile, ConvertsFloatingTypesAndRefusesIntegersForThem) {
  const TemporaryFolder folder;
  const std::vector<double> wide = {1, 2, 3, 4};
  const std::int64_t count = 3;
  const auto write = [&](const char* dtype) {
    write_safetensors(folder.path() / "w.safetensors",
                      {{"conv.weight", dtype, {1, 4, 1, 1}, wide.data(), 32},
                       {"bn.running_mean", "F64", {4}, wide.data(), 32},
                       {"bn.num_batches_tracked", "I64", {}, &count, 8}});
  };
  WeightStore store(small_model());
  write("F64");
  load_weights(store, store.live(), folder.path() / "w.safetensors");
  EXPECT_TRUE(at::equal(store.live().tensors[0].flatten(), at::tensor({1.0F, 2.0F, 3.0F, 4.0F})));
  EXPECT_EQ(store.live().tensors[2].item<std::int64_t>(), 3);
  write("I64");
  EXPECT_THAT(loading_error(store, folder.path() / "w.safetensors"),
              HasSubstr("wrong type  conv.weight  expected Float, found I64"));
}

TEST(WeightFile, StripsAPrefixAndSaysWhenOneIsTheOnlyDifference) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "w.safetensors";
  const std::vector<float> data = {5, 6, 7, 8};
  const std::int64_t count = 3;
  write_safetensors(file, {{"net.module.conv.weight", "F32", {1, 4, 1, 1}, data.data(), 16},
                           {"net.module.bn.running_mean", "F32", {4}, data.data(), 16},
                           {"net.module.bn.num_batches_tracked", "I64", {}, &count, 8}});
  WeightStore store(small_model());
  EXPECT_THAT(loading_error(store, file), HasSubstr("all names would fit without `net.module.`"));
  load_weights(store, store.live(), file, FileContent::persistent, {"net.module.", {}});
  EXPECT_TRUE(at::equal(store.live().tensors[1], at::tensor({5.0F, 6.0F, 7.0F, 8.0F})));
}

TEST(WeightFile, LeavesWhatIsToBeIgnoredAsItIs) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "w.safetensors";
  const std::vector<float> data(8, 5.0F);
  write_safetensors(file, {{"conv.weight", "F32", {1, 4, 1, 1}, data.data(), 16},
                           {"bn.running_mean", "F32", {8}, data.data(), 32}});
  WeightStore store(small_model());
  load_weights(store, store.live(), file, FileContent::persistent, {"", {"bn.*"}});
  EXPECT_TRUE(at::equal(store.live().tensors[0], at::full({1, 4, 1, 1}, 5.0F)));
  EXPECT_TRUE(at::equal(store.live().tensors[1], at::zeros({4})));
  EXPECT_THAT(loading_error(store, file), HasSubstr("misshapen   bn.running_mean"));
}

TEST(WeightFile, AdvisesARecipeToIgnoreTheOnlyLayerThatDiffers) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "w.safetensors";
  const std::vector<float> data(8, 5.0F);
  const std::int64_t count = 1;
  for (const char* name : {"temperature", "head.weight"}) {
    write_safetensors(file, {{"conv.weight", "F32", {1, 4, 1, 1}, data.data(), 16},
                             {"bn.running_mean", "F32", {4}, data.data(), 16},
                             {"bn.num_batches_tracked", "I64", {}, &count, 8},
                             {name, "F32", {8}, data.data(), 32}});
    WeightStore store(small_model());
    EXPECT_THAT(loading_error(store, file), Not(HasSubstr("ignore")));
    const std::string pattern = name == std::string("temperature") ? name : "head.*";
    WeightNames names{.may_be_advised = true};
    try {
      load_weights(store, store.live(), file, FileContent::persistent, names);
      ADD_FAILURE() << "nothing was refused";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("\"ignore\": [\"" + pattern + "\"]"));
    }
    names.ignore = {pattern};
    load_weights(store, store.live(), file, FileContent::persistent, names);
  }
}

}  // namespace
}  // namespace knack::host
