// SPDX-License-Identifier: MIT
// What `knack explain` knows about a recipe, as data. Sizes in bytes, times in seconds.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/recipe/document.hpp"

namespace knack::host {

/// Who decided a value of the recipe.
struct ValueOrigin {
  enum class Kind { host_default, plugin_default, base, recipe, command_line };

  Kind kind = Kind::host_default;
  std::string source;    ///< plugin id, file, or the text of the `--set`; empty for the host
  std::size_t line = 0;  ///< of the file, from 1; 0: none
  std::size_t column = 0;

  /// "default of sgd", "base.json:4", "--set trainer.epochs=3".
  std::string text() const;
};

/// A value that another one took the place of.
struct OverriddenValue {
  Json value;
  ValueOrigin origin;
};

/// A value of the resolved recipe that has no parts but those of a list.
struct ResolvedValue {
  std::string pointer;  ///< JSON pointer (RFC 6901)
  Json value;
  ValueOrigin origin;
  std::optional<OverriddenValue> overridden;
};

/// What follows from sizes alone. A window is the micro-batches of one optimizer step, of which
/// there are no more than an epoch has.
struct RunNumbers {
  std::int64_t train_samples = 0;  ///< of the data set
  std::int64_t valid_samples = 0;
  std::int64_t test_samples = 0;     ///< 0: none
  std::int64_t batch_size = 0;       ///< samples of a micro-batch
  std::int64_t window = 1;           ///< micro-batches of the largest step
  std::int64_t window_asked = 1;     ///< it would have in an epoch without end
  std::string window_asker;          ///< the trick that asked for it; empty: nobody
  std::int64_t effective_batch = 0;  ///< samples of the largest step
  std::int64_t samples_per_epoch = 0;
  std::int64_t micro_batches_per_epoch = 0;
  std::int64_t steps_per_epoch = 0;
  std::int64_t last_step_samples = 0;  ///< of the last step of an epoch
  std::int64_t epochs = 0;
  std::int64_t total_steps = 0;
  std::int64_t evaluated_sets = 0;  ///< in each epoch
  std::int64_t valid_batches = 0;   ///< of one evaluation
  std::int64_t trained = 0;         ///< elements of parameters
  std::int64_t frozen = 0;
  std::int64_t buffers = 0;  ///< elements of buffers
};

/// Floating point operations: a multiplication and an addition are two.
struct FlopNumbers {
  std::int64_t forward = 0;                         ///< of one sample
  std::int64_t backward = 0;                        ///< of one sample
  std::int64_t step = 0;                            ///< of the largest training step
  std::map<std::string, std::int64_t> by_operator;  ///< of one sample, forward and backward
  std::vector<std::string> uncounted;               ///< operators that no formula is known for
  std::int64_t samples = 0;                         ///< it was counted with
};

/// One line of the memory estimate.
struct MemoryItem {
  std::string key;  ///< stable, for programs
  std::string name;
  std::int64_t bytes = 0;
  std::string how;  ///< it was found
};

/// Where a trick acts: hook, and who does, in the order of the calls.
struct HookRow {
  std::string hook;
  bool is_reversed = false;  ///< a closing hook: in reverse acting order
  std::vector<std::string> tricks;
};

/// A manifest that made two tricks act in another order than the recipe's.
struct MovedTrick {
  std::string first;  ///< acts before `second` although the recipe has it later
  std::string second;
  std::string because;  ///< one sentence
};

/// What does not fit together.
struct Conflict {
  enum class Severity {
    error,    ///< training stops there
    warning,  ///< it trains, and probably not as meant
  };

  Severity severity = Severity::error;
  std::string stage;  ///< "order", "fit_begin", "window_begin", "rehearsal", ...
  std::vector<std::string> tricks;
  std::string message;
};

/// An option of a parameter that a trick has set.
struct SetOption {
  std::string option;
  double value = 0.0;
  std::string trick;
  std::string reason;
};

struct ParameterFacts {
  std::string name;
  std::vector<std::int64_t> shape;
  std::int64_t elements = 0;
  std::string dtype;
  std::string role;
  std::string layer;  ///< class of its layer
  std::vector<SetOption> set;
};

/// Parameters that the optimizer treats alike.
struct GroupFacts {
  std::map<std::string, double> options;  ///< numbers, as the optimizer will use them
  std::vector<ParameterFacts> parameters;
  std::int64_t elements = 0;
};

struct SetFacts {
  std::string name;
  std::string publisher;  ///< empty: the host
  std::string when;       ///< "from the start", "fit_begin", "epoch", "fit_end"
};

/// What one trick did in the last run of this recipe's name.
struct TrickCost {
  double seconds = 0.0;
  double share = 0.0;  ///< of the run's seconds, 0 to 1
  Json facts = Json::object();
};

struct LastRun {
  std::string folder;
  double seconds = 0.0;
  std::string chosen;
  std::map<std::string, TrickCost> tricks;
};

/// Something that hooks of one trick were seen to change.
struct Change {
  std::string what;        ///< "parameters", "inputs", "lr of groups", ...
  std::string set;         ///< the weight set that it belongs to; empty: none
  std::int64_t count = 0;  ///< tensors, groups, ... in the call that changed most of them
  std::vector<std::string> hooks;
};

/// What one trick is and does.
struct TrickFacts {
  std::string name;
  std::string id;
  std::string version;
  std::string summary;
  std::size_t place_in_recipe = 0;              ///< from 1
  std::map<std::string, Json> changed_options;  ///< those that are not their default
  std::vector<std::string> hooks;
  std::map<std::string, std::int64_t> set_options;  ///< parameters whose option it set
  std::vector<std::string> publishes;
  std::vector<Change> changes;        ///< seen in the rehearsal
  std::int64_t micro_batches = 0;     ///< of a step it asked for; 0: did not ask
  std::int64_t norm_momentum_of = 0;  ///< normalization layers whose momentum it set
  std::int64_t kept_bytes = 0;        ///< of tensors it keeps from fit_begin on, besides its sets
  std::vector<std::string> metrics;   ///< numbers that it reported
  Json facts = Json::object();        ///< that it gave about the run, in the rehearsal
  std::optional<TrickCost> last_run;
};

struct Explanation {
  std::string recipe_file;
  std::string description;  ///< one line; empty when the parts could not be made
  Json resolved;
  std::vector<ResolvedValue> values;  ///< in the order of `resolved`

  bool is_complete = false;  ///< the parts could be made: what follows is known
  RunNumbers numbers;
  std::optional<FlopNumbers> flops;
  std::vector<MemoryItem> memory;
  std::vector<HookRow> hooks;
  std::vector<MovedTrick> moved;
  std::vector<Conflict> conflicts;
  std::vector<GroupFacts> groups;
  std::vector<ParameterFacts> frozen;
  std::vector<SetFacts> sets;
  std::vector<TrickFacts> tricks;  ///< in acting order
  std::optional<LastRun> last_run;
  std::vector<std::string> notes;  ///< what could not be found out, and why
};

}  // namespace knack::host
