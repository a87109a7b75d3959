// SPDX-License-Identifier: MIT
#include "host/app/provenance.hpp"

#include <openssl/evp.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <memory>

#include "host/common/error.hpp"

namespace knack::host {

std::string sha256_of_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  std::array<char, 1 << 16> block;
  while (stream.read(block.data(), block.size()) || stream.gcount() > 0) {
    EVP_DigestUpdate(context.get(), block.data(), static_cast<std::size_t>(stream.gcount()));
  }
  if (!stream.eof()) throw Error(ExitCode::data, file.string() + ": cannot be read");
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  EVP_DigestFinal_ex(context.get(), digest.data(), &size);
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    char hex[3];
    std::snprintf(hex, sizeof hex, "%02x", digest[i]);
    text += hex;
  }
  return text;
}

std::map<std::string, UsedPlugin> plugins_of(Recipe& recipe, const Registry& registry) {
  std::map<std::string, UsedPlugin> used;
  for (const auto& [kind, section] : plugin_sections(recipe)) {
    const CheckedFile& file = registry.find(kind, section->use).file->checked;
    used[std::string(kind) + "/" + section->use] = {file.manifest.version,
                                                    sha256_of_file(file.path)};
  }
  return used;
}

}  // namespace knack::host
