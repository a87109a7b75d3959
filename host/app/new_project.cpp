// SPDX-License-Identifier: MIT
#include "host/app/new_project.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

#include "host/app/project_names.hpp"
#include "host/checkpoint/atomic_file.hpp"
#include "host/common/error.hpp"
#include "host/common/temporary_folder.hpp"
#include "host/recipe/diagnostics.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;

using Words = std::vector<std::pair<std::string, std::string>>;

std::vector<std::string> folders_in(const fs::path& place) {
  std::vector<std::string> names;
  std::error_code failure;
  for (const fs::directory_entry& entry : fs::directory_iterator(place, failure)) {
    if (entry.is_directory()) names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

[[noreturn]] void refuse(const std::string& what, const std::string& given,
                         const std::vector<std::string>& known) {
  throw Error("E0110", what + " " + backticked(given) + ": expected one of " +
                           backticked_list(known) + suggestion(given, known));
}

/// The template's folder. Languages are called as their users call them, but no folder is.
fs::path template_folder(const ProjectRequest& request, const fs::path& share) {
  constexpr const char* kCxx = "c++";
  constexpr const char* kCxxFolder = "cxx";
  const fs::path templates = share / "template";
  std::vector<std::string> languages = folders_in(templates);
  if (languages.empty()) {
    throw Error("E0110", templates,
                "expected the templates of the SDK, found none; install the "
                "package knack-sdk or the component sdk beside this program");
  }
  std::replace(languages.begin(), languages.end(), std::string(kCxxFolder), std::string(kCxx));
  if (std::find(languages.begin(), languages.end(), request.language) == languages.end()) {
    refuse("--lang", request.language, languages);
  }
  const fs::path of_language =
      templates / (request.language == kCxx ? kCxxFolder : request.language);
  const std::vector<std::string> kinds = folders_in(of_language);
  if (std::find(kinds.begin(), kinds.end(), request.kind) == kinds.end()) {
    refuse("kind", request.kind, kinds);
  }
  return of_language / request.kind;
}

std::string filled_in(std::string text, const Words& words) {
  for (const auto& [token, word] : words) {
    for (std::size_t at = text.find(token); at != std::string::npos;
         at = text.find(token, at + word.size())) {
      text.replace(at, token.size(), word);
    }
  }
  return text;
}

std::string read_text(const fs::path& file) {
  std::ifstream input(file, std::ios::binary);
  std::ostringstream text;
  text << input.rdbuf();
  if (!input) throw Error("E0502", file, "cannot be read");
  return text.str();
}

void write_text(const fs::path& file, const std::string& text) {
  std::ofstream output(file, std::ios::binary);
  output << text;
  if (!output.flush()) throw Error("E0503", file, "cannot be written");
}

void copy_template(const fs::path& from, const fs::path& to, const Words& words) {
  fs::create_directory(to);
  for (const fs::directory_entry& entry : fs::directory_iterator(from)) {
    const fs::path place = to / filled_in(entry.path().filename(), words);
    if (entry.is_directory()) {
      copy_template(entry.path(), place, words);
    } else {
      write_text(place, filled_in(read_text(entry.path()), words));
    }
  }
}

}  // namespace

fs::path create_project(const ProjectRequest& request, const fs::path& share) {
  const fs::path from = template_folder(request, share);
  const ProjectNames names(request.id, request.kind);
  fs::path folder = request.folder.empty() ? fs::path(names.name) : request.folder;
  if (!folder.has_filename()) folder = folder.parent_path();  // given with a slash at its end
  try {
    if (fs::exists(fs::symlink_status(folder))) {
      throw Error("E0110", folder,
                  "expected no such folder, found one; name another with "
                  "--dir");
    }
    const TemporaryFolder temporary(temporary_beside(folder));
    copy_template(from, temporary.path(),
                  {{"@ID@", names.id},
                   {"@NAME@", names.name},
                   {"@TYPE@", names.type},
                   {"@KNACK_SHARE@", share.string()}});
    fs::rename(temporary.path(), folder);
  } catch (const fs::filesystem_error& error) {
    throw Error("E0503", folder, "cannot be made: " + error.code().message());
  }
  return folder;
}

std::string next_commands(const fs::path& project) {
  constexpr std::string_view kBegin = "```sh\n";
  const std::string text = read_text(project / "README.md");
  const std::size_t begin = text.find(kBegin);
  if (begin == std::string::npos) return {};
  const std::size_t first = begin + kBegin.size();
  return text.substr(first, text.find("```", first) - first);
}

}  // namespace knack::host
