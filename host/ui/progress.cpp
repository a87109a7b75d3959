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
  int rank;
  std::string text;
  std::string brief;  // in its place on a line that is too short for all
};

std::string joined(const std::vector<Field>& fields, std::string Field::* text) {
  std::string line;
  for (const Field& field : fields) {
    if (!(field.*text).empty()) line += (line.empty() ? "" : "  ") + field.*text;
  }
  return line;
}

std::string fitting_line(std::vector<Field> fields, std::size_t width) {
  std::string line = joined(fields, &Field::text);
  if (visible_width(line) <= width) return line;
  while (visible_width(line = joined(fields, &Field::brief)) > width && fields.size() > 1) {
    fields.erase(std::max_element(fields.begin(), fields.end(),
                                  [](const Field& a, const Field& b) { return a.rank < b.rank; }));
  }
  return line;
}

Field unabridged(int rank, const std::string& text) {
  return {rank, text, text};
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
  Field metric{3, "", ""};
  if (!std::isnan(metric_)) {
    const std::string value = number_text(metric_);
    metric = {3, "valid " + metric_name_ + " " + value + " (" + metric_set_ + ")",
              metric_set_ + " " + metric_name_ + " " + value};
  }
  const std::string best = std::isnan(best_metric_) ? "" : "best " + number_text(best_metric_);
  const std::string step = fmt::format("{}/{}", state.step, state.total_steps);
  const std::string loss = number_text(state.loss);
  const std::string rate = fmt::format("{:.0f}", samples_per_second(state.samples_seen, now));
  console_.progress(
      fitting_line({unabridged(0, fmt::format("epoch {}/{}", state.epoch, state.total_epochs)),
                    {4, "step " + step, step},
                    {1, "train loss " + loss, "train " + loss},
                    metric,
                    unabridged(6, best),
                    {5, rate + " samples/s", rate + "/s"},
                    unabridged(2, "ETA " + time_left(state, now))},
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
  console_.progress(
      fitting_line({unabridged(0, "evaluating " + evaluated_set_),
                    unabridged(1, fmt::format("batch {}/{}", batches_done_, batches_))},
                   console_.progress_width()));
  last_shown_ = now;
}

}  // namespace knack::host
