// SPDX-License-Identifier: MIT
#include "host/run/run_report.hpp"

#include <exception>
#include <string>
#include <utility>

#include "host/report/html/report_html.hpp"

namespace knack::host {

void RunReport::refresh() {
  if (Clock::now() >= next_) write();
}

void RunReport::write() {
  const Clock::time_point start = Clock::now();
  try {
    write_report(folder_);
  } catch (const std::exception& error) {
    if (!std::exchange(has_failed_, true)) {
      console_.warning(std::string("the report of this run is not up to date: ") + error.what());
    }
  }
  const Clock::time_point end = Clock::now();
  next_ = end + 100 * (end - start);
}

}  // namespace knack::host
