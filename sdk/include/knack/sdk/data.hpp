// SPDX-License-Identifier: MIT
// Another look at the training data (knack.data/1).
#pragma once

#include <knack/abi/ext/data.h>
#include <knack/sdk/callback.hpp>
#include <knack/sdk/gateway.hpp>
#include <knack/sdk/value_view.hpp>

namespace knack::inline v1 {

class TrainingData {
 public:
  explicit TrainingData(const knack_host_t* host)
      : host_(host), api_(&detail::extension<knack_data_api_t>(host, KNACK_EXT_DATA)) {}
  /// Number of training samples.
  [[nodiscard]] std::int64_t samples() const {
    return detail::count_host("knack.data/1 train_samples", api_->train_samples, host_);
  }
  /// Calls on_batch(ValueView inputs, ValueView targets, std::int64_t samples) for batches in the
  /// order of the first epoch, until `samples` are seen; <= 0: all. Returns how many were seen.
  template <typename Function>
  std::int64_t pass(std::int64_t samples, Function&& on_batch) const {
    using Bound = detail::Callback<std::remove_reference_t<Function>>;
    Bound callback(on_batch);
    knack_data_pass_t request{};
    request.struct_size = sizeof(request);
    request.samples = samples;
    request.user = &callback;
    request.on_batch = [](void* user, const knack_value_t* inputs, const knack_value_t* targets,
                          std::int64_t count) {
      return static_cast<Bound*>(user)->call(ValueView(inputs), ValueView(targets), count);
    };
    std::int64_t seen = 0;
    callback.run("knack.data/1 pass", api_->pass, host_, &request, &seen);
    return seen;
  }

 private:
  const knack_host_t* host_;
  const knack_data_api_t* api_;
};

}  // namespace knack::inline v1
