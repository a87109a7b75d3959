// SPDX-License-Identifier: MIT
// knack.params/1
#include <ATen/ATen.h>
#include <knack/abi/ext/params.h>

#include "host/plugin/tensor_handle.hpp"
#include "host/services/serve.hpp"
#include "host/services/services.hpp"

namespace knack::host {
namespace {

std::int64_t count(const knack_host_t* host) {
  return serve_count(host, [](FitServices& fit) { return fit.parameters().size(); });
}

std::int32_t get(const knack_host_t* host, std::int64_t index, knack_param_t* out) {
  return serve(host, [&](InstanceContext&, FitServices& fit) {
    const auto& all = fit.parameters();
    const ModelTensor& entry = all[checked_index(index, all.size(), "parameter")];
    fill(out, knack_param_t{sizeof(knack_param_t), entry.tensor.requires_grad() ? 1u : 0u,
                            lend(entry.name), lend(entry.role), lend(entry.owner_kind),
                            borrow(entry.tensor)});
  });
}

std::int32_t gradient(const knack_host_t* host, std::int64_t index, knack_tensor_t** out) {
  return serve(host, [&](InstanceContext&, FitServices& fit) {
    require(out);
    const auto& all = fit.parameters();
    at::Tensor& gradient = all[checked_index(index, all.size(), "parameter")].tensor.mutable_grad();
    *out = gradient.defined() ? borrow(gradient) : nullptr;
  });
}

std::int32_t set_option(const knack_host_t* host, std::int64_t index, knack_string_t option,
                        double value, knack_string_t reason) {
  return serve(host, [&](InstanceContext& instance, FitServices& fit) {
    const std::size_t parameter = checked_index(index, fit.parameters().size(), "parameter");
    fit.set_param_option(instance.name, parameter, view(option), value, view(reason));
  });
}

std::int64_t group_count(const knack_host_t* host) {
  return serve_count(host, [](FitServices& fit) { return fit.group_count(); });
}

std::int32_t get_group_option(const knack_host_t* host, std::int64_t group, knack_string_t option,
                              double* out) {
  return serve(host, [&](InstanceContext&, FitServices& fit) {
    require(out);
    *out = fit.group_option(checked_index(group, fit.group_count(), "group"), view(option));
  });
}

std::int32_t set_group_option(const knack_host_t* host, std::int64_t group, knack_string_t option,
                              double value) {
  return serve(host, [&](InstanceContext&, FitServices& fit) {
    fit.set_group_option(checked_index(group, fit.group_count(), "group"), view(option), value);
  });
}

constexpr knack_params_api_t kTable = {
    sizeof(knack_params_api_t), 0, count, get, gradient, set_option, group_count, get_group_option,
    set_group_option,
};

}  // namespace

void register_params() {
  register_extension(KNACK_EXT_PARAMS, &kTable);
}

}  // namespace knack::host
