// SPDX-License-Identifier: MIT
#include "host/app/current_error.hpp"

#include <c10/util/Exception.h>

#include <exception>
#include <new>

namespace knack::host {

Error current_error() try { throw; } catch (const Error& error) {
  return error;
} catch (const c10::Error& error) {
  return Error("E0605", error.what_without_backtrace());
} catch (const std::bad_alloc&) {
  return Error("E0901", "out of memory; make trainer.batch_size or the model smaller");
} catch (const std::exception& error) {
  return Error("E0900", error.what());
}

}  // namespace knack::host
