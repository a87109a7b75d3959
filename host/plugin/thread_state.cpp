// SPDX-License-Identifier: MIT
#include "host/plugin/thread_state.hpp"

#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include <ATen/ops/equal.h>

#include <mutex>

namespace knack::host {
namespace {

constexpr at::DeviceType kAutocastDevices[] = {at::kCPU, at::kCUDA};

std::string on_off(bool on) {
  return on ? "on" : "off";
}

std::vector<at::Device> devices_with_streams() {
  std::vector<at::Device> devices = {at::Device(at::kCPU)};
  if (at::hasCUDA()) {
    const auto count = static_cast<at::DeviceIndex>(at::getNumGPUs());
    for (at::DeviceIndex i = 0; i < count; ++i) devices.emplace_back(at::kCUDA, i);
  }
  return devices;
}

at::Tensor random_state(at::Device device) {
  at::Generator generator = at::globalContext().defaultGenerator(device);
  const std::lock_guard lock(generator.mutex());
  return generator.get_state();
}

void set_random_state(at::Device device, const at::Tensor& state) {
  at::Generator generator = at::globalContext().defaultGenerator(device);
  const std::lock_guard lock(generator.mutex());
  generator.set_state(state);
}

void add(std::string& changes, const std::string& change) {
  changes += (changes.empty() ? "" : ", ") + change;
}

}  // namespace

ThreadState ThreadState::capture(bool with_random_streams) {
  ThreadState state;
  for (const at::DeviceType device : kAutocastDevices) {
    state.autocast_.push_back({device, at::autocast::is_autocast_enabled(device),
                               at::autocast::get_autocast_dtype(device)});
  }
  if (with_random_streams) {
    for (const at::Device device : devices_with_streams()) {
      state.streams_.push_back({device, random_state(device)});
    }
  }
  return state;
}

std::string ThreadState::restore() const {
  std::string changes;
  const auto autograd = c10::AutogradState::get_tls_state();
  if (autograd.get_grad_mode() != autograd_.get_grad_mode()) {
    add(changes, "gradient mode " + on_off(autograd.get_grad_mode()));
  }
  if (autograd.get_inference_mode() != autograd_.get_inference_mode()) {
    add(changes, "inference mode " + on_off(autograd.get_inference_mode()));
  }
  c10::AutogradState::set_tls_state(autograd_);
  if (at::get_num_threads() != threads_) {
    add(changes,
        std::to_string(at::get_num_threads()) + " threads instead of " + std::to_string(threads_));
    at::set_num_threads(threads_);
  }
  for (const Autocast& before : autocast_) {
    if (at::autocast::is_autocast_enabled(before.device) == before.enabled &&
        at::autocast::get_autocast_dtype(before.device) == before.dtype) {
      continue;
    }
    add(changes, "another autocast on " + at::DeviceTypeName(before.device, true));
    at::autocast::set_autocast_enabled(before.device, before.enabled);
    at::autocast::set_autocast_dtype(before.device, before.dtype);
  }
  c10::impl::_force_tls_local_dispatch_key_set(dispatch_keys_);
  for (const Stream& before : streams_) {
    if (at::equal(random_state(before.device), before.state)) continue;
    add(changes, "random numbers drawn from the default stream of " + before.device.str());
    set_random_state(before.device, before.state);
  }
  return changes;
}

}  // namespace knack::host
