// SPDX-License-Identifier: MIT
// The start of a plugin of the user's own: a project out of the SDK's templates.
#pragma once

#include <filesystem>
#include <string>

namespace knack::host {

/// What the project is to be.
struct ProjectRequest {
  std::string kind;              ///< of the plugin: trick, model, dataset, objective, optimizer
  std::string id;                ///< with its author in front: acme.lookahead
  std::string language = "c++";  ///< c++, c or rust
  std::filesystem::path folder;  ///< to be made; empty: the last part of the id, here
};

/// Copies the template `<share>/template/<language>/<kind>` and fills it in; `@KNACK_SHARE@` is
/// `share`. Returns the new folder, which appears whole or not at all. Throws Error(usage) for a
/// wrong request, a folder that exists already, and when there are no templates.
std::filesystem::path create_project(const ProjectRequest& request,
                                     const std::filesystem::path& share);

/// The commands that the project's README gives, a line each.
std::string next_commands(const std::filesystem::path& project);

}  // namespace knack::host
