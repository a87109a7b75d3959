// SPDX-License-Identifier: MIT
// What TensorBoard shows of a run.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/report/appended_file.hpp"
#include "host/report/run_folder.hpp"

namespace knack::host {

class ProtoMessage;

/// Numbers of TensorBoard's by their tag.
using Scalars = std::vector<std::pair<std::string, double>>;

/// The numbers of a line of metrics.jsonl under the tags that docs/run_folder.md lists.
/// `record_every_steps` as the recipe has it: what the line of a step says is not said again by
/// that of the epoch which ends there.
Scalars scalars_of(const nlohmann::ordered_json& line, std::int64_t record_every_steps);

/// `events.out.tfevents.<unix time>.<host name>.<pid>.0`: a series of events, each a record with
/// the time of its writing.
class EventFile : public AppendedFile {
 public:
  /// A new file.
  explicit EventFile(const RunFolder& folder);

  /// Goes on with the file of that name in `folder`, of which only the first `bytes` are kept.
  /// Nothing when it is gone or shorter, or `name` names anything but a file in that folder.
  static std::optional<EventFile> go_on(const RunFolder& folder, const std::string& name,
                                        std::uint64_t bytes);

  void add_scalars(std::int64_t step, const Scalars& scalars);

  /// Text in Markdown.
  void add_text(const std::string& tag, const std::string& text);

  /// For TensorBoard's table of hyper-parameters: those of `recipe` that are one number, text or
  /// truth value, and the tags by which runs are compared.
  void add_hyper_parameters(const nlohmann::ordered_json& recipe,
                            const std::vector<std::string>& metrics);

  /// How the run ended, for the same table.
  void add_end(bool is_success);

 private:
  explicit EventFile(const std::filesystem::path& file) : AppendedFile(file) {}
  void add_event(ProtoMessage& event);
  void add_summary(std::int64_t step, const ProtoMessage& summary);
  void add_hparams_data(const std::string& tag, int field, const ProtoMessage& data);
};

}  // namespace knack::host
