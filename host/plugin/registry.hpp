// SPDX-License-Identifier: MIT
// Which plugins there are, and instances of them.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "host/plugin/instance.hpp"
#include "host/plugin/library.hpp"
#include "host/plugin/manifest.hpp"

namespace knack::host {

/// A file that was found where plugins are looked for.
struct PluginFile {
  std::filesystem::path place;  ///< where it was found: itself or a link to it
  CheckedFile checked;          ///< the manifest is empty where it could not be read
  std::string refusal;          ///< why the file is not used; empty when it is
  Diagnostic problem;           ///< the same for a message
  std::string warning;          ///< what PluginPolicy::trusts_writable let pass; empty: nothing

  bool is_usable() const {
    return refusal.empty();
  }
};

/// Something a usable file provides.
struct Offer {
  const PluginFile* file;
  std::uint32_t index;  ///< of the descriptor

  const Provided& provided() const {
    return file->checked.manifest.provides[index];
  }
};

/// What the user has decided about plugin files.
struct PluginPolicy {
  bool trusts_writable = false;          ///< use files that others could have put in place
  std::multimap<std::string, Pin> pins;  ///< by "<kind>/<id>"; each must hold
};

/// Reads manifests when it is made, loads a library when something in it is first needed, and
/// never unloads one. Fit thread only.
class Registry {
 public:
  /// Looks at every plugin file of `folders` (see search_folders()) without running any of its
  /// code. A file that is refused is remembered with the reason and stops no other.
  explicit Registry(std::vector<std::filesystem::path> folders, HostFacts host,
                    PluginPolicy policy = {});
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  /// In search order.
  const std::vector<PluginFile>& files() const {
    return files_;
  }

  /// All that usable files provide, in search order; ids that several files provide are in it
  /// several times.
  std::vector<Offer> offers() const;

  /// Throws Error(plugin) when nothing or more than one file provides it. The message names the
  /// nearest known id, the folders, or both files, and a refused file that has it.
  Offer find(std::string_view kind, std::string_view id) const;

  /// Loads the file if need be. Throws Error(plugin), a PinError for a file that a pin is about.
  const knack_descriptor_t& descriptor(std::string_view kind, std::string_view id) const;

  /// Throws a PinError for a usable file that is not what its pins say. Runs none of its code.
  void check_pins(const CheckedFile& file) const;

  /// Makes an instance under a name that is unique in the run. `options` is a map that fits the
  /// descriptor's schema, with defaults filled in. Throws as descriptor(), or Error(data) when the
  /// plugin says that data is at fault.
  Instance create(std::string_view kind, std::string_view id, const std::string& name,
                  const Value& options, const HostServices& services) const;

  /// The same as a Trick, Model, Dataset, Objective or Optimizer.
  template <class Kind>
  Kind create(std::string_view id, const std::string& name, const Value& options,
              const HostServices& services) const {
    return Kind(create(Kind::kKind, id, name, options, services));
  }

 private:
  [[noreturn]] void refuse_unknown(std::string_view kind, std::string_view id) const;
  std::vector<std::string> refusals() const;
  std::vector<Pin> pins_of(const CheckedFile& file) const;
  const knack_entry_t& load(const CheckedFile& file) const;

  std::vector<std::filesystem::path> folders_;
  PluginPolicy policy_;
  std::vector<PluginFile> files_;
};

}  // namespace knack::host
