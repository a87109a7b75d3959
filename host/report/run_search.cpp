// SPDX-License-Identifier: MIT
#include "host/report/run_search.hpp"

#include <algorithm>
#include <utility>

#include "host/common/shell_word.hpp"
#include "host/recipe/diagnostics.hpp"
#include "host/report/run_folder.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> folders_in(const fs::path& parent) {
  std::vector<fs::path> folders;
  std::error_code failure;
  for (fs::directory_iterator entry(parent, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    std::error_code unknown;
    if (entry->is_directory(unknown)) folders.push_back(*entry);
  }
  return folders;
}

/// The run in whose folder `file` is; empty if it is in none.
fs::path run_around(const fs::path& file) {
  fs::path folder = file.parent_path();
  for (int levels = 0; levels < 4 && !folder.empty(); ++levels) {
    if (RunFolder::is_run(folder)) return folder;
    folder = folder.has_relative_path() ? folder.parent_path() : fs::path();
  }
  return {};
}

}  // namespace

std::vector<fs::path> runs_below(const fs::path& root) {
  std::vector<std::pair<fs::file_time_type, fs::path>> found;
  const auto add = [&](const fs::path& folder) {
    std::error_code unknown;
    if (!RunFolder::is_run(folder)) return false;
    found.emplace_back(fs::last_write_time(folder / "log.txt", unknown), folder);
    return true;
  };
  for (const fs::path& folder : folders_in(root)) {
    if (add(folder)) continue;
    for (const fs::path& deeper : folders_in(folder)) add(deeper);
  }
  std::sort(found.rbegin(), found.rend());
  std::vector<fs::path> runs;
  for (auto& [time, run] : found) runs.push_back(std::move(run));
  return runs;
}

std::string describe_no_run(const fs::path& path, bool with_weights) {
  std::error_code failure;
  const bool is_folder = fs::is_directory(path, failure);
  std::string text = std::string("expected a run folder, found ") +
                     (is_folder                   ? "no recipe.json in it"
                      : fs::exists(path, failure) ? "a file"
                                                  : "no such folder");
  if (const std::vector<fs::path> runs = runs_below(path); !runs.empty()) {
    return text + "; the newest run in it is " + backticked_path(runs.front());
  }
  const fs::path run = run_around(path);
  if (run.empty()) return text + "; give the folder that `knack train` printed";
  text += "; did you mean " + backticked_path(run);
  const bool is_set = path == run / "final" / path.filename() && path.extension() == ".safetensors";
  if (is_set && with_weights) {
    text += " with `--weights " + shell_word(path.stem().string()) + "`";
  }
  return text + "?";
}

}  // namespace knack::host
