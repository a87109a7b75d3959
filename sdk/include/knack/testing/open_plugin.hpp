// SPDX-License-Identifier: MIT
// Loads a finished plugin, of any language, into a test. On its own or with fake_host.hpp; link with
// ${CMAKE_DL_LIBS} where the C library has no dlopen.
#pragma once

#include <knack/abi/entry.h>

#include <dlfcn.h>

#include <stdexcept>
#include <string>

namespace knack::testing {

/// The entry of the plugin `file`, which stays loaded. Throws std::runtime_error with the loader's
/// text, or when the file is no plugin of this ABI major.
inline const knack_entry_t& open_plugin(const std::string& file) {
  const std::string path = file.find('/') == std::string::npos ? "./" + file : file;
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw std::runtime_error(::dlerror());
  const auto* entry = static_cast<const knack_entry_t*>(::dlsym(library, KNACK_ENTRY_SYMBOL));
  if (entry == nullptr) throw std::runtime_error(::dlerror());
  if (entry->abi_major != KNACK_ABI_MAJOR) {
    throw std::runtime_error(file + ": expected ABI major " + std::to_string(KNACK_ABI_MAJOR) +
                             ", found " + std::to_string(entry->abi_major));
  }
  return *entry;
}

}  // namespace knack::testing
