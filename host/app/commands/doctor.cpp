// SPDX-License-Identifier: MIT
#include "host/doctor/doctor.hpp"

#include <unistd.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "host/app/command_environment.hpp"
#include "host/app/commands/commands.hpp"
#include "host/common/json_text.hpp"
#include "host/ui/color.hpp"

namespace knack::host {
namespace {

struct DoctorCommand {
  std::filesystem::path run_root = "runs";
  bool json = false;
};

Paint paint_of(Health health) {
  if (health == Health::ok) return Paint::green;
  return health == Health::warning ? Paint::yellow : Paint::red;
}

/// With `is_quiet` only what is not as it should be.
void print(const Findings& findings, bool is_quiet) {
  const bool has_colors = has_color(STDOUT_FILENO);
  std::size_t counts[3] = {};
  for (const Finding& finding : findings) {
    const std::string word = word_for(finding.health);
    ++counts[static_cast<std::size_t>(finding.health)];
    if (is_quiet && finding.health == Health::ok) continue;
    std::cout << painted(word, paint_of(finding.health), has_colors)
              << std::string(9 - word.size(), ' ') << finding.subject << ": " << finding.found
              << "\n";
    if (!finding.advice.empty()) std::cout << "         what to do: " << finding.advice << "\n";
  }
  if (is_quiet) return;
  std::cout << "\n"
            << counts[0] << " ok, warnings: " << counts[1] << ", problems: " << counts[2] << "\n";
}

void print_json(const Findings& findings) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Finding& finding : findings) {
    list.push_back({{"health", word_for(finding.health)},
                    {"subject", finding.subject},
                    {"found", finding.found},
                    {"advice", finding.advice}});
  }
  const nlohmann::ordered_json document = {
      {"schema_version", 1}, {"has_problem", has_problem(findings)}, {"findings", list}};
  std::cout << json_text(document) << "\n";
}

int examine_all(const DoctorCommand& command, const CommonOptions& common) {
  constexpr int kProblem = 1;
  CommandEnvironment environment(common);
  const Findings findings = examine(environment.plugin_places(), command.run_root);
  if (command.json) {
    print_json(findings);
  } else {
    print(findings, common.quiet);
  }
  return has_problem(findings) ? kProblem : static_cast<int>(ExitCode::ok);
}

}  // namespace

void declare_doctor(CommandTable& table) {
  auto [command, options] = table.add<DoctorCommand>(
      "doctor", "Look for what is wrong with this machine and installation", Takes::plugins,
      examine_all);
  command.add_option("--run-root", options.run_root, "Folder in which runs are to be made")
      ->type_name("FOLDER")
      ->capture_default_str();
  command.add_flag("--json", options.json, "Print JSON");
  command.footer(
      "Example:\n  knack doctor --run-root /data/runs\n\n"
      "Exit codes: 0 no problem (warnings there may be), 1 a problem, 2 command line");
}

}  // namespace knack::host
