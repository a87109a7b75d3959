// SPDX-License-Identifier: MIT
#include "host/explain/costs.hpp"

#include <ATen/ATen.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "host/explain/operations.hpp"
#include "host/train/keepers.hpp"

namespace knack::host {
namespace {

constexpr std::int64_t kFew = 2;  // BatchNorm needs more than one sample
constexpr std::int64_t kMore = kFew + 1;
/// So many times the gradients must activations be, for a step's peak to grow as they do.
constexpr std::int64_t kOutweigh = 4;

/// A size that grows in proportion to the samples, from what it was with `few` of them and one
/// more.
std::int64_t extrapolated(std::int64_t few, std::int64_t with_few, std::int64_t with_more,
                          std::int64_t samples) {
  return std::max<std::int64_t>(with_few + (with_more - with_few) * (samples - few), 0);
}

std::int64_t bytes_of(const Value& value) {
  std::int64_t bytes = 0;
  value.map_tensors([&](const at::Tensor& tensor) {
    bytes += static_cast<std::int64_t>(tensor.nbytes());
    return tensor;
  });
  return bytes;
}

/// Bytes beyond what was held before a step.
struct StepMemory {
  std::int64_t activations = 0;  ///< after forward and loss
  std::int64_t peak = 0;
};

class CostMeasurement {
 public:
  CostMeasurement(Fit& fit, MemoryMeter& meter, const CostSizes& sizes)
      : fit_(fit), parts_(fit.parts()), meter_(meter), sizes_(sizes) {}

  Costs run() {
    const RandomStreamKeeper random_stream;
    measure_training();
    measure_evaluation();
    list_memory();
    return std::move(costs_);
  }

 private:
  std::pair<Value, Value> read(const DataPart& part, std::int64_t samples) const {
    const at::NoGradGuard no_grad;
    std::vector<std::int64_t> indices;
    for (std::int64_t i = 0; i < samples; ++i) indices.push_back(i % part.source->length());
    auto [inputs, targets] = part.source->read(1, 0, indices);
    return {parts_.placement.place(inputs), parts_.placement.place(targets)};
  }

  void measure_training() {
    parts_.model->set_training(true);
    StepMemory few = measure_micro_batch(kFew);
    StepMemory more = measure_micro_batch(kMore);
    activations_ = extrapolated(kFew, few.activations, more.activations, sizes_.batch_size);
    measured_ = enough_samples(more.activations - few.activations);
    if (measured_ > kFew) {
      few = measure_micro_batch(measured_);
      more = measure_micro_batch(measured_ + 1);
    }
    step_peak_ =
        std::max(extrapolated(measured_, few.peak, more.peak, sizes_.batch_size), activations_);
    measure_optimizer();
  }

  /// With few samples a step is at its highest where all gradients are there, with a batch where
  /// all activations are.
  std::int64_t enough_samples(std::int64_t activations_of_one) const {
    std::int64_t gradients = 0;
    for (const ModelTensor& parameter : parts_.parameters) {
      const at::Tensor& gradient = parameter.tensor.grad();
      if (gradient.defined()) gradients += static_cast<std::int64_t>(gradient.nbytes());
    }
    const std::int64_t enough =
        kOutweigh * gradients / std::max<std::int64_t>(activations_of_one, 1);
    return std::max(kFew, std::min(enough, sizes_.batch_size));
  }

  /// A micro-batch of a step of its own.
  StepMemory measure_micro_batch(std::int64_t samples) {
    clear_gradients();
    const auto [inputs, targets] = read(parts_.train, samples);
    const std::int64_t before = meter_.held();
    meter_.restart_peak();
    StepMemory memory;
    at::Tensor loss;
    const Operations ahead = count_operations([&] { loss = forward(inputs, targets); });
    memory.activations = meter_.held() - before;
    const Operations back = count_operations([&] { loss.backward(); });
    memory.peak = meter_.peak() - before;
    if (samples == kFew) {
      sample_bytes_ = (bytes_of(inputs) + bytes_of(targets)) / samples;
      note_operations(ahead, back, samples);
    }
    return memory;
  }

  at::Tensor forward(const Value& inputs, const Value& targets) const {
    const at::AutoGradMode recording(true);
    const AutocastScope autocast(parts_.placement.device(), parts_.placement.autocast());
    return parts_.objective->loss(parts_.model->forward(inputs), targets);
  }

  void note_operations(const Operations& ahead, const Operations& back, std::int64_t samples) {
    FlopNumbers& flops = costs_.flops;
    flops.samples = samples;
    flops.forward = ahead.flops / samples;
    flops.backward = back.flops / samples;
    flops.step = (ahead.flops + back.flops) / samples * sizes_.step_samples;
    for (const Operations& part : {ahead, back}) {
      for (const auto& [name, count] : part.by_operator) flops.by_operator[name] += count / samples;
      flops.uncounted.insert(flops.uncounted.end(), part.uncounted.begin(), part.uncounted.end());
    }
  }

  /// What the optimizer keeps is what is still there after its first step.
  void measure_optimizer() {
    const at::NoGradGuard no_grad;
    std::vector<std::vector<at::Tensor>> gradients;
    gradient_bytes_ = 0;
    for (const OptionGroup& group : fit_.groups()) {
      std::vector<at::Tensor>& of_group = gradients.emplace_back();
      for (const std::size_t i : group.parameters) {
        of_group.push_back(parts_.parameters[i].tensor.grad());
        if (!of_group.back().defined()) continue;
        gradient_bytes_ += static_cast<std::int64_t>(of_group.back().nbytes());
      }
    }
    // Gradients of the micro-batches before are there from the second one on.
    if (sizes_.window > 1) step_peak_ += gradient_bytes_;
    const std::int64_t before = meter_.held();
    const std::int64_t state_before = optimizer_state_before();
    meter_.restart_peak();
    parts_.optimizer->step(gradients);
    optimizer_bytes_ = meter_.held() - before + state_before;
    const std::int64_t peak = meter_.peak() - before + gradient_bytes_ - optimizer_bytes_;
    step_peak_ = std::max(step_peak_, peak);
    gradients.clear();
    clear_gradients();
  }

  /// Steps that were made before: in the rehearsal.
  std::int64_t optimizer_state_before() const {
    return parts_.optimizer->has_state() ? bytes_of(parts_.optimizer->save_state().state) : 0;
  }

  void clear_gradients() const {
    for (ModelTensor& parameter : parts_.parameters) parameter.tensor.mutable_grad().reset();
  }

  void measure_evaluation() {
    const EvaluationMode evaluation(*parts_.model);
    evaluation_peak_ = extrapolated(1, evaluate(1), evaluate(2), sizes_.valid_batch_size);
  }

  std::int64_t evaluate(std::int64_t samples) const {
    const auto [inputs, targets] = read(parts_.valid, samples);
    const at::NoGradGuard no_grad;
    const std::int64_t before = meter_.held();
    meter_.restart_peak();
    const AutocastScope autocast(parts_.placement.device(), parts_.placement.autocast());
    const Value outputs = parts_.model->forward(inputs);
    parts_.objective->loss(outputs, targets);
    return meter_.peak() - before;
  }

  std::int64_t batch_bytes(std::int64_t batch_size, std::int64_t batches,
                           std::int64_t workers) const {
    const auto ahead = static_cast<std::int64_t>(Loader::kReadAhead) * workers;
    return sample_bytes_ * batch_size * (batches + ahead);
  }

  void list_memory();

  Fit& fit_;
  FitParts& parts_;
  MemoryMeter& meter_;
  const CostSizes sizes_;
  Costs costs_;
  std::int64_t sample_bytes_ = 0;
  std::int64_t activations_ = 0;
  std::int64_t gradient_bytes_ = 0;
  std::int64_t optimizer_bytes_ = 0;
  std::int64_t measured_ = kFew;  // samples of the steps that the next one is known from
  std::int64_t step_peak_ = 0;    // beyond what is always there, gradients included
  std::int64_t evaluation_peak_ = 0;
};

void CostMeasurement::list_memory() {
  const auto add = [this](const char* key, const std::string& name, std::int64_t bytes,
                          const std::string& how) {
    costs_.memory.push_back({key, name, bytes, how});
    return bytes;
  };
  std::int64_t weights = 0;
  std::int64_t buffers = 0;
  for (const ModelTensor& entry : fit_.weights().model_tensors()) {
    (entry.is_buffer ? buffers : weights) += static_cast<std::int64_t>(entry.tensor.nbytes());
  }
  const auto samples = [](std::int64_t few) {
    return std::to_string(few) + " and " + std::to_string(few + 1) + " samples";
  };
  std::int64_t always = add("program", "program and libraries", sizes_.program_bytes,
                            "resident before the parts were made");
  always += add("parameters", "parameters", weights, "their sizes");
  always += add("buffers", "buffers", buffers, "their sizes");
  always += add("optimizer_state", "optimizer state", optimizer_bytes_,
                "what the optimizer held after a step");
  for (const auto& set : fit_.weights().sets()) {
    if (set->publisher.empty()) continue;
    always += add("weight_set", "weight set " + set->name, weights + buffers, "size of the model");
  }
  always += add("tricks", "tricks, besides their sets", sizes_.trick_bytes,
                "what they held after fit_begin");
  add("gradients", "gradients", gradient_bytes_, "their sizes");
  add("activations", "activations of a micro-batch", activations_,
      "held after forward of " + samples(kFew) + ", in proportion");
  const std::int64_t train_batches = batch_bytes(sizes_.batch_size, sizes_.window, sizes_.workers);
  const std::int64_t valid_batches = batch_bytes(sizes_.valid_batch_size, 1, sizes_.valid_workers);
  add("batches", "batches, read ahead", std::max(train_batches, valid_batches),
      "size of a sample, window and loader threads");
  const std::int64_t step =
      add("step_peak", "most in a step", step_peak_,
          "highest point of one of " + samples(measured_) + ", in proportion");
  const std::int64_t evaluation = add("evaluation_peak", "most in an evaluation", evaluation_peak_,
                                      "highest point of one of " + samples(1) + ", in proportion");
  add("peak", "peak", always + std::max(step + train_batches, evaluation + valid_batches),
      "all but gradients and activations, which are in the step's");
}

}  // namespace

Costs measure_costs(Fit& fit, MemoryMeter& meter, const CostSizes& sizes) {
  return CostMeasurement(fit, meter, sizes).run();
}

std::int64_t resident_bytes() {
  std::int64_t all = 0;
  std::int64_t resident = 0;
  std::ifstream file("/proc/self/statm");
  if (!(file >> all >> resident)) return 0;
  return resident * ::sysconf(_SC_PAGESIZE);
}

}  // namespace knack::host
