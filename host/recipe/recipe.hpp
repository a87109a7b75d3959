// SPDX-License-Identifier: MIT
// The recipe as the trainer sees it: typed, complete, and without knowledge of any plugin.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/recipe/diagnostics.hpp"
#include "host/recipe/document.hpp"

namespace knack::host {

/// The part of a recipe that makes one plugin instance.
struct Section {
  std::string use;   ///< id of the plugin; empty if the recipe gives none (an error is recorded)
  std::string name;  ///< of the instance: unique among tricks, else the same as `use`
  Json options = Json::object();       ///< all keys that are not the host's own
  std::string pointer;                 ///< JSON pointer of the section in its Document
  std::vector<std::string> host_keys;  ///< the host's own keys, valid beside the options
};

/// How samples of a data set become batches.
struct LoaderOptions {
  std::int64_t batch_size = 32;  ///< samples in a micro-batch, >= 1
  bool shuffle = false;          ///< a new order each epoch instead of the data set's own
  bool drop_last = false;        ///< leave out the last batch of an epoch if it is short
  std::int64_t workers = 2;      ///< loader threads, 0 to 64; 0 loads in the training thread
};

struct DataSection {
  Section dataset;
  LoaderOptions loader;
};

struct TrainerOptions {
  std::int64_t epochs = 10;         ///< >= 1
  std::int64_t seed = 1;            ///< >= 0
  std::string device = "auto";      ///< "auto", "cpu" or "cuda"
  std::string precision = "fp32";   ///< "fp32", "bf16" (autocast) or "fp64"
  bool channels_last = false;       ///< memory format of images and of the weights of convolutions
  std::int64_t threads = 0;         ///< within one operator, 0 to 1024; 0 lets the host choose
  std::string monitor = "top1";     ///< the metric of `valid` by which every choice is made
  std::string mode = "max";         ///< "max" or "min": which of two values of `monitor` is better;
                                    ///< "min" is the default for a monitor with "loss" in its name
  std::string non_finite = "stop";  ///< "stop" or "skip_step": when a loss or gradient is no number
  std::int64_t non_finite_limit = 10;    ///< steps in a row that may be skipped for it, >= 1
  bool check_plugins = false;            ///< verify after each hook that global state is as it was
  double log_every_seconds = 10.0;       ///< between progress lines off a terminal, >= 0
  std::int64_t record_every_steps = 50;  ///< between records of single steps, >= 0; 0: none
  std::string run_root = "runs";  ///< folder of the run folders, relative to the current folder
};

/// When checkpoints are written. None of it changes what is trained.
struct CheckpointOptions {
  std::int64_t every_epochs = 1;  ///< >= 0; 0: not by epochs
  std::int64_t every_steps = 0;   ///< >= 0; 0: not by steps
  double every_minutes = 0.0;     ///< >= 0; 0: not by time
  std::int64_t keep = 2;          ///< the newest that stay, >= 1
  bool best = true;               ///< also one of the epoch with the best monitored metric
};

/// A plugin file that a run used.
struct UsedPlugin {
  std::string version;
  std::string sha256;  ///< of the file, 64 hex digits
};

/// A file that a model starts from, and how its names become the model's.
struct InitialWeights {
  std::string file;                      ///< absolute path
  std::string strip_prefix = {};         ///< removed where a name in the file begins with it
  std::vector<std::string> ignore = {};  ///< patterns of names of the model that keep their values
};

struct Recipe {
  std::string name = "run";
  Section model;
  std::optional<InitialWeights> initial_weights;
  DataSection train;
  DataSection valid;
  std::optional<DataSection> test;
  Section objective;
  Section optimizer;
  TrainerOptions trainer;
  CheckpointOptions checkpoint;
  std::vector<Section> tricks;
  std::vector<std::string> plugin_path;     ///< absolute folders to search for plugins, in order
  std::map<std::string, std::string> pins;  ///< "sha256:..." by "<id>" or "<kind>/<id>"
  std::map<std::string, UsedPlugin> used_plugins;  ///< by "<kind>/<id>"; in recipes of run folders
};

/// Checks the document against the host's schema and reads it. Every error is added to
/// `diagnostics`; what is wrong keeps its default, so that the rest can still be checked.
Recipe read_recipe(const Document& document, Diagnostics& diagnostics);

/// A section that names a plugin, and the kind of plugin it asks for.
struct PluginSection {
  const char* kind;
  Section* section;
};

/// Every such section, in the order in which a recipe is usually written.
std::vector<PluginSection> plugin_sections(Recipe& recipe);

/// The whole recipe with every default filled in and every path absolute. Written to a file and
/// loaded again it gives the same Recipe; numbers keep every bit.
Json resolved(const Recipe& recipe);

}  // namespace knack::host
