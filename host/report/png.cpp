// SPDX-License-Identifier: MIT
#include "host/report/png.hpp"

#include <openssl/evp.h>
#include <zlib.h>

#include <new>

namespace knack::host {
namespace {

const ::Bytef* bytes_of(const std::string& text) {
  return reinterpret_cast<const ::Bytef*>(text.data());
}

std::string big_endian(std::size_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(number >> shift & 0xff));
  }
  return bytes;
}

std::string chunk(const std::string& type, const std::string& data) {
  const std::string checked = type + data;
  const ::uLong checksum = ::crc32_z(0, bytes_of(checked), checked.size());
  return big_endian(data.size()) + checked + big_endian(checksum);
}

std::string compressed(const std::string& data) {
  ::uLongf size = ::compressBound(data.size());
  std::string result(size, '\0');
  if (::compress2(reinterpret_cast<::Bytef*>(result.data()), &size, bytes_of(data), data.size(),
                  Z_BEST_COMPRESSION) != Z_OK) {
    throw std::bad_alloc();  // there is no other reason, the buffer being large enough
  }
  result.resize(size);
  return result;
}

}  // namespace

std::string png_of(const Pixels& pixels) {
  const char color = pixels.channels == 3 ? 2 : 0;
  const std::string settings = {8, color, 0, 0, 0};  // depth, color, methods, not interlaced
  const std::size_t row = pixels.width * pixels.channels;
  std::string rows;
  for (std::size_t y = 0; y < pixels.height; ++y) {
    rows.push_back(0);  // no filter
    rows.append(reinterpret_cast<const char*>(pixels.bytes.data()) + y * row, row);
  }
  return "\x89PNG\r\n\x1a\n" +
         chunk("IHDR", big_endian(pixels.width) + big_endian(pixels.height) + settings) +
         chunk("IDAT", compressed(rows)) + chunk("IEND", "");
}

std::string data_uri(const std::string& media_type, const std::string& content) {
  std::string encoded(4 * ((content.size() + 2) / 3) + 1, '\0');
  const int length = ::EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                                       bytes_of(content), static_cast<int>(content.size()));
  encoded.resize(static_cast<std::size_t>(length));
  return "data:" + media_type + ";base64," + encoded;
}

}  // namespace knack::host
