// SPDX-License-Identifier: MIT
// Small images inside of other files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace knack::host {

/// Rows from top to bottom, pixels from left to right, channels of a pixel side by side.
struct Pixels {
  std::size_t width = 0;
  std::size_t height = 0;
  std::size_t channels = 1;         ///< 1: grey, 3: red, green, blue
  std::vector<std::uint8_t> bytes;  ///< width * height * channels
};

/// A PNG file (RFC 2083) of 8 bits a channel, compressed by zlib.
std::string png_of(const Pixels& pixels);

/// `content` in a URI of its own (RFC 2397): "data:image/png;base64,...".
std::string data_uri(const std::string& media_type, const std::string& content);

}  // namespace knack::host
