// SPDX-License-Identifier: MIT
// One thing that a plugin must do or must not do, and the try that shows whether it does.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#include "host/plugin/registry.hpp"

namespace knack::host {

enum class Verdict {
  passed,
  warned,   ///< no defect, but the author should know; a failure with --strict
  skipped,  ///< does not apply to this plugin
  failed,
};

/// What a check found out.
struct Finding {
  Verdict verdict = Verdict::passed;
  std::string reason;  ///< one or more lines; may be empty when passed, and only then
};

inline Finding passed(std::string reason = {}) {
  return {Verdict::passed, std::move(reason)};
}
inline Finding warned(std::string reason) {
  return {Verdict::warned, std::move(reason)};
}
inline Finding skipped(std::string reason) {
  return {Verdict::skipped, std::move(reason)};
}
inline Finding failed(std::string reason) {
  return {Verdict::failed, std::move(reason)};
}

/// What is checked, and with what. Everything it refers to outlives the check.
struct Subject {
  std::filesystem::path path;     ///< of the plugin file, canonical
  const PluginFile* file;         ///< the same file as the registry knows it; refused or usable
  const Registry* registry;       ///< knows the plugin file and all files in the search places that
                                  ///< provide nothing it provides, so no id is there twice
  const Offer* offer;             ///< the thing under test; nullptr in checks of the whole file
  std::filesystem::path recipe;   ///< absolute path of a recipe to try the plugin in
  bool recipe_has_plugin;         ///< whether `recipe` uses the plugin already (`--recipe`)
  std::uint64_t seed;             ///< of everything random
  std::filesystem::path scratch;  ///< an empty folder for this check alone, and the current folder
                                  ///< of its process; removed by the runner

  const Provided& provided() const {
    return offer->provided();
  }
};

/// Whether a check runs once for a file or once for each thing that the file provides.
enum class Scope { file, offer };

/// `run` is called in a process of its own, which has one thread, no plugin loaded and stdout and
/// stderr captured in one file, and which ends right after it without any destructor or atexit
/// function. What it throws is a failure with that text; so is a crash, which is named after its
/// signal, more than `limit` of wall time, or more memory than is granted.
struct Check {
  const char* name;     ///< `level.what_it_promises`; unique
  int level;            ///< 1 file, 2 load, 3 behaviour, 4 state and stress
  const char* promise;  ///< what a plugin that passes does; one line for lists
  std::chrono::seconds limit;
  Scope scope;
  Finding (*run)(const Subject& subject);
  bool is_foundation = false;  ///< where it fails, what comes later is skipped: of the file, or of
                               ///< the offer in a check of that scope
};

}  // namespace knack::host
