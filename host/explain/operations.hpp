// SPDX-License-Identifier: MIT
// Counts the arithmetic of what runs.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

namespace knack::host {

/// Floating point operations, a multiplication and an addition being two.
///
/// Counted are convolutions, matrix products and scaled dot product attention, forward and
/// backward; not the rest (normalization, activations, pooling, losses, sums), which is a small
/// share of it in most models. The formulas are those of torch.utils.flop_counter.
struct Operations {
  std::int64_t flops = 0;
  std::map<std::string, std::int64_t> by_operator;  ///< "aten::convolution"
  std::set<std::string> uncounted;                  ///< operators that are no small share
};

/// Runs `work` and counts what it does on this thread, a backward pass on the CPU included.
Operations count_operations(const std::function<void()>& work);

}  // namespace knack::host
