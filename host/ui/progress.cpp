// SPDX-License-Identifier: MIT
#include "host/ui/progress.hpp"

#include <spdlog/fmt/fmt.h>

#include "host/ui/table.hpp"

namespace knack::host {
namespace {

constexpr double kRedrawSeconds = 0.1;

double seconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

Progress::Progress(Console& console, double log_every_seconds)
    : console_(console),
      interval_(std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(
          console.is_interactive() ? kRedrawSeconds : log_every_seconds))) {}

bool Progress::is_due() const {
  return Clock::now() - last_shown_ >= interval_;
}

void Progress::show(const ProgressState& state) {
  const auto now = Clock::now();
  const double rate = static_cast<double>(state.samples_seen - samples_at_last_) /
                      std::max(seconds(now - last_shown_), 1e-9);
  const double remaining = seconds(now - start_) *
                           static_cast<double>(state.total_steps - state.step) /
                           static_cast<double>(std::max<std::int64_t>(state.step, 1));
  console_.progress(fmt::format("epoch {}/{}  step {}/{}  loss {}  {:.0f} samples/s  ETA {}",
                                state.epoch, state.total_epochs, state.step, state.total_steps,
                                number_text(state.loss), rate, duration_text(remaining)));
  last_shown_ = now;
  samples_at_last_ = state.samples_seen;
}

}  // namespace knack::host
