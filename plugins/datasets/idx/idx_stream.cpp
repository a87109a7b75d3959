// SPDX-License-Identifier: MIT
#include "idx_stream.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <string>
#include <system_error>

#include "idx_file.hpp"

namespace idx {
namespace {

/// deflate shortens by at most 1032 : 1 (zlib's technical details).
constexpr std::uint64_t kLargestRatio = 1032;
constexpr unsigned kBufferBytes = 64 * 1024;

std::string describe(int code, const char* zlib_text) {
  const std::string text = zlib_text == nullptr ? "" : zlib_text;
  if (code == Z_ERRNO) return std::string("cannot be read: ") + std::strerror(errno);
  if (code == Z_MEM_ERROR) return "no memory to decompress it";
  if (code == Z_BUF_ERROR) return "gzip stream ends early; the file is truncated";
  if (text.find("incorrect data check") != std::string::npos) {
    return "gzip checksum wrong; the file is damaged";
  }
  if (text.find("incorrect length check") != std::string::npos) {
    return "gzip length wrong; the file is damaged";
  }
  return "gzip stream damaged (" + text + ")";
}

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& text) {
  throw FileError(file.string() + ": " + text);
}

}  // namespace

Stream::Stream(const std::filesystem::path& file) : path_(file) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(file, error);
  if (!std::filesystem::exists(status)) fail(file, "no such file");
  if (!std::filesystem::is_regular_file(status)) fail(file, "not a file");
  file_size_ = std::filesystem::file_size(file, error);
  if (error) fail(file, "cannot be read: " + error.message());
  if (file_size_ == 0) fail(file, "empty file");
  file_.reset(gzopen(file.c_str(), "rbe"));
  if (!file_) fail(file, std::string("cannot be opened: ") + std::strerror(errno));
  gzbuffer(file_.get(), kBufferBytes);
  compressed_ = gzdirect(file_.get()) == 0;
}

std::size_t Stream::read(std::uint8_t* buffer, std::size_t size) {
  constexpr std::size_t kLargestRead = 1U << 30;  // gzread counts in int
  std::size_t done = 0;
  while (done < size) {
    const auto wanted = static_cast<unsigned>(std::min(size - done, kLargestRead));
    const int got = gzread(file_.get(), buffer + done, wanted);
    int code = Z_OK;
    const char* text = gzerror(file_.get(), &code);
    if (got < 0 || (code != Z_OK && code != Z_STREAM_END)) fail(path_, describe(code, text));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

std::uint64_t Stream::capacity() const {
  if (!compressed_) return file_size_;
  const bool overflows = file_size_ > std::numeric_limits<std::uint64_t>::max() / kLargestRatio;
  return overflows ? std::numeric_limits<std::uint64_t>::max() : file_size_ * kLargestRatio;
}

}  // namespace idx
