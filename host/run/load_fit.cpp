// SPDX-License-Identifier: MIT
#include <ATen/ATen.h>
#include <ATen/Context.h>

#include <algorithm>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

#include "host/archive/value_archive.hpp"
#include "host/common/error.hpp"
#include "host/report/run_folder.hpp"
#include "host/run/fit_state.hpp"
#include "host/run/fit_state_files.hpp"
#include "host/run/loop_state.hpp"
#include "host/services/random_stream.hpp"
#include "host/weights/weight_file.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// Streams by device, those of another device than the CPU as those of `device`. There are none for
/// it when it is of another type than the one they were saved on.
Value streams_on(at::Device device, const Value& saved) {
  Value::Map streams;
  for (const NamedValue& stream : *saved.get_if<Value::Map>()) {
    const at::Device before(stream.name);
    if (before.is_cpu()) {
      streams.push_back(stream);
    } else if (before.type() == device.type()) {
      streams.push_back({device.str(), stream.value});
    }
  }
  return streams;
}

void load_default_streams(const Value& saved) {
  for (const NamedValue& stream : *saved.get_if<Value::Map>()) {
    at::Generator generator = at::globalContext().defaultGenerator(at::Device(stream.name));
    const std::lock_guard lock(generator.mutex());
    generator.set_state(*stream.value.get_if<at::Tensor>());
  }
}

class Restorer {
 public:
  Restorer(Fit& fit, const fs::path& folder, const AllowedChanges& allowed,
           const std::function<void(const std::string&)>& say)
      : fit_(fit),
        folder_(folder),
        allowed_(allowed),
        say_(say),
        state_(read_json(folder / kStateFile)),
        tensors_(folder / kStateTensors) {}

  Value load() {
    compare_makers();
    check_position();
    load_weight_sets();
    load_momenta();
    load_frozen();
    const OptimizerOptions changed = read_changed_options();
    load_instances();
    write_changed_options(changed);
    fit_.load_notes(read("notes"));
    fit_.loop().restore(loop_state_of(read("loop")));
    load_default_streams(streams_on(device(), read("random")));
    return read("session");
  }

 private:
  using OptimizerOptions = std::vector<std::pair<std::string, std::vector<double>>>;

  Value read(const char* key) const {
    return read_value(state_.at(key), tensors_, device());
  }

  at::Device device() const {
    return fit_.parts().placement.device();
  }

  [[noreturn]] void refuse(const std::string& problem) const {
    throw Error("E0512", folder_, problem);
  }

  void compare_makers() {
    for (const auto& [what, now] : makers_of(fit_)) {
      const std::string before = state_.at("made_by").value(what, "");
      if (before == now) continue;
      say_("the checkpoint was made with " + what + " " + before + ", this is " + now +
           "; what follows may differ in the last bits");
    }
  }

  // The position inside an epoch counts batches of one order, which must still be that order.
  void check_position() {
    const LoopState loop = loop_state_of(read("loop"));
    if (!loop.in_epoch) return;
    std::string changed = allowed_.sampling;
    if (state_.at("train_samples").get<std::int64_t>() != fit_.train_samples()) {
      changed = "the number of training samples";
    }
    if (changed.empty()) return;
    refuse("lies inside an epoch (" + std::to_string(loop.counters.epoch) + "), where " + changed +
           " may not change; go on without the change to the end of an epoch first");
  }

  void load_weight_sets() {
    std::set<const WeightSet*> saved;
    for (const Json& entry : state_.at("weights")) {
      const auto name = entry.at("name").get<std::string>();
      const auto publisher = entry.at("publisher").get<std::string>();
      if (is_allowed("trick/" + publisher)) continue;
      WeightSet* set = fit_.weights().find(name);
      if (set == nullptr && has_changed(publisher)) {
        refuse("has a weight set `" + name + "` of trick/" + publisher +
               ", which publishes none of that name now; leave its name as it was");
      }
      if (set == nullptr) set = &fit_.weights().publish(name, publisher);
      load_weights(fit_.weights(), *set, weights_file(folder_, name), FileContent::all);
      saved.insert(set);
    }
    for (const auto& set : fit_.weights().sets()) {
      if (saved.count(set.get()) != 0) continue;
      if (!is_allowed("trick/" + set->publisher)) {
        refuse("has no weight set `" + set->name + "` of trick/" + set->publisher);
      }
      begin_at_live(*set);
    }
  }

  /// Whether an option of the trick was allowed to change.
  bool has_changed(const std::string& trick) const {
    const std::string section = "tricks[" + trick + "].";
    return std::any_of(allowed_.keys.begin(), allowed_.keys.end(),
                       [&](const std::string& key) { return key.starts_with(section); });
  }

  /// Whether a trick that wrote the checkpoint is not there any more, or is another now. What it did
  /// to the model goes with it: the others set theirs when they begin, or take back their state.
  bool is_a_trick_gone() const {
    for (const auto& [key, entry] : state_.at("instances").items()) {
      if (key.starts_with("trick/") && is_allowed(key)) return true;
    }
    return false;
  }

  // Published by a trick that is new to the run, when the live weights were still the initial ones.
  void begin_at_live(WeightSet& set) {
    const at::NoGradGuard no_grad;
    const WeightSet& live = fit_.weights().live();
    for (std::size_t i = 0; i < set.tensors.size(); ++i) set.tensors[i].copy_(live.tensors[i]);
  }

  void load_momenta() {
    const Value saved = read("norm_momenta");
    const auto& momenta = *saved.get_if<Value::List>();
    if (momenta.size() != fit_.norm_layers().size()) {
      refuse("has " + std::to_string(momenta.size()) + " normalization layers, the model has " +
             std::to_string(fit_.norm_layers().size()));
    }
    if (is_a_trick_gone()) return;
    for (std::size_t i = 0; i < momenta.size(); ++i) {
      fit_.set_norm_momentum(i, *momenta[i].get_if<double>());
    }
  }

  void load_frozen() {
    if (is_a_trick_gone()) return;
    std::set<std::string> frozen;
    for (const Json& name : state_.at("frozen")) frozen.insert(name.get<std::string>());
    for (const ModelTensor& parameter : fit_.parameters()) {
      const at::Tensor tensor = parameter.tensor;
      tensor.requires_grad_(frozen.count(parameter.name) == 0);
    }
  }

  void load_instances() {
    const Json& saved = state_.at("instances");
    std::set<std::string> present;
    for (const Instance* instance : fit_.instances()) {
      const std::string key = key_of(*instance);
      present.insert(key);
      if (is_allowed(key)) {
        say_(key + " begins anew, as its plugin is not the one that wrote the checkpoint");
      } else {
        load_instance(*instance, key, saved);
      }
    }
    for (const auto& [key, entry] : saved.items()) {
      if (present.count(key) != 0) continue;
      if (!is_allowed(key)) refuse("has a state of " + key + ", which this run does not use");
      say_(key + " is no longer there; its state is left out");
    }
  }

  void load_instance(const Instance& instance, const std::string& key, const Json& saved) {
    if (!saved.contains(key)) refuse("has no state of " + key);
    const Json& entry = saved.at(key);
    const auto id = entry.at("id").get<std::string>();
    if (id != instance.context().id) {
      refuse(key + " was plugin `" + id + "` and is `" + instance.context().id + "` now");
    }
    if (entry.contains("state") != instance.has_state()) {
      refuse(instance.has_state()
                 ? "has no state of " + key + ", and the plugin needs one"
                 : "has a state of " + key + ", which the plugin cannot take back");
    }
    const auto idle = fit_.parts().pause_reading(instance);
    load_random_streams(instance.context(),
                        streams_on(device(), read_value(entry.at("random"), tensors_)));
    if (instance.has_state()) load_state(instance, entry);
  }

  void load_state(const Instance& instance, const Json& entry) {
    const InstanceState saved{entry.at("version").get<std::uint32_t>(),
                              read_value(entry.at("state"), tensors_, device())};
    try {
      instance.load_state(saved);
    } catch (const Error& error) {  // it is the checkpoint that does not fit
      refuse(error.what());
    }
  }

  // Optimizers take back the options of their groups, so a changed one must be set afterwards.
  OptimizerOptions read_changed_options() {
    OptimizerOptions changed;
    for (const std::string& option : allowed_.optimizer_options) {
      std::vector<double> values;
      try {
        for (std::size_t group = 0; group < fit_.group_count(); ++group) {
          values.push_back(fit_.group_option(group, option));
        }
      } catch (const Error&) {
        continue;  // no number of the groups: the optimizer has it from its creation
      }
      changed.emplace_back(option, values);
    }
    return changed;
  }

  void write_changed_options(const OptimizerOptions& changed) {
    for (const auto& [option, values] : changed) {
      for (std::size_t group = 0; group < values.size(); ++group) {
        fit_.set_group_option(group, option, values[group]);
      }
    }
  }

  bool is_allowed(const std::string& key) const {
    return allowed_.instances.count(key) != 0;
  }

  Fit& fit_;
  const fs::path& folder_;
  const AllowedChanges& allowed_;
  const std::function<void(const std::string&)>& say_;
  const Json state_;
  const SafetensorsReader tensors_;
};

}  // namespace

Value load_fit(Fit& fit, const fs::path& folder, const AllowedChanges& allowed,
               const std::function<void(const std::string&)>& say) try {
  return Restorer(fit, folder, allowed, say).load();
} catch (const nlohmann::json::exception& error) {
  throw Error("E0510", folder / kStateFile, error.what());
} catch (const std::invalid_argument& error) {
  throw Error("E0510", folder / kStateFile, error.what());
}

}  // namespace knack::host
