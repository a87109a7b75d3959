// SPDX-License-Identifier: MIT
#include "host/explain/last_run.hpp"

#include <algorithm>
#include <vector>

#include "host/common/error.hpp"
#include "host/report/run_folder.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;

/// Folders below `parent`, the newest name first: runs are named after the time they began.
std::vector<fs::path> folders_by_time(const fs::path& parent) {
  std::vector<fs::path> folders;
  std::error_code failure;
  for (fs::directory_iterator entry(parent, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    if (entry->is_directory(failure) && !entry->is_symlink(failure)) folders.push_back(*entry);
  }
  std::sort(folders.rbegin(), folders.rend());
  return folders;
}

LastRun read_run(const RunFolder& folder) {
  const Json summary = read_json(folder.summary_file());
  LastRun run;
  run.folder = folder.path().string();
  run.seconds = summary.at("seconds").get<double>();
  run.chosen = summary.at("chosen").get<std::string>();
  for (const auto& [name, facts] : summary.at("tricks").items()) {
    TrickCost& cost = run.tricks[name];
    cost.seconds = facts.at("seconds").get<double>();
    cost.share = run.seconds > 0.0 ? cost.seconds / run.seconds : 0.0;
    cost.facts = facts;
    cost.facts.erase("seconds");
  }
  return run;
}

}  // namespace

std::optional<LastRun> find_last_run(const fs::path& root, const std::string& name) {
  for (const fs::path& path : folders_by_time(root / name)) {
    try {
      const RunFolder folder = RunFolder::open(path);
      if (folder.is_finished()) return read_run(folder);
    } catch (const Error&) {  // no run, or not a whole one
    } catch (const Json::exception&) {
    }
  }
  return std::nullopt;
}

}  // namespace knack::host
