// SPDX-License-Identifier: MIT
// A recipe as data: its JSON tree, and for every value where it was written.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "host/common/source_text.hpp"

namespace knack::host {

/// Keeps the keys in the order in which the user wrote them.
using Json = nlohmann::ordered_json;

/// Who wrote a value: a recipe file, or a `--set` on the command line.
struct Origin {
  enum class Kind { file, command_line };

  Kind kind = Kind::file;
  std::string source;  ///< path of the file as the user would name it, or the text of the `--set`
  TextPosition key;    ///< of the key in its object; equals `value` where there is no key
  TextPosition value;
  std::shared_ptr<const SourceText> text = {};  ///< of the file or the `--set`, if it is known

  /// `FILE:LINE:COLUMN`, or the `--set`.
  std::string place_of_key() const;
  std::string place_of_value() const;

  /// The same for a message, with the line.
  SourcePlace key_place() const;
  SourcePlace value_place() const;

  /// The absolute folder against which a relative path in this value is resolved: that of the
  /// file, or the current folder for the command line.
  std::filesystem::path folder() const;
};

/// A JSON tree and the origin of each of its values by JSON pointer (RFC 6901; the root is "").
/// A value that is in the tree but has no origin is a default.
struct Document {
  Json root;
  std::map<std::string, Origin> origins;

  /// The origin of the value at `pointer`, or null if it is a default.
  const Origin* find_origin(const std::string& pointer) const;

  /// The origin of the value at `pointer` or else of the nearest value that encloses it.
  const Origin& nearest_origin(std::string pointer) const;

  /// Forgets the origins of everything below `pointer`, and of `pointer` itself.
  void forget_origins(const std::string& pointer);
};

/// The JSON pointer of a member or an element of the value at `parent`.
std::string child_pointer(const std::string& parent, const std::string& key);
std::string child_pointer(const std::string& parent, std::size_t index);

/// `/tricks/0/decay` as a person writes it: `tricks[0].decay`; the root is "the recipe".
std::string readable_path(const std::string& pointer);

/// Lays `change` over `target` by the rules of JSON merge patch (RFC 7396): objects merge deeply,
/// anything else replaces, null removes. An object whose "use" changes is replaced as a whole, so
/// that no option of the former plugin stays behind.
void merge(Document& target, const Document& change);

}  // namespace knack::host
