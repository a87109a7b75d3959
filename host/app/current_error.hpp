// SPDX-License-Identifier: MIT
// What is told of an exception, whatever its type.
#pragma once

#include "host/common/error.hpp"

namespace knack::host {

/// The exception that is being handled, as the error that ends the command: an Error is itself,
/// what LibTorch throws is E0605, a lack of memory E0901, and any other std::exception E0900. Call
/// it in a `catch` block. An exception of another type goes on.
Error current_error();

}  // namespace knack::host
