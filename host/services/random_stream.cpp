// SPDX-License-Identifier: MIT
// knack.rng/1
#include "host/services/random_stream.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <knack/abi/ext/rng.h>
#include <knack/abi/kinds/model.h>

#include <cmath>
#include <mutex>
#include <stdexcept>
#include <string_view>
#include <thread>

#include "host/common/split_mix.hpp"
#include "host/plugin/guard.hpp"
#include "host/services/services.hpp"
#include "host/services/status.hpp"

namespace knack::host {
namespace {

/// 64-bit FNV-1a, whose value is the same on every machine.
std::uint64_t hash(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

constexpr const char* kOtherThread =
    "random numbers: expected a call on the fit thread, found another thread; datasets derive what "
    "they draw from the request's seed, epoch and indices";

bool is_fit_thread(const InstanceContext& instance) {
  return std::this_thread::get_id() == instance.thread;
}

at::Generator& add_stream(InstanceContext& instance, at::Generator generator) {
  if (instance.kind != KNACK_KIND_MODEL) {
    generator = generator.clone();
    const std::lock_guard lock(generator.mutex());
    generator.set_current_seed(split_mix(instance.services.seed ^ hash(instance.name)));
  }
  return instance.generators.emplace_back(std::move(generator));
}

std::uint64_t next(const knack_host_t* host) {
  InstanceContext& instance = InstanceContext::of(host);
  if (!is_fit_thread(instance)) {
    Call::refuse_current(kOtherThread);
    return 0;
  }
  at::Generator& generator = random_stream(instance, at::kCPU);
  const std::lock_guard lock(generator.mutex());
  return at::check_generator<at::CPUGeneratorImpl>(generator)->random64();
}

double uniform(const knack_host_t* host) {
  return std::ldexp(static_cast<double>(next(host) >> 11), -53);
}

constexpr knack_rng_api_t kTable = {
    .struct_size = sizeof(knack_rng_api_t), .reserved = 0, .next = next, .uniform = uniform};

}  // namespace

at::Generator& random_stream(InstanceContext& instance, at::Device device) {
  if (!is_fit_thread(instance)) throw ServiceError(KNACK_STATUS_UNSUPPORTED, kOtherThread);
  // "cuda" means the current device; generators have its number.
  const at::Generator& default_stream = at::globalContext().defaultGenerator(device);
  for (at::Generator& generator : instance.generators) {
    if (generator.device() == default_stream.device()) return generator;
  }
  return add_stream(instance, default_stream);
}

Value save_random_streams(InstanceContext& instance) {
  Value::Map saved;
  for (at::Generator& generator : instance.generators) {
    const std::lock_guard lock(generator.mutex());
    saved.push_back({generator.device().str(), generator.get_state()});
  }
  return saved;
}

void load_random_streams(InstanceContext& instance, const Value& saved) {
  const auto* streams = saved.get_if<Value::Map>();
  if (streams == nullptr) throw std::invalid_argument("expected a map of devices to states");
  for (const NamedValue& stream : *streams) {
    const auto* state = stream.value.get_if<at::Tensor>();
    if (state == nullptr) throw std::invalid_argument("expected a state for " + stream.name);
    at::Generator& generator = random_stream(instance, at::Device(stream.name));
    const std::lock_guard lock(generator.mutex());
    generator.set_state(*state);
  }
}

void register_rng() {
  register_extension(KNACK_EXT_RNG, &kTable);
}

}  // namespace knack::host
