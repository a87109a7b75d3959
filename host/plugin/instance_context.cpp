// SPDX-License-Identifier: MIT
#include "host/plugin/instance_context.hpp"

#include <map>
#include <mutex>
#include <shared_mutex>
#include <utility>

#include "host/plugin/guard.hpp"
#include "host/plugin/host_disguise.hpp"
#include "host/plugin/text.hpp"

namespace knack::host {
namespace {

struct Extensions {
  std::shared_mutex mutex;
  std::map<std::string, const void*, std::less<>> tables;
};

/// Never destroyed: plugins may ask until the very end of the process.
Extensions& extensions() {
  static auto* instance = new Extensions;
  return *instance;
}

const void* get_extension(const knack_host_t*, const char* id) {
  if (id == nullptr) return nullptr;
  const std::shared_lock lock(extensions().mutex);
  const auto found = extensions().tables.find(std::string_view(id));
  return found == extensions().tables.end() ? nullptr : found->second;
}

std::int32_t set_error(const knack_host_t*, std::int32_t status, knack_string_t message) {
  set_error_text(view(message));
  return status;
}

void* allocate(const knack_host_t*, std::uint64_t bytes) {
  return Call::allocate(bytes);
}

HostDisguise* disguise_of_process = nullptr;

}  // namespace

InstanceContext::InstanceContext(std::string file, std::string kind, std::string id,
                                 std::string name, const HostServices& services)
    : file(std::move(file)),
      kind(std::move(kind)),
      id(std::move(id)),
      name(std::move(name)),
      services(services),
      table{.struct_size = sizeof(knack_host_t),
            .abi_major = KNACK_ABI_MAJOR,
            .abi_minor = KNACK_ABI_MINOR,
            .reserved = 0,
            .host_data = this,
            .get_extension = get_extension,
            .set_error = set_error,
            .allocate = allocate} {}

std::string InstanceContext::place() const {
  std::string place = file + ": " + kind + " " + id;
  if (name != id && name != kind) place += " (instance " + name + ")";
  return place;
}

void register_extension(const std::string& id, const void* table) {
  const std::unique_lock lock(extensions().mutex);
  extensions().tables[id] = table;
}

HostDisguise* host_disguise() noexcept {
  return disguise_of_process;
}

void disguise_host(HostDisguise* disguise) noexcept {
  disguise_of_process = disguise;
}

}  // namespace knack::host
