// SPDX-License-Identifier: MIT
// Level 1: what can be seen in the file.
#include <cxxabi.h>
#include <knack/abi/entry.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <random>
#include <string_view>

#include "host/common/join.hpp"
#include "host/plugin/elf_file.hpp"
#include "host/plugin/refusal.hpp"
#include "host/validate/checks.hpp"
#include "host/validate/elf_details.hpp"

namespace knack::host {
namespace {

constexpr std::size_t kMostNames = 5;  // that a reason lists

/// The file's bytes and what the loader reads in them.
struct ElfContent {
  explicit ElfContent(const Subject& subject) {
    std::ifstream stream(subject.path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
    details = read_elf_details(bytes);
  }

  std::string bytes;
  ElfDetails details;
};

/// "a, b, c, d, e and 7 more"
std::string some_of(std::vector<std::string> names) {
  const std::size_t count = names.size();
  if (count <= kMostNames) return join(names);
  names.resize(kMostNames);
  return join(names) + " and " + std::to_string(count - kMostNames) + " more";
}

std::string demangled(std::string_view symbol) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(std::string(symbol).c_str(), nullptr, nullptr, &status), &std::free);
  return printable(name ? std::string_view(name.get()) : symbol);
}

Finding preflight(const Subject& subject) {
  const PluginFile& file = *subject.file;
  if (!file.is_usable()) return failed(file.refusal);
  return file.warning.empty() ? passed() : warned(file.warning);
}

// Those that are unique in the process have a check of their own.
Finding one_export(const Subject& subject) {
  const ElfContent content(subject);
  std::vector<std::string> others;
  bool has_entry = false;
  for (const DynamicSymbol& symbol : content.details.symbols) {
    if (!symbol.is_exported || symbol.is_unique) continue;
    if (symbol.name == KNACK_ENTRY_SYMBOL) {
      has_entry = true;
    } else {
      others.push_back(demangled(symbol.name));
    }
  }
  if (!has_entry) return failed("it does not export " KNACK_ENTRY_SYMBOL);
  if (others.empty()) return passed();
  return failed("it also exports " + some_of(others) +
                "; link it with the version script that knack_add_plugin() applies");
}

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view prefix) { return text.starts_with(prefix); });
}

bool may_be_in_a_name(char letter) {
  return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_' || letter == ':';
}

/// Whether a C++ symbol is of LibTorch or of its types: `at::Tensor::add`, `vtable for c10::Error`,
/// `sum(std::vector<at::Tensor> const&)`. Not `acme::at::f`.
bool names_torch(std::string_view symbol) {
  for (const std::string_view space : {"at::", "c10::", "torch::", "caffe2::"}) {
    for (std::size_t i = symbol.find(space); i != symbol.npos; i = symbol.find(space, i + 1)) {
      if (i == 0 || !may_be_in_a_name(symbol[i - 1])) return true;
    }
  }
  return false;
}

Finding undefined_symbols(const Subject& subject) {
  const Tier tier = subject.file->checked.manifest.tier;
  if (tier == Tier::torch_cxx) return skipped("a plugin of tier torch-cxx may use all of LibTorch");
  const ElfContent content(subject);
  std::vector<std::string> foreign;
  for (const DynamicSymbol& symbol : content.details.symbols) {
    if (symbol.is_defined) continue;
    const std::string name = demangled(symbol.name);
    const bool is_stable = starts_with_any(name, {"aoti_torch_", "torch_"});
    if (names_torch(name) || (is_stable && tier == Tier::c)) foreign.push_back(name);
  }
  if (tier == Tier::c) {
    for (const std::string_view library : content.details.needed) {
      if (starts_with_any(library, {"libtorch", "libc10"})) foreign.emplace_back(library);
    }
  }
  if (foreign.empty()) return passed();
  return failed("a plugin of tier " + std::string(tier_name(tier)) + " must not need " +
                some_of(foreign) + "; use the host's services, or state the tier that you need");
}

/// A class whose name the compiler writes into the one library that has the class's first virtual
/// function, and into no plugin that only uses it.
struct RuntimeMark {
  std::string_view type_name;
  const char* library;
};

constexpr std::array<RuntimeMark, 2> kRuntimeMarks = {
    {{"N10__cxxabiv117__class_type_infoE", "the C++ standard library"},
     {"N3c105ErrorE", "LibTorch"}}};

/// Whether `bytes` hold the name other than as a part of a symbol, such as `_ZTVN...E`.
bool holds_type_name(std::string_view bytes, std::string_view name) {
  for (std::size_t i = bytes.find(name); i != bytes.npos; i = bytes.find(name, i + 1)) {
    const std::size_t end = i + name.size();
    const bool is_in_symbol = i >= 4 && bytes.substr(i - 4, 3) == "_ZT";
    if (!is_in_symbol && end < bytes.size() && bytes[end] == '\0') return true;
  }
  return false;
}

Finding no_static_runtime(const Subject& subject) {
  const ElfContent content(subject);
  for (const RuntimeMark& mark : kRuntimeMarks) {
    for (const std::string_view segment : content.details.segments) {
      if (!holds_type_name(segment, mark.type_name)) continue;
      return failed(std::string(mark.library) +
                    " is linked into it, so that there are two in the process; link the shared one "
                    "(no -static-libstdc++)");
    }
  }
  return passed();
}

Finding no_unique_symbols(const Subject& subject) {
  const ElfContent content(subject);
  std::vector<std::string> unique;
  for (const DynamicSymbol& symbol : content.details.symbols) {
    if (symbol.is_unique) unique.push_back(demangled(symbol.name));
  }
  if (unique.empty()) return passed();
  return failed("plugins would share " + some_of(unique) +
                "; compile with -fno-gnu-unique, as knack_add_plugin() does");
}

Finding no_text_relocations(const Subject& subject) {
  if (!ElfContent(subject).details.has_text_relocations) return passed();
  return failed("the loader has to write to its code; compile all of it with -fPIC");
}

Finding no_executable_stack(const Subject& subject) {
  if (!ElfContent(subject).details.has_executable_stack) return passed();
  return failed("it makes the stacks of the whole process executable; link with -z noexecstack");
}

/// Some lengths below `size`: the borders of the parts, and others drawn from the seed.
std::vector<std::uint64_t> shorter_lengths(std::uint64_t size, std::uint64_t seed) {
  std::vector<std::uint64_t> lengths = {0, 1, 63, 64, size / 4, size / 2, size - 64, size - 1};
  std::mt19937_64 random(seed);
  for (int i = 0; i < 24; ++i) lengths.push_back(random() % size);
  std::erase_if(lengths, [&](std::uint64_t length) { return length >= size; });
  std::sort(lengths.begin(), lengths.end(), std::greater<>());
  return lengths;
}

Finding truncations_refused(const Subject& subject) {
  const std::filesystem::path copy = subject.scratch / subject.path.filename();
  std::filesystem::copy_file(subject.path, copy);
  std::filesystem::permissions(copy, std::filesystem::perms::owner_write,
                               std::filesystem::perm_options::add);
  const std::uint64_t size = std::filesystem::file_size(copy);
  for (const std::uint64_t length : shorter_lengths(size, subject.seed)) {
    std::filesystem::resize_file(copy, length);
    try {
      read_elf_section(copy, KNACK_MANIFEST_SECTION);
    } catch (const Error&) {
      continue;
    }
    return failed("the first " + std::to_string(length) + " of its " + std::to_string(size) +
                  " bytes pass for the whole file; append nothing to what the linker writes");
  }
  return passed();
}

Finding no_origin_runpath(const Subject& subject) {
  const ElfContent content(subject);
  for (const std::string_view paths : content.details.library_paths) {
    for (std::size_t begin = 0; begin <= paths.size();) {
      const std::size_t end = std::min(paths.find(':', begin), paths.size());
      const std::string_view folder = paths.substr(begin, end - begin);
      if (!folder.starts_with('/')) {
        return failed("it looks for libraries in '" + printable(folder) +
                      (folder.empty() ? "', the current folder" : "'") +
                      "; the host opens a plugin by descriptor, so that only absolute folders are "
                      "sure to be those that you mean");
      }
      begin = end + 1;
    }
  }
  return passed();
}

using std::chrono::seconds;

constexpr std::array<Check, 9> kChecks = {{
    {"file.preflight", 1, "a trusted file that is whole, with a manifest that this host takes",
     seconds(20), Scope::file, preflight, true},
    {"file.one_export", 1, "the entry is the only symbol that others see", seconds(20), Scope::file,
     one_export},
    {"file.undefined_symbols", 1, "it needs no more of LibTorch than its tier says", seconds(20),
     Scope::file, undefined_symbols},
    {"file.no_static_runtime", 1, "it shares the C++ library and LibTorch with the host",
     seconds(20), Scope::file, no_static_runtime},
    {"file.no_unique_symbols", 1, "nothing in it is shared with other plugins", seconds(20),
     Scope::file, no_unique_symbols},
    {"file.no_text_relocations", 1, "its code is mapped as it stands in the file", seconds(20),
     Scope::file, no_text_relocations},
    {"file.no_executable_stack", 1, "it leaves stacks without the right to execute", seconds(20),
     Scope::file, no_executable_stack},
    {"file.truncations_refused", 1, "no shorter copy of it passes for the whole", seconds(20),
     Scope::file, truncations_refused},
    {"file.no_origin_runpath", 1, "the folders in which it looks for libraries are absolute",
     seconds(20), Scope::file, no_origin_runpath},
}};

}  // namespace

std::span<const Check> file_checks() {
  return kChecks;
}

}  // namespace knack::host
