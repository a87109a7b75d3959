// SPDX-License-Identifier: MIT
// The host's services, as an instance sees them.
#pragma once

#include <knack/sdk/data.hpp>
#include <knack/sdk/log.hpp>
#include <knack/sdk/metrics.hpp>
#include <knack/sdk/norm.hpp>
#include <knack/sdk/params.hpp>
#include <knack/sdk/rng.hpp>
#include <knack/sdk/tensor.hpp>
#include <knack/sdk/weights.hpp>

namespace knack::inline v1 {

/// Given to the constructor; keep a copy. A service that this host lacks throws
/// Error(KNACK_STATUS_UNSUPPORTED) when it is asked for.
class Host {
 public:
  explicit Host(const knack_host_t* host) : host_(host) {}
  [[nodiscard]] const knack_host_t* abi() const {
    return host_;
  }
  [[nodiscard]] Log log() const {
    return Log(host_);
  }
  [[nodiscard]] Params params() const {
    return Params(host_);
  }
  [[nodiscard]] Weights weights() const {
    return Weights(host_);
  }
  [[nodiscard]] NormLayers norm() const {
    return NormLayers(host_);
  }
  [[nodiscard]] TrainingData data() const {
    return TrainingData(host_);
  }
  [[nodiscard]] Metrics metrics() const {
    return Metrics(host_);
  }
  [[nodiscard]] Rng rng() const {
    return Rng(host_);
  }

 private:
  const knack_host_t* host_;
};

}  // namespace knack::inline v1
