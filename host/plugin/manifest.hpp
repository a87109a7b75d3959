// SPDX-License-Identifier: MIT
// What a plugin says about itself before it is loaded, and whether this host can take it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace knack::host {

/// What a plugin is built against beside the C ABI.
enum class Tier {
  c,             ///< nothing
  torch_stable,  ///< LibTorch's stable C shims of at least a given version
  torch_cxx,     ///< LibTorch's C++ interface, which must match the host's exactly
};

/// The name of a tier in manifests and messages.
std::string_view tier_name(Tier tier);

/// One thing a plugin offers. Kinds this host does not know are allowed.
struct Provided {
  std::string kind;                 ///< `trick`, `model`, ...
  std::string id;                   ///< the recipe's `use`
  std::string summary;              ///< one line for lists; may be empty
  std::vector<std::string> before;  ///< ids this one acts before
  std::vector<std::string> after;   ///< ids this one acts after
};

/// How LibTorch's C++ interface was compiled.
struct TorchBuild {
  std::string version;   ///< as `2.13.0`; what follows a `+` is not compared
  std::string stdlib;    ///< `libstdc++` or `libc++`
  int cxx11_abi = 1;     ///< the value of _GLIBCXX_USE_CXX11_ABI
  std::string compiler;  ///< family and major version, as `gcc-12`
};

struct Manifest {
  int abi_major = 0;
  int abi_minor = 0;  ///< the lowest minor the plugin needs
  Tier tier = Tier::c;
  std::string version;
  std::string author;
  std::string license;
  std::vector<Provided> provides;
  TorchBuild torch;          ///< tier torch_cxx only
  std::string torch_target;  ///< tier torch_stable only, as `2.11`
};

/// What a plugin is compared with.
struct HostFacts {
  int abi_major = 0;
  int abi_minor = 0;
  TorchBuild torch;
};

/// Reads the content of a manifest section: the line `knack-manifest/1`, one JSON object, and any
/// number of NUL bytes as padding. Unknown fields are ignored, as later minors may add some; every
/// known one must have the right type, size and form.
///
/// Throws Error(ExitCode::plugin) naming `file`, the field, what was expected and what was found.
Manifest parse_manifest(const std::filesystem::path& file, std::string_view bytes);

/// Returns when this host can load the plugin: same ABI major, a minor the host has, for
/// torch_stable a target not newer than the host's LibTorch, for torch_cxx the same build of it.
///
/// Throws Error(ExitCode::plugin) otherwise; for torch_cxx the message names every difference.
void check_manifest(const std::filesystem::path& file, const Manifest& manifest,
                    const HostFacts& host);

}  // namespace knack::host
