// SPDX-License-Identifier: MIT
#include "host/report/html/page.hpp"

#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <span>
#include <string_view>

#include "host/common/embedded_file.hpp"
#include "host/common/error.hpp"
#include "host/report/html/text.hpp"

namespace knack::host {

/// assets/ and third_party/uplot/, by knack_embed().
std::span<const EmbeddedFile> report_assets();

namespace html {
namespace {

// A picture of its own, since browsers ask the server for one otherwise.
constexpr const char* kIcon =
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath "
    "d='M2 2v12h12M4 5q3 6 10 6' fill='none' stroke='%230072B2' stroke-width='2'/%3E%3C/svg%3E";

// Of every page, by which it is known.
constexpr std::string_view kBegin =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta "
    "name=\"generator\" content=\"knack\">\n";

bool is_page(const std::filesystem::path& file) {
  std::string begin(kBegin.size(), '\0');
  std::ifstream input(file, std::ios::binary);
  return input.read(begin.data(), static_cast<std::streamsize>(begin.size())) && begin == kBegin;
}

std::string_view asset(std::string_view wanted) {
  for (const EmbeddedFile& file : report_assets()) {
    if (file.name == wanted) return file.content;
  }
  return {};
}

/// As a content security policy names a script or style.
std::string checksum(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::array<unsigned char, 2 * EVP_MAX_MD_SIZE> encoded;
  const int length = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(size));
  return "'sha256-" + std::string(encoded.begin(), encoded.begin() + length) + "'";
}

}  // namespace

std::string page(const std::string& title, const std::string& body,
                 const std::vector<Chart>& charts) {
  const std::string style =
      std::string(asset("uPlot.min.css")) + "\n" + std::string(asset("report.css"));
  const std::string library(asset("uPlot.iife.min.js"));
  const std::string script(asset("report.js"));
  return std::string(kBegin) +
         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src " +
         checksum(style) + "; script-src " + checksum(library) + " " + checksum(script) +
         "; img-src data:; base-uri 'none'; form-action 'none'\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<meta name=\"color-scheme\" content=\"light dark\">\n"
         "<meta name=\"referrer\" content=\"no-referrer\">\n<title>" +
         escaped(title) + "</title>\n<link rel=\"icon\" href=\"" + kIcon + "\">\n<style>" + style +
         "</style>\n</head>\n<body>\n" + body + "<!-- uPlot, which is the first script below:\n" +
         std::string(asset("LICENSE")) +
         "-->\n<script type=\"application/json\" id=\"chart-data\">" + chart_data(charts) +
         "</script>\n<script>" + library + "</script>\n<script>" + script +
         "</script>\n</body>\n</html>\n";
}

void require_page_or_nothing(const std::filesystem::path& file) {
  std::error_code failure;
  const bool has_content = std::filesystem::is_regular_file(file, failure) &&
                           std::filesystem::file_size(file, failure) > 0;
  if (has_content && !is_page(file)) {
    throw Error("E0503", file,
                "expected a new file or an older page, found another file; choose another name, or "
                "remove it");
  }
}

std::string section(const std::string& id, const std::string& heading, const std::string& content) {
  if (content.empty()) return "";
  return "<section id=\"" + id + "\" aria-labelledby=\"" + id + "-h\">\n<h2 id=\"" + id + "-h\">" +
         heading + "</h2>\n" + content + "</section>\n";
}

}  // namespace html
}  // namespace knack::host
