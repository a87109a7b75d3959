// SPDX-License-Identifier: MIT
#include "host/app/project_names.hpp"

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>

#include "host/common/error.hpp"
#include "host/plugin/manifest_grammar.hpp"
#include "host/recipe/diagnostics.hpp"

namespace knack::host {
namespace {

constexpr std::size_t kLongestId = 100;

/// Of C, C++ or Rust, as far as they look like the name of a plugin.
constexpr std::string_view kKeywords =
    " abstract alignas alignof and and_eq as asm async auto await become bitand bitor bool box "
    "break case catch char char16_t char32_t char8_t class co_await co_return co_yield compl "
    "concept const const_cast consteval constexpr constinit continue crate decltype default "
    "delete do double dyn dynamic_cast else enum explicit export extern false final float fn "
    "for friend gen goto if impl in inline int let long loop macro match mod move mut mutable "
    "namespace new noexcept not not_eq nullptr operator or or_eq override priv private "
    "protected pub public ref register reinterpret_cast requires restrict return self short "
    "signed sizeof static static_assert static_cast struct super switch template this "
    "thread_local trait true try type typedef typeid typename typeof union unsafe unsigned "
    "unsized use using virtual void volatile wchar_t where while xor xor_eq yield ";

/// What CMake, make or cargo have given away already.
constexpr std::string_view kBuildTools =
    " all alloc clean core depend edit_cache help install knack package package_source "
    "preinstall proc_macro rebuild_cache std test ";

/// Weight sets that a trick, whose set has the plugin's name, cannot publish.
constexpr std::string_view kWeightSets = " live model ";

/// Types that the templates use, or that Rust or the SDK brings into a plugin's scope.
constexpr std::string_view kTypes =
    " AsMut AsRef BatchRequest Box Clone Component Context Copy Dataset Debug Default "
    "Descriptors Drop Entry Eq Err Extend Facts FakeHost FakeOptimizer Fn FnMut FnOnce From "
    "FromIterator Group Hash HookFailure Hooks Host Info Into IntoIterator Iterator Kept Model "
    "ModelTensor None Objective Ok Operator Optimizer Option OptionSpec Options Ord "
    "ParamOptimizer PartialEq PartialOrd PerParam Provided Result Self Send Sized Sizes Some "
    "String "
    "Sync Tensor ToOwned ToString ToyFit Trick TryFrom TryInto Unpin Value ValueView Vec "
    "WeightSet ";

/// Of words with a blank before and behind each.
bool has(std::string_view words, const std::string& word) {
  return words.find(" " + word + " ") != std::string_view::npos;
}

[[noreturn]] void refuse_name(const ProjectNames& names, const std::string& why) {
  throw Error("E0110", "id " + backticked(names.id) + ": " + backticked(names.name) + " " + why +
                           "; choose another last part");
}

void check_id(const std::string& id) {
  if (id.size() > kLongestId) {
    throw Error("E0110", "id of " + std::to_string(id.size()) + " letters: expected " +
                             std::to_string(kLongestId) + " at most; choose a shorter one");
  }
  if (!is_id(id) || id.find('.') == std::string::npos) {
    throw Error("E0110",
                "id " + backticked(id) +
                    ": expected your name, a dot and the plugin's name, of lower-case letters, "
                    "digits, `_` and, behind the dot, `-`; for example `acme.lookahead`");
  }
}

void check_name(const ProjectNames& names, const std::string& kind) {
  const char first = names.name.front();
  if (first < 'a' || first > 'z') refuse_name(names, "does not begin with a letter");
  if (has(kKeywords, names.name)) refuse_name(names, "is a keyword of C, C++ or Rust");
  if (has(kBuildTools, names.name)) {
    refuse_name(names, "means something else to the build tools");
  }
  if (kind == "trick" && has(kWeightSets, names.name)) {
    refuse_name(names, "cannot be the weight set of a trick, as knack has one called so");
  }
}

/// The words of snake_case, each with a capital and no `_` between them.
std::string capitalized(const std::string& name) {
  std::string type;
  bool begins_word = true;
  for (const char c : name) {
    if (c != '_') type += begins_word ? static_cast<char>(std::toupper(c)) : c;
    begins_word = c == '_';
  }
  return type;
}

/// Whether the name could be a macro, or is somebody else's.
bool is_taken(const std::string& type) {
  const bool has_small_letter =
      std::any_of(type.begin(), type.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  return !has_small_letter || has(kTypes, type);
}

}  // namespace

ProjectNames::ProjectNames(const std::string& given, const std::string& kind) : id(given) {
  check_id(id);
  name = id.substr(id.rfind('.') + 1);
  std::replace(name.begin(), name.end(), '-', '_');
  check_name(*this, kind);
  type = capitalized(name);
  if (is_taken(type)) type += capitalized(kind);
}

}  // namespace knack::host
