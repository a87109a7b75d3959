// SPDX-License-Identifier: MIT
// A small network with every kind of tensor that an average meets, and an objective whose metric is
// looked up in a table by the epochs that a weight set was averaged over.
#include <ATen/ops/cat.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/linear.h>
#include <knack/sdk/objective.hpp>
#include <knack/torch/model.hpp>

#include <ATen/CPUGeneratorImpl.h>

namespace {

/// Passes in training that are told apart.
constexpr std::int64_t kMembers = 6;

struct NetOptions {
  std::vector<std::int64_t> draws = {};

  static void describe(knack::OptionSpec<NetOptions>& spec) {
    spec.add("draws", &NetOptions::draws,
             "Seeds: pass i in training fills the buffer `drawn` from seed i");
  }
};

/// Samples (N, 8) to logits (N, 4). `decoder.weight` is `encoder.weight`; `frozen` is not trained.
/// Each pass in training changes the buffers: `ticks` counts, `odd` flips, `bytes` counts down,
/// `member` becomes one-hot, `drawn` is as the options say.
class NetImpl : public torch::nn::Module {
 public:
  explicit NetImpl(NetOptions options) : options_(std::move(options)) {
    constexpr std::int64_t kWidth = 8;
    encoder_ = register_module("encoder", torch::nn::Linear(kWidth, kWidth));
    norm_ = register_module("norm", torch::nn::BatchNorm1d(kWidth));
    decoder_ = register_module("decoder", std::make_shared<torch::nn::Module>());
    decoder_->register_parameter("weight", encoder_->weight);
    head_ = register_module("head", torch::nn::Linear(kWidth, 4));
    frozen_ = register_parameter("frozen", at::randn({kWidth}), /*requires_grad=*/false);
    ticks_ = register_buffer("ticks", at::zeros({}, at::kLong));
    odd_ = register_buffer("odd", at::zeros({3}, at::kBool));
    bytes_ = register_buffer("bytes", at::zeros({5}, at::kByte));
    member_ = register_buffer("member", at::zeros({kMembers}));
    drawn_ = register_buffer("drawn", at::zeros({64}));
  }

  at::Tensor forward(const at::Tensor& samples) {
    if (is_training()) tick();
    const at::Tensor encoded = norm_->forward(encoder_->forward(samples)).relu();
    return head_->forward(encoded.matmul(encoder_->weight) + frozen_);
  }

  const at::Tensor& member() const {
    return member_;
  }

 private:
  void tick() {
    const at::NoGradGuard no_grad;
    const auto pass = ticks_.item<std::int64_t>();
    ticks_.add_(1);
    odd_.logical_not_();
    bytes_.sub_(1);
    member_.zero_();
    member_[pass % kMembers] = 1;
    if (options_.draws.empty()) return;
    const auto i = static_cast<std::size_t>(pass) % options_.draws.size();
    const auto seed = static_cast<std::uint64_t>(options_.draws[i]);
    // In fp64, and narrowed by copy_: both precisions get the same numbers.
    drawn_.copy_(at::randn(drawn_.sizes(), at::detail::createCPUGenerator(seed), at::kDouble));
  }

  NetOptions options_;
  torch::nn::Linear encoder_ = nullptr;
  torch::nn::BatchNorm1d norm_ = nullptr;
  std::shared_ptr<torch::nn::Module> decoder_;
  torch::nn::Linear head_ = nullptr;
  at::Tensor frozen_, ticks_, odd_, bytes_, member_, drawn_;
};

/// The outputs are the logits and the buffer `member`.
class Net final : public knack::TorchModel<NetImpl> {
 public:
  static constexpr knack::Info info{.id = "scripted", .summary = "A fixture."};
  using Options = NetOptions;

  explicit Net(const Options& options) : TorchModel(options) {}

  knack::Value forward(knack::ValueView inputs) override {
    const auto give = [](const at::Tensor& tensor) {
      return knack::Tensor::take(knack::give_tensor(tensor));
    };
    const at::Tensor samples = knack::tensor_of(inputs.abi()->as.tensor).flatten(1);
    const at::Tensor logits = module().forward(samples);
    return knack::Value::list({give(logits), give(module().member().clone())});
  }
};

struct ObjectiveOptions {
  std::vector<std::string> scores = {"0"};

  static void describe(knack::OptionSpec<ObjectiveOptions>& spec) {
    spec.add("scores", &ObjectiveOptions::scores,
             "The score of each set of epochs, by its bits: epoch 1 is bit 0. As strtod reads it");
  }
};

/// Cross entropy. The metric `score` is that of the epochs in `member`, 0 beyond the table.
class Scores final : public knack::Objective {
 public:
  static constexpr knack::Info info{.id = "scripted", .summary = "A fixture."};
  using Options = ObjectiveOptions;

  explicit Scores(const Options& options) : options_(options) {}

  knack::Tensor loss(knack::ValueView outputs, knack::ValueView targets) override {
    return knack::Tensor::take(
        knack::give_tensor(at::cross_entropy_loss(tensor(outputs[0]), tensor(targets))));
  }
  void metrics_begin() override {
    loss_ = 0;
    score_ = 0;
  }
  void metrics_update(knack::ValueView outputs, knack::ValueView targets) override {
    loss_ += at::cross_entropy_loss(tensor(outputs[0]), tensor(targets)).item<double>();
    const at::Tensor& member = tensor(outputs[1]);
    std::size_t bits = 0;
    for (std::int64_t i = 0; i < member.numel(); ++i) {
      if (member[i].item<double>() > 0) bits |= std::size_t{1} << i;
    }
    score_ = bits < options_.scores.size() ? std::stod(options_.scores[bits]) : 0;
  }
  knack::Value metrics_result() override {
    return knack::Value::map({{"loss", loss_}, {"score", score_}});
  }

 private:
  static const at::Tensor& tensor(knack::ValueView value) {
    return knack::tensor_of(value.abi()->as.tensor);
  }

  Options options_;
  double loss_ = 0;
  double score_ = 0;
};

}  // namespace

KNACK_PLUGIN("1.0.0", Net, Scores)
