// SPDX-License-Identifier: MIT
#include "host/run/checkpoints.hpp"

#include <utility>

#include "host/checkpoint/output_file.hpp"
#include "host/common/json_text.hpp"

namespace knack::host {
namespace {

constexpr const char* kInstanceFiles = "files";

}  // namespace

Checkpoints::Checkpoints(const Recipe& recipe, Fit& fit, const RunFolder& folder, OnSaved on_saved)
    : recipe_(recipe),
      fit_(fit),
      folder_(folder),
      store_(folder.checkpoints(), recipe.checkpoint.keep),
      on_saved_(std::move(on_saved)) {}

bool Checkpoints::is_due_after_step() {
  const CheckpointOptions& plan = recipe_.checkpoint;
  const std::int64_t step = fit_.loop().counters().step;
  const bool is_new = std::exchange(considered_step_, step) != step;
  const std::chrono::duration<double, std::ratio<60>> minutes =
      std::chrono::steady_clock::now() - last_time_;
  return (plan.every_steps > 0 && is_new && step % plan.every_steps == 0) ||
         (plan.every_minutes > 0 && minutes.count() >= plan.every_minutes);
}

bool Checkpoints::is_due_after_epoch() const {
  const CheckpointOptions& plan = recipe_.checkpoint;
  const Counters& now = fit_.loop().counters();
  const bool is_last = now.epoch >= now.total_epochs;
  return is_last || (plan.every_epochs > 0 && now.epoch % plan.every_epochs == 0);
}

void Checkpoints::save(const SessionState& state, bool is_best) {
  const Counters& now = fit_.loop().counters();
  const auto fill = [&](const std::filesystem::path& folder) {
    save_fit(fit_, to_value(state), folder);
    folder_.save_instance_files(folder / kInstanceFiles);
    OutputFile(folder / kCheckpointRecipe).write(json_text(resolved(recipe_)) + "\n");
  };
  const auto checkpoint =
      store_.write(now.step, now.epoch, is_best && recipe_.checkpoint.best, fill);
  last_time_ = std::chrono::steady_clock::now();
  on_saved_(checkpoint);
}

SessionState Checkpoints::load(const std::filesystem::path& checkpoint,
                               const AllowedChanges& allowed,
                               const std::function<void(const std::string&)>& say) {
  folder_.restore_instance_files(checkpoint / kInstanceFiles);
  const SessionState state = session_state_of(load_fit(fit_, checkpoint, allowed, say));
  const LoopState& loop = fit_.loop().state();
  considered_step_ = loop.counters.step;
  const bool is_best = !loop.in_epoch && state.best.epoch == loop.counters.epoch;
  if (!recipe_.checkpoint.best) store_.forget_best();
  store_.go_on_from(checkpoint, is_best && recipe_.checkpoint.best);
  return state;
}

}  // namespace knack::host
