// SPDX-License-Identifier: MIT
// What the writer and the reader of safetensors files share.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/checkpoint/safetensors.hpp"

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

/// What a file begins with, and the tensors that follow it without gaps.
struct SafetensorsLayout {
  std::string start;                        ///< length and header
  std::vector<const TensorToWrite*> order;  ///< those with the largest elements first
};

/// Throws Error(ExitCode::data) that names `file` for tensors that a file cannot hold. Their data is
/// not looked at.
SafetensorsLayout lay_out(const std::filesystem::path& file,
                          const std::vector<TensorToWrite>& tensors,
                          const std::map<std::string, std::string>& metadata);

}  // namespace knack::host
