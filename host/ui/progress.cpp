// SPDX-License-Identifier: MIT
#include "host/ui/progress.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "host/ui/table.hpp"

namespace knack::host {
namespace {

constexpr double kRedrawSeconds = 0.1;
constexpr double kSmoothingSeconds = 3.0;

double seconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

/// A part of the line; of those that do not fit, the one with the highest rank goes first.
struct Field {
  std::string text;
  int rank;
};

std::string fitting_line(std::vector<Field> fields, std::size_t width) {
  const auto line = [&] {
    std::string text;
    for (const Field& field : fields) {
      if (!field.text.empty()) text += (text.empty() ? "" : "  ") + field.text;
    }
    return text;
  };
  while (fields.size() > 1 && visible_width(line()) > width) {
    fields.erase(std::max_element(fields.begin(), fields.end(),
                                  [](const Field& a, const Field& b) { return a.rank < b.rank; }));
  }
  return line();
}

}  // namespace

Progress::Progress(Console& console, double log_every_seconds)
    : console_(console),
      interval_(std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(
          console.is_interactive() ? kRedrawSeconds : log_every_seconds))) {}

void Progress::begin(std::int64_t step, std::int64_t samples_seen) {
  start_ = rate_from_ = Clock::now();
  first_step_ = step;
  samples_at_last_ = samples_seen;
}

bool Progress::is_due() const {
  return Clock::now() - last_shown_ >= interval_;
}

double Progress::samples_per_second(std::int64_t samples_seen, Clock::time_point now) {
  const double passed = std::max(seconds(now - rate_from_), 1e-9);
  const double rate = static_cast<double>(samples_seen - samples_at_last_) / passed;
  const double share = rate_ == 0.0 ? 1.0 : 1.0 - std::exp(-passed / kSmoothingSeconds);
  rate_ += share * (rate - rate_);
  rate_from_ = now;
  samples_at_last_ = samples_seen;
  return rate_;
}

std::string Progress::time_left(const ProgressState& state, Clock::time_point now) const {
  const std::int64_t steps_done = state.step - first_step_;
  if (steps_done <= 0) return "-";
  return duration_text(
      seconds(now - start_) *
      static_cast<double>(std::max<std::int64_t>(state.total_steps - state.step, 0)) /
      static_cast<double>(steps_done));
}

void Progress::show(const ProgressState& state) {
  const auto now = Clock::now();
  std::string metric;
  std::string best;
  if (!std::isnan(metric_)) {
    metric = "valid " + metric_name_ + " " + number_text(metric_) + " (" + metric_set_ + ")";
  }
  if (!std::isnan(best_metric_)) best = "best " + number_text(best_metric_);
  console_.progress(fitting_line(
      {{fmt::format("epoch {}/{}", state.epoch, state.total_epochs), 0},
       {fmt::format("step {}/{}", state.step, state.total_steps), 4},
       {"train loss " + number_text(state.loss), 1},
       {metric, 3},
       {best, 6},
       {fmt::format("{:.0f} samples/s", samples_per_second(state.samples_seen, now)), 5},
       {"ETA " + time_left(state, now), 2}},
      console_.progress_width()));
  last_shown_ = now;
}

void Progress::note_metric(const std::string& name, const std::string& set, double last,
                           double best) {
  metric_name_ = name;
  metric_set_ = set;
  metric_ = last;
  best_metric_ = best;
}

void Progress::begin_evaluation(const std::string& weight_set, std::int64_t batches) {
  evaluated_set_ = weight_set;
  batches_ = batches;
  batches_done_ = 0;
  evaluation_from_ = Clock::now();
}

void Progress::evaluated_batch() {
  const auto now = Clock::now();
  ++batches_done_;
  rate_from_ += now - evaluation_from_;  // no training samples are seen meanwhile
  evaluation_from_ = now;
  if (!is_due()) return;
  console_.progress(fitting_line({{"evaluating " + evaluated_set_, 0},
                                  {fmt::format("batch {}/{}", batches_done_, batches_), 1}},
                                 console_.progress_width()));
  last_shown_ = now;
}

}  // namespace knack::host
