// SPDX-License-Identifier: MIT
#include <c10/util/Exception.h>

#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "host/app/commands/commands.hpp"
#include "host/app/crash_report.hpp"
#include "host/app/provenance.hpp"
#include "host/app/result_table.hpp"
#include "host/app/resumption.hpp"
#include "host/app/signals.hpp"
#include "host/common/shell_word.hpp"
#include "host/report/run_folder.hpp"
#include "host/run/session.hpp"
#include "host/train/fit.hpp"
#include "host/ui/table.hpp"

namespace knack::host {
namespace {

/// One `knack train`: a new run, or one that goes on.
class Training {
 public:
  /// `folder` is new; `recipe` as the user gave it.
  Training(Recipe recipe, RunFolder folder, CommandEnvironment& environment)
      : environment_(environment), recipe_(std::move(recipe)), folder_(std::move(folder)) {}

  explicit Training(Resumption taken, CommandEnvironment& environment)
      : environment_(environment),
        recipe_(std::move(taken.recipe)),
        folder_(std::move(taken.folder)),
        is_resumed_(true),
        checkpoint_(std::move(taken.checkpoint)),
        allowed_(std::move(taken.allowed)) {}

  int run() {
    const RunSignals signals(requests_);
    prepare();
    try {
      return train();
    } catch (const c10::Error& error) {
      fail(ExitCode::training, error.what_without_backtrace());
    } catch (const Error& error) {
      fail(error.code(), error.what());
    }
  }

 private:
  /// What comes before training. When it fails, a new folder is as it was, so that it can be given
  /// again.
  void prepare() try {
    Console& console = environment_.console();
    console.attach_log_file(folder_.log_file());
    to_build_ = recipe_;
    if (checkpoint_) to_build_.initial_weights.reset();  // what they became is in the checkpoint
    fit_ = std::make_unique<Fit>(to_build_, environment_.registry(), environment_.services(),
                                 &folder_);
    note_as_run();
    if (!checkpoint_) write_json(folder_.recipe_file(), resolved(recipe_));
    console.info(fit_->parts().description());
    fit_->evaluator().try_out();
    if (is_resumed_ && !checkpoint_) {
      folder_.forget_end();
      folder_.forget_training();
    }
    fit_->begin();
  } catch (...) {
    if (!is_resumed_) folder_.discard();
    throw;
  }

  /// The recipe that repeats this run: with the threads that were chosen and the plugins that were
  /// used.
  void note_as_run() {
    recipe_.trainer.threads = fit_->parts().threads;
    if (is_resumed_) return;  // take_up() has noted and compared the plugins
    auto used = plugins_of(recipe_, environment_.registry());
    for (const auto& [id, before] : recipe_.used_plugins) {
      const auto now = used.find(id);
      if (now != used.end() && now->second.sha256 != before.sha256) {
        environment_.console().warning(
            "plugin " + id + ": the recipe was written by a run with version " + before.version +
            " (sha256 " + before.sha256.substr(0, 12) + "), found version " + now->second.version +
            " (" + now->second.sha256.substr(0, 12) + "); results may differ from that run");
      }
    }
    recipe_.used_plugins = std::move(used);
  }

  int train() {
    Session session(recipe_, *fit_, environment_.console(), folder_, requests_,
                    [this](const std::filesystem::path& saved) { note_checkpoint(saved); });
    if (checkpoint_) {
      note_checkpoint(*checkpoint_);
      session.resume(*checkpoint_, allowed_);
      write_json(folder_.recipe_file(), resolved(recipe_));
      environment_.console().info("goes on from " + checkpoint_->string());
    } else if (is_resumed_) {
      environment_.console().warning("this run has no checkpoint yet, so it begins anew");
    }
    const std::optional<FitResult> result = session.run();
    if (!result) return leave(requests_.stop.load());
    std::cout << "\n";
    print_table(result_table(*result));
    std::cout << "\n* chosen: " << result->chosen << ", " << result->reason
              << "\nresults: " << folder_.path().string() << std::endl;
    return static_cast<int>(ExitCode::ok);
  }

  int leave(int signal) {
    environment_.console().warning(std::string("stopped by ") + signal_name(signal) +
                                   "; everything is saved, " + how_to_go_on());
    return 128 + signal;
  }

  void note_checkpoint(const std::filesystem::path& checkpoint) {
    checkpoint_ = checkpoint;
    set_crash_note(last_good());
  }

  std::string last_good() const {
    return "the last good checkpoint is " + checkpoint_->string() + "; " + how_to_go_on();
  }

  std::string how_to_go_on() const {
    return "go on with `knack train --resume " + shell_word(folder_.path().string()) + "`";
  }

  [[noreturn]] void fail(ExitCode code, std::string message) {
    if (checkpoint_) message += "\n" + last_good();
    environment_.console().debug("error: " + message);  // also in the run's log
    throw Error(code, message);
  }

  CommandEnvironment& environment_;
  Recipe recipe_;
  Recipe to_build_;
  RunFolder folder_;
  const bool is_resumed_ = false;
  std::optional<std::filesystem::path> checkpoint_;  // the newest
  const AllowedChanges allowed_;
  std::unique_ptr<Fit> fit_;
  RunRequests requests_;
};

int start(const TrainCommand& command, CommandEnvironment& environment) {
  if (command.recipe.empty()) {
    throw Error(ExitCode::usage,
                command.resume.empty()
                    ? "`knack train`: expected a recipe, or --resume with a run; `knack train "
                      "--help` shows what there is"
                    : "--resume auto: found no run below `runs` that has not come to its end; give "
                      "a recipe to begin one");
  }
  Recipe recipe = environment.open_recipe(command.recipe);
  RunFolder folder = command.run_folder.empty()
                         ? RunFolder::create_under(recipe.trainer.run_root, recipe.name)
                         : RunFolder::create(command.run_folder);
  return Training(std::move(recipe), std::move(folder), environment).run();
}

}  // namespace

int run_command(const TrainCommand& command, const CommonOptions& common) {
  CommandEnvironment environment(common);
  const auto run = command.resume.empty() ? std::nullopt : find_run(command, environment);
  if (!run) return start(command, environment);
  Resumption taken = take_up(*run, command, environment);
  if (taken.is_finished) {
    std::cout << "this run has come to its end; results: " << taken.folder.path().string()
              << std::endl;
    return static_cast<int>(ExitCode::ok);
  }
  return Training(std::move(taken), environment).run();
}

}  // namespace knack::host
