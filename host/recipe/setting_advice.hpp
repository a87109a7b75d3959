// SPDX-License-Identifier: MIT
// What somebody means who sets a value of a recipe by the wrong name.
#pragma once

#include <string>
#include <vector>

#include "host/recipe/document.hpp"

namespace knack::host {

/// "did you mean `--set trainer.epochs=3`?" for `path`, such as "epochs", "trainer.epochs" or
/// "ema.decay", and the text of a value; `VALUE` stands for an empty one. Looks among the host's
/// keys, those that `recipe` has, and its tricks; `-` in a key alone is as good as `_`. None when
/// nothing fits. What it says to write can be copied into a shell.
std::vector<std::string> setting_advice(std::string path, const std::string& value,
                                        const Json& recipe = Json::object());

}  // namespace knack::host
