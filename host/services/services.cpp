// SPDX-License-Identifier: MIT
#include "host/services/services.hpp"

namespace knack::host {

void register_services() {
  register_aten();
  register_autograd();
  register_data();
  register_dlpack();
  register_log();
  register_metrics();
  register_norm();
  register_params();
  register_rng();
  register_tensor();
  register_weights();
}

}  // namespace knack::host
