// SPDX-License-Identifier: MIT
// A plugin instance of any kind: owned, checked, and entered only through the guard.
#pragma once

#include <knack/abi/instance.h>

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "host/plugin/instance_context.hpp"
#include "host/plugin/value.hpp"

namespace knack::host {

/// What state_save wrote.
struct InstanceState {
  std::uint32_t version = 0;  ///< of the plugin's layout
  Value state;                ///< a map
};

/// Owns one instance and destroys it. Functions of the kinds derive from it; all of them throw
/// Error naming plugin, instance and function when the plugin fails.
class Instance {
 public:
  /// Takes over what `create` gave, which is not NULL. Throws Error(plugin) when it cannot even be
  /// destroyed, or has one half of a pair of slots.
  Instance(std::unique_ptr<InstanceContext> context, knack_instance_t* instance);
  Instance(Instance&&) = default;
  Instance& operator=(Instance&&) = delete;

  InstanceContext& context() const {
    return *context_;
  }
  const std::string& name() const {
    return context_->name;
  }

  /// Whether several threads may enter it at once.
  bool is_reentrant() const {
    return (instance_->flags & KNACK_INSTANCE_REENTRANT) != 0;
  }

  /// An ability beyond its kind's slots, or nullptr.
  const void* extension(const char* id) const;

  bool has_state() const {
    return head_.state_save != nullptr;
  }
  InstanceState save_state() const;  ///< only when it has_state()
  void load_state(const InstanceState& state) const;

 protected:
  /// The kind's struct, in which slots that a shorter one of an older minor lacks are NULL.
  template <class Slots>
  Slots slots() const {
    Slots copy{};
    // Whole slots only: all that follows the head is function pointers.
    const std::size_t known = instance_->struct_size / sizeof(void*) * sizeof(void*);
    std::memcpy(&copy, instance_.get(), std::min(sizeof(copy), known));
    return copy;
  }

  template <class Slots>
  Slots* as() const {
    return reinterpret_cast<Slots*>(instance_.get());
  }

  /// Throw Error(plugin) naming the slot.
  void require_slot(bool present, std::string_view slot) const;
  void require_all_or_none(std::initializer_list<bool> present, std::string_view slots) const;

 private:
  struct Destroy {
    InstanceContext* context;
    void operator()(knack_instance_t* instance) const noexcept;
  };

  std::unique_ptr<InstanceContext> context_;
  std::unique_ptr<knack_instance_t, Destroy> instance_;
  knack_instance_t head_;
};

}  // namespace knack::host
