// SPDX-License-Identifier: MIT
// What this host is, to compare plugins with.
#pragma once

#include "host/plugin/manifest.hpp"

namespace knack::host {

/// The ABI this host speaks, and the LibTorch and compiler it was built with.
HostFacts this_host();

}  // namespace knack::host
