// SPDX-License-Identifier: MIT
#include "host/plugin/library.hpp"

#include <dlfcn.h>

#include <boost/dll/shared_library.hpp>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "host/plugin/elf_file.hpp"
#include "host/plugin/guard.hpp"
#include "host/plugin/host_disguise.hpp"
#include "host/plugin/refusal.hpp"

namespace knack::host {
namespace {

namespace dll = boost::dll;
namespace fs = std::filesystem;

constexpr const char* kRebuild = "rebuild it with knack_add_plugin()";

struct Loaded {
  std::optional<OpenPlugin> file;  // never closed, see OpenPlugin::loader_path()
  std::string sha256;              // empty until somebody asks
  dll::shared_library library;
  std::unique_ptr<InstanceContext> context;  // of init()
  const knack_entry_t* entry = nullptr;
};

/// Never destroyed: tensors may call deleters in a plugin until the very end of the process.
std::map<std::pair<dev_t, ino_t>, Loaded>& loaded_libraries() {
  static auto* libraries = new std::map<std::pair<dev_t, ino_t>, Loaded>;
  return *libraries;
}

[[noreturn]] void refuse_changed(const CheckedFile& file) {
  refuse(file.path, "file", "the file that was checked",
         "one that was changed or replaced since then",
         "find out who did that, and start knack again", "E0405");
}

/// The open file that is, or is to be, loaded for `file`.
Loaded& open_once(const CheckedFile& file) {
  Loaded& loaded = loaded_libraries()[{file.stamp.device, file.stamp.inode}];
  if (!loaded.file) {
    loaded.file = open_checked(file);
  } else if (loaded.file->stamp() != file.stamp) {
    refuse_changed(file);
  }
  return loaded;
}

const std::string& sha256_of(Loaded& loaded) {
  if (loaded.sha256.empty()) loaded.sha256 = loaded.file->sha256();
  return loaded.sha256;
}

void check_pins(const CheckedFile& file, const std::vector<Pin>& pins, const std::string& sha256) {
  for (const Pin& pin : pins) {
    if (sha256 == pin.sha256) continue;
    try {
      refuse(file.path, "sha256", pin.sha256 + ", to which `" + pin.key + "` is pinned", sha256,
             "find out why it is another file; if it is a good one, run: knack plugins lock RECIPE",
             "E0406");
    } catch (const Error& error) {
      throw PinError(pin.key, error.diagnostics().front());
    }
  }
}

/// What dlopen said, without the words Boost puts around it.
std::string loader_text(const fs::path& loader_path, std::string_view text) {
  constexpr std::string_view kBefore = "(dlerror system message: ";
  const std::size_t begin = text.find(kBefore);
  if (begin == std::string_view::npos) return std::string(text);
  text.remove_prefix(begin + kBefore.size());
  text = text.substr(0, text.rfind(')'));
  const std::string prefix = loader_path.string() + ": ";
  if (text.substr(0, prefix.size()) == prefix) text.remove_prefix(prefix.size());
  return std::string(text);
}

/// What helps when a library that the plugin needs was not found.
std::string loader_advice(const OpenPlugin& file) {
  const std::string runpath = read_elf_runpath(file);
  if (runpath.find("$ORIGIN") == runpath.npos && runpath.find("${ORIGIN}") == runpath.npos) {
    return "install what it needs or rebuild the plugin";
  }
  return "its RUNPATH '" + printable(runpath) +
         "' has no effect, as $ORIGIN stands for no folder in a plugin: link what it needs "
         "statically, or with a RUNPATH that begins with /";
}

dll::shared_library open_library(const OpenPlugin& file) {
  const fs::path loader_path = file.loader_path();
  // Boost has no name for RTLD_NODELETE, but hands all bits to dlopen.
  constexpr auto kMode = static_cast<dll::load_mode::type>(
      dll::load_mode::rtld_now | dll::load_mode::rtld_local | RTLD_NODELETE);
  try {
    return dll::shared_library(loader_path, kMode);
  } catch (const dll::fs::system_error& error) {
    refuse(file.path(), "dlopen", "a library that loads",
           "'" + loader_text(loader_path, error.what()) + "'", loader_advice(file));
  }
}

std::string_view without_padding(std::string_view bytes) {
  return bytes.substr(0, bytes.find_last_not_of('\0') + 1);
}

std::string_view text_or_empty(const char* text) {
  return text == nullptr ? std::string_view() : std::string_view(text);
}

void check_number(const fs::path& file, const char* field, std::uint64_t expected,
                  std::uint64_t found) {
  if (expected == found) return;
  refuse(file, field, std::to_string(expected), std::to_string(found), kRebuild, "E0409");
}

void check_descriptor(const CheckedFile& file, std::uint32_t index,
                      const knack_descriptor_t* descriptor) {
  const Provided& promised = file.manifest.provides[index];
  const std::string field = "descriptor(" + std::to_string(index) + ")";
  const std::string expected = promised.kind + " " + promised.id;
  if (descriptor == nullptr) refuse(file.path, field, expected, "NULL", kRebuild, "E0409");
  if (!KNACK_HAS(descriptor, knack_descriptor_t, schema_json)) {
    refuse(file.path, field + ".struct_size",
           "at least " + std::to_string(sizeof(knack_descriptor_t)),
           std::to_string(descriptor->struct_size), kRebuild);
  }
  const std::string found = std::string(text_or_empty(descriptor->kind)) + " " +
                            std::string(text_or_empty(descriptor->id));
  if (found != expected) refuse(file.path, field, expected, printable(found), kRebuild, "E0409");
}

void check_entry(const CheckedFile& file, const knack_entry_t& entry) {
  const fs::path& path = file.path;
  if (!KNACK_HAS(&entry, knack_entry_t, create)) {
    refuse(path, "entry.struct_size", "at least " + std::to_string(sizeof(knack_entry_t)),
           std::to_string(entry.struct_size), kRebuild);
  }
  const Manifest& manifest = file.manifest;
  check_number(path, "entry.abi_major", static_cast<std::uint64_t>(manifest.abi_major),
               entry.abi_major);
  check_number(path, "entry.abi_minor_needed", static_cast<std::uint64_t>(manifest.abi_minor),
               entry.abi_minor_needed);
  check_number(path, "entry.descriptor_count", manifest.provides.size(), entry.descriptor_count);
  const std::string_view promised = without_padding(file.manifest_bytes);
  if (entry.manifest == nullptr || entry.manifest_size < promised.size() ||
      without_padding({entry.manifest, promised.size()}) != promised) {
    refuse(path, "entry.manifest", "the content of the section " KNACK_MANIFEST_SECTION,
           "other bytes", kRebuild);
  }
  if (entry.descriptor == nullptr)
    refuse(path, "entry.descriptor", "a function", "NULL", kRebuild, "E0409");
  if (entry.create == nullptr)
    refuse(path, "entry.create", "a function", "NULL", kRebuild, "E0409");
}

/// Calls what the plugin needs before its first `create`.
void initialize(Loaded& loaded, const CheckedFile& file, const knack_entry_t& entry) {
  // The table given to init outlives every run, so it offers nothing that belongs to one.
  static const auto* no_services = new HostServices;
  const Provided& first = file.manifest.provides.front();
  loaded.context = std::make_unique<InstanceContext>(file.path.string(), first.kind, first.id,
                                                     first.id, *no_services);
  Call call(*loaded.context, "init", ExitCode::plugin);
  for (std::uint32_t i = 0; i < entry.descriptor_count; ++i) {
    const knack_descriptor_t* descriptor = nullptr;
    call.run([&] {
      descriptor = entry.descriptor(i);
      return KNACK_STATUS_OK;
    });
    check_descriptor(file, i, descriptor);
  }
  HostDisguise* disguise = host_disguise();
  const knack_host_t* table =
      disguise == nullptr ? &loaded.context->table : disguise->init_table(*loaded.context);
  if (entry.init != nullptr) call.run([&] { return entry.init(table); });
}

}  // namespace

PinError::PinError(std::string key, const Diagnostic& problem)
    : Error(problem), key_(std::move(key)) {}

OpenPlugin open_checked(const CheckedFile& file) {
  OpenPlugin opened(file.path);
  if (opened.stamp() != file.stamp ||
      opened.section(KNACK_MANIFEST_SECTION) != file.manifest_bytes) {
    refuse_changed(file);
  }
  return opened;
}

const knack_entry_t& load_entry(const CheckedFile& file, const std::vector<Pin>& pins) {
  Loaded& loaded = open_once(file);
  if (!pins.empty()) check_pins(file, pins, sha256_of(loaded));
  if (loaded.entry != nullptr) return *loaded.entry;
  if (!loaded.library.is_loaded()) loaded.library = open_library(*loaded.file);
  if (!loaded.library.has(KNACK_ENTRY_SYMBOL)) {
    refuse(file.path, "symbol", "the export " KNACK_ENTRY_SYMBOL, "none", kRebuild);
  }
  const auto& entry = loaded.library.get<const knack_entry_t>(KNACK_ENTRY_SYMBOL);
  check_entry(file, entry);
  initialize(loaded, file, entry);
  loaded.entry = &entry;
  return entry;
}

std::string sha256_of(const CheckedFile& file) {
  const auto found = loaded_libraries().find({file.stamp.device, file.stamp.inode});
  const bool is_open = found != loaded_libraries().end() && found->second.file;
  return is_open ? sha256_of(open_once(file)) : open_checked(file).sha256();
}

void check_pins(const CheckedFile& file, const std::vector<Pin>& pins) {
  if (!pins.empty()) check_pins(file, pins, sha256_of(file));
}

}  // namespace knack::host
