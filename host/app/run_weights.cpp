// SPDX-License-Identifier: MIT
#include "host/app/run_weights.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "host/checkpoint/checkpoint_store.hpp"
#include "host/common/error.hpp"
#include "host/recipe/diagnostics.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEnding = ".safetensors";

std::vector<std::string> sets_in(const fs::path& folder) {
  std::vector<std::string> sets;
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(folder, failure)) {
    const std::string name = entry.path().filename();
    if (name.ends_with(kEnding) && !name.starts_with('.')) sets.push_back(entry.path().stem());
  }
  std::sort(sets.begin(), sets.end());
  return sets;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The checkpoint that `name` means, by the name of its folder.
fs::path find_checkpoint(const RunFolder& folder, const std::string& name) {
  std::vector<std::string> known;
  for (const char* link : {"last", "best"}) {
    if (fs::is_directory(folder.checkpoints() / link)) known.emplace_back(link);
  }
  for (const auto& place : CheckpointStore(folder.checkpoints(), 1).list()) {
    known.push_back(place.path.filename());
  }
  if (contains(known, name)) return fs::canonical(folder.checkpoints() / name);
  throw Error("E0510", "--checkpoint " + backticked(name) + ": expected a checkpoint of " +
                           backticked_path(folder.path()) + ", which has " +
                           (known.empty() ? "none" : backticked_list(known)) +
                           suggestion(name, known));
}

RunWeights of_checkpoint(const RunFolder& folder, const WeightsRequest& request) {
  const fs::path checkpoint = find_checkpoint(folder, request.checkpoint);
  const std::int64_t step = verify_checkpoint(checkpoint).step;
  const std::string name = request.weights == "model" ? "live" : request.weights;
  const std::vector<std::string> sets = sets_in(checkpoint / "weights");
  if (contains(sets, name)) {
    return {name, checkpoint / "weights" / (name + kEnding), checkpoint.filename(), step};
  }
  throw Error("E0509", "--weights " + backticked(name) + ": expected a weight set of " +
                           backticked_path(checkpoint) + ", which has " + backticked_list(sets) +
                           suggestion(name, sets));
}

std::optional<std::int64_t> last_step(const RunFolder& folder) {
  if (!folder.is_finished()) return std::nullopt;
  const auto summary = read_json(folder.summary_file());
  const auto steps = summary.find("steps");
  if (steps == summary.end() || !steps->is_number_integer()) return std::nullopt;
  return steps->get<std::int64_t>();
}

bool is_other_file(const std::string& weights) {
  std::error_code failure;
  return weights.ends_with(kEnding) || fs::is_regular_file(weights, failure);
}

}  // namespace

RunWeights find_weights(const RunFolder& folder, const WeightsRequest& request) {
  if (!request.checkpoint.empty()) return of_checkpoint(folder, request);
  const std::vector<std::string> sets = folder.weight_sets();
  const std::string& name = request.weights;
  if (contains(sets, name)) return {name, folder.weights_file(name), "", last_step(folder)};
  if (request.may_be_other_file && is_other_file(name)) return {name, name, "", std::nullopt};
  const bool has_checkpoint = fs::is_directory(folder.checkpoints() / "last");
  throw Error("E0509",
              "--weights " + backticked(name) + ": expected a weight set of " +
                  backticked_path(folder.path()) + ", which has " +
                  (!sets.empty() ? backticked_list(sets)
                   : has_checkpoint
                       ? "none: its training did not end; --checkpoint last takes what was saved"
                       : "none: its training did not end") +
                  suggestion(name, sets));
}

}  // namespace knack::host
