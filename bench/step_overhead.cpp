// SPDX-License-Identifier: MIT
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cstdio>
#include <memory>
#include <stdexcept>

#include "bench/benchmarks.hpp"
#include "bench/plugins/tiny_cnn.hpp"
#include "bench/plugins_under_test.hpp"
#include "host/train/loop.hpp"
#include "models/resnet/resnet.cpp"  // the module inside the plugin, to call it without the plugin

namespace knack::bench {
namespace {

constexpr double kLearningRate = 0.01;
constexpr double kMomentum = 0.9;
constexpr double kWeightDecay = 5e-4;

/// Batches that are in memory already.
class BatchesInMemory final : public host::BatchSource {
 public:
  BatchesInMemory(std::int64_t batches, at::IntArrayRef shape) : batch_size_(shape[0]) {
    for (std::int64_t i = 0; i < batches; ++i) {
      inputs.push_back(at::randn(shape));
      targets.push_back(at::randint(0, 10, {batch_size_}, at::kLong));
    }
  }

  std::int64_t length() const override {
    return batch_size_ * static_cast<std::int64_t>(inputs.size());
  }
  bool reentrant() const override {
    return true;
  }
  std::pair<host::Value, host::Value> read(std::int64_t /*epoch*/, std::uint64_t /*seed*/,
                                           std::span<const std::int64_t> indices) override {
    const auto batch = static_cast<std::size_t>(indices.front() / batch_size_);
    return {inputs[batch], targets[batch]};
  }

  std::vector<at::Tensor> inputs;
  std::vector<at::Tensor> targets;

 private:
  std::int64_t batch_size_;
};

/// An epoch as the host runs it.
class HostLoop {
 public:
  HostLoop(const std::string& model, host::Value::Map model_options, BatchesInMemory& data,
           int tricks)
      : model_(make<host::Model>(model, std::move(model_options))),
        objective_(make<host::Objective>("cross_entropy")),
        optimizer_(make<host::Optimizer>(
            "sgd",
            {{"lr", kLearningRate}, {"momentum", kMomentum}, {"weight_decay", kWeightDecay}})),
        loader_(data, {.batch_size = data.inputs.front().size(0)}),
        hooks_(listeners(tricks)),
        tensors_(model_.tensors()) {
    host::ParamGroup group;
    for (host::ModelTensor& entry : tensors_) {
      if (entry.is_buffer) continue;
      group.params.push_back(&entry.tensor);
      group.names.push_back(entry.name);
      params_[0].push_back(entry.tensor);
    }
    optimizer_.add_group(group);
    loop_.emplace(
        host::LoopParts{model_, objective_, optimizer_, loader_, hooks_, placement_, params_},
        trainer_);
  }

  void run_epoch() {
    loop_->run_epoch([] { return true; });
  }
  double mean_loss() {
    return loop_->mean_loss();
  }
  const std::vector<host::ModelTensor>& tensors() const {
    return tensors_;
  }

 private:
  static host::Hooks listeners(int count) {
    std::vector<host::Trick> tricks;
    for (int i = 0; i < count; ++i) tricks.push_back(make<host::Trick>("bench.no_op"));
    return host::Hooks(std::move(tricks));
  }

  host::Model model_;
  host::Objective objective_;
  host::Optimizer optimizer_;
  host::Loader loader_;
  host::Hooks hooks_;
  const host::TrainerOptions trainer_{.epochs = 1'000'000, .device = "cpu"};
  host::Placement placement_{trainer_};
  std::vector<host::ModelTensor> tensors_;
  std::vector<std::vector<at::Tensor>> params_{1};
  std::optional<host::Loop> loop_;
};

/// The same epoch as one would write it by hand.
template <class Module>
class HandLoop {
 public:
  HandLoop(std::shared_ptr<Module> module, BatchesInMemory& data)
      : module_(std::move(module)), data_(data), params_(module_->parameters()) {
    for (const at::Tensor& param : params_) momenta_.push_back(at::empty_like(param));
  }

  void start_from(const std::vector<host::ModelTensor>& tensors) {
    const at::NoGradGuard no_grad;
    auto params = module_->named_parameters();
    auto buffers = module_->named_buffers();
    for (const host::ModelTensor& entry : tensors) {
      (entry.is_buffer ? buffers : params)[entry.name].copy_(entry.tensor);
    }
  }

  void run_epoch() {
    module_->train();
    loss_sum_ = at::zeros({}, at::kDouble);
    for (std::size_t i = 0; i < data_.inputs.size(); ++i) {
      const at::Tensor outputs = module_->forward(data_.inputs[i]);
      const at::Tensor loss = at::cross_entropy_loss(outputs, data_.targets[i]);
      const at::NoGradGuard no_grad;
      loss_sum_.add_(loss, data_.inputs[i].size(0));
      loss.backward();
      step();
    }
  }

  double mean_loss() const {
    return loss_sum_.item<double>() / static_cast<double>(data_.length());
  }

 private:
  void step() {
    std::vector<at::Tensor> gradients;
    gradients.reserve(params_.size());
    for (at::Tensor& param : params_) gradients.push_back(param.grad());
    at::_fused_sgd_(params_, gradients, momenta_, kWeightDecay, kMomentum, kLearningRate,
                    /*dampening=*/0.0, /*nesterov=*/false, /*maximize=*/false, is_first_step_);
    is_first_step_ = false;
    for (at::Tensor& param : params_) param.mutable_grad().reset();
  }

  std::shared_ptr<Module> module_;
  BatchesInMemory& data_;
  std::vector<at::Tensor> params_;
  std::vector<at::Tensor> momenta_;
  at::Tensor loss_sum_;
  bool is_first_step_ = true;
};

struct Workload {
  std::string name;
  std::string model;
  host::Value::Map options;
  std::vector<std::int64_t> shape;  ///< of a batch
  std::int64_t steps;               ///< an epoch
  int rounds;
};

void expect_same_work(HostLoop& host, double hand_loss) {
  host.run_epoch();
  if (host.mean_loss() != hand_loss) {
    throw std::runtime_error("the loops do not do the same work: losses " +
                             std::to_string(host.mean_loss()) + " and " +
                             std::to_string(hand_loss));
  }
}

template <class Module>
void compare_loops(Workload workload, const std::function<std::shared_ptr<Module>()>& make_module,
                   bool smoke) {
  if (smoke) {
    workload.shape[0] = 2;
    workload.steps = workload.rounds = 1;
  }
  const Effort effort{.rounds = workload.rounds, .smoke = smoke};
  BatchesInMemory data(workload.steps, workload.shape);
  HostLoop bare(workload.model, workload.options, data, /*tricks=*/0);
  HostLoop listened(workload.model, workload.options, data, /*tricks=*/1);
  HandLoop<Module> by_hand(make_module(), data);
  HandLoop<Module> by_hand_too(make_module(), data);
  by_hand.start_from(bare.tensors());
  by_hand.run_epoch();
  expect_same_work(bare, by_hand.mean_loss());

  const auto hand_epoch = [&] { by_hand.run_epoch(); };
  compare({workload.name + ", by hand twice", [&] { by_hand_too.run_epoch(); }, hand_epoch},
          effort);
  compare({workload.name + ", no trick", [&] { bare.run_epoch(); }, hand_epoch}, effort);
  compare(
      {workload.name + ", a trick on all hooks", [&] { listened.run_epoch(); }, hand_epoch, 1.02},
      effort);
}

}  // namespace

void step_overhead(const Effort& effort) {
  print_heading("step_overhead, epoch of the host / by hand");
  at::manual_seed(1);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  compare_loops<TinyCnn>(
      {"tiny CNN 8x8, batch 64", "bench.tiny_cnn", {}, {64, 1, 8, 8}, 20, 151},
      [] { return std::make_shared<TinyCnn>(); }, effort.smoke);
  at::set_num_threads(threads);
  compare_loops<ResNet>(
      {"ResNet-20 32x32, batch 128", "resnet20", {}, {128, 3, 32, 32}, 1, 15},
      [] { return std::make_shared<ResNet>(kResNet20, 3, 10, false); }, effort.smoke);
}

}  // namespace knack::bench
