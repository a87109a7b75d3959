// SPDX-License-Identifier: MIT
#include "host/plugin/kinds/dataset.hpp"

#include <utility>

#include "host/plugin/guard.hpp"

namespace knack::host {

Dataset::Dataset(Instance&& instance)
    : Instance(std::move(instance)), slots_(slots<knack_dataset_t>()) {
  require_slot(slots_.length != nullptr, "length");
  require_slot(slots_.batch != nullptr, "batch");
  Call call(context(), "length", ExitCode::plugin);
  call.run([&] { return slots_.length(as<knack_dataset_t>(), &length_); });
  if (length_ < 1) call.fail_check("at least one sample", std::to_string(length_));
}

Value Dataset::describe() const {
  if (slots_.describe == nullptr) return Value::Map{};
  knack_value_t facts{};
  Call call(context(), "describe", ExitCode::plugin);
  call.run([&] { return slots_.describe(as<knack_dataset_t>(), &facts); });
  Value taken = call.take(facts);
  if (taken.get_if<Value::Map>() == nullptr) call.fail_check("a map", "another value");
  return taken;
}

Samples Dataset::batch(std::int64_t epoch, std::uint64_t seed,
                       std::span<const std::int64_t> indices) const {
  const knack_batch_request_t request{.struct_size = sizeof(knack_batch_request_t),
                                      .reserved = 0,
                                      .epoch = epoch,
                                      .seed = seed,
                                      .indices_borrowed = indices.data(),
                                      .count = static_cast<std::int64_t>(indices.size())};
  knack_value_t inputs{};
  knack_value_t targets{};
  Call call(context(), "batch");
  call.run([&] { return slots_.batch(as<knack_dataset_t>(), &request, &inputs, &targets); });
  Samples batch;
  try {
    batch.inputs = call.take(inputs);
  } catch (...) {
    Value::release(targets);
    throw;
  }
  batch.targets = call.take(targets);
  return batch;
}

}  // namespace knack::host
