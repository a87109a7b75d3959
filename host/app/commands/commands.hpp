// SPDX-License-Identifier: MIT
// The commands of the `knack` binary, each declared in its own file. A command writes its result to
// stdout and everything else to the console, and throws Error for what the user can mend.
#pragma once

#include "host/app/command_table.hpp"

namespace knack::host {

void declare_train(CommandTable& table);
void declare_eval(CommandTable& table);
void declare_explain(CommandTable& table);
void declare_export(CommandTable& table);
void declare_ablate(CommandTable& table);
void declare_report(CommandTable& table);
void declare_compare(CommandTable& table);
void declare_new(CommandTable& table);
void declare_plugins(CommandTable& table);  ///< `list` and `inspect`
void declare_validate(CommandTable& table);
void declare_lock(CommandTable& table);
void declare_schema(CommandTable& table);
void declare_doctor(CommandTable& table);
void declare_completion(CommandTable& table);
void declare_man(CommandTable& table);
void declare_help(CommandTable& table);  ///< keep last: it explains the others

/// In the order in which help lists them.
inline constexpr auto kCommands = {
    declare_train,   declare_eval,       declare_export,  declare_report,
    declare_compare, declare_ablate,     declare_explain, declare_new,
    declare_plugins, declare_validate,   declare_lock,    declare_schema,
    declare_doctor,  declare_completion, declare_man,     declare_help};

}  // namespace knack::host
