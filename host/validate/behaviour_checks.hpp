// SPDX-License-Identifier: MIT
// The checks of levels 3 and 4 by the file they are in; each stands in one of the lists of
// checks.hpp.
#pragma once

#include <optional>

#include "host/validate/check.hpp"

namespace knack::host {

/// For what neither of levels 3 and 4 is for: a kind this host does not run, or the second model of
/// a file.
std::optional<Finding> passes_over(const Subject& subject);

bool is_kind(const Subject& subject, const char* kind);

// behaviour_options.cpp
Finding refuses_wrong_options(const Subject& subject);

// behaviour_hosts.cpp
Finding works_in_its_oldest_host(const Subject& subject);
Finding works_in_a_newer_host(const Subject& subject);
Finding keeps_nothing_borrowed(const Subject& subject);
Finding propagates_host_errors(const Subject& subject);

// behaviour_fits.cpp
Finding toy_fit(const Subject& subject);
Finding destroy_without_fit(const Subject& subject);
Finding instances_share_nothing(const Subject& subject);
Finding same_seed_same_bits(const Subject& subject);
Finding restores_thread_state(const Subject& subject);
Finding no_nan(const Subject& subject);
Finding leaves_parameters_alone(const Subject& subject);

// state_checks.cpp
Finding round_trip(const Subject& subject);
Finding resume_equals_unbroken(const Subject& subject);
Finding refuses_garbage(const Subject& subject);

// options_fuzz.cpp
Finding options_fuzz(const Subject& subject);

// stress_checks.cpp
Finding create_destroy(const Subject& subject);
Finding allocation_failure(const Subject& subject);
Finding hook_cost(const Subject& subject);
Finding concurrent_instances(const Subject& subject);

}  // namespace knack::host
