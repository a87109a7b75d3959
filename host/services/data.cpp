// SPDX-License-Identifier: MIT
// knack.data/1
#include <ATen/ATen.h>
#include <knack/abi/ext/data.h>

#include "host/services/serve.hpp"
#include "host/services/services.hpp"

namespace knack::host {
namespace {

std::int64_t train_samples(const knack_host_t* host) {
  return serve_count(host, [](FitServices& fit) { return fit.train_samples(); });
}

std::int32_t pass(const knack_host_t* host, const knack_data_pass_t* request, std::int64_t* out) {
  return serve_callback(host, [&](FitServices& fit, std::int32_t& status) {
    require_size(request, offsetof(knack_data_pass_t, on_batch) + sizeof(request->on_batch),
                 "request");
    require(request->on_batch, "request.on_batch");
    require(out);
    BorrowedValue inputs_view;
    BorrowedValue targets_view;
    *out = fit.pass_over_data(request->samples,
                              [&](const Value& inputs, const Value& targets, std::int64_t samples) {
                                status = request->on_batch(request->user, inputs_view.show(inputs),
                                                           targets_view.show(targets), samples);
                                if (status != KNACK_STATUS_OK) {
                                  throw CallbackFailed{};
                                }
                              });
  });
}

constexpr knack_data_api_t kTable = {sizeof(knack_data_api_t), 0, train_samples, pass};

}  // namespace

void register_data() {
  register_extension(KNACK_EXT_DATA, &kTable);
}

}  // namespace knack::host
