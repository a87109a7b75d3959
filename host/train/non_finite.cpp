// SPDX-License-Identifier: MIT
#include "host/train/non_finite.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <mutex>

namespace knack::host {
namespace {

/// Whether no number has all bits of `exponent` set, which is how NaN and infinities are written.
template <class Bits>
bool all_below(const at::Tensor& tensor, Bits exponent) {
  const auto* bytes = static_cast<const std::byte*>(tensor.const_data_ptr());
  const auto count = static_cast<std::size_t>(tensor.numel());
  Bits found = 0;
  for (std::size_t i = 0; i < count; ++i) {
    Bits number;
    std::memcpy(&number, bytes + i * sizeof(Bits), sizeof(Bits));
    found |= static_cast<Bits>((number & exponent) == exponent);
  }
  return found == 0;
}

bool is_finite_by_operator(const at::Tensor& tensor) {
  const at::Tensor values = tensor.is_sparse() ? tensor._values() : tensor;
  return at::isfinite(values).all().item<bool>();
}

/// What one operator can look through at a time.
using GradientsByType = std::map<at::ScalarType, std::vector<at::Tensor>>;

/// Reads everything with one wait for the device.
WindowNumbers read_from_device(const std::vector<MicroBatch>& window,
                               const GradientsByType& gradients, at::Device device) {
  const at::TensorOptions doubles = at::TensorOptions(device).dtype(at::kDouble);
  std::vector<at::Tensor> numbers;
  for (const MicroBatch& batch : window) {
    numbers.push_back(batch.loss.defined() ? batch.loss.detach().to(doubles)
                                           : at::zeros({}, doubles));
  }
  at::Tensor flag = at::zeros({1}, doubles.dtype(at::kFloat));
  const at::Tensor scale = at::ones({1}, doubles.dtype(at::kFloat));
  for (const auto& [type, tensors] : gradients) {
    at::_amp_foreach_non_finite_check_and_unscale_(tensors, flag, scale);
  }
  numbers.push_back(flag.squeeze().to(doubles));
  const at::Tensor all = at::stack(numbers).cpu();
  const double* first = all.const_data_ptr<double>();
  return {{first, first + window.size()}, first[window.size()] == 0.0};
}

at::CPUGeneratorImpl& default_stream() {
  return *at::check_generator<at::CPUGeneratorImpl>(at::detail::getDefaultCPUGenerator());
}

}  // namespace

Numbers worst_number(const at::Tensor& tensor) {
  if (!tensor.defined() || tensor.numel() == 0 || is_finite(tensor)) return Numbers::finite;
  return at::isnan(tensor.is_sparse() ? tensor._values() : tensor).any().item<bool>()
             ? Numbers::nan
             : Numbers::infinite;
}

bool is_finite(const at::Tensor& tensor) {
  if (!at::isFloatingType(tensor.scalar_type()) && !tensor.is_complex()) return true;
  if (!tensor.is_cpu() || tensor.layout() != at::kStrided ||
      !tensor.is_non_overlapping_and_dense()) {
    return is_finite_by_operator(tensor);
  }
  switch (tensor.scalar_type()) {
    case at::kFloat:
      return all_below<std::uint32_t>(tensor, 0x7f80'0000);
    case at::kDouble:
      return all_below<std::uint64_t>(tensor, 0x7ff0'0000'0000'0000);
    case at::kBFloat16:
      return all_below<std::uint16_t>(tensor, 0x7f80);
    case at::kHalf:
      return all_below<std::uint16_t>(tensor, 0x7c00);
    default:
      return is_finite_by_operator(tensor);
  }
}

bool WindowNumbers::are_finite() const {
  return finite_gradients &&
         std::all_of(losses.begin(), losses.end(), [](double loss) { return std::isfinite(loss); });
}

WindowNumbers read_numbers(const std::vector<MicroBatch>& window,
                           const std::vector<std::vector<at::Tensor>>& group_params) {
  WindowNumbers numbers;
  GradientsByType elsewhere;
  for (const auto& group : group_params) {
    for (const at::Tensor& parameter : group) {
      const at::Tensor& gradient = parameter.grad();
      if (!gradient.defined()) continue;
      if (gradient.is_cpu() || gradient.layout() != at::kStrided) {
        numbers.finite_gradients = numbers.finite_gradients && is_finite(gradient);
      } else {
        elsewhere[gradient.scalar_type()].push_back(gradient);
      }
    }
  }
  if (!elsewhere.empty()) {
    WindowNumbers read =
        read_from_device(window, elsewhere, elsewhere.begin()->second.front().device());
    read.finite_gradients = read.finite_gradients && numbers.finite_gradients;
    return read;
  }
  for (const MicroBatch& batch : window) {
    numbers.losses.push_back(batch.loss.defined() ? batch.loss.item<double>() : 0.0);
  }
  return numbers;
}

RandomStreamMark::RandomStreamMark(at::Device device) : on_cpu_(default_stream().engine()) {
  next_float_ = default_stream().next_float_normal_sample();
  next_double_ = default_stream().next_double_normal_sample();
  if (!device.is_cpu()) on_device_ = at::globalContext().defaultGenerator(device).clone();
}

void RandomStreamMark::go_back() const {
  at::CPUGeneratorImpl& stream = default_stream();
  {
    const std::lock_guard lock(stream.mutex_);
    stream.set_engine(on_cpu_);
    stream.set_next_float_normal_sample(next_float_);
    stream.set_next_double_normal_sample(next_double_);
  }
  if (on_device_.defined()) {
    at::Generator current = at::globalContext().defaultGenerator(on_device_.device());
    const std::lock_guard lock(current.mutex());
    current.set_state(on_device_.get_state());
  }
}

void TensorKeeper::keep() {
  const at::NoGradGuard no_grad;
  if (copies_.empty()) {
    for (const at::Tensor& tensor : tensors_) copies_.push_back(tensor.clone());
  } else {
    for (std::size_t i = 0; i < tensors_.size(); ++i) copies_[i].copy_(tensors_[i]);
  }
}

void TensorKeeper::put_back() {
  const at::NoGradGuard no_grad;
  for (std::size_t i = 0; i < tensors_.size(); ++i) tensors_[i].copy_(copies_[i]);
}

std::vector<at::Tensor> buffers_of(const Model& model) {
  std::vector<at::Tensor> buffers;
  for (ModelTensor& entry : model.tensors()) {
    if (entry.is_buffer) buffers.push_back(std::move(entry.tensor));
  }
  return buffers;
}

}  // namespace knack::host
