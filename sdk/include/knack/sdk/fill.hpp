// SPDX-License-Identifier: MIT
// How a plugin fills a struct of the host.
#pragma once

#include <knack/sdk/error.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace knack::inline v1::detail {

/// Writes as much of `filled` as `*out` has room for, by its struct_size, which afterwards says how
/// much that was. So a plugin of a later minor serves hosts of an earlier one, and the other way
/// round. Fails with KNACK_STATUS_INVALID when there is no place.
template <typename Struct>
void fill(Struct* out, const Struct& filled) {
  if (out == nullptr || out->struct_size < sizeof(out->struct_size)) {
    return knack::fail(KNACK_STATUS_INVALID,
                       "expected a struct with its struct_size set by the caller, found none");
  }
  const auto size = std::min(out->struct_size, static_cast<std::uint32_t>(sizeof(Struct)));
  std::memcpy(out, &filled, size);
  out->struct_size = size;
}

}  // namespace knack::inline v1::detail
