// SPDX-License-Identifier: MIT
// Datasets: a fixed number of samples, read by index.
#pragma once

#include <knack/abi/kinds/dataset.h>
#include <knack/sdk/plugin.hpp>

namespace knack::inline v1 {

/// Which samples make up a batch. Random numbers (augmentation) are derived from the seed, the
/// epoch and the sample's index alone.
class BatchRequest {
 public:
  explicit BatchRequest(const knack_batch_request_t* request) : request_(request) {}
  /// From 1 in training; 0 otherwise.
  [[nodiscard]] std::int64_t epoch() const {
    return request_->epoch;
  }
  [[nodiscard]] std::uint64_t seed() const {
    return request_->seed;
  }
  /// Each in 0 .. length - 1.
  [[nodiscard]] std::span<const std::int64_t> indices() const {
    return {request_->indices_borrowed, static_cast<std::size_t>(request_->count)};
  }
  [[nodiscard]] std::int64_t size() const {
    return request_->count;
  }

 private:
  const knack_batch_request_t* request_;
};

class Dataset : public Component {
 public:
  static constexpr const char* kind = KNACK_KIND_DATASET;
  using Abi = knack_dataset_t;

  /// A class whose `batch` may run in several threads at once sets this to true.
  static constexpr bool reentrant = false;

  /// Number of samples, >= 1.
  [[nodiscard]] virtual std::int64_t length() const = 0;

  /// Facts as a map, such as {"num_classes": 10, "shape": [1, 8, 8]}.
  [[nodiscard]] virtual Value describe() const {
    return {};
  }

  /// Reads samples and stacks them, on the CPU; see knack_dataset_t. What is wrong with a sample is
  /// thrown as Error(KNACK_STATUS_DATA, ...) that names the file.
  virtual void batch(const BatchRequest& request, Value& inputs, Value& targets) = 0;

  template <typename T>
  static void bind(knack_dataset_t& abi) {
    using Self = detail::Instance<T>;
    if (T::reentrant) abi.head.flags |= KNACK_INSTANCE_REENTRANT;
    abi.length = [](knack_dataset_t* dataset, std::int64_t* out_length) {
      Self& self = Self::of(dataset);
      return detail::guarded(self.host, [&] { *out_length = self.object.length(); });
    };
    if constexpr (detail::overrides<&T::describe, &Dataset::describe>) {
      abi.describe = [](knack_dataset_t* dataset, knack_value_t* out_facts) {
        Self& self = Self::of(dataset);
        return detail::guarded(self.host,
                               [&] { *out_facts = self.object.describe().release(self.host); });
      };
    }
    abi.batch = [](knack_dataset_t* dataset, const knack_batch_request_t* request,
                   knack_value_t* out_inputs, knack_value_t* out_targets) {
      Self& self = Self::of(dataset);
      return detail::guarded(self.host, [&] {
        Value inputs;
        Value targets;
        self.object.batch(BatchRequest(request), inputs, targets);
        *out_inputs = std::move(inputs).release(self.host);
        *out_targets = std::move(targets).release(self.host);
      });
    };
  }
};

}  // namespace knack::inline v1
