// SPDX-License-Identifier: MIT
// `--set trainer.epochs=3`: changes to a recipe from the command line.
#pragma once

#include <string>
#include <vector>

#include "host/recipe/diagnostics.hpp"
#include "host/recipe/document.hpp"

namespace knack::host {

/// Applies each `PATH=VALUE`. PATH is keys joined by dots; a list element is `tricks.0`,
/// `tricks[0]`, or `tricks[ema]`: the one whose "name", or else whose "use", is `ema`. VALUE is
/// JSON if it parses as JSON, else a string; `null` removes the key or the element.
///
/// Objects on the way that are missing are created; the schema decides afterwards whether they
/// may be there. Changing a "use" removes the former plugin's options, whatever the order of the
/// overrides. A wrong override is added to `diagnostics` and leaves the document as it was.
void apply_overrides(Document& document, std::vector<std::string> overrides,
                     Diagnostics& diagnostics);

}  // namespace knack::host
