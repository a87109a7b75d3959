// SPDX-License-Identifier: MIT
// Names the fields of the option structs, for reading, writing and defaults alike.
#pragma once

#include "host/recipe/recipe.hpp"

namespace knack::host {

/// Calls `visit(key, field)` for each field.
template <class Visit>
void visit_fields(LoaderOptions& loader, Visit visit) {
  visit("batch_size", loader.batch_size);
  visit("shuffle", loader.shuffle);
  visit("drop_last", loader.drop_last);
  visit("workers", loader.workers);
}

template <class Visit>
void visit_fields(TrainerOptions& trainer, Visit visit) {
  visit("epochs", trainer.epochs);
  visit("seed", trainer.seed);
  visit("device", trainer.device);
  visit("precision", trainer.precision);
  visit("channels_last", trainer.channels_last);
  visit("threads", trainer.threads);
  visit("monitor", trainer.monitor);
  visit("mode", trainer.mode);
  visit("non_finite", trainer.non_finite);
  visit("non_finite_limit", trainer.non_finite_limit);
  visit("check_plugins", trainer.check_plugins);
  visit("log_every_seconds", trainer.log_every_seconds);
  visit("record_every_steps", trainer.record_every_steps);
  visit("run_root", trainer.run_root);
}

template <class Visit>
void visit_fields(CheckpointOptions& checkpoint, Visit visit) {
  visit("every_epochs", checkpoint.every_epochs);
  visit("every_steps", checkpoint.every_steps);
  visit("every_minutes", checkpoint.every_minutes);
  visit("keep", checkpoint.keep);
  visit("best", checkpoint.best);
}

template <class Options>
void write_fields(Options options, Json& object) {
  visit_fields(options, [&](const char* key, const auto& field) { object[key] = field; });
}

/// Fields whose key is absent keep their value.
template <class Options>
void read_fields(const Json& object, Options& options) {
  visit_fields(options, [&](const char* key, auto& field) {
    if (object.contains(key)) object[key].get_to(field);
  });
}

}  // namespace knack::host
