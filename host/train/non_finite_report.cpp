// SPDX-License-Identifier: MIT
#include "host/train/non_finite_report.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "host/common/join.hpp"
#include "host/train/non_finite_operator.hpp"

namespace knack::host {
namespace {

constexpr const char* kAdvice = "; a lower lr or a warm-up may help";

std::string in_quotes(const std::string& name) {
  return "`" + name + "`";
}

std::string text_of(double loss) {
  if (std::isnan(loss)) return "NaN";
  return loss > 0 ? "infinity" : "-infinity";
}

/// "samples 7, 3 and 30 more"
std::string text_of(const std::vector<std::int64_t>& indices) {
  constexpr std::size_t kMost = 8;
  std::vector<std::string> words;
  for (std::size_t i = 0; i < std::min(indices.size(), kMost); ++i) {
    words.push_back(std::to_string(indices[i]));
  }
  std::string text = (indices.size() == 1 ? "sample " : "samples ") + join(words);
  if (indices.size() > kMost) text += " and " + std::to_string(indices.size() - kMost) + " more";
  return text;
}

/// "; or see the tricks that act there: `a`, `b`", or nothing when there are none.
std::string tricks_in(const Hooks& hooks, std::initializer_list<Hook> where, const char* intro) {
  std::vector<std::string> names;
  for (const Hook hook : where) {
    for (const Trick* trick : hooks.subscribers(hook)) {
      const std::string name = in_quotes(trick->name());
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  return names.empty() ? "" : intro + join(names);
}

bool all_finite(const Value& value) {
  bool finite = true;
  (void)value.map_tensors([&](const at::Tensor& tensor) {
    finite = finite && is_finite(tensor);
    return tensor;
  });
  return finite;
}

/// "sample 33" for the first row that is not finite; "these samples" when rows are no samples.
std::string bad_sample(const Value& value, const std::vector<std::int64_t>& indices) {
  std::string found = "these samples";
  const auto* tensor = value.get_if<at::Tensor>();
  if (tensor == nullptr || tensor->dim() == 0 || tensor->size(0) != std::ssize(indices)) {
    return found;
  }
  for (std::size_t row = 0; row < indices.size(); ++row) {
    if (!is_finite(tensor->select(0, static_cast<std::int64_t>(row)))) {
      return "sample " + std::to_string(indices[row]);
    }
  }
  return found;
}

std::string data_cause(const Hooks& hooks, const MicroBatch& batch) {
  for (const auto& [what, value] :
       {std::pair{"inputs", &batch.inputs}, std::pair{"targets", &batch.targets}}) {
    if (all_finite(*value)) continue;
    return std::string("the ") + what + " of " + bad_sample(*value, batch.indices) +
           " are not finite; mend the data or leave it out" +
           tricks_in(hooks, {Hook::batch}, ", or look at what changed them: ");
  }
  return "";
}

std::string parameter_cause(const std::vector<ModelTensor>& tensors) {
  for (const ModelTensor& entry : tensors) {
    if (entry.is_buffer || is_finite(entry.tensor)) continue;
    return "parameter " + in_quotes(entry.name) +
           " is not finite, which a step before this one has left" + kAdvice;
  }
  return "";
}

std::string operator_cause(const NonFiniteOperator& found) {
  const std::string name = in_quotes(found.name);
  if (found.layer.empty()) return "it comes from operator " + name + kAdvice;
  if (!found.uses_layer) {
    return "it comes from operator " + name + " after layer " + in_quotes(found.layer) + kAdvice;
  }
  return "it comes from layer " + in_quotes(found.layer) + " (" + name + ")" + kAdvice;
}

/// Looks on while the micro-batch goes forward once more.
std::string forward_cause(const NonFiniteWindow& window, std::size_t position,
                          const std::vector<ModelTensor>& tensors) {
  const at::NoGradGuard no_grad;
  const AutocastScope autocast(window.placement.device(), window.placement.autocast());
  const MicroBatch& batch = window.batches[position];
  window.marks[position].go_back();
  Value outputs;
  const auto found =
      find_non_finite_operator(tensors, [&] { outputs = window.model.forward(batch.inputs); });
  if (found) return operator_cause(*found);
  if (!all_finite(outputs)) {
    return "the model gives such outputs, and none of LibTorch's operators gave such numbers first";
  }
  const double loss = window.objective.loss(outputs, batch.targets).item<double>();
  if (!std::isfinite(loss)) {
    return "objective " + in_quotes(window.objective.context().id) +
           " gives it for outputs that are finite" + kAdvice;
  }
  return "neither the model nor the objective gives it" +
         tricks_in(window.hooks, {Hook::forward, Hook::loss},
                   ", so look at what changes outputs or loss: ");
}

std::string loss_cause(const NonFiniteWindow& window, std::size_t position) {
  std::string cause = data_cause(window.hooks, window.batches[position]);
  if (!cause.empty()) return cause;
  const std::vector<ModelTensor> tensors = window.model.tensors();
  cause = parameter_cause(tensors);
  if (!cause.empty()) return cause;
  const RandomStreamMark now(window.placement.device());
  TensorKeeper buffers(buffers_of(window.model));
  buffers.keep();
  cause = forward_cause(window, position, tensors);
  buffers.put_back();
  now.go_back();
  return cause;
}

std::string explain_loss(const NonFiniteWindow& window, std::size_t position) {
  return "micro-batch " + std::to_string(position + 1) + " of " +
         std::to_string(window.batches.size()) + " (" + text_of(window.batches[position].indices) +
         "): expected a finite loss, found " + text_of(window.numbers.losses[position]) + "; " +
         loss_cause(window, position);
}

/// Gradients flow from the loss to the inputs, so that the last parameter is the first to get one.
std::string explain_gradients(const NonFiniteWindow& window) {
  std::string last;
  Numbers worst = Numbers::finite;
  std::int64_t others = -1;
  for (const ModelTensor& entry : window.model.tensors()) {
    const Numbers numbers = worst_number(entry.tensor.grad());
    if (numbers == Numbers::finite) continue;
    last = entry.name;
    worst = numbers;
    ++others;
  }
  std::vector<std::int64_t> indices;
  for (const MicroBatch& batch : window.batches) {
    indices.insert(indices.end(), batch.indices.begin(), batch.indices.end());
  }
  std::string text = "micro-batches 1 to " + std::to_string(window.batches.size());
  if (window.batches.size() == 1) text = "micro-batch 1 of 1";
  text += " (" + text_of(indices) + "): expected finite gradients, found " +
          (worst == Numbers::nan ? "NaN" : "infinity") + " in that of " + in_quotes(last);
  if (others > 0) text += ", the nearest to the loss, and in " + std::to_string(others) + " others";
  return text + kAdvice;
}

}  // namespace

std::string explain(const NonFiniteWindow& window) {
  const std::vector<double>& losses = window.numbers.losses;
  const auto bad =
      std::find_if(losses.begin(), losses.end(), [](double loss) { return !std::isfinite(loss); });
  return bad == losses.end() ? explain_gradients(window)
                             : explain_loss(window, static_cast<std::size_t>(bad - losses.begin()));
}

}  // namespace knack::host
