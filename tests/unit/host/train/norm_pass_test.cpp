// SPDX-License-Identifier: MIT
#include "host/train/norm_pass.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <map>
#include <stdexcept>

#include "host/common/error.hpp"
#include "host/data/dataset_source.hpp"
#include "tests/unit/plugins/first_party.hpp"

namespace knack::host {
namespace {

using testing::make_first_party;

/// ResNet-20 and 20 images, in batches of 8, 8 and 4.
class NormPass : public ::testing::Test {
 protected:
  NormPass() {
    LoaderSettings settings;
    settings.batch_size = 8;
    loader_ = std::make_unique<Loader>(source_, settings);
  }

  std::int64_t observe(const FitServices::InputCallback& on_input) {
    return observe_norm_inputs(model_, layers_, *loader_, placement_, on_input);
  }
  at::Tensor tensor(const std::string& name) const {
    for (const ModelTensor& entry : tensors_) {
      if (entry.name == name) return entry.tensor;
    }
    throw std::out_of_range(name);
  }

  Model model_ = make_first_party<Model>("resnet20");
  std::vector<ModelTensor> tensors_ = model_.tensors();
  std::vector<NormLayer> layers_ = norm_layers_in_training(model_);
  Dataset dataset_ =
      make_first_party<Dataset>("synthetic", {{"samples", 20}, {"height", 8}, {"width", 8}});
  DatasetSource source_{dataset_};
  Placement placement_{TrainerOptions{}};
  std::unique_ptr<Loader> loader_;
};

TEST_F(NormPass, ShowsTheInputOfEachLayerOnceABatch) {
  std::map<std::int64_t, std::int64_t> samples_of_layer;
  EXPECT_EQ(observe([&](std::int64_t layer, at::Tensor& input) {
              samples_of_layer[layer] += input.size(0);
              EXPECT_EQ(input.size(1), layers_[static_cast<std::size_t>(layer)].channels);
            }),
            20);
  EXPECT_EQ(samples_of_layer.size(), layers_.size());
  for (const auto& [layer, samples] : samples_of_layer) {
    EXPECT_EQ(samples, 20) << layers_[static_cast<std::size_t>(layer)].name;
  }
}

TEST_F(NormPass, ShowsWhatTheFirstConvolutionGives) {
  loader_->start_epoch(1);
  const Value inputs = loader_->next()->inputs;
  const at::Tensor expected =
      at::conv2d(*inputs.get_if<at::Tensor>(), tensor("conv1.weight"), {}, 1, 1);
  at::Tensor shown;
  observe([&](std::int64_t layer, at::Tensor& input) {
    if (layers_[static_cast<std::size_t>(layer)].name == "bn1" && !shown.defined()) {
      shown = input.clone();
    }
  });
  EXPECT_TRUE(at::allclose(shown, expected, 1e-5, 1e-6));
}

TEST_F(NormPass, LeavesStatisticsModeAndRandomStreamAsTheyWere) {
  model_.set_training(true);
  const at::Tensor mean = tensor("bn1.running_mean").clone();
  const at::Tensor count = tensor("bn1.num_batches_tracked").clone();
  at::manual_seed(5);
  const at::Tensor expected_draw = at::rand({4});
  at::manual_seed(5);
  observe([](std::int64_t, at::Tensor&) { at::rand({3}); });
  EXPECT_TRUE(at::equal(at::rand({4}), expected_draw));
  EXPECT_TRUE(at::equal(tensor("bn1.running_mean"), mean));
  EXPECT_TRUE(at::equal(tensor("bn1.num_batches_tracked"), count));
  EXPECT_TRUE(model_.is_training());
  EXPECT_TRUE(model_.norm_layer(0).training);
}

TEST_F(NormPass, DoesNotShowLayersThatAreFrozen) {
  layers_[0].training = false;
  bool was_shown = false;
  observe([&](std::int64_t layer, at::Tensor&) { was_shown |= layer == 0; });
  EXPECT_FALSE(was_shown);
}

TEST_F(NormPass, PassesOnWhatTheCallbackThrowsAndWorksAgainAfterwards) {
  EXPECT_THROW(observe([](std::int64_t, at::Tensor&) { throw std::runtime_error("no"); }),
               std::runtime_error);
  EXPECT_TRUE(model_.is_training());
  EXPECT_EQ(observe([](std::int64_t, at::Tensor&) {}), 20);
}

TEST_F(NormPass, RefusesToBeEnteredFromItsOwnCallback) {
  EXPECT_THROW(
      observe([&](std::int64_t, at::Tensor&) { observe([](std::int64_t, at::Tensor&) {}); }),
      Error);
}

TEST_F(NormPass, GivesTheBatchesOfTheFirstEpochToADataPass) {
  std::vector<std::int64_t> sizes;
  EXPECT_EQ(pass_over_data(*loader_, placement_,
                           [&](const Value&, const Value&, std::int64_t samples) {
                             EXPECT_FALSE(at::GradMode::is_enabled());
                             sizes.push_back(samples);
                           }),
            20);
  EXPECT_EQ(sizes, (std::vector<std::int64_t>{8, 8, 4}));
}

}  // namespace
}  // namespace knack::host
