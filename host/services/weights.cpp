// SPDX-License-Identifier: MIT
// knack.weights/1
#include <ATen/ATen.h>
#include <knack/abi/ext/weights.h>

#include <filesystem>

#include "host/common/error.hpp"
#include "host/plugin/tensor_handle.hpp"
#include "host/recipe/diagnostics.hpp"
#include "host/services/serve.hpp"
#include "host/services/services.hpp"
#include "host/weights/weight_file.hpp"

namespace knack::host {
namespace {

WeightSet& unwrap(knack_weight_set_t* set) {
  require(set, "weight set");
  return *reinterpret_cast<WeightSet*>(set);
}

knack_weight_set_t* wrap(WeightSet& set) {
  return reinterpret_cast<knack_weight_set_t*>(&set);
}

ServiceError unknown_set(const std::string& name, const WeightStore& weights) {
  std::vector<std::string> known;
  for (const auto& set : weights.sets()) known.push_back(set->name);
  Diagnostic problem{.id = "E0318", .sentence = "no weight set is called " + backticked(name)};
  problem.notes = {"there are " + backticked_list(known)};
  problem.helps = suggestions(name, known);
  problem.value = name;
  return {KNACK_STATUS_NOT_FOUND, Error(problem)};
}

std::int32_t find(const knack_host_t* host, knack_string_t name, knack_weight_set_t** out) {
  return serve(host, [&](InstanceContext&, FitServices& fit) {
    require(out);
    WeightSet* set = fit.weights().find(view(name));
    if (set == nullptr) throw unknown_set(std::string(view(name)), fit.weights());
    *out = wrap(*set);
  });
}

std::int32_t publish(const knack_host_t* host, knack_string_t name, knack_weight_set_t** out) {
  return serve(host, [&](InstanceContext& instance, FitServices& fit) {
    require(out);
    *out = wrap(fit.weights().publish(std::string(view(name)), instance.name));
  });
}

std::int64_t count(const knack_host_t* host, knack_weight_set_t* set) {
  return serve_count(host, [&](FitServices&) { return unwrap(set).tensors.size(); });
}

std::int32_t get(const knack_host_t* host, knack_weight_set_t* set, std::int64_t index,
                 knack_weight_t* out) {
  return serve(host, [&](InstanceContext&, FitServices& fit) {
    const auto& entries = fit.weights().model_tensors();
    const std::size_t i = checked_index(index, entries.size(), "weight");
    const at::Tensor& tensor = unwrap(set).tensors[i];
    const std::uint32_t flags = (entries[i].is_buffer ? KNACK_WEIGHT_BUFFER : 0u) |
                                (tensor.is_floating_point() ? KNACK_WEIGHT_FLOATING : 0u) |
                                (entries[i].is_persistent ? 0u : KNACK_WEIGHT_NOT_PERSISTENT);
    fill(out, knack_weight_t{sizeof(knack_weight_t), flags, lend(entries[i].name),
                             lend(entries[i].role), borrow(tensor)});
  });
}

std::int32_t copy(const knack_host_t* host, knack_weight_set_t* from, knack_weight_set_t* to) {
  return serve(host, [&](InstanceContext&, FitServices&) {
    const at::NoGradGuard no_grad;
    const WeightSet& source = unwrap(from);
    WeightSet& target = unwrap(to);
    for (std::size_t i = 0; i < source.tensors.size(); ++i) {
      target.tensors[i].copy_(source.tensors[i]);
    }
  });
}

std::int32_t save(const knack_host_t* host, knack_weight_set_t* set, knack_string_t path) {
  return serve(host, [&](InstanceContext& instance, FitServices& fit) {
    save_weights(fit.weights(), unwrap(set), fit.instance_file(instance.name, view(path)));
  });
}

std::int32_t load(const knack_host_t* host, knack_weight_set_t* set, knack_string_t path) {
  return serve(host, [&](InstanceContext& instance, FitServices& fit) {
    load_weights(fit.weights(), unwrap(set), fit.instance_file(instance.name, view(path)));
  });
}

std::int32_t remove(const knack_host_t* host, knack_string_t path) {
  return serve(host, [&](InstanceContext& instance, FitServices& fit) {
    const std::string file = fit.instance_file(instance.name, view(path));
    std::error_code failure;
    if (!std::filesystem::remove(file, failure)) {
      throw Error("E0503", file + ": cannot be removed: " +
                               (failure ? failure.message() : "there is no such file"));
    }
  });
}

std::int32_t evaluate(const knack_host_t* host, knack_weight_set_t* set, knack_value_t* out) {
  return serve(host, [&](InstanceContext& instance, FitServices& fit) {
    require(out);
    *out = give_value(fit.evaluate(instance.name, unwrap(set)), Call::memory());
  });
}

constexpr knack_weights_api_t kTable = {
    sizeof(knack_weights_api_t), 0, find, publish, count, get, copy, save, load, remove, evaluate,
};

}  // namespace

void register_weights() {
  register_extension(KNACK_EXT_WEIGHTS, &kTable);
}

}  // namespace knack::host
