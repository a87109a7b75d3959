// SPDX-License-Identifier: MIT
// knack.metrics/1
#include <knack/abi/ext/metrics.h>

#include "host/services/serve.hpp"
#include "host/services/services.hpp"

namespace knack::host {
namespace {

std::int32_t report(const knack_host_t* host, knack_string_t name, double value) {
  return serve(host, [&](InstanceContext& instance, FitServices& fit) {
    fit.report_metric(instance.name, view(name), value);
  });
}

std::int32_t summarize(const knack_host_t* host, knack_string_t key, const knack_value_t* value) {
  return serve(host, [&](InstanceContext& instance, FitServices& fit) {
    require(value, "value");
    fit.summarize(instance.name, view(key), Value::copy(*value));
  });
}

constexpr knack_metrics_api_t kTable = {sizeof(knack_metrics_api_t), 0, report, summarize};

}  // namespace

void register_metrics() {
  register_extension(KNACK_EXT_METRICS, &kTable);
}

}  // namespace knack::host
