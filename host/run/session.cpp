// SPDX-License-Identifier: MIT
#include "host/run/session.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "host/checkpoint/atomic_file.hpp"
#include "host/weights/weight_file.hpp"

namespace knack::host {

Session::Session(const Recipe& recipe, Fit& fit, Console& console, const RunFolder& folder,
                 RunRequests& requests, EventStream& stream, Checkpoints::OnSaved on_saved)
    : recipe_(recipe),
      fit_(fit),
      console_(console),
      folder_(folder),
      requests_(requests),
      stream_(stream),
      checkpoints_(recipe, fit, folder, std::move(on_saved)),
      records_(recipe, fit, console, folder, stream),
      progress_(console, recipe.trainer.log_every_seconds),
      report_(folder, console) {}

void Session::resume(const std::filesystem::path& checkpoint, const AllowedChanges& allowed) {
  state_ = checkpoints_.load(checkpoint, allowed,
                             [&](const std::string& news) { console_.warning(news); });
  folder_.forget_end();
  records_.go_on(state_.records);
  has_begun_ = true;
  counted_until_ = std::chrono::steady_clock::now();
  is_saved_ = allowed.keys.empty();
  save();  // the changes are part of the run from here on
}

std::optional<FitResult> Session::run() try {
  if (!has_begun_) records_.begin();
  progress_.begin(fit_.loop().counters().step, fit_.loop().counters().samples_seen);
  counted_until_ = std::chrono::steady_clock::now();
  if (run_epochs() == Outcome::interrupted) return std::nullopt;
  return finish();
} catch (const EvaluationLeft&) {
  return std::nullopt;
} catch (...) {
  note_failure();
  throw;
}

void Session::note_failure() noexcept try {
  records_.end(false);
} catch (...) {  // it is the failure before that is reported
}

Session::Outcome Session::run_epochs() {
  Loop& loop = fit_.loop();
  while (!state_.is_stopped &&
         (loop.state().in_epoch || loop.counters().epoch < recipe_.trainer.epochs)) {
    if (!loop.state().in_epoch) {
      state_.epoch_seconds = 0.0;
      state_.epoch_samples = loop.counters().samples_seen;
    }
    const Loop::Outcome outcome = loop.run_epoch([this] { return after_step(); });
    if (outcome == Loop::Outcome::interrupted || !after_epoch(outcome)) return Outcome::interrupted;
  }
  return Outcome::trained;
}

// False when the run is to be left; what was trained is saved then.
bool Session::after_step() {
  is_saved_ = false;
  records_.add_step();
  if (progress_.is_due()) show_progress();
  const bool is_asked = requests_.save.exchange(false);
  if (is_asked || is_stop_requested() || checkpoints_.is_due_after_step()) save();
  return !is_stop_requested();
}

bool Session::after_epoch(Loop::Outcome outcome) {
  count_time();
  records_.add_training(state_.epoch_seconds,
                        fit_.loop().counters().samples_seen - state_.epoch_samples);
  const EvaluatedSets evaluated = evaluate_sets();
  count_time();
  records_.show_epoch(evaluated, state_.epoch_seconds);
  knack_hook_context_t end = fit_.context();
  const std::uint32_t reply = fit_.hooks().call(Hook::epoch_end, end);
  state_.is_stopped = outcome == Loop::Outcome::stop_fit || reply == KNACK_REPLY_STOP_FIT;
  if (state_.is_stopped) {
    console_.info("stopped after epoch " + std::to_string(fit_.loop().counters().epoch) +
                  " at the request of a trick");
  }
  is_saved_ = false;
  const bool is_best = note_best(evaluated);
  const bool is_asked = requests_.save.exchange(false);
  if (is_asked || is_stop_requested() || state_.is_stopped || checkpoints_.is_due_after_epoch() ||
      (is_best && recipe_.checkpoint.best)) {
    save(is_best);
  }
  return !is_stop_requested();
}

EvaluatedSets Session::evaluate_sets() {
  EvaluatedSets evaluated;
  for (std::size_t i = 0; i < fit_.weights().sets().size(); ++i) {
    WeightSet& set = *fit_.weights().sets()[i];
    progress_.begin_evaluation(set.name, fit_.parts().valid.loader->batches_per_epoch());
    evaluated.emplace_back(
        set.name, fit_.evaluator().evaluate(set, fit_.context(), {.on_batch = while_evaluating()}));
    records_.add_evaluation("valid", set.name, evaluated.back().second, false);
  }
  return evaluated;
}

// A stop that is asked for during an evaluation leaves it, unless that would lose what was trained
// since the last checkpoint.
OnBatch Session::while_evaluating(Classification* classification) {
  return [this, classification](const Batch& batch, const Value& outputs) {
    if (is_stop_requested()) {
      if (is_saved_) throw EvaluationLeft{};
      if (!std::exchange(is_wait_told_, true)) {
        console_.info("stopping after the evaluation of this epoch, then everything is saved");
      }
    }
    if (classification != nullptr) classification->add(batch, outputs);
    progress_.evaluated_batch();
  };
}

bool Session::note_best(const EvaluatedSets& evaluated) {
  bool is_best = false;
  double last = std::numeric_limits<double>::quiet_NaN();
  std::string last_set;
  for (const auto& [set, metrics] : evaluated) {
    const double monitored = metric(metrics, recipe_.trainer.monitor);
    if (is_better(monitored, last, recipe_.trainer.mode == "max")) {
      last = monitored;
      last_set = set;
    }
    if (!is_better(monitored, state_.best.monitored, recipe_.trainer.mode == "max")) continue;
    state_.best = {monitored, set, fit_.loop().counters().epoch};
    is_best = true;
  }
  progress_.note_metric(recipe_.trainer.monitor, last_set, last, state_.best.monitored);
  return is_best;
}

void Session::show_progress() {
  const Counters& now = fit_.loop().counters();
  const double loss = fit_.loop().mean_loss();
  progress_.show({now.epoch, now.total_epochs, now.step, now.total_steps, now.samples_seen, loss});
  stream_.send("progress", {{"epoch", now.epoch},
                            {"total_epochs", now.total_epochs},
                            {"step", now.step},
                            {"total_steps", now.total_steps},
                            {"samples", now.samples_seen},
                            {"loss", loss}});
}

void Session::count_time() {
  const auto now = std::chrono::steady_clock::now();
  const double seconds = std::chrono::duration<double>(now - counted_until_).count();
  counted_until_ = now;
  state_.seconds += seconds;
  state_.epoch_seconds += seconds;
}

void Session::save(bool is_best) {
  if (is_saved_) return;
  count_time();
  state_.records = records_.sync();
  checkpoints_.save(state_, is_best);
  is_saved_ = true;
  if (!is_stop_requested()) report_.refresh();
}

std::optional<FitResult> Session::finish() {
  save_sets();  // should a trick fail in fit_end, what was trained is there all the same
  knack_hook_context_t end = fit_.context();
  fit_.hooks().call(Hook::fit_end, end);

  FitResult result;
  for (std::size_t i = 0; i < fit_.weights().sets().size(); ++i) {
    result.sets.push_back(finish_set(*fit_.weights().sets()[i]));
    if (is_stop_requested()) return std::nullopt;  // what is left begins at the last checkpoint
  }
  remove_other_sets(result);
  choose_set(result, recipe_.trainer);
  publish_chosen(result);
  count_time();
  records_.end(true);
  const auto summary = summary_of(result, fit_, recipe_.trainer, state_.seconds);
  write_json(folder_.summary_file(), summary);
  report_.write();
  stream_.send("run_finished", {{"folder", folder_.path().string()}, {"summary", summary}});
  return result;
}

// Of tricks that the run no longer uses.
void Session::remove_other_sets(const FitResult& result) const {
  for (const std::string& name : folder_.weight_sets()) {
    const bool is_ours = std::any_of(result.sets.begin(), result.sets.end(),
                                     [&](const FinalSet& set) { return set.name == name; });
    std::error_code ignored;
    if (!is_ours && name != "model") std::filesystem::remove(folder_.weights_file(name), ignored);
  }
}

void Session::save_sets() const {
  for (const auto& set : fit_.weights().sets()) {
    save_weights(fit_.weights(), *set, folder_.weights_file(set->name), {{"weights", set->name}});
  }
}

FinalSet Session::finish_set(WeightSet& set) {
  FinalSet final{set.name, {}, {}, {}};
  Classification classification;
  knack_hook_context_t context = fit_.context();
  context.is_final = 1;
  progress_.begin_evaluation(set.name, fit_.parts().valid.loader->batches_per_epoch());
  const auto finish_active = [&] {
    save_weights(fit_.weights(), set, folder_.weights_file(set.name), {{"weights", set.name}});
    FitParts& parts = fit_.parts();
    if (parts.test) {
      final.test = measure(*parts.model, *parts.objective, *parts.test->loader, parts.placement,
                           while_evaluating());
    }
  };
  final.valid = fit_.evaluator().evaluate(
      set, context, {.on_batch = while_evaluating(&classification), .while_active = finish_active});
  final.classification = classification.result(set.name);
  if (!classification.problem().empty()) {
    console_.warning("no final/classification.json of " + set.name + ": " +
                     classification.problem());
  }
  records_.add_evaluation("valid", set.name, final.valid, true);
  if (!final.test.empty()) records_.add_evaluation("test", set.name, final.test, true);
  return final;
}

void Session::publish_chosen(const FitResult& result) const {
  copy_file_atomically(folder_.weights_file(result.chosen), folder_.weights_file("model"));
  for (const FinalSet& set : result.sets) {
    const bool is_shown = set.name == result.chosen && !set.classification.is_null();
    if (is_shown) write_json(folder_.classification_file(), set.classification);
  }
}

}  // namespace knack::host
