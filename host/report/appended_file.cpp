// SPDX-License-Identifier: MIT
#include "host/report/appended_file.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "host/checkpoint/output_file.hpp"
#include "host/common/error.hpp"

namespace knack::host {

AppendedFile::AppendedFile(std::filesystem::path path)
    : path_(std::move(path)), file_(std::fopen(path_.c_str(), "ae")) {
  if (!file_) fail();
}

void AppendedFile::append(std::string_view record) {
  if (std::fwrite(record.data(), 1, record.size(), file_.get()) != record.size() ||
      std::fflush(file_.get()) != 0) {
    fail();
  }
}

std::uint64_t AppendedFile::sync() {
  std::fflush(file_.get());
  sync_file(path_);
  return std::filesystem::file_size(path_);
}

bool AppendedFile::cut(std::uint64_t bytes) {
  if (std::filesystem::file_size(path_) < bytes) return false;
  if (::ftruncate(::fileno(file_.get()), static_cast<::off_t>(bytes)) != 0) fail();
  return true;
}

void AppendedFile::fail() const {
  throw Error("E0503", path_, std::string("cannot be written: ") + std::strerror(errno));
}

}  // namespace knack::host
