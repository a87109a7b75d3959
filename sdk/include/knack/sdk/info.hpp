// SPDX-License-Identifier: MIT
// What a plugin says about itself, and the manifest that is made of it while compiling.
#pragma once

#include <knack/abi/entry.h>
#include <knack/sdk/json_text.hpp>

#include <array>
#include <string_view>

namespace knack::inline v1 {

/// One thing that a plugin provides. `before` and `after` are ids, separated by commas: tricks that
/// act later and earlier within a hook.
struct Info {
  const char* id;
  const char* summary = "";
  const char* before = "";
  const char* after = "";
};

namespace detail {

/// What KNACK_PLUGIN knows of the file. `torch_version` is for tier "torch-cxx", where it is the
/// very version, and "torch-stable", where it is the oldest one that will do. `abi_minor` is the
/// lowest minor of the ABI that will do.
struct PluginFacts {
  const char* version;
  const char* author;
  const char* license;
  const char* tier;
  const char* torch_version;
  unsigned abi_minor = 0;
};

#if defined(_LIBCPP_VERSION)
inline constexpr std::string_view kStandardLibrary = "libc++";
#else
inline constexpr std::string_view kStandardLibrary = "libstdc++";
#endif
#if defined(_GLIBCXX_USE_CXX11_ABI) && !_GLIBCXX_USE_CXX11_ABI
inline constexpr std::string_view kCxx11Abi = "0";
#else
inline constexpr std::string_view kCxx11Abi = "1";
#endif
#define KNACK_TEXT_OF_VALUE(value) KNACK_TEXT_OF(value)
#define KNACK_TEXT_OF(text) #text
#if defined(__clang__)
inline constexpr std::string_view kCompiler = "clang-" KNACK_TEXT_OF_VALUE(__clang_major__);
#else
inline constexpr std::string_view kCompiler = "gcc-" KNACK_TEXT_OF_VALUE(__GNUC__);
#endif
#undef KNACK_TEXT_OF_VALUE
#undef KNACK_TEXT_OF

constexpr void write_field(TextSink& sink, std::string_view name, std::string_view text) {
  write_json_string(sink, name);
  sink.append(": ");
  write_json_string(sink, text);
}

constexpr void write_ids(TextSink& sink, std::string_view name, std::string_view ids) {
  sink.append(", ");
  write_json_string(sink, name);
  sink.append(": [");
  bool first = true;
  while (!ids.empty()) {
    const std::size_t comma = ids.find(',');
    std::string_view id = ids.substr(0, comma);
    while (id.starts_with(' ')) id.remove_prefix(1);
    while (id.ends_with(' ')) id.remove_suffix(1);
    if (!id.empty()) {
      if (!first) sink.append(", ");
      write_json_string(sink, id);
      first = false;
    }
    ids = comma == std::string_view::npos ? std::string_view() : ids.substr(comma + 1);
  }
  sink.append("]");
}

template <typename Provided>
constexpr void write_provided(TextSink& sink, bool first) {
  sink.append(first ? "{" : ", {");
  write_field(sink, "kind", Provided::kind);
  sink.append(", ");
  write_field(sink, "id", Provided::info.id);
  sink.append(", ");
  write_field(sink, "summary", Provided::info.summary);
  write_ids(sink, "before", Provided::info.before);
  write_ids(sink, "after", Provided::info.after);
  sink.append("}");
}

template <typename... Provided>
constexpr void write_manifest(TextSink& sink, const PluginFacts& facts) {
  static_assert(KNACK_ABI_MAJOR == 1, "the manifest's text names the major");
  sink.append(KNACK_MANIFEST_MAGIC);
  sink.append("{\"abi_major\": 1, \"abi_minor\": ");
  sink.append_number(facts.abi_minor);
  sink.append(", ");
  write_field(sink, "tier", facts.tier);
  sink.append(", ");
  write_field(sink, "version", facts.version);
  sink.append(", ");
  write_field(sink, "author", facts.author);
  sink.append(", ");
  write_field(sink, "license", facts.license);
  if (std::string_view(facts.tier) == "torch-cxx") {
    sink.append(", \"torch\": {");
    write_field(sink, "version", facts.torch_version);
    sink.append(", ");
    write_field(sink, "stdlib", kStandardLibrary);
    sink.append(", \"cxx11_abi\": ");
    sink.append(kCxx11Abi);
    sink.append(", ");
    write_field(sink, "compiler", kCompiler);
    sink.append("}");
  } else if (std::string_view(facts.tier) == "torch-stable") {
    sink.append(", \"torch\": {");
    write_field(sink, "target", facts.torch_version);
    sink.append("}");
  }
  sink.append(", \"provides\": [");
  bool first = true;
  ((write_provided<Provided>(sink, first), first = false), ...);
  sink.append("]}\n");
}

/// The bytes of the manifest section.
template <const PluginFacts& facts, typename... Provided>
constexpr auto make_manifest() {
  constexpr std::size_t kSize = [] {
    TextSink sink;
    write_manifest<Provided...>(sink, facts);
    return sink.size;
  }();
  std::array<char, kSize> bytes{};
  TextSink sink{bytes.data()};
  write_manifest<Provided...>(sink, facts);
  return bytes;
}

}  // namespace detail
}  // namespace knack::inline v1
