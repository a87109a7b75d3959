// SPDX-License-Identifier: MIT
// Numbers and facts of a trick, in metrics.jsonl and summary.json (knack.metrics/1).
#pragma once

#include <knack/abi/ext/metrics.h>
#include <knack/sdk/value.hpp>

namespace knack::inline v1 {

class Metrics {
 public:
  explicit Metrics(const knack_host_t* host)
      : host_(host), api_(&detail::extension<knack_metrics_api_t>(host, KNACK_EXT_METRICS)) {}
  /// A number at the present step, logged as "<instance>.<name>".
  void report(std::string_view name, double value) const {
    detail::call_host("knack.metrics/1 report", api_->report, host_, detail::to_abi(name), value);
  }
  /// A fact about the whole run; the last value given for a key wins. No tensors.
  void summarize(std::string_view key, const Value& value) const {
    const knack_value_t lent = value.lend(host_);
    detail::call_host("knack.metrics/1 summarize", api_->summarize, host_, detail::to_abi(key),
                      &lent);
  }

 private:
  const knack_host_t* host_;
  const knack_metrics_api_t* api_;
};

}  // namespace knack::inline v1
