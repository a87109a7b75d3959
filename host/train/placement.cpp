// SPDX-License-Identifier: MIT
#include "host/train/placement.hpp"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>

#include "host/common/error.hpp"

namespace knack::host {
namespace {

at::Device choose_device(const std::string& wanted) {
  if (wanted == "cpu") return at::kCPU;
  if (at::hasCUDA()) return at::Device(at::kCUDA, 0);
  if (wanted == "cuda") {
    Diagnostic problem;
    problem.id = "E0343";
    problem.sentence =
        "trainer.device: expected a CUDA device, found none that this LibTorch can use";
    problem.helps = {"use \"auto\" or \"cpu\", or build knack with a CUDA LibTorch"};
    problem.subject = "trainer.device";
    throw Error(problem);
  }
  return at::kCPU;
}

}  // namespace

Placement::Placement(const TrainerOptions& options)
    : device_(choose_device(options.device)),
      dtype_(options.precision == "fp64" ? at::kDouble : at::kFloat),
      channels_last_(options.channels_last),
      autocast_(options.precision == "bf16") {}

at::Tensor Placement::placed(const at::Tensor& tensor) const {
  const at::ScalarType dtype = tensor.is_floating_point() ? dtype_ : tensor.scalar_type();
  const bool is_there = tensor.device() == device_ && tensor.scalar_type() == dtype;
  if (is_there && !channels_last_) return tensor;  // the usual case, without a call of an operator
  if (channels_last_ && tensor.dim() == 4 && tensor.is_floating_point()) {
    return tensor.to(tensor.options().device(device_).dtype(dtype), false, false,
                     at::MemoryFormat::ChannelsLast);
  }
  return tensor.to(device_, dtype);
}

void Placement::place_model(std::vector<ModelTensor>& tensors) const {
  for (ModelTensor& entry : tensors) entry.tensor.set_data(placed(entry.tensor.detach()));
}

Value Placement::place(const Value& batch) const {
  return batch.map_tensors([this](const at::Tensor& tensor) { return placed(tensor); });
}

AutocastScope::AutocastScope(at::Device device, bool enabled)
    : type_(device.type()),
      enabled_before_(at::autocast::is_autocast_enabled(type_)),
      dtype_before_(at::autocast::get_autocast_dtype(type_)) {
  at::autocast::set_autocast_enabled(type_, enabled);
  if (enabled) at::autocast::set_autocast_dtype(type_, at::kBFloat16);
}

AutocastScope::~AutocastScope() {
  if (at::autocast::is_autocast_enabled(type_)) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(type_, enabled_before_);
  at::autocast::set_autocast_dtype(type_, dtype_before_);
}

}  // namespace knack::host
