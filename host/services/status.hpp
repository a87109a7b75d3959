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

  std::int32_t status;
};

/// Keeps the text of the exception in flight for the plugin's caller and gives its status.
inline std::int32_t status_of_current_exception() noexcept {
  try {
    throw;
  } catch (const ServiceError& error) {
    set_error_text(error.what());
    return error.status;
  } catch (const Error& error) {
    set_error_text(error.what());
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

/// Writes as much of `filled` as the caller's struct, by its own struct_size, has room for, so that
/// plugins of an older minor get what they know.
template <class Struct>
void fill(Struct* out, const Struct& filled) {
  if (out == nullptr || out->struct_size < sizeof(std::uint32_t)) {
    throw ServiceError(KNACK_STATUS_INVALID,
                       "struct_size: expected the caller to set it, found none");
  }
  const std::size_t size = std::min<std::size_t>(out->struct_size, sizeof(Struct));
  std::memcpy(reinterpret_cast<char*>(out) + sizeof(std::uint32_t),
              reinterpret_cast<const char*>(&filled) + sizeof(std::uint32_t),
              size - sizeof(std::uint32_t));
}

}  // namespace knack::host
