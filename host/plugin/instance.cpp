// SPDX-License-Identifier: MIT
#include "host/plugin/instance.hpp"

#include <cstdio>
#include <utility>

#include "host/plugin/guard.hpp"
#include "host/plugin/refusal.hpp"

namespace knack::host {
namespace {

[[noreturn]] void refuse_slot(const InstanceContext& context, std::string_view slot,
                              std::string_view expected, std::string_view found) {
  refuse(context.file, context.kind + " " + context.id + ", " + std::string(slot), expected, found,
         "report this to the plugin's author", "E0409");
}

}  // namespace

Instance::Instance(std::unique_ptr<InstanceContext> context, knack_instance_t* instance)
    : context_(std::move(context)), instance_(nullptr, Destroy{context_.get()}), head_{} {
  if (instance->struct_size < sizeof(knack_instance_t)) {
    refuse_slot(*context_, "struct_size",
                "at least " + std::to_string(sizeof(knack_instance_t)) + " bytes",
                std::to_string(instance->struct_size));
  }
  require_slot(instance->destroy != nullptr, "destroy");
  instance_.reset(instance);
  head_ = slots<knack_instance_t>();
  require_all_or_none({head_.state_save != nullptr, head_.state_load != nullptr},
                      "state_save and state_load");
}

void Instance::Destroy::operator()(knack_instance_t* instance) const noexcept {
  try {
    Call call(*context, "destroy");
    call.run([&] {
      instance->destroy(instance);
      return KNACK_STATUS_OK;
    });
  } catch (const std::exception& error) {
    // Nothing is left to undo, and whoever destroys cannot be asked to handle it.
    std::fprintf(stderr, "knack: %s\n", error.what());
  }
}

const void* Instance::extension(const char* id) const {
  if (head_.get_extension == nullptr) return nullptr;
  const void* found = nullptr;
  Call call(*context_, "get_extension");
  call.run([&] {
    found = head_.get_extension(instance_.get(), id);
    return KNACK_STATUS_OK;
  });
  return found;
}

InstanceState Instance::save_state() const {
  InstanceState saved;
  knack_value_t state{};
  Call call(*context_, "state_save");
  call.run([&] { return head_.state_save(instance_.get(), &saved.version, &state); });
  saved.state = call.take(state);
  if (saved.state.get_if<Value::Map>() == nullptr) call.fail_check("a map", "another value");
  return saved;
}

void Instance::load_state(const InstanceState& state) const {
  Call call(*context_, "state_load");
  if (!has_state()) call.fail("it has no state, and cannot take back what was saved");
  const BorrowedValue borrowed(state.state);
  call.run([&] { return head_.state_load(instance_.get(), state.version, borrowed.get()); });
}

void Instance::require_slot(bool present, std::string_view slot) const {
  if (!present) refuse_slot(*context_, slot, "a function", "NULL");
}

void Instance::require_all_or_none(std::initializer_list<bool> present,
                                   std::string_view slots) const {
  const auto count = std::count(present.begin(), present.end(), true);
  if (count == 0 || count == static_cast<std::ptrdiff_t>(present.size())) return;
  refuse_slot(*context_, slots, "all or none of them", std::to_string(count));
}

}  // namespace knack::host
