// SPDX-License-Identifier: MIT
#include "host/app/resumption.hpp"

#include <algorithm>

#include "host/app/provenance.hpp"
#include "host/checkpoint/checkpoint_store.hpp"
#include "host/common/error.hpp"
#include "host/common/shell_word.hpp"
#include "host/recipe/difference.hpp"
#include "host/report/run_search.hpp"
#include "host/run/checkpoints.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;

bool has(const std::vector<std::string>& allowed, const std::string& key) {
  return std::any_of(allowed.begin(), allowed.end(),
                     [&](const std::string& prefix) { return is_within(key, prefix); });
}

/// A folder or file that has moved.
bool is_path(const Json& value) {
  return value.is_string() && fs::path(value.get<std::string>()).is_absolute();
}

/// What the loading of the state must know of an allowed change.
void note(AllowedChanges& allowed, const Difference& difference) {
  const std::string& key = difference.key;
  allowed.keys.insert(key);
  const bool has_moved = is_path(difference.before) && is_path(difference.after);
  if (key == "trainer.seed" || (is_within(key, "data.train") && !has_moved)) allowed.sampling = key;
  const std::string ending = ".use";
  const bool is_other_plugin = key.ends_with(ending);
  const std::string section = is_other_plugin ? key.substr(0, key.size() - ending.size()) : key;
  if (section.starts_with("tricks[") && section.ends_with("]")) {
    allowed.instances.insert("trick/" + section.substr(7, section.size() - 8));
  } else if (section.starts_with("data.") && (is_other_plugin || section == "data.test")) {
    allowed.instances.insert("dataset/" + section);
  } else if (is_other_plugin) {
    allowed.instances.insert(section + "/" + section);
  } else if (key.starts_with("optimizer.")) {
    allowed.optimizer_options.insert(key.substr(std::string("optimizer.").size()));
  }
}

/// All that differs, unless it is free to. Throws Error(recipe) for what is not allowed.
AllowedChanges compare(const fs::path& run, const Json& before, const Json& after,
                       const std::vector<std::string>& allowed_keys,
                       CommandEnvironment& environment) {
  AllowedChanges allowed;
  std::string refused;
  std::string flags;
  for (const Difference& difference : differences(before, after)) {
    if (is_consequence(difference)) continue;
    const std::string line = difference.key + ": " + value_text(difference.before) +
                             " in the run, " + value_text(difference.after) + " now";
    if (leaves_training_alone(difference.key)) {
      environment.console().debug("changed without effect on the training: " + line);
    } else if (has(allowed_keys, difference.key)) {
      environment.console().warning("changed: " + line);
      note(allowed, difference);
    } else {
      refused += (refused.empty() ? "" : "\n") + line;
      flags += " --allow-change " + shell_word(difference.key);
    }
  }
  for (const std::string& key : allowed_keys) {
    const bool is_used =
        std::any_of(allowed.keys.begin(), allowed.keys.end(),
                    [&](const std::string& found) { return is_within(found, key); });
    if (!is_used && refused.empty()) {
      environment.console().warning("--allow-change " + one_line(key) + ": nothing there differs");
    }
  }
  if (!refused.empty()) {
    Diagnostic differs;
    differs.id = "E0340";
    differs.sentence = "--resume " + backticked_path(run) +
                       ": expected the recipe of the run, found one that differs";
    differs.notes = {refused};
    differs.helps = {
        "leave it as it was, or go on with another training than the one that began: add" + flags};
    throw Error(differs);
  }
  return allowed;
}

bool is_called(const RunFolder& run, const std::string& name) try {
  return read_json(run.recipe_file()).at("name") == name;
} catch (const Error&) {
  return false;
} catch (const Json::exception&) {
  return false;
}

/// Of the runs below `root` that have not come to their end, the one that was trained last. With a
/// name only of the runs whose recipe has it.
std::optional<fs::path> last_unfinished(const fs::path& root, const std::string& name = "") {
  for (const fs::path& run : runs_below(root)) {
    const RunFolder folder = RunFolder::open(run);
    if (!folder.is_finished() && (name.empty() || is_called(folder, name))) return run;
  }
  return std::nullopt;
}

}  // namespace

std::optional<fs::path> find_run(const TrainCommand& command, CommandEnvironment& environment) {
  if (command.resume != "auto") {
    if (!command.run_folder.empty()) {
      throw Error("E0106",
                  "--run-dir: a run that goes on stays in its folder; leave out --run-dir, or give "
                  "--resume auto");
    }
    return command.resume;
  }
  if (!command.run_folder.empty()) {
    return RunFolder::is_run(command.run_folder) ? std::optional(command.run_folder) : std::nullopt;
  }
  if (command.recipe.empty()) return last_unfinished(TrainerOptions{}.run_root);
  const Recipe recipe = environment.open_recipe(command.recipe);
  return last_unfinished(recipe.trainer.run_root, recipe.name);
}

Resumption take_up(const fs::path& run, const TrainCommand& command,
                   CommandEnvironment& environment) {
  Resumption taken{RunFolder::take_over(run), {}, {}, {}, false};
  CheckpointStore store(taken.folder.checkpoints(), 1);
  store.clean();
  std::vector<std::string> damages;  // when all are damaged, the error lists them
  const auto checkpoint =
      store.newest([&](const std::string& problem) { damages.push_back(problem); });
  for (const std::string& damage : damages) {
    environment.console().warning(damage + "; this checkpoint is damaged, the one before is used");
  }
  if (checkpoint) taken.checkpoint = checkpoint->path;

  const fs::path recipe_before =
      checkpoint ? checkpoint->path / kCheckpointRecipe : taken.folder.recipe_file();
  taken.recipe = environment.open_recipe(command.recipe.empty() ? recipe_before : command.recipe);
  const Json before = read_json(recipe_before);
  if (taken.recipe.trainer.threads == 0) {  // left to the host, which has chosen
    taken.recipe.trainer.threads = before.at("trainer").value("threads", std::int64_t{0});
  }
  taken.recipe.used_plugins = plugins_of(taken.recipe, environment.registry());
  taken.allowed =
      compare(run, before, resolved(taken.recipe), command.allowed_changes, environment);
  taken.is_finished = taken.folder.is_finished() && taken.allowed.keys.empty();
  if (taken.folder.is_finished() && !taken.is_finished && !checkpoint) {
    throw Error("E0510", taken.folder.checkpoints(),
                "expected a checkpoint to go on from, found none; this run "
                "has come to its end, begin another");
  }
  return taken;
}

}  // namespace knack::host
