// SPDX-License-Identifier: MIT
// A short real training run with the plugin under test in it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/report/run_folder.hpp"
#include "host/run/session.hpp"
#include "host/services/log_sink.hpp"
#include "host/train/fit.hpp"
#include "host/ui/console.hpp"
#include "host/validate/disguise.hpp"

namespace knack::host {

struct TrialOptions {
  std::uint64_t seed = 0;             ///< added to that of the subject
  bool check_plugins = false;         ///< as in trainer.check_plugins
  std::filesystem::path folder = {};  ///< of the run; made when it does not exist
  bool resumes = false;               ///< goes on from the last checkpoint in `folder`
  std::int64_t stops_at_step = 0;     ///< saves and leaves after that many steps; 0: at the end
  std::optional<Json> options =
      std::nullopt;  ///< of the subject, complete and valid, instead of its own
};

/// The recipe of the subject, in which it is put in place of the plugin of its kind, or beside the
/// other tricks, unless it is there already; of two epochs of five steps, on one thread of the CPU.
/// An option of the plugin that gave way is kept where the subject has one of that name that takes
/// it. Throws Error.
Recipe trial_recipe(const Subject& subject, const TrialOptions& options);

/// Two epochs of at most five steps in memory of its own: one trial knows nothing of another.
class Trial {
 public:
  /// Makes all instances and begins the fit. Throws Error.
  Trial(Disguise& disguise, TrialOptions options);
  /// Destroys the instances of a fit that has come to its end. Others are left as they are, as by a
  /// process that is killed.
  ~Trial();

  Fit& fit() {
    return *fit_;
  }

  /// Takes up the checkpoint in the folder. Throws Error.
  void resume();

  /// Trains to the end, or to `stops_at_step`. Nothing when it stopped there. Throws Error.
  std::optional<FitResult> train();

  /// Trains `steps` steps at most, in the first epoch, and leaves it at that.
  void train_steps(std::int64_t steps);

  /// Destroys the instances, wherever the fit is.
  void destroy();

  /// The instances of the subject.
  std::vector<const Instance*> subjects() const;

  /// The bits of all weight sets as they are now, and of what `result` says; a line each.
  std::string digest(const std::optional<FitResult>& result) const;

 private:
  class NoLog final : public LogSink {
    void write(std::string_view, std::uint32_t, std::string_view) override {}
  };
  Session& session();

  Disguise& disguise_;
  const TrialOptions options_;
  const Recipe recipe_;
  Console console_{true};
  NoLog log_;
  HostServices services_;
  RunFolder folder_;
  RunRequests requests_;
  EventStream events_{-1};  // nobody listens
  std::int64_t steps_ = 0;
  bool is_over_ = false;
  std::unique_ptr<Fit> fit_;
  std::unique_ptr<Session> session_;
};

/// A run to the end and its digest.
std::string run_trial(Disguise& disguise, const TrialOptions& options);

/// The options of the subject in its trial_recipe().
Json trial_options_of(const Subject& subject);

/// The tree as text that is equal for equal trees only.
std::string text_of(const Value& tree);

}  // namespace knack::host
