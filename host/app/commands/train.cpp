// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "host/app/commands/commands.hpp"
#include "host/app/crash_report.hpp"
#include "host/app/current_error.hpp"
#include "host/app/provenance.hpp"
#include "host/app/result_table.hpp"
#include "host/app/resumption.hpp"
#include "host/app/signals.hpp"
#include "host/common/shell_word.hpp"
#include "host/plugin/host_facts.hpp"
#include "host/report/environment.hpp"
#include "host/report/run_folder.hpp"
#include "host/run/event_stream.hpp"
#include "host/run/run_report.hpp"
#include "host/run/session.hpp"
#include "host/train/fit.hpp"
#include "host/ui/table.hpp"

namespace knack::host {
namespace {

/// One `knack train`: a new run, or one that goes on.
class Training {
 public:
  /// `folder` is new; `recipe` as the user gave it.
  Training(Recipe recipe, RunFolder folder, CommandEnvironment& environment, EventStream& stream)
      : environment_(environment),
        stream_(stream),
        recipe_(std::move(recipe)),
        folder_(std::move(folder)) {}

  Training(Resumption taken, CommandEnvironment& environment, EventStream& stream)
      : environment_(environment),
        stream_(stream),
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
    } catch (...) {
      fail(current_error());
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
    Session session(recipe_, *fit_, environment_.console(), folder_, requests_, stream_,
                    [this](const std::filesystem::path& saved) {
                      note_checkpoint(saved);
                      stream_.send("checkpoint_saved", {{"checkpoint", saved.string()}});
                    });
    if (checkpoint_) {
      note_checkpoint(*checkpoint_);
      session.resume(*checkpoint_, allowed_);
      write_json(folder_.recipe_file(), resolved(recipe_));
      environment_.console().info("goes on from " + checkpoint_->string());
    } else if (is_resumed_) {
      environment_.console().warning("this run has no checkpoint yet, so it begins anew");
    }
    note_start();
    const std::optional<FitResult> result = session.run();
    if (!result) return leave(requests_.stop.load());
    if (!stream_.is_open()) show(*result);
    return static_cast<int>(ExitCode::ok);
  }

  void show(const FitResult& result) const {
    environment_.console().end_progress();
    std::cout << "\n";
    print_table(result_table(result));
    std::cout << "\n* chosen: " << result.chosen << ", " << result.reason
              << "\nresults: " << folder_.path().string() << std::endl;
  }

  /// In environment.json, and for whoever listens.
  void note_start() {
    const Placement& placement = fit_->parts().placement;
    const Json environment = describe_session({.step = fit_->loop().counters().step,
                                               .libtorch = this_host().torch.version,
                                               .threads = fit_->parts().threads,
                                               .device = placement.device().str()});
    add_session(folder_, environment);
    is_started_ = true;
    stream_.send("run_started", {{"folder", folder_.path().string()},
                                 {"model", fit_->parts().description()},
                                 {"environment", environment},
                                 {"recipe", resolved(recipe_)}});
  }

  int leave(int signal) {
    environment_.console().warning(std::string("stopped by ") + signal_name(signal) +
                                   "; everything is saved, " + how_to_go_on());
    RunReport(folder_, environment_.console()).write();  // knows by the line above that it stopped
    stream_.send("stopped", {{"signal", signal_name(signal)},
                             {"exit_code", 128 + signal},
                             {"folder", folder_.path().string()}});
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

  [[noreturn]] void fail(const Error& error) {
    std::vector<Diagnostic> problems = error.diagnostics();
    if (checkpoint_) {
      problems.back().notes.push_back("the last good checkpoint is " + checkpoint_->string());
      problems.back().helps.push_back(how_to_go_on());
    }
    const Error failure = environment_.placed(Error(error.code(), problems));
    const bool has_begun = is_resumed_ || checkpoint_ || fit_->loop().counters().step > 0;
    if (!has_begun && failure.code() == ExitCode::recipe) {
      folder_.discard();  // as before training: the mended recipe may have it
      throw failure;
    }
    environment_.console().debug(std::string("error: ") + failure.what());  // also in the run's log
    if (is_started_) RunReport(folder_, environment_.console()).write();
    throw failure;
  }

  CommandEnvironment& environment_;
  EventStream& stream_;
  Recipe recipe_;
  Recipe to_build_;
  RunFolder folder_;
  const bool is_resumed_ = false;
  bool is_started_ = false;                          // until then a folder stays as it was
  std::optional<std::filesystem::path> checkpoint_;  // the newest
  const AllowedChanges allowed_;
  std::unique_ptr<Fit> fit_;
  RunRequests requests_;
};

int start(const TrainCommand& command, CommandEnvironment& environment, EventStream& stream) {
  if (command.recipe.empty()) {
    throw Error("E0103",
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
  return Training(std::move(recipe), std::move(folder), environment, stream).run();
}

int start_or_go_on(const TrainCommand& command, CommandEnvironment& environment,
                   EventStream& stream) {
  const auto run = command.resume.empty() ? std::nullopt : find_run(command, environment);
  if (!run) return start(command, environment, stream);
  Resumption taken = take_up(*run, command, environment);
  if (!taken.is_finished) return Training(std::move(taken), environment, stream).run();
  const std::string folder = taken.folder.path().string();
  if (stream.is_open()) {
    stream.send("run_finished",
                {{"folder", folder}, {"summary", read_json(taken.folder.summary_file())}});
  } else {
    std::cout << "this run has come to its end; results: " << folder << std::endl;
  }
  return static_cast<int>(ExitCode::ok);
}

void send_failure(EventStream& stream, const Error& error) {
  Json codes = Json::array();
  for (const Diagnostic& problem : error.diagnostics()) codes.push_back(problem.id.text());
  stream.send("failed", {{"exit_code", static_cast<int>(error.code())},
                         {"code", codes.front()},
                         {"codes", codes},
                         {"message", error.what()}});
}

int train(const TrainCommand& command, const CommonOptions& common) {
  EventStream stream(command.json ? STDOUT_FILENO : -1);
  int code = 0;
  try {
    CommandEnvironment environment(common);
    environment.console().on_warning(
        [&stream](std::string_view text) { stream.send("warning", {{"message", text}}); });
    code = environment.with_places([&] { return start_or_go_on(command, environment, stream); });
  } catch (...) {
    const Error error = current_error();
    send_failure(stream, error);
    throw error;
  }
  if (code == 0 && stream.has_failed()) std::cout.setstate(std::ios::badbit);  // for main()
  return code;
}

}  // namespace

void declare_train(CommandTable& table) {
  auto [command, options] =
      table.add<TrainCommand>("train", "Train what a recipe describes", Takes::recipe, train);
  command
      .add_option("recipe", options.recipe,
                  "Recipe file (JSON); with --resume by default that of the run")
      ->type_name("RECIPE");
  command.add_option("--run-dir", options.run_folder, "New or empty folder for this run")
      ->type_name("FOLDER");
  command
      .add_option("--resume", options.resume,
                  "Go on with a run; auto: with the newest that has not come to its end")
      ->type_name("RUN|auto");
  command
      .add_option("--allow-change", options.allowed_changes,
                  "Go on although this key of the recipe differs from that of the run")
      ->type_name("KEY")
      ->allow_extra_args(false);
  command.add_flag("--json", options.json, "Print events, a JSON object a line, and no table");
  add_example(command,
              {"knack train recipe.json --set trainer.epochs=3", "knack train --resume auto"});
}

}  // namespace knack::host
