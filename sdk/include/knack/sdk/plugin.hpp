// SPDX-License-Identifier: MIT
// KNACK_PLUGIN: the manifest and the one exported symbol of a plugin file.
#pragma once

#include <knack/sdk/info.hpp>
#include <knack/sdk/instance.hpp>

/// knack_add_plugin() defines these; so may the command line of any other build.
#ifndef KNACK_PLUGIN_AUTHOR
#define KNACK_PLUGIN_AUTHOR ""
#endif
#ifndef KNACK_PLUGIN_LICENSE
#define KNACK_PLUGIN_LICENSE ""
#endif
#ifndef KNACK_PLUGIN_TIER
#define KNACK_PLUGIN_TIER "c"
#endif
#ifndef KNACK_PLUGIN_TORCH_VERSION
#define KNACK_PLUGIN_TORCH_VERSION ""
#endif
/// The lowest minor of the ABI whose hosts the plugin loads into. One that can do without what is
/// younger, or asks for it by name only, keeps 0.
#ifndef KNACK_PLUGIN_ABI_MINOR
#define KNACK_PLUGIN_ABI_MINOR 0
#endif

/// Stands once in a plugin file, at namespace scope: `KNACK_PLUGIN("1.0.0", Resnet18, Resnet34)`.
/// Each class derives from a kind (Trick, Model, ...) and has `static constexpr knack::Info info`.
#define KNACK_PLUGIN(version, ...)                                                      \
  namespace {                                                                           \
  constexpr ::knack::detail::PluginFacts knack_plugin_facts{                            \
      version,           KNACK_PLUGIN_AUTHOR,        KNACK_PLUGIN_LICENSE,              \
      KNACK_PLUGIN_TIER, KNACK_PLUGIN_TORCH_VERSION, KNACK_PLUGIN_ABI_MINOR};           \
  KNACK_MANIFEST constexpr auto knack_plugin_manifest =                                 \
      ::knack::detail::make_manifest<knack_plugin_facts, __VA_ARGS__>();                \
  }                                                                                     \
  KNACK_EXPORT const knack_entry_t KNACK_ENTRY;                                         \
  constinit const knack_entry_t KNACK_ENTRY = ::knack::detail::make_entry<__VA_ARGS__>( \
      knack_plugin_manifest.data(), knack_plugin_manifest.size(), KNACK_PLUGIN_ABI_MINOR);

namespace knack::inline v1::detail {

template <typename T>
knack_descriptor_t make_descriptor() {
  knack_descriptor_t descriptor{};
  descriptor.struct_size = sizeof(descriptor);
  descriptor.kind = T::kind;
  descriptor.id = T::info.id;
  descriptor.summary = T::info.summary;
  if constexpr (HasOptions<T>) {
    static const std::string schema = OptionSpec<typename T::Options>().schema();
    descriptor.schema_json = schema.c_str();
  }
  return descriptor;
}

template <typename... Provided>
struct Entry {
  static std::int32_t init(const knack_host_t* host) {
    return guarded(host, [host] { open_gateway(host); });
  }

  static const knack_descriptor_t* descriptor(std::uint32_t index) {
    static const std::array descriptors{make_descriptor<Provided>()...};
    return index < descriptors.size() ? &descriptors[index] : nullptr;
  }

  static std::int32_t create(std::uint32_t index, const knack_host_t* host,
                             const knack_value_t* options, knack_instance_t** out_instance) {
    constexpr std::array kCreate{&create_instance<Provided>...};
    if (index >= kCreate.size()) {
      return host->set_error(host, KNACK_STATUS_NOT_FOUND, to_abi("no descriptor of that index"));
    }
    return kCreate[index](host, options, out_instance);
  }
};

template <typename... Provided>
constexpr knack_entry_t make_entry(const char* manifest, std::uint64_t manifest_size,
                                   std::uint32_t abi_minor = 0) {
  using Functions = Entry<Provided...>;
  knack_entry_t entry{};
  entry.struct_size = sizeof(entry);
  entry.abi_major = KNACK_ABI_MAJOR;
  entry.abi_minor_needed = abi_minor;
  entry.descriptor_count = sizeof...(Provided);
  entry.manifest = manifest;
  entry.manifest_size = manifest_size;
  entry.init = &Functions::init;
  entry.descriptor = &Functions::descriptor;
  entry.create = &Functions::create;
  return entry;
}

}  // namespace knack::inline v1::detail
