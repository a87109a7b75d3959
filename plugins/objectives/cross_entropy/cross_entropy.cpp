// SPDX-License-Identifier: MIT
// The objective "cross_entropy": softmax cross entropy with top-1 and top-5 accuracy.
#include <knack/sdk/objective.hpp>

#include <algorithm>
#include <limits>
#include <optional>

namespace {

constexpr std::int64_t kMean = 1;  // at::Reduction
constexpr std::int64_t kSum = 2;
constexpr std::int64_t kClassDimension = 1;
constexpr std::int64_t kTop = 5;

struct Options {
  double label_smoothing = 0;
  std::optional<std::int64_t> ignore_index;

  static void describe(knack::OptionSpec<Options>& spec) {
    spec.add("label_smoothing", &Options::label_smoothing,
             "Share of the target that is spread evenly over all classes")
        .at_least(0)
        .below(1);
    spec.add("ignore_index", &Options::ignore_index,
             "Targets of this class count for nothing; null: every target counts");
  }
};

bool has_soft_labels(const knack::Tensor& targets) {
  const knack::Dtype dtype = targets.dtype();
  return dtype == knack::Dtype::float32 || dtype == knack::Dtype::float64 ||
         knack::is_reduced_precision(dtype);
}

/// Outputs as the loss is computed from them: at least in single precision.
knack::Tensor logits(knack::ValueView outputs) {
  knack::Tensor tensor = outputs.tensor();
  if (tensor.dim() < 2) {
    throw knack::Error(KNACK_STATUS_INVALID,
                       "outputs: expected a tensor (samples, classes, ...), found one of " +
                           std::to_string(tensor.dim()) + " dimensions");
  }
  return knack::is_reduced_precision(tensor.dtype()) ? tensor.to(knack::Dtype::float32) : tensor;
}

class CrossEntropy final : public knack::Objective {
 public:
  static constexpr knack::Info info{.id = "cross_entropy",
                                    .summary = "Softmax cross entropy for classification"};
  using Options = ::Options;

  explicit CrossEntropy(const Options& options) : options_(options) {}

  knack::Tensor loss(knack::ValueView outputs, knack::ValueView targets) override {
    const knack::Tensor scores = logits(outputs);
    // The mean over no targets is NaN, which would spoil the whole window.
    if (options_.ignore_index && weight(targets) == 0) return scores.sum() * 0.0;
    return cross_entropy(scores, targets.tensor(), kMean);
  }

  /// The number of targets that count: of samples or, where outputs have more dimensions, of
  /// pixels.
  double weight(knack::ValueView targets) override {
    const knack::Tensor tensor = targets.tensor();
    if (has_soft_labels(tensor)) {
      return static_cast<double>(tensor.numel()) /
             static_cast<double>(tensor.size(kClassDimension));
    }
    if (!options_.ignore_index) return static_cast<double>(tensor.numel());
    return tensor.ne(*options_.ignore_index).sum().item();
  }

  void metrics_begin() override {
    loss_sum_ = {};
    top1_ = {};
    top5_ = {};
    weight_ = 0;
  }

  void metrics_update(knack::ValueView outputs, knack::ValueView targets) override {
    const knack::Tensor scores = logits(outputs);
    weight_ += weight(targets);
    add(loss_sum_, cross_entropy(scores, targets.tensor(), kSum).to(knack::Dtype::float64));
    count_correct(scores, targets.tensor());
  }

  knack::Value metrics_result() override {
    const auto mean = [this](const knack::Tensor& sum) { return sum.item() / weight_; };
    knack::Value::Map metrics;
    if (loss_sum_.defined()) metrics.push_back({"loss", mean(loss_sum_)});
    if (top1_.defined()) metrics.push_back({"top1", mean(top1_)});
    if (top5_.defined()) metrics.push_back({"top5", mean(top5_)});
    return metrics;
  }

 private:
  knack::Tensor cross_entropy(const knack::Tensor& scores, const knack::Tensor& targets,
                              std::int64_t reduction) const {
    static const knack::Operator op("aten::cross_entropy_loss");
    // No target is this number, so none is ignored.
    constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::min();
    try {
      return op(scores, targets, std::nullopt, reduction, options_.ignore_index.value_or(kNone),
                options_.label_smoothing);
    } catch (const knack::Error&) {
      explain_classes(scores, targets);
      throw;
    }
  }

  /// Throws when a target is no class of the model.
  void explain_classes(const knack::Tensor& scores, const knack::Tensor& targets) const {
    if (has_soft_labels(targets) || targets.numel() == 0) return;
    const std::int64_t classes = scores.size(kClassDimension);
    const knack::Tensor counting =
        options_.ignore_index ? targets * targets.ne(*options_.ignore_index) : targets;
    const auto lowest = counting.min().item<std::int64_t>();
    const auto highest = counting.max().item<std::int64_t>();
    if (lowest >= 0 && highest < classes) return;
    throw knack::Error(
        KNACK_STATUS_INVALID,
        "targets hold class " + std::to_string(lowest < 0 ? lowest : highest) +
            ", but the model has " + std::to_string(classes) + " outputs (classes 0 to " +
            std::to_string(classes - 1) + "); " +
            (lowest < 0 ? "set ignore_index to it when such targets are to count for nothing"
                        : "set num_classes of the model or of the dataset"));
  }

  /// Counts stay on the device, where they are summed without waiting for it.
  void count_correct(const knack::Tensor& scores, const knack::Tensor& targets) {
    const bool soft = has_soft_labels(targets);
    const knack::Tensor classes =
        (soft ? targets.argmax(kClassDimension) : targets).unsqueeze(kClassDimension);
    const std::int64_t class_count = scores.size(kClassDimension);
    const auto [values, best] = scores.topk(std::min(kTop, class_count), kClassDimension);
    knack::Tensor correct = best.eq(classes);
    if (options_.ignore_index && !soft) correct = correct * classes.ne(*options_.ignore_index);
    add(top1_, correct.narrow(kClassDimension, 0, 1).sum());
    if (class_count > kTop) add(top5_, correct.sum());
  }

  static void add(knack::Tensor& sum, knack::Tensor summand) {
    if (sum.defined()) {
      sum += summand;
    } else {
      sum = std::move(summand);
    }
  }

  Options options_;
  knack::Tensor loss_sum_;
  knack::Tensor top1_;
  knack::Tensor top5_;
  double weight_ = 0;
};

}  // namespace

KNACK_PLUGIN("1.0.0", CrossEntropy)
