// SPDX-License-Identifier: MIT
#include "host/common/sha256.hpp"

#include <fcntl.h>
#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "host/common/file_descriptor.hpp"

namespace knack::host {

ReadError::ReadError(const std::filesystem::path& file, int cause)
    : Error("E0502", file, std::string("cannot be read: ") + std::strerror(cause)), cause_(cause) {}

std::string sha256_of_file(const std::filesystem::path& file) {
  const FileDescriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor.is_open()) throw ReadError(file, errno);
  return sha256_of_open_file(descriptor.get(), file);
}

std::string sha256_of_open_file(int descriptor, const std::filesystem::path& file) {
  constexpr std::size_t kBlock = 1 << 18;
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  std::vector<unsigned char> block(kBlock);
  std::uint64_t offset = 0;
  std::size_t got = kBlock;
  while (got == kBlock) {
    got = read_at(descriptor, block.data(), kBlock, offset);
    if (errno != 0) throw ReadError(file, errno);
    EVP_DigestUpdate(context.get(), block.data(), got);
    offset += got;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  EVP_DigestFinal_ex(context.get(), digest.data(), &size);
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    std::array<char, 3> hex;
    std::snprintf(hex.data(), hex.size(), "%02x", digest[i]);
    text += hex.data();
  }
  return text;
}

}  // namespace knack::host
