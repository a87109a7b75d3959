// SPDX-License-Identifier: MIT
#include "host/train/non_finite_operator.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <unordered_map>

#include "host/train/non_finite.hpp"
#include "host/train/watch_scope.hpp"

namespace knack::host {
namespace {

struct KnownTensor {
  std::string layer;
  bool is_buffer;
};

/// An operator in progress; they nest.
struct Frame : at::ObserverContext {
  Frame* caller = nullptr;
  Numbers inputs = Numbers::finite;
  const KnownTensor* parameter = nullptr;
};

struct Watch {
  std::unordered_map<const at::TensorImpl*, KnownTensor> known;
  std::optional<NonFiniteOperator> found;
  Frame* innermost = nullptr;
  const KnownTensor* last_used = nullptr;
  bool busy = false;  // while numbers are looked at, the operators are none of the model's
};

thread_local Watch* current_watch = nullptr;

bool contains_any(std::string_view name, std::initializer_list<std::string_view> parts) {
  return std::any_of(parts.begin(), parts.end(), [&](std::string_view part) {
    return name.find(part) != std::string_view::npos;
  });
}

bool hands_out_memory(std::string_view name) {
  return contains_any(name, {"empty", "resize"});
}

bool fills_in_constants(std::string_view name) {
  return contains_any(name, {"fill", "full", "where", "scalar_tensor", "constant_pad"});
}

template <class Visit>
void visit_tensors(const c10::IValue& value, Visit visit) {
  if (value.isTensor()) visit(value.toTensor());
  if (value.isTensorList()) {
    for (const at::Tensor& tensor : value.toTensorVector()) visit(tensor);
  }
}

// What layers keep about their inputs is wrong already, after the forward that is done once more.
std::unique_ptr<at::ObserverContext> on_start(const at::RecordFunction& call) {
  Watch& watch = *current_watch;
  if (watch.busy || watch.found) return nullptr;
  watch.busy = true;
  auto frame = std::make_unique<Frame>();
  for (const c10::IValue& input : call.inputs()) {
    visit_tensors(input, [&](const at::Tensor& tensor) {
      const auto known = watch.known.find(tensor.unsafeGetTensorImpl());
      const bool is_known = known != watch.known.end();
      if (is_known && frame->parameter == nullptr) frame->parameter = &known->second;
      if (is_known && known->second.is_buffer) return;
      frame->inputs = std::max(frame->inputs, worst_number(tensor));
    });
  }
  frame->caller = watch.innermost;
  watch.innermost = frame.get();
  watch.busy = false;
  return frame;
}

void on_end(const at::RecordFunction& call, at::ObserverContext* context) {
  if (context == nullptr) return;
  Watch& watch = *current_watch;
  const auto& frame = static_cast<Frame&>(*context);
  watch.innermost = frame.caller;
  if (frame.parameter != nullptr) watch.last_used = frame.parameter;
  if (watch.found || hands_out_memory(call.name())) return;
  watch.busy = true;
  Numbers outputs = Numbers::finite;
  for (const c10::IValue& output : call.outputs()) {
    visit_tensors(output, [&](const at::Tensor& tensor) {
      outputs = std::max(outputs, worst_number(tensor));
    });
  }
  watch.busy = false;
  if (outputs <= frame.inputs) return;
  if (outputs == Numbers::infinite && fills_in_constants(call.name())) return;

  watch.found = NonFiniteOperator{call.name(), "", false};
  // A parameter that is converted on its way is known to the outer operators only.
  for (const Frame* user = &frame; user != nullptr; user = user->caller) {
    if (user->parameter == nullptr) continue;
    watch.found->layer = user->parameter->layer;
    watch.found->uses_layer = true;
    return;
  }
  if (watch.last_used != nullptr) watch.found->layer = watch.last_used->layer;
}

}  // namespace

std::optional<NonFiniteOperator> find_non_finite_operator(const std::vector<ModelTensor>& tensors,
                                                          const std::function<void()>& forward) {
  Watch watch;
  for (const ModelTensor& entry : tensors) {
    const std::size_t dot = entry.name.rfind('.');
    watch.known[entry.tensor.unsafeGetTensorImpl()] = {
        dot == std::string::npos ? entry.name : entry.name.substr(0, dot), entry.is_buffer};
  }
  const WatchScope scope(
      current_watch, watch,
      at::RecordFunctionCallback(&on_start, &on_end).needsInputs(true).needsOutputs(true));
  forward();
  return watch.found;
}

}  // namespace knack::host
