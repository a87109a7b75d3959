// SPDX-License-Identifier: MIT
// report.html: a run as one page that needs nothing else, neither a network nor scripts.
#pragma once

#include <filesystem>
#include <string>

#include "host/report/html/run_data.hpp"
#include "host/report/run_folder.hpp"

namespace knack::host {

/// The page of a run. The same data gives the same bytes. Whatever stands in the files of the run
/// is shown as text.
std::string report_html(const RunData& run);

/// Where write_report() writes: `report.html` in the run folder.
std::filesystem::path report_file(const RunFolder& folder);

/// Reads the run as it stands in its folder, finished or not, and writes its page to report_file(),
/// whole or not at all. Throws Error(data) when the file cannot be written.
void write_report(const RunFolder& folder);

}  // namespace knack::host
