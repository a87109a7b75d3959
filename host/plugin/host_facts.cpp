// SPDX-License-Identifier: MIT
#include "host/plugin/host_facts.hpp"

#include <knack/abi/version.h>
#include <torch/headeronly/version.h>

namespace knack::host {
namespace {

std::string compiler() {
#if defined(__clang__)
  return "clang-" + std::to_string(__clang_major__);
#elif defined(__GNUC__)
  return "gcc-" + std::to_string(__GNUC__);
#else
#error "knack is built with GCC or Clang"
#endif
}

}  // namespace

HostFacts this_host() {
  HostFacts facts;
  facts.abi_major = KNACK_ABI_MAJOR;
  facts.abi_minor = KNACK_ABI_MINOR;
  facts.torch.version = TORCH_VERSION;
#ifdef _LIBCPP_VERSION
  facts.torch.stdlib = "libc++";
#else
  facts.torch.stdlib = "libstdc++";
#endif
#ifdef _GLIBCXX_USE_CXX11_ABI
  facts.torch.cxx11_abi = _GLIBCXX_USE_CXX11_ABI;
#endif
  facts.torch.compiler = compiler();
  return facts;
}

}  // namespace knack::host
