// SPDX-License-Identifier: MIT
#include "host/ablate/trainings.hpp"

#include <signal.h>
#include <string.h>

#include <chrono>
#include <deque>
#include <fstream>
#include <list>

#include "host/ablate/child_program.hpp"
#include "host/ui/table.hpp"

namespace knack::host {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kLinesShown = 8;

/// The last lines of a log, from `begin` on.
std::string last_lines(const std::filesystem::path& log, std::uintmax_t begin) {
  std::ifstream file(log);
  file.seekg(static_cast<std::streamoff>(begin));
  std::deque<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (line.empty()) continue;
    lines.push_back(line);
    if (lines.size() > kLinesShown) lines.pop_front();
  }
  std::string text;
  for (const std::string& line : lines) text += "\n  " + line;
  return text;
}

std::string describe_end(int exit_code) {
  if (exit_code <= 128) return "it failed with exit code " + std::to_string(exit_code);
  const char* name = ::sigabbrev_np(exit_code - 128);
  return "it was ended by " +
         (name == nullptr ? std::to_string(exit_code - 128) : "SIG" + std::string(name));
}

std::uintmax_t size_of(const std::filesystem::path& file) {
  std::error_code is_absent;
  const std::uintmax_t size = std::filesystem::file_size(file, is_absent);
  return is_absent ? 0 : size;
}

std::vector<std::string> command_of(const Training& training) {
  std::vector<std::string> words = {"knack"};
  words.insert(words.end(), training.words.begin(), training.words.end());
  return words;
}

struct Running {
  // The program is not named: another one may have taken its name meanwhile.
  Running(std::size_t index, const Training& training)
      : index(index),
        log_begin(size_of(training.log)),
        program("/proc/self/exe", command_of(training), training.log) {}

  std::size_t index;
  std::uintmax_t log_begin;
  ChildProgram program;
  Clock::time_point start = Clock::now();
};

class Trainer {
 public:
  Trainer(const std::vector<Training>& trainings, std::size_t jobs, Console& console,
          const std::function<std::string(std::size_t, const TrainingEnd&)>& on_end)
      : trainings_(trainings), jobs_(jobs), console_(console), on_end_(on_end) {}

  int run() {
    try {
      return train_all();
    } catch (...) {
      stop();
      throw;
    }
  }

 private:
  int train_all() {
    while (true) {
      while (signal_ == 0 && next_ < trainings_.size() && running_.size() < jobs_) start_next();
      if (running_.empty()) return signal_;
      pass_on(signals_.wait(std::chrono::seconds(1)));
      collect();
      show_progress();
    }
  }

  /// Lets those that run save and leave.
  void stop() {
    for (Running& running : running_) running.program.send(SIGTERM);
    for (Running& running : running_) {
      while (!running.program.has_ended()) pass_on(signals_.wait(std::chrono::seconds(1)));
    }
  }

  void start_next() {
    running_.emplace_back(next_, trainings_[next_]);
    ++next_;
  }

  void pass_on(int signal) {
    if (signal == 0) return;
    if (signal_ == 0) {
      signal_ = signal;
      console_.info("waiting for the training to save; once more leaves at once");
    }
    for (Running& running : running_) running.program.send(signal);
  }

  void collect() {
    for (auto running = running_.begin(); running != running_.end();) {
      if (!running->program.has_ended()) {
        ++running;
        continue;
      }
      finish(*running);
      running = running_.erase(running);
    }
  }

  void finish(const Running& running) {
    const Training& training = trainings_[running.index];
    const int exit_code = running.program.exit_code();
    TrainingEnd end{seconds_since(running.start), {}};
    if (exit_code != 0) {
      end.problem = describe_end(exit_code) + last_lines(training.log, running.log_begin);
    }
    if (signal_ != 0 && exit_code != 0) return;  // as it was asked to
    seconds_ += end.seconds;
    ++ended_;
    const std::string result = on_end_(running.index, end);
    const std::string line = "run " + std::to_string(running.index + 1) + " of " +
                             std::to_string(trainings_.size()) + ", " + training.title + ": ";
    if (end.problem.empty()) {
      console_.info(line + result + " in " + duration_text(end.seconds) + left());
    } else {
      console_.warning(line + end.problem);
    }
  }

  void show_progress() {
    if (!console_.is_interactive() || running_.empty()) return;
    const Running& oldest = running_.front();
    console_.progress("run " + std::to_string(oldest.index + 1) + " of " +
                      std::to_string(trainings_.size()) + ", " + trainings_[oldest.index].title +
                      ", " + duration_text(seconds_since(oldest.start)) + left());
  }

  /// "; 5:02 left", as the trainings so far took.
  std::string left() const {
    if (ended_ == 0 || ended_ == trainings_.size()) return {};
    const auto trainings = static_cast<double>(trainings_.size() - ended_);
    const double each = seconds_ / static_cast<double>(ended_);
    return "; about " + duration_text(trainings * each / static_cast<double>(jobs_)) + " left";
  }

  static double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  }

  const std::vector<Training>& trainings_;
  const std::size_t jobs_;
  Console& console_;
  const std::function<std::string(std::size_t, const TrainingEnd&)>& on_end_;
  const ChildSignals signals_;
  std::list<Running> running_;
  std::size_t next_ = 0;
  std::size_t ended_ = 0;
  double seconds_ = 0;
  int signal_ = 0;
};

}  // namespace

int run_trainings(const std::vector<Training>& trainings, std::size_t jobs, Console& console,
                  const std::function<std::string(std::size_t, const TrainingEnd&)>& on_end) {
  return Trainer(trainings, jobs, console, on_end).run();
}

}  // namespace knack::host
