// SPDX-License-Identifier: MIT
// How the functions of the extension tables end: with a status, never with an exception.
#pragma once

#include <c10/util/Exception.h>
#include <knack/abi/status.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <exception>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "host/common/error.hpp"
#include "host/plugin/guard.hpp"

namespace knack::host {

/// A failure that a service reports to the plugin with a status of its own.
struct ServiceError : std::runtime_error {
  ServiceError(std::int32_t status, const std::string& text)
      : std::runtime_error(text), status(status) {}
  ServiceError(std::int32_t status, const Error& cause)
      : std::runtime_error(cause.what()), status(status), cause(cause) {}

  std::int32_t status;
  std::optional<Error> cause;  ///< what it is when the plugin fails with this text; or no more
};

/// Keeps the text of the exception in flight for the plugin's caller and gives its status. Nothing
/// here throws, also without memory.
inline std::int32_t status_of_current_exception() noexcept {
  try {
    throw;
  } catch (const ServiceError& error) {
    if (error.cause) {
      set_error(*error.cause);
    } else {
      set_error_text(error.what());
    }
    return error.status;
  } catch (const Error& error) {
    set_error(error);
    return error.code() == ExitCode::data ? KNACK_STATUS_DATA : KNACK_STATUS_FAILED;
  } catch (const c10::OutOfMemoryError& error) {
    set_error_text(error.what_without_backtrace());
    return KNACK_STATUS_NO_MEMORY;
  } catch (const c10::Error& error) {
    set_error_text(error.what_without_backtrace());
  } catch (const std::bad_alloc&) {
    set_error_text("out of memory");
    return KNACK_STATUS_NO_MEMORY;
  } catch (const std::exception& error) {
    set_error_text(error.what());
  } catch (...) {
    set_error_text("an exception of unknown type");
  }
  return KNACK_STATUS_FAILED;
}

/// Runs `function()`; an exception becomes a status and a text.
template <class Function>
std::int32_t to_status(Function&& function) noexcept {
  try {
    std::forward<Function>(function)();
    return KNACK_STATUS_OK;
  } catch (...) {
    return status_of_current_exception();
  }
}

/// Refuses NULL where a caller gives a place, a request or a callback.
template <class Pointer>
void require(Pointer pointer, const char* what = "out") {
  if (pointer == nullptr) {
    throw ServiceError(KNACK_STATUS_INVALID,
                       std::string(what) + ": expected a pointer, found NULL");
  }
}

/// Refuses a struct of the caller that lacks what lies before `size`.
template <class Struct>
void require_size(const Struct* given, std::size_t size, const char* what) {
  require(given, what);
  if (given->struct_size < size) {
    throw ServiceError(KNACK_STATUS_INVALID, std::string(what) + ".struct_size: expected " +
                                                 std::to_string(size) + " or more, found " +
                                                 std::to_string(given->struct_size));
  }
}

/// Writes as much of `filled` as the caller's struct, by its struct_size, has room for, which
/// afterwards says how much that was: plugins of an older minor get what they know, and those of a
/// newer one see what they did not get.
template <class Struct>
void fill(Struct* out, const Struct& filled) {
  require_size(out, sizeof(out->struct_size), "out");
  const auto size = std::min(out->struct_size, static_cast<std::uint32_t>(sizeof(Struct)));
  std::memcpy(out, &filled, size);
  out->struct_size = size;
}

}  // namespace knack::host
