// SPDX-License-Identifier: MIT
#include "host/run/event_stream.hpp"

#include <chrono>

#include "host/common/file_descriptor.hpp"
#include "host/report/run_folder.hpp"

namespace knack::host {

void EventStream::send(const char* event, const nlohmann::ordered_json& content) {
  if (!is_open()) return;
  const std::chrono::duration<double> time = std::chrono::system_clock::now().time_since_epoch();
  nlohmann::ordered_json line = {{"schema_version", 1}, {"event", event}, {"time", time.count()}};
  line.update(content);
  const std::string text = one_json_line(line);
  const std::lock_guard lock(mutex_);
  if (!has_failed_) has_failed_ = !write_all(descriptor_, text.data(), text.size());
}

}  // namespace knack::host
