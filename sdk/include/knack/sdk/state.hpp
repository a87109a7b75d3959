// SPDX-License-Identifier: MIT
// Saved state: what an instance needs to go on bit for bit after a resume.
#pragma once

#include <knack/sdk/value.hpp>

namespace knack::inline v1 {

/// Collects the state. Tensors are saved as they are when `save` returns.
class StateWriter {
 public:
  void set(std::string name, Value value) {
    state_.set(std::move(name), std::move(value));
  }
  [[nodiscard]] Value take() && {
    return std::move(state_);
  }

 private:
  Value state_ = Value::map({});
};

/// Gives back what StateWriter was given. A missing or mistyped entry throws Error.
class StateReader {
 public:
  StateReader(ValueView state, std::uint32_t version) : state_(state), version_(version) {}

  /// The `state_version` of the class that saved it.
  [[nodiscard]] std::uint32_t version() const {
    return version_;
  }
  [[nodiscard]] bool has(std::string_view name) const {
    return state_.find(name).has_value();
  }
  [[nodiscard]] ValueView operator[](std::string_view name) const {
    const std::optional<ValueView> entry = state_.find(name);
    if (entry) return *entry;
    fail("the saved state has no \"" + std::string(name) + "\"");
    return {};
  }

 private:
  ValueView state_;
  std::uint32_t version_;
};

/// What all things that a plugin provides have in common. A class that overrides `save` overrides
/// `load` too; one that overrides neither has no state.
class Component {
 public:
  Component() = default;
  Component(const Component&) = delete;
  Component& operator=(const Component&) = delete;
  virtual ~Component() = default;

  /// The version of what `save` writes; raise it in a class whose layout changes.
  static constexpr std::uint32_t state_version = 1;

  virtual void save(StateWriter& /*state*/) const {}
  virtual void load(const StateReader& /*state*/) {}
};

}  // namespace knack::inline v1
