// SPDX-License-Identifier: MIT
// knack.norm/1
#include <ATen/ATen.h>
#include <knack/abi/ext/norm.h>

#include "host/plugin/tensor_handle.hpp"
#include "host/services/serve.hpp"
#include "host/services/services.hpp"

namespace knack::host {
namespace {

std::int64_t count(const knack_host_t* host) {
  return serve_count(host, [](FitServices& fit) { return fit.norm_layers().size(); });
}

std::int32_t get(const knack_host_t* host, std::int64_t layer, knack_norm_layer_t* out) {
  return serve(host, [&](InstanceContext&, FitServices& fit) {
    const auto& layers = fit.norm_layers();
    const NormLayer& found = layers[checked_index(layer, layers.size(), "layer")];
    fill(out, knack_norm_layer_t{
                  sizeof(knack_norm_layer_t), found.training ? 1u : 0u, lend(found.name),
                  lend(found.kind), found.channels, found.momentum, borrow(*found.running_mean),
                  borrow(*found.running_var),
                  found.num_batches_tracked ? borrow(*found.num_batches_tracked) : nullptr});
  });
}

std::int32_t set_momentum(const knack_host_t* host, std::int64_t layer, double momentum) {
  return serve(host, [&](InstanceContext&, FitServices& fit) {
    fit.set_norm_momentum(checked_index(layer, fit.norm_layers().size(), "layer"), momentum);
  });
}

std::int32_t observe(const knack_host_t* host, const knack_norm_pass_t* request,
                     std::int64_t* out) {
  return serve_callback(host, [&](FitServices& fit, std::int32_t& status) {
    require_size(request, offsetof(knack_norm_pass_t, on_input) + sizeof(request->on_input),
                 "request");
    require(request->on_input, "request.on_input");
    require(out);
    *out = fit.observe_norm_inputs(request->samples, [&](std::int64_t layer, at::Tensor& input) {
      status = request->on_input(request->user, layer, borrow(input));
      if (status != KNACK_STATUS_OK) {
        throw CallbackFailed{};
      }
    });
  });
}

constexpr knack_norm_api_t kTable = {
    sizeof(knack_norm_api_t), 0, count, get, set_momentum, observe,
};

}  // namespace

void register_norm() {
  register_extension(KNACK_EXT_NORM, &kTable);
}

}  // namespace knack::host
