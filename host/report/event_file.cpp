// SPDX-License-Identifier: MIT
// Field numbers are those of TensorBoard's event.proto, summary.proto, tensor.proto and the hparams
// plugin's plugin_data.proto and api.proto.
#include "host/report/event_file.hpp"

#include <unistd.h>

#include <chrono>
#include <limits>

#include "host/report/event_encoding.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

double unix_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

fs::path new_file(const fs::path& folder) {
  char host[256] = "localhost";
  ::gethostname(host, sizeof host - 1);
  return folder / (kEventFilePrefix + std::to_string(static_cast<std::int64_t>(unix_seconds())) +
                   "." + host + "." + std::to_string(::getpid()) + ".0");
}

ProtoMessage named_value(const std::string& tag) {
  return ProtoMessage().text(1, tag);
}

/// SummaryMetadata of what a plugin of TensorBoard's shows.
ProtoMessage shown_by(const std::string& plugin, const std::string& content) {
  return ProtoMessage().message(1, ProtoMessage().text(1, plugin).text(2, content));
}

ProtoMessage summary_of(const ProtoMessage& value) {
  return ProtoMessage().message(1, value);
}

/// google.protobuf.Value
ProtoMessage plain_value(const Json& value) {
  if (value.is_boolean()) return ProtoMessage().integer(4, value.get<bool>() ? 1 : 0);
  if (value.is_number()) return ProtoMessage().real(2, value.get<double>());
  return ProtoMessage().text(3, value.get<std::string>());
}

/// DataType of the hparams plugin.
int type_of(const Json& value) {
  constexpr int kString = 1;
  constexpr int kBool = 2;
  constexpr int kFloat64 = 3;
  return value.is_boolean() ? kBool : value.is_number() ? kFloat64 : kString;
}

/// The name of an entry of a list: that of the object, so that it stays when others come and go.
std::string name_of(const Json& entry, std::size_t position) {
  for (const char* key : {"name", "use"}) {
    if (entry.is_object() && entry.contains(key)) return entry.at(key).get<std::string>();
  }
  return std::to_string(position);
}

/// Adds to `flat` every plain value below `json` by its path: "optimizer.lr", "tricks.ema.decay".
void flatten(const Json& json, const std::string& path,
             std::vector<std::pair<std::string, Json>>& flat) {
  if (json.is_string() || json.is_boolean() || json.is_number()) {
    flat.emplace_back(path, json);
  } else if (json.is_structured()) {
    std::size_t position = 0;
    for (const auto& [key, value] : json.items()) {
      const std::string name = json.is_array() ? name_of(value, position++) : key;
      flatten(value, path.empty() ? name : path + "." + name, flat);
    }
  }
}

/// What runs of one recipe differ in, or could.
std::vector<std::pair<std::string, Json>> hyper_parameters(Json recipe) {
  for (const char* section : {"plugins", "checkpoint"}) recipe.erase(section);
  std::vector<std::pair<std::string, Json>> flat;
  flatten(recipe, "", flat);
  return flat;
}

}  // namespace

Scalars scalars_of(const Json& line, std::int64_t record_every_steps) {
  const auto split = line.at("split").get<std::string>();
  const auto set = line.at("weights").get<std::string>();
  const std::string prefix = (line.contains("final") ? "final/" : "") + split + "/";
  const bool is_told = split == "train" && record_every_steps > 0 &&
                       line.at("step").get<std::int64_t>() % record_every_steps == 0;
  const std::string time_ending = ".seconds";
  Scalars scalars;
  for (const auto& [name, value] : line.items()) {
    if (name == "step" || name == "epoch" || name == "samples" ||
        !(value.is_number() || value.is_null())) {
      continue;
    }
    const double number =
        value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
    if (name == "lr" || name == "grad_norm") {
      if (!is_told) scalars.emplace_back(name, number);
    } else if (name.ends_with(time_ending)) {
      scalars.emplace_back("time/" + name.substr(0, name.size() - time_ending.size()), number);
    } else {
      scalars.emplace_back(prefix + name + "/" + set, number);
    }
  }
  return scalars;
}

EventFile::EventFile(const RunFolder& folder) : EventFile(new_file(folder.path())) {
  ProtoMessage version;
  add_event(version.text(3, "brain.Event:2"));
}

std::optional<EventFile> EventFile::go_on(const RunFolder& folder, const std::string& name,
                                          std::uint64_t bytes) {
  const fs::path file = folder.path() / name;
  std::error_code failure;
  const bool is_of_the_run =  // and no way out of its folder
      name.starts_with(kEventFilePrefix) && fs::path(name).filename() == name &&
      fs::is_regular_file(fs::symlink_status(file, failure));
  const bool is_there = is_of_the_run && fs::file_size(file, failure) >= bytes;
  if (!is_there) return std::nullopt;
  EventFile events(file);
  events.cut(bytes);
  return events;
}

void EventFile::add_scalars(std::int64_t step, const Scalars& scalars) {
  ProtoMessage summary;
  for (const auto& [tag, number] : scalars) {
    summary.message(1, named_value(tag).real(2, static_cast<float>(number)));
  }
  add_summary(step, summary);
}

void EventFile::add_text(const std::string& tag, const std::string& text) {
  constexpr int kString = 7;
  const ProtoMessage shape = ProtoMessage().message(2, ProtoMessage().integer(1, 1));
  const ProtoMessage tensor = ProtoMessage().integer(1, kString).message(2, shape).text(8, text);
  add_summary(
      0,
      summary_of(
          named_value(tag + "/text_summary").message(8, tensor).message(9, shown_by("text", ""))));
}

void EventFile::add_hyper_parameters(const Json& recipe, const std::vector<std::string>& metrics) {
  ProtoMessage experiment;
  ProtoMessage start;
  for (const auto& [name, value] : hyper_parameters(recipe)) {
    experiment.message(4, ProtoMessage().text(1, name).integer(4, type_of(value)));
    start.message(1, ProtoMessage().text(1, name).message(2, plain_value(value)));
  }
  for (const std::string& tag : metrics) {
    const ProtoMessage metric = ProtoMessage().text(2, tag);
    experiment.message(5, ProtoMessage().message(1, metric).text(3, tag));
  }
  experiment.text(6, recipe.at("name").get<std::string>());
  add_hparams_data("experiment", 2, experiment);
  add_hparams_data("session_start_info", 3, start.real(5, unix_seconds()));
}

void EventFile::add_end(bool is_success) {
  constexpr int kSuccess = 1;
  constexpr int kFailure = 2;
  ProtoMessage end;
  end.integer(1, is_success ? kSuccess : kFailure).real(2, unix_seconds());
  add_hparams_data("session_end_info", 4, end);
}

void EventFile::add_hparams_data(const std::string& tag, int field, const ProtoMessage& data) {
  constexpr int kFloat = 1;
  const ProtoMessage no_elements = ProtoMessage().message(2, ProtoMessage());
  const ProtoMessage null_tensor = ProtoMessage().integer(1, kFloat).message(2, no_elements);
  const ProtoMessage content = ProtoMessage().message(field, data);
  add_summary(0, summary_of(named_value("_hparams_/" + tag)
                                .message(8, null_tensor)
                                .message(9, shown_by("hparams", content.bytes()))));
}

void EventFile::add_summary(std::int64_t step, const ProtoMessage& summary) {
  ProtoMessage event;
  add_event(event.integer(2, step).message(5, summary));
}

void EventFile::add_event(ProtoMessage& event) {
  append(tf_record(event.real(1, unix_seconds()).bytes()));
}

}  // namespace knack::host
