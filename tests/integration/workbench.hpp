// SPDX-License-Identifier: MIT
// Runs the finished `knack` on recipes in a folder of the test's own.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/integration/told.hpp"
#include "tests/support/run_process.hpp"
#include "tests/support/temporary_folder.hpp"

namespace knack::testing {

using Json = nlohmann::ordered_json;
using Words = std::vector<std::string>;

/// A multilayer perceptron with BatchNorm on 200 of the digits: two epochs of seven batches,
/// shuffled, in a fraction of a second. No tricks.
Json small_recipe();

/// small_recipe() with each of the five tricks.
Json five_trick_recipe();

/// The bytes of every tensor of a safetensors file, by name.
std::map<std::string, std::string> read_tensors(const std::filesystem::path& file);

/// The tensors that training changes: not those that layers keep about their inputs.
std::map<std::string, std::string> without_statistics(std::map<std::string, std::string> tensors);

/// The floating point numbers of one tensor that read_tensors() gave.
std::vector<float> floats(const std::string& tensor);

/// What `knack train` left.
struct TrainedRun {
  std::filesystem::path folder;
  ProcessResult process;

  std::filesystem::path weights(const std::string& set) const {
    return folder / "final" / (set + ".safetensors");
  }
  Json summary() const;
  std::vector<Json> metrics() const;
};

/// The names of the weight sets in `final`, without `model`, in alphabetical order.
Words set_names(const TrainedRun& run);

/// The tests fail unless both runs left the same sets, byte for byte.
void expect_same_weights(const TrainedRun& run, const TrainedRun& other);

class Workbench {
 public:
  const std::filesystem::path& path() const {
    return folder_.path();
  }

  /// Runs `knack` here, with no plugin folders but its own and those in `arguments`, and fails the
  /// test when it crashes or hangs.
  ProcessResult knack(const Words& arguments, const std::string& program = KNACK_PROGRAM) const;

  /// Writes a recipe, or any text, and returns its path.
  std::filesystem::path write(const std::string& name, const Json& recipe) const {
    return folder_.write(name, recipe.dump(2));
  }
  std::filesystem::path write_text(const std::string& name, const std::string& text) const {
    return folder_.write(name, text);
  }

  /// Trains quietly into a folder of its own. The test fails unless that succeeds.
  TrainedRun train(const Json& recipe, const Words& more_arguments = {});

  /// Trains and returns what went to standard error as told() writes it, after checking the exit
  /// code.
  std::string failure(const Json& recipe, int exit_code, const Words& more_arguments = {});

 private:
  TemporaryFolder folder_;
  int runs_ = 0;
};

}  // namespace knack::testing
