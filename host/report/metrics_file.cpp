// SPDX-License-Identifier: MIT
#include "host/report/metrics_file.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "host/checkpoint/output_file.hpp"
#include "host/common/error.hpp"

namespace knack::host {

MetricsFile::MetricsFile(const RunFolder& folder)
    : path_(folder.metrics_file()), file_(std::fopen(path_.c_str(), "ae")) {
  if (!file_) fail();
}

void MetricsFile::append(const nlohmann::ordered_json& record) {
  const std::string line =
      record.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  if (std::fwrite(line.data(), 1, line.size(), file_.get()) != line.size() ||
      std::fflush(file_.get()) != 0) {
    fail();
  }
}

std::uint64_t MetricsFile::sync() {
  std::fflush(file_.get());
  sync_file(path_);
  return std::filesystem::file_size(path_);
}

bool MetricsFile::cut(std::uint64_t bytes) {
  if (std::filesystem::file_size(path_) < bytes) return false;
  if (::ftruncate(::fileno(file_.get()), static_cast<::off_t>(bytes)) != 0) fail();
  return true;
}

void MetricsFile::fail() const {
  throw Error(ExitCode::data, path_.string() + ": cannot be written: " + std::strerror(errno));
}

}  // namespace knack::host
