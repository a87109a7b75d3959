// SPDX-License-Identifier: MIT
#include "host/explain/change_watch.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace knack::host {
namespace {

constexpr std::size_t kMostRead = 16384;  // bytes of a tensor

/// What a trick asks for with the reply of that number.
constexpr std::array<const char*, KNACK_REPLY_STOP_FIT + 1> kReplies = {
    "", "leaves the micro-batch out", "leaves the step out", "ends the epoch", "ends the training"};

/// A number for each tensor, by what they are and the weight set that they belong to, if any.
using Marks = std::map<std::pair<std::string, std::string>, std::vector<std::size_t>>;

std::size_t mark_of(const at::Tensor& tensor) {
  if (!tensor.defined()) return 0;
  const at::Tensor strided = tensor.layout() == at::kStrided ? tensor : tensor.to_dense();
  const at::Tensor whole = strided.is_non_overlapping_and_dense() ? strided : strided.contiguous();
  const std::string_view bytes(static_cast<const char*>(whole.const_data_ptr()),
                               std::min<std::size_t>(whole.nbytes(), kMostRead));
  return std::hash<std::string_view>{}(bytes);
}

void mark_value(Marks& marks, const std::string& what, const Value& value) {
  value.map_tensors([&](const at::Tensor& tensor) {
    marks[{what, ""}].push_back(mark_of(tensor));
    return tensor;
  });
}

Marks marks_of(Fit& fit, const MicroBatch* batch) {
  const at::NoGradGuard no_grad;
  Marks marks;
  const std::vector<ModelTensor>& entries = fit.weights().model_tensors();
  for (const auto& set : fit.weights().sets()) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const char* const what = entries[i].is_buffer ? "buffers" : "parameters";
      marks[{what, set->name}].push_back(mark_of(set->tensors[i]));
    }
  }
  for (const ModelTensor& parameter : fit.parts().parameters) {
    marks[{"gradients", ""}].push_back(mark_of(parameter.tensor.grad()));
  }
  if (batch == nullptr) return marks;
  mark_value(marks, "inputs", batch->inputs);
  mark_value(marks, "targets", batch->targets);
  mark_value(marks, "outputs", batch->outputs);
  marks[{"loss", ""}] = {mark_of(batch->loss)};
  return marks;
}

std::int64_t count_different(const std::vector<std::size_t>& before,
                             const std::vector<std::size_t>& after) {
  if (before.size() != after.size()) return static_cast<std::int64_t>(after.size());
  std::int64_t count = 0;
  for (std::size_t i = 0; i < before.size(); ++i) count += before[i] != after[i] ? 1 : 0;
  return count;
}

}  // namespace

ChangeWatch::ChangeWatch(Fit& fit, RehearsalServices& services) : fit_(fit), services_(services) {
  fit_.hooks().set_around([this](const Trick& trick, Hook hook, const knack_hook_context_t& context,
                                 const MicroBatch* batch, const std::function<void()>& call) {
    around(trick, hook, context, batch, call);
  });
}

ChangeWatch::~ChangeWatch() {
  fit_.hooks().set_around({});
}

// Within an evaluation that a trick asks for there are calls of others.
void ChangeWatch::around(const Trick& trick, Hook hook, const knack_hook_context_t& context,
                         const MicroBatch* batch, const std::function<void()>& call) {
  const Marks before = marks_of(fit_, batch);
  Touched touched_by_caller = services_.exchange_touched({});
  call();
  for (const auto& [what, parts] : services_.exchange_touched(std::move(touched_by_caller))) {
    note(trick, hook, what, "", static_cast<std::int64_t>(parts.size()));
  }
  for (const auto& [key, marks] : marks_of(fit_, batch)) {
    const auto earlier = before.find(key);
    if (earlier == before.end()) continue;  // of a set that was published
    const std::int64_t count = count_different(earlier->second, marks);
    if (count > 0) note(trick, hook, key.first, key.second, count);
  }
  if (context.reply != KNACK_REPLY_CONTINUE) note(trick, hook, kReplies.at(context.reply), "", 1);
}

void ChangeWatch::note(const Trick& trick, Hook hook, const std::string& what,
                       const std::string& set, std::int64_t count) {
  std::vector<Change>& changes = changes_[trick.name()];
  auto change = std::find_if(changes.begin(), changes.end(), [&](const Change& known) {
    return known.what == what && known.set == set;
  });
  if (change == changes.end()) change = changes.insert(change, Change{what, set, 0, {}});
  change->count = std::max(change->count, count);
  const std::string name = facts_of(hook).name;
  if (std::find(change->hooks.begin(), change->hooks.end(), name) == change->hooks.end()) {
    change->hooks.push_back(name);
  }
}

}  // namespace knack::host
