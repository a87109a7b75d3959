// SPDX-License-Identifier: MIT
// All extension tables of the host.
#pragma once

namespace knack::host {

/// Makes every extension known, before plugins are loaded.
void register_services();

// One a table.
void register_aten();
void register_autograd();
void register_data();
void register_dlpack();
void register_log();
void register_metrics();
void register_norm();
void register_params();
void register_rng();
void register_tensor();
void register_weights();

}  // namespace knack::host
