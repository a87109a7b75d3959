// SPDX-License-Identifier: MIT
// What the writer and the reader of safetensors files share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace knack::host {

/// The longest header the format allows.
inline constexpr std::uint64_t kLongestSafetensorsHeader = 100'000'000;

/// The header's key that holds text for people, not a tensor.
inline constexpr const char* kSafetensorsMetadata = "__metadata__";

/// The names of all data types, for messages.
std::string dtype_names();

/// The bytes of a dense tensor; none when `dtype` is unknown, a size is negative, or the product
/// of the sizes (those that are 0 left out, as strides are made of the others) exceeds 63 bits.
std::optional<std::uint64_t> tensor_bytes(std::string_view dtype,
                                          const std::vector<std::int64_t>& shape);

/// `[2, 3]`
std::string shape_text(const std::vector<std::int64_t>& shape);

}  // namespace knack::host
