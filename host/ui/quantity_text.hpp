// SPDX-License-Identifier: MIT
// Large and small numbers for people.
#pragma once

#include <cstdint>
#include <string>

namespace knack::host {

/// "1,234,567"
std::string count_text(std::int64_t count);

/// "512 B", "1.4 MiB"
std::string bytes_text(std::int64_t bytes);

/// "41.3 MFLOP", "1.02 TFLOP"
std::string flops_text(std::int64_t flops);

/// "0.39 ms", and from 0.1 s on as duration_text() has it.
std::string time_text(double seconds);

/// "0.9584", "1.234e-05"
std::string four_digits_text(double value);

/// "1.25 %" for 0.0125
std::string share_text(double share);

}  // namespace knack::host
