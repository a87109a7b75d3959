// SPDX-License-Identifier: MIT
// Random numbers that belong to one instance (knack.rng/1).
#pragma once

#include <knack/abi/ext/rng.h>
#include <knack/sdk/gateway.hpp>

namespace knack::inline v1 {

/// Also satisfies UniformRandomBitGenerator.
class Rng {
 public:
  using result_type = std::uint64_t;

  explicit Rng(const knack_host_t* host)
      : host_(host), api_(&detail::extension<knack_rng_api_t>(host, KNACK_EXT_RNG)) {}
  /// 64 random bits.
  std::uint64_t operator()() const {
    return detail::failed() ? 0 : api_->next(host_);
  }
  /// In [0, 1), with 53 random bits.
  [[nodiscard]] double uniform() const {
    return detail::failed() ? 0 : api_->uniform(host_);
  }
  static constexpr std::uint64_t min() {
    return 0;
  }
  static constexpr std::uint64_t max() {
    return ~std::uint64_t{0};
  }

 private:
  const knack_host_t* host_;
  const knack_rng_api_t* api_;
};

}  // namespace knack::inline v1
