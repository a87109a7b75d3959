// SPDX-License-Identifier: MIT
// knack.log/1
#include <knack/abi/ext/log.h>

#include <algorithm>

#include "host/services/log_sink.hpp"
#include "host/services/services.hpp"
#include "host/services/status.hpp"

namespace knack::host {
namespace {

constexpr std::size_t kLongestMessage = 1 << 16;

void write(const knack_host_t* host, std::uint32_t level, knack_string_t message) {
  const InstanceContext& instance = InstanceContext::of(host);
  if (instance.services.log == nullptr || message.data == nullptr) return;
  const std::string_view text(message.data, std::min<std::size_t>(message.size, kLongestMessage));
  // A line that cannot be written is no reason to fail the plugin that meant well.
  static_cast<void>(to_status([&] {
    instance.services.log->write(instance.name, std::min(level, KNACK_LOG_WARNING), text);
  }));
}

constexpr knack_log_api_t kTable = {
    .struct_size = sizeof(knack_log_api_t), .reserved = 0, .write = write};

}  // namespace

void register_log() {
  register_extension(KNACK_EXT_LOG, &kTable);
}

}  // namespace knack::host
