// SPDX-License-Identifier: MIT
// Instances: how a C++ object appears in the ABI.
#pragma once

#include <knack/abi/entry.h>
#include <knack/sdk/host.hpp>
#include <knack/sdk/options.hpp>
#include <knack/sdk/state.hpp>

#include <memory>

namespace knack::inline v1::detail {

/// True when `method` of T is not the one of Base: `overrides<&T::save, &Component::save>`.
template <auto method, auto base_method>
inline constexpr bool overrides = !std::is_same_v<decltype(method), decltype(base_method)>;

template <typename T>
concept HasOptions = requires { typename T::Options; };

/// The ABI's struct of T's kind and the object behind it, in one piece of memory. A kind gives
/// `Abi`, its struct, and `bind<T>(Abi&)`, which fills the slots.
template <typename T>
struct Instance {
  typename T::Abi abi{};
  const knack_host_t* host;
  T object;

  template <typename... Arguments>
  explicit Instance(const knack_host_t* host, Arguments&&... arguments)
      : host(host), object(std::forward<Arguments>(arguments)...) {
    knack_instance_t& head = abi.head;
    head.struct_size = sizeof(abi);
    head.self = this;
    head.destroy = [](knack_instance_t* instance) { delete &of(instance); };
    if constexpr (overrides<&T::save, &Component::save>) {
      static_assert(overrides<&T::load, &Component::load>, "a class that saves state loads it too");
      head.state_save = &Instance::save;
      head.state_load = &Instance::load;
    }
    T::template bind<T>(abi);
  }

  static Instance& of(knack_instance_t* instance) {
    return *static_cast<Instance*>(instance->self);
  }
  static Instance& of(typename T::Abi* abi) {
    return of(&abi->head);
  }

  static std::int32_t save(knack_instance_t* instance, std::uint32_t* out_version,
                           knack_value_t* out_state) {
    Instance& self = of(instance);
    return guarded(self.host, [&] {
      StateWriter writer;
      self.object.save(writer);
      *out_version = T::state_version;
      *out_state = std::move(writer).take().release(self.host);
    });
  }

  static std::int32_t load(knack_instance_t* instance, std::uint32_t version,
                           const knack_value_t* state) {
    Instance& self = of(instance);
    return guarded(self.host, [&] {
      if (version > T::state_version) {
        return knack::fail(KNACK_STATUS_UNSUPPORTED,
                           "the state has version " + std::to_string(version) +
                               ", this plugin reads up to " + std::to_string(T::state_version) +
                               "; use the plugin that saved it");
      }
      self.object.load(StateReader(ValueView(state), version));
    });
  }
};

/// Makes an instance from whichever of (options, host), (options), (host) or () T can be made.
template <typename T>
std::unique_ptr<Instance<T>> make_instance(const knack_host_t* abi_host, ValueView given) {
  const Host host(abi_host);
  if constexpr (HasOptions<T>) {
    const auto options = read_options<typename T::Options>(given);
    if constexpr (std::is_constructible_v<T, decltype(options), Host>) {
      return std::make_unique<Instance<T>>(abi_host, options, host);
    } else {
      return std::make_unique<Instance<T>>(abi_host, options);
    }
  } else if constexpr (std::is_constructible_v<T, Host>) {
    return std::make_unique<Instance<T>>(abi_host, host);
  } else {
    return std::make_unique<Instance<T>>(abi_host);
  }
}

template <typename T>
std::int32_t create_instance(const knack_host_t* host, const knack_value_t* options,
                             knack_instance_t** out_instance) {
  return guarded(host, [&] {
    auto instance = make_instance<T>(host, ValueView(options));
    if (!failed()) *out_instance = &instance.release()->abi.head;
  });
}

}  // namespace knack::inline v1::detail
