// SPDX-License-Identifier: MIT
#include "host/app/provenance.hpp"

#include <openssl/evp.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <memory>

#include "host/app/sections.hpp"
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
  if (!stream.eof()) {
    throw Error(ExitCode::data, file.string() + ": cannot be read");
  }
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

Json recipe_with_provenance(const Recipe& recipe, const Registry& registry) {
  Json json = resolved(recipe);
  Json used = Json::object();
  for (const auto& [kind, section] : named_sections(recipe)) {
    const Offer offer = registry.find(kind, section->use);
    used[std::string(kind) + "/" + section->use] = {
        {"version", offer.file->checked.manifest.version},
        {"sha256", sha256_of_file(offer.file->checked.path)}};
  }
  json["plugins"]["used"] = std::move(used);
  return json;
}

}  // namespace knack::host
