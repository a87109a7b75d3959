// SPDX-License-Identifier: MIT
// Recipes as real files in a temporary folder that is the current folder during the test.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "host/common/error.hpp"
#include "host/recipe/load.hpp"
#include "host/recipe/recipe.hpp"

namespace knack::host {

class RecipeFiles : public testing::Test {
 protected:
  RecipeFiles() {
    std::string pattern = (std::filesystem::temp_directory_path() / "knack-recipe-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    folder_ = std::filesystem::canonical(pattern);
    former_folder_ = std::filesystem::current_path();
    std::filesystem::current_path(folder_);
  }

  ~RecipeFiles() override {
    std::filesystem::current_path(former_folder_);
    std::filesystem::remove_all(folder_);
  }

  /// Writes a file below the folder; `path` is relative to it.
  void write(const std::filesystem::path& path, const std::string& text) const {
    if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }

  /// Loads a recipe file and throws whatever is wrong with it as a document.
  Document load(const std::string& path, const std::vector<std::string>& overrides = {}) const {
    Diagnostics diagnostics;
    Document document = load_document(path, overrides, diagnostics);
    diagnostics.throw_if_any();
    return document;
  }

  /// Loads and reads a recipe file and throws whatever is wrong with it as a recipe.
  Recipe read(const std::string& path, const std::vector<std::string>& overrides = {}) const {
    Diagnostics diagnostics;
    Recipe recipe = read_recipe(load_document(path, overrides, diagnostics), diagnostics);
    diagnostics.throw_if_any();
    return recipe;
  }

  const std::filesystem::path& folder() const {
    return folder_;
  }

 private:
  std::filesystem::path folder_;
  std::filesystem::path former_folder_;
};

/// The message of the Error that `action` throws, or a text that no test expects.
template <class Action>
std::string error_of(Action action, ExitCode code = ExitCode::recipe) {
  try {
    action();
  } catch (const Error& error) {
    return error.code() == code ? error.what() : "error with another exit code";
  }
  return "no error";
}

/// The smallest recipe that is complete; `more` is inserted before the closing brace.
inline std::string minimal_recipe(const std::string& more = "") {
  return R"({
  "model": {"use": "mlp"},
  "data": {"train": {"use": "idx"}, "valid": {"use": "idx"}},
  "objective": {"use": "cross_entropy"},
  "optimizer": {"use": "sgd"})" +
         more + "\n}\n";
}

}  // namespace knack::host
