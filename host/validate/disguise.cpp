// SPDX-License-Identifier: MIT
#include "host/validate/disguise.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "host/plugin/guard.hpp"

namespace knack::host {
namespace {

/// What came after minor 0, as sdk/include/knack/abi/SINCE.txt has it: extensions alone, as no struct
/// has grown.
struct LaterExtension {
  std::string_view id;
  std::uint32_t since;
};
constexpr LaterExtension kLaterExtensions[] = {{"knack.autograd/1", 1}, {"knack.dlpack/1", 1}};

bool is_known_to(std::uint32_t minor, std::string_view id) {
  return std::none_of(
      std::begin(kLaterExtensions), std::end(kLaterExtensions),
      [&](const LaterExtension& later) { return later.id == id && later.since > minor; });
}

const void* get_extension(const knack_host_t* host, const char* id) {
  if (id == nullptr) return nullptr;
  const knack_host_t& real = InstanceContext::of(host).table;
  const void* table = real.get_extension(&real, id);
  return table == nullptr ? nullptr : disguise_in_force().extension(id, table);
}

std::int32_t set_error(const knack_host_t* host, std::int32_t status, knack_string_t message) {
  const knack_host_t& real = InstanceContext::of(host).table;
  return real.set_error(&real, status, message);
}

void* allocate(const knack_host_t* host, std::uint64_t bytes) {
  if (disguise_in_force().strikes("allocate")) return nullptr;
  const knack_host_t& real = InstanceContext::of(host).table;
  return real.allocate(&real, bytes);
}

}  // namespace

Disguise& disguise_in_force() {
  return static_cast<Disguise&>(*host_disguise());
}

Disguise::Disguise(const Subject& subject) : subject_(subject) {
  disguise_host(this);
}

Disguise::~Disguise() {
  disguise_host(nullptr);
}

bool Disguise::is_subject(const InstanceContext& instance) const {
  const Provided& provided = subject_.provided();
  return instance.file == subject_.path.string() && instance.kind == provided.kind &&
         instance.id == provided.id;
}

std::unique_ptr<HostTable> Disguise::make_table(const InstanceContext& context) const {
  auto made = std::make_unique<HostTable>();
  made->table = context.table;
  made->table.struct_size += static_cast<std::uint32_t>(terms.tail);
  made->table.abi_minor = minor.value_or(KNACK_ABI_MINOR);
  made->table.get_extension = get_extension;
  made->table.set_error = set_error;
  made->table.allocate = allocate;
  std::memset(made->tail, kPoison, sizeof(made->tail));
  return made;
}

const knack_host_t* Disguise::init_table(const InstanceContext& context) {
  if (context.file != subject_.path.string()) return &context.table;
  return &make_table(context).release()->table;
}

std::int32_t Disguise::create(const knack_entry_t& entry, std::uint32_t index,
                              const InstanceContext& context, const knack_value_t* options,
                              knack_instance_t** out_instance) {
  knack_instance_t* made = nullptr;
  std::unique_ptr<HostTable> table;
  std::int32_t status = KNACK_STATUS_OK;
  if (is_subject(context)) {
    table = make_table(context);
    Loan loan(terms);
    if (before) before(context, "create");
    status = entry.create(index, &table->table, loan.lend(options), &made);
    if (after) after(context, "create");
  } else {
    status = entry.create(index, &context.table, options, &made);
  }
  if (status != KNACK_STATUS_OK || made == nullptr) return status;
  *out_instance = disguised_instance(*this, context, std::move(table), made);
  return status;
}

bool Disguise::strikes(const char* service) {
  const Call* call = Call::current();
  return fails && call != nullptr && is_subject(call->instance()) && fails(service);
}

const void* Disguise::extension(const std::string& id, const void* table) {
  if (minor && !is_known_to(*minor, id)) return nullptr;
  if (fails) return failing_table(id, table);
  if (terms.tail == 0) return table;
  std::vector<std::byte>& grown = tables_[id];
  if (grown.empty()) {
    std::uint32_t size = 0;  // the first field of every table
    std::memcpy(&size, table, sizeof(size));
    grown.resize(size + terms.tail, static_cast<std::byte>(kPoison));
    std::memcpy(grown.data(), table, size);
    size += static_cast<std::uint32_t>(terms.tail);
    std::memcpy(grown.data(), &size, sizeof(size));
  }
  return grown.data();
}

}  // namespace knack::host
