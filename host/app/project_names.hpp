// SPDX-License-Identifier: MIT
// What a new project is called, by the build tools and in its source.
#pragma once

#include <string>

namespace knack::host {

/// The words that take the places of `@ID@`, `@NAME@` and `@TYPE@` in a template.
struct ProjectNames {
  std::string id;    ///< acme.look-ahead
  std::string name;  ///< look_ahead: the last part of the id, as an identifier
  std::string type;  ///< LookAhead; LookAheadTrick if the SDK or a language has that already

  /// `kind` is the plugin's. Throws Error(usage) for an id that plugins of third parties cannot
  /// have, one of more than 100 letters, and one whose last part stands for something else in a
  /// language, in the build tools or in knack.
  ProjectNames(const std::string& id, const std::string& kind);
};

}  // namespace knack::host
