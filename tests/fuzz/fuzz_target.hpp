// SPDX-License-Identifier: MIT
// What the fuzz targets share. A target is one `fuzz(bytes)` below which libFuzzer's entry stands.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "host/common/error.hpp"

namespace knack::fuzz {

/// Ends the program, so that the fuzzer reports the input, unless `holds`.
inline void require(bool holds, std::string_view promise) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %.*s\n", static_cast<int>(promise.size()), promise.data());
  std::abort();
}

/// To be called for every input that is refused. With KNACK_FUZZ_ACCEPT set, as it is for the seeds
/// that are sound files, that ends the program: else a change of a format would leave the fuzzer
/// nothing but the first refusal to explore.
inline void refused(std::string_view message) {
  const auto is_control = [](unsigned char c) { return (c < 0x20 && c != '\n') || c == 0x7f; };
  require(!message.empty() && std::none_of(message.begin(), message.end(), is_control),
          "a message is text that a terminal can show");
  if (std::getenv("KNACK_FUZZ_ACCEPT") == nullptr) return;
  std::fprintf(stderr, "a sound file is refused: %.*s\n", static_cast<int>(message.size()),
               message.data());
  std::abort();
}

/// Runs `read` and returns whether it took the input. It may refuse with an Error of `code` only,
/// in one line that begins with `place`; whatever else it throws ends the program.
template <class Read>
bool accepts(host::ExitCode code, std::string_view place, Read&& read) {
  try {
    read();
    return true;
  } catch (const host::Error& error) {
    const std::string_view message = error.what();
    require(error.code() == code, "the exit code is that of the file's kind");
    require(message.starts_with(place), "a message begins with its place");
    require(message.find('\n') == message.npos, "a message is one line");
    refused(message);
    return false;
  }
}

}  // namespace knack::fuzz
