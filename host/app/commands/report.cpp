// SPDX-License-Identifier: MIT
#include <iostream>

#include "host/app/commands/commands.hpp"
#include "host/checkpoint/atomic_file.hpp"
#include "host/recipe/diagnostics.hpp"
#include "host/report/html/page.hpp"
#include "host/report/html/report_html.hpp"

namespace knack::host {
namespace {

struct ReportCommand {
  std::filesystem::path run;
  std::filesystem::path to;  ///< empty: report.html in the run folder
};

int write_page(const ReportCommand& command, const CommonOptions&) {
  const RunFolder folder = RunFolder::open(command.run);
  const std::filesystem::path file = command.to.empty() ? report_file(folder) : command.to;
  const RunData run = read_run(folder);
  if (!command.to.empty()) html::require_page_or_nothing(command.to);
  write_file_atomically(file, report_html(run));
  for (const std::string& remark : run.remarks) {
    std::cerr << "warning: " << one_line(remark, remark.size()) << "\n";
  }
  std::cout << file.string() << "\n";
  return static_cast<int>(ExitCode::ok);
}

}  // namespace

void declare_report(CommandTable& table) {
  auto [command, options] = table.add<ReportCommand>(
      "report", "Write the page of a run, finished or not, and print where", Takes::nothing,
      write_page);
  command.add_option("run", options.run, "Run folder")->type_name("RUN")->required();
  command.add_option("--to", options.to, "File to write; by default report.html in the run folder")
      ->type_name("FILE");
  add_example(command, {"knack report runs/digits/2026-11-23T10-30-07 --to digits.html"});
}

}  // namespace knack::host
