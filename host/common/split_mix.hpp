// SPDX-License-Identifier: MIT
// Seeds out of seeds.
#pragma once

#include <cstdint>

namespace knack::host {

/// One step of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
/// 2014): nearby inputs give unrelated outputs, the same on every machine.
constexpr std::uint64_t split_mix(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15u;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

}  // namespace knack::host
