// SPDX-License-Identifier: MIT
#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/Version.h>
#include <knack/abi/version.h>

#include <mutex>

#include "host/archive/value_archive.hpp"
#include "host/common/error.hpp"
#include "host/plugin/host_facts.hpp"
#include "host/run/fit_state.hpp"
#include "host/run/fit_state_files.hpp"
#include "host/run/loop_state.hpp"
#include "host/services/random_stream.hpp"
#include "host/weights/weight_file.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// LibTorch's own random streams, from which models draw.
Value save_default_streams(const Placement& placement) {
  Value::Map streams;
  for (const at::Device device : {at::Device(at::kCPU), placement.device()}) {
    at::Generator generator = at::globalContext().defaultGenerator(device);
    const std::lock_guard lock(generator.mutex());
    if (streams.empty() || !device.is_cpu()) {
      streams.push_back({device.str(), generator.get_state()});
    }
  }
  return streams;
}

Value momenta(const Fit& fit) {
  Value::List momenta;
  for (const NormLayer& layer : fit.parts().norm_layers) momenta.emplace_back(layer.momentum);
  return momenta;
}

Value frozen_parameters(const Fit& fit) {
  Value::List frozen;
  for (const ModelTensor& parameter : fit.parts().parameters) {
    if (!parameter.tensor.requires_grad()) frozen.emplace_back(parameter.name);
  }
  return frozen;
}

class Saver {
 public:
  Saver(Fit& fit, const fs::path& folder) : fit_(fit), folder_(folder) {}

  void save(const Value& session) {
    Json state = {{"made_by", makers_of(fit_)},
                  {"session", add("session", session)},
                  {"train_samples", fit_.train_samples()},
                  {"loop", add("loop", to_value(fit_.loop().state()))},
                  {"notes", add("notes", fit_.save_notes())},
                  {"norm_momenta", add("norm_momenta", momenta(fit_))},
                  {"frozen", add("frozen", frozen_parameters(fit_))},
                  {"random", add("random", save_default_streams(fit_.parts().placement))},
                  {"weights", save_weight_sets()},
                  {"instances", Json::object()}};
    for (const Instance* instance : fit_.instances()) {
      state["instances"][key_of(*instance)] = save_instance(*instance);
    }
    write_state(state);
  }

 private:
  Json add(const std::string& path, const Value& value) {
    return archive_.add(value, path);
  }

  Json save_weight_sets() {
    Json sets = Json::array();
    fs::create_directories(folder_ / "weights");
    for (const auto& set : fit_.weights().sets()) {
      const fs::path file = weights_file(folder_, set->name);
      OutputFile output(file);
      const TensorsToWrite tensors(tensors_of(fit_.weights(), *set, FileContent::all));
      write_safetensors(output, file, tensors.get());
      sets.push_back({{"name", set->name}, {"publisher", set->publisher}});
    }
    return sets;
  }

  Json save_instance(const Instance& instance) {
    const std::string key = key_of(instance);
    const auto idle = fit_.parts().pause_reading(instance);
    Json entry = {{"id", instance.context().id},
                  {"random", add(key + "/random", save_random_streams(instance.context()))}};
    if (instance.has_state()) {
      const InstanceState saved = instance.save_state();
      entry["version"] = saved.version;
      entry["state"] = add(key, saved.state);
    }
    return entry;
  }

  void write_state(const Json& state) {
    std::string text;
    try {
      text = state.dump(1) + "\n";
    } catch (const nlohmann::json::exception& error) {
      throw Error("E0503", folder_ / kStateFile, std::string("cannot be written: ") + error.what());
    }
    OutputFile(folder_ / kStateFile).write(text);
    const TensorsToWrite tensors(archive_.tensors());
    OutputFile output(folder_ / kStateTensors);
    write_safetensors(output, folder_ / kStateTensors, tensors.get());
  }

  Fit& fit_;
  const fs::path& folder_;
  ValueArchiveWriter archive_;
};

}  // namespace

std::map<std::string, std::string> makers_of(const Fit& fit) {
  return {{"knack", KNACK_VERSION_STRING},
          {"LibTorch", this_host().torch.version},
          {"processor", at::get_cpu_capability()},
          {"device", fit.parts().placement.device().str()}};
}

void save_fit(Fit& fit, const Value& session, const fs::path& folder) {
  Saver(fit, folder).save(session);
}

}  // namespace knack::host
