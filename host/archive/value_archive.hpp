// SPDX-License-Identifier: MIT
// Trees of values on disk: JSON for their shape, numbers and texts, and tensors beside it.
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "host/archive/tensor_file.hpp"
#include "host/plugin/value.hpp"

namespace knack::host {

/// Takes trees apart. JSON has no bytes, no NaN and no tensors; these are objects with one key:
/// `{"$tensor": NAME}`, with "device" where that is not the CPU, `{"$float": "nan"}`,
/// `{"$bytes": HEX}` for texts that are no UTF-8. A map's own key that begins with '$' gets one
/// more. Numbers keep their type and every bit.
class ValueArchiveWriter {
 public:
  /// The tree as JSON. Its tensors are named after `path` and their place in the tree.
  nlohmann::ordered_json add(const Value& value, const std::string& path);

  /// Of all trees so far, sharing memory with what was added.
  const std::vector<NamedTensor>& tensors() const {
    return tensors_;
  }

 private:
  nlohmann::ordered_json add_tensor(const at::Tensor& tensor, const std::string& path);

  std::vector<NamedTensor> tensors_;
  std::set<std::string> names_;
};

/// Puts trees together again that a ValueArchiveWriter took apart. Each tensor is a new one,
/// row-major, on the CPU, or on `device` if it was on another than that. Throws Error(data) for
/// JSON that no writer wrote and tensors that are missing.
Value read_value(const nlohmann::ordered_json& json, const SafetensorsReader& tensors,
                 at::Device device = at::kCPU);

}  // namespace knack::host
