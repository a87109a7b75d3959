// SPDX-License-Identifier: MIT
#include "host/ablate/ablation.hpp"

#include "host/ablate/ablation_report.hpp"
#include "host/recipe/diagnostics.hpp"
#include "host/ui/table.hpp"

namespace knack::host {

Ablation::Ablation(AblationRequest request, const AblationFolder& folder, Console& console)
    : request_(std::move(request)), folder_(folder), console_(console) {
  const auto& conditions = request_.plan.conditions;
  outcomes_.assign(conditions.size(), std::vector<RunOutcome>(request_.seeds.size()));
  // Seed by seed, so that one that is broken off has whole pairs.
  for (std::size_t seed = 0; seed < request_.seeds.size(); ++seed) {
    for (std::size_t condition = 0; condition < conditions.size(); ++condition) {
      const Place place{condition, seed};
      if (folder_.state(conditions[condition], request_.seeds[seed]) == RunState::finished) {
        read_outcome(place);
      } else {
        outcomes_[condition][seed].problem = "not trained yet";
        missing_.push_back(place);
      }
    }
  }
  write();
}

void Ablation::read_outcome(const Place& place) {
  RunOutcome& outcome = outcomes_[place.condition][place.seed];
  const Condition& condition = request_.plan.conditions[place.condition];
  outcome = folder_.outcome(condition, request_.seeds[place.seed], request_.measure);
}

Training Ablation::training_of(const Place& place) const {
  const Condition& condition = request_.plan.conditions[place.condition];
  const std::int64_t seed = request_.seeds[place.seed];
  const std::string run = folder_.run(condition, seed);
  Training training;
  training.title = condition.name + ", seed " + std::to_string(seed);
  training.log = folder_.log_file(condition, seed);
  if (folder_.state(condition, seed) == RunState::interrupted) {
    training.title += " (resumed)";
    training.words = {"train", "--resume", run};
  } else {
    training.words = {"train", folder_.recipe_file(condition),        "--run-dir", run,
                      "--set", "trainer.seed=" + std::to_string(seed)};
  }
  training.words.push_back("--quiet");
  training.words.insert(training.words.end(), request_.more_words.begin(),
                        request_.more_words.end());
  return training;
}

std::string Ablation::note_end(const Place& place, const TrainingEnd& end) {
  RunOutcome& outcome = outcomes_[place.condition][place.seed];
  if (!end.problem.empty()) {
    ++failed_;
    outcome.problem = end.problem;
    write();
    return {};
  }
  read_outcome(place);
  write();
  return outcome.problem.empty() ? request_.measure.metric + " " + number_text(outcome.valid)
                                 : outcome.problem;
}

int Ablation::run() {
  for (const Condition& condition : request_.plan.conditions) folder_.write_recipe(condition);
  const std::size_t there = runs() - missing_.size();
  if (there > 0) {
    console_.info(std::to_string(there) + " of " + std::to_string(runs()) +
                  " runs are there already");
  }
  std::vector<Training> trainings;
  for (const Place& place : missing_) trainings.push_back(training_of(place));
  const int signal = run_trainings(
      trainings, request_.jobs, console_,
      [this](std::size_t index, const TrainingEnd& end) { return note_end(missing_[index], end); });
  return signal;
}

std::size_t Ablation::runs() const {
  return request_.plan.conditions.size() * request_.seeds.size();
}

std::size_t Ablation::finished() const {
  std::size_t count = 0;
  for (const auto& condition : outcomes_) {
    for (const RunOutcome& outcome : condition) count += outcome.seconds == outcome.seconds;
  }
  return count;
}

std::size_t Ablation::failed() const {
  return failed_;
}

std::vector<Finding> Ablation::findings() const {
  return analyse(request_.plan, outcomes_, request_.higher_is_better);
}

void Ablation::write() const {
  folder_.write(ablation_json(*this), ablation_markdown(*this));
}

}  // namespace knack::host
