// SPDX-License-Identifier: MIT
#include "host/validate/behaviour_checks.hpp"

#include <knack/abi/knack.h>

#include <algorithm>
#include <string_view>

#include "host/validate/checks.hpp"

namespace knack::host {
namespace {

using std::chrono::seconds;

constexpr std::string_view kKinds[] = {KNACK_KIND_TRICK, KNACK_KIND_MODEL, KNACK_KIND_DATASET,
                                       KNACK_KIND_OBJECTIVE, KNACK_KIND_OPTIMIZER};

constexpr Check kBehaviour[] = {
    {"behaviour.toy_fit", 3, "trains for ten steps in two epochs, with a finite loss", seconds(60),
     Scope::offer, toy_fit, true},
    {"behaviour.refuses_wrong_options", 3,
     "options of a wrong type, out of range or of an unknown name are refused with a text",
     seconds(60), Scope::offer, refuses_wrong_options},
    {"behaviour.works_in_its_oldest_host", 3,
     "runs in a host of the minor that its manifest asks for", seconds(60), Scope::offer,
     works_in_its_oldest_host},
    {"behaviour.works_in_a_newer_host", 3,
     "runs in a host of a later minor, with longer structs and tables", seconds(60), Scope::offer,
     works_in_a_newer_host},
    {"behaviour.destroy_without_fit", 3,
     "can be destroyed after create, after fit_begin, and in the middle of an epoch", seconds(60),
     Scope::offer, destroy_without_fit},
    {"behaviour.instances_share_nothing", 3, "other instances in the process change nothing",
     seconds(60), Scope::offer, instances_share_nothing},
    {"behaviour.same_seed_same_bits", 3,
     "two runs with one seed give the same bits in every weight set", seconds(60), Scope::offer,
     same_seed_same_bits},
    {"behaviour.restores_thread_state", 3,
     "leaves gradient mode, autocast, threads, random streams, signal handlers, locale and the "
     "like "
     "as they were",
     seconds(60), Scope::offer, restores_thread_state},
    {"behaviour.no_nan", 3, "weight sets and metrics are finite", seconds(60), Scope::offer,
     no_nan},
    {"behaviour.leaves_parameters_alone", 3,
     "live parameters change in fit_begin, epoch_begin, before_step and after_step of a trick and "
     "in "
     "step of an optimizer, and nowhere else",
     seconds(60), Scope::offer, leaves_parameters_alone},
    {"behaviour.keeps_nothing_borrowed", 3,
     "does not touch what a call lent it once the call has returned", seconds(60), Scope::offer,
     keeps_nothing_borrowed},
    {"behaviour.propagates_host_errors", 3,
     "a service of the host that fails makes the call fail that used it", seconds(120),
     Scope::offer, propagates_host_errors},
};

constexpr Check kState[] = {
    {"state.round_trip", 4, "state that is loaded and saved again is the same", seconds(60),
     Scope::offer, round_trip},
    {"state.resume_equals_unbroken", 4,
     "a run that goes on from a checkpoint ends with the same bits", seconds(60), Scope::offer,
     resume_equals_unbroken},
    {"state.refuses_garbage", 4,
     "state that is empty, damaged, random or of a later version is refused with a text or does no "
     "harm",
     seconds(120), Scope::offer, refuses_garbage},
    {"stress.options_fuzz", 4, "no options that fit the schema crash it", seconds(120),
     Scope::offer, options_fuzz},
    {"stress.create_destroy", 4,
     "1,000 instances one after the other leave no memory and no file open", seconds(120),
     Scope::offer, create_destroy},
    {"stress.allocation_failure", 4, "fails with a text when the host has no memory", seconds(120),
     Scope::offer, allocation_failure},
    {"stress.hook_cost", 4, "costs a step little more than reading the weights a few times",
     seconds(60), Scope::offer, hook_cost},
    {"stress.concurrent_instances", 4, "what several loader threads read is what one reads",
     seconds(60), Scope::offer, concurrent_instances},
};

}  // namespace

std::span<const Check> behaviour_checks() {
  return kBehaviour;
}

std::span<const Check> state_checks() {
  return kState;
}

bool is_kind(const Subject& subject, const char* kind) {
  return subject.provided().kind == kind;
}

std::optional<Finding> passes_over(const Subject& subject) {
  const std::string& kind = subject.provided().kind;
  if (std::find(std::begin(kKinds), std::end(kKinds), kind) == std::end(kKinds)) {
    return skipped("this host does not run plugins of kind " + kind);
  }
  if (kind != KNACK_KIND_MODEL) return std::nullopt;
  const auto& provides = subject.file->checked.manifest.provides;
  const auto first = std::find_if(provides.begin(), provides.end(),
                                  [&](const Provided& each) { return each.kind == kind; });
  if (first->id == subject.provided().id) return std::nullopt;
  return skipped("of several models in one file the first is put to the test, which is " +
                 first->id);
}

}  // namespace knack::host
