// SPDX-License-Identifier: MIT
#include "host/explain/operations.hpp"

#include <ATen/ATen.h>

#include <memory>
#include <string_view>
#include <unordered_map>

#include "host/train/watch_scope.hpp"

namespace knack::host {
namespace {

/// What an operator costs: `fixed` and something for each element of its first output.
struct Cost {
  std::int64_t fixed = 0;
  std::int64_t per_output = 0;
};

using Arguments = c10::ArrayRef<const c10::IValue>;

/// Multiplications for each element on the driving side of a convolution.
std::int64_t kernel_elements(const at::Tensor& weight) {
  return weight.size(0) == 0 ? 0 : weight.numel() / weight.size(0);
}

// aten::convolution(input, weight, bias, stride, padding, dilation, transposed, ...)
Cost convolution(Arguments arguments) {
  const at::Tensor weight = arguments[1].toTensor();
  if (arguments[6].toBool())
    return {.fixed = 2 * arguments[0].toTensor().numel() * kernel_elements(weight)};
  return {.per_output = 2 * kernel_elements(weight)};
}

// aten::convolution_backward(grad_output, input, weight, bias_sizes, stride, padding, dilation,
// transposed, output_padding, groups, output_mask)
Cost convolution_backward(Arguments arguments) {
  const at::Tensor driven = arguments[arguments[7].toBool() ? 1 : 0].toTensor();
  const std::int64_t once = 2 * driven.numel() * kernel_elements(arguments[2].toTensor());
  const auto wanted = arguments[10].toBoolList();
  return {.fixed = once * (int{wanted[0]} + int{wanted[1]})};
}

/// A product of the matrices (or batches of them) `first` and the one behind it.
template <std::size_t first>
Cost product(Arguments arguments) {
  const at::Tensor left = arguments[first].toTensor();
  const at::Tensor right = arguments[first + 1].toTensor();
  const std::int64_t columns = right.dim() == 1 ? 1 : right.size(-1);
  return {.fixed = 2 * left.numel() * columns};
}

/// `products` products of the size of queries with keys, of queries, keys and values from `first`.
template <std::size_t first, int products>
Cost attention(Arguments arguments) {
  const at::Tensor queries = arguments[first].toTensor();
  const at::Tensor keys = arguments[first + 1].toTensor();
  return {.fixed = 2 * products * queries.numel() * keys.size(-2)};
}

using CostOf = Cost (*)(Arguments);

const std::unordered_map<std::string_view, CostOf> kCosts = {
    {"aten::convolution", convolution},
    {"aten::_convolution", convolution},
    {"aten::convolution_overrideable", convolution},
    {"aten::convolution_backward", convolution_backward},
    {"aten::mm", product<0>},
    {"aten::bmm", product<0>},
    {"aten::mv", product<0>},
    {"aten::dot", product<0>},
    {"aten::addmm", product<1>},
    {"aten::addmm_", product<1>},
    {"aten::_addmm_activation", product<1>},
    {"aten::addmv", product<1>},
    {"aten::addmv_", product<1>},
    {"aten::baddbmm", product<1>},
    {"aten::baddbmm_", product<1>},
    {"aten::addbmm", product<1>},
    {"aten::_scaled_dot_product_flash_attention_for_cpu", attention<0, 2>},
    {"aten::_scaled_dot_product_flash_attention_for_cpu_backward", attention<1, 5>},
};

/// Operators that do all their products inside one call, out of sight.
bool hides_products(std::string_view name) {
  return name.find("mkldnn_rnn") != name.npos || name.find("quantized_") != name.npos;
}

struct Tally {
  Operations operations;
  bool is_inside = false;  // operators that a counted one calls are part of it
};

thread_local Tally* current_tally = nullptr;

struct Counted : at::ObserverContext {
  explicit Counted(Cost cost) : cost(cost) {}
  Cost cost;
};

std::unique_ptr<at::ObserverContext> on_start(const at::RecordFunction& call) {
  Tally& tally = *current_tally;
  if (tally.is_inside) return nullptr;
  const auto known = kCosts.find(call.name());
  if (known == kCosts.end()) {
    if (hides_products(call.name())) tally.operations.uncounted.insert(call.name());
    return nullptr;
  }
  tally.is_inside = true;
  return std::make_unique<Counted>(known->second(call.inputs()));
}

void on_end(const at::RecordFunction& call, at::ObserverContext* context) {
  if (context == nullptr) return;
  Tally& tally = *current_tally;
  tally.is_inside = false;
  const Cost& cost = static_cast<Counted*>(context)->cost;
  std::int64_t flops = cost.fixed;
  const auto outputs = call.outputs();
  if (!outputs.empty() && outputs[0].isTensor()) {
    flops += cost.per_output * outputs[0].toTensor().numel();
  }
  tally.operations.flops += flops;
  tally.operations.by_operator[call.name()] += flops;
}

}  // namespace

Operations count_operations(const std::function<void()>& work) {
  Tally tally;
  const WatchScope scope(
      current_tally, tally,
      at::RecordFunctionCallback(&on_start, &on_end).needsInputs(true).needsOutputs(true));
  work();
  return std::move(tally.operations);
}

}  // namespace knack::host
