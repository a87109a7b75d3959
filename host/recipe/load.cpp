// SPDX-License-Identifier: MIT
#include "host/recipe/load.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "host/common/file_descriptor.hpp"
#include "host/recipe/override.hpp"
#include "host/recipe/parse.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;

constexpr int kMostFiles = 64;

/// A pipe that this process was given, such as that of /dev/stdin. One with a name in a folder is
/// none: there might never be anybody at its other end.
bool is_given_pipe(int descriptor) {
  struct statfs status{};
  return ::fstatfs(descriptor, &status) == 0 && status.f_type == PIPEFS_MAGIC;
}

/// Opens a regular file or a given pipe without waiting for anybody.
FileDescriptor open_recipe_file(const fs::path& path, const std::string& referrer,
                                Diagnostics& diagnostics) {
  const std::string name = backticked(path.string());
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status{};
  if (!file.is_open() || ::fstat(file.get(), &status) != 0) {
    diagnostics.fail(referrer, "cannot read " + name + ": " + std::strerror(errno));
  }
  if (S_ISDIR(status.st_mode)) {
    diagnostics.fail(referrer, name + " is a folder; expected a recipe file");
  }
  if (S_ISREG(status.st_mode)) return file;
  if (!is_given_pipe(file.get())) {
    diagnostics.fail(referrer, name + " is a special file; expected a recipe file");
  }
  ::fcntl(file.get(), F_SETFL, O_RDONLY);  // it has a writer, to be waited for
  return file;
}

class Loader {
 public:
  explicit Loader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  /// `referrer` is the place that names the file; for the first one, the file itself.
  Document load(const fs::path& path, const std::string& referrer, std::string* text_read) {
    if (++files_ > kMostFiles) {
      diagnostics_.fail(referrer, "more than " + std::to_string(kMostFiles) + " files are read");
    }
    std::error_code ignored;
    const fs::path canonical = fs::weakly_canonical(path, ignored);
    refuse_cycle(canonical, referrer);
    std::string text = read(path, referrer);
    Document document = parse_json(text, path.string(), diagnostics_);
    if (text_read != nullptr) *text_read = std::move(text);
    if (!document.root.is_object()) {
      diagnostics_.fail(document.origins.at("").place_of_value(),
                        "expected an object, found " + std::string(document.root.type_name()));
    }
    chain_.push_back(canonical);
    std::optional<Document> base = load_bases(document, path.parent_path());
    chain_.pop_back();
    if (!base) return document;
    merge(*base, document);
    return std::move(*base);
  }

 private:
  void refuse_cycle(const fs::path& canonical, const std::string& referrer) {
    const auto repeated = std::find(chain_.begin(), chain_.end(), canonical);
    if (repeated == chain_.end()) return;
    std::string cycle;
    for (auto it = repeated; it != chain_.end(); ++it) cycle += it->filename().string() + " -> ";
    diagnostics_.fail(referrer,
                      "a recipe must not extend itself: " + cycle + canonical.filename().string());
  }

  std::string read(const fs::path& path, const std::string& referrer) {
    const std::string name = backticked(path.string());
    const FileDescriptor file = open_recipe_file(path, referrer, diagnostics_);
    std::string text;
    std::array<char, 65536> block;
    while (text.size() <= kLargestRecipe) {
      const ::ssize_t got = ::read(file.get(), block.data(), block.size());
      if (got == 0) break;
      if (got > 0) {
        text.append(block.data(), static_cast<std::size_t>(got));
      } else if (errno != EINTR) {
        diagnostics_.fail(referrer, "cannot read " + name + ": " + std::strerror(errno));
      }
    }
    if (text.size() > kLargestRecipe) {
      diagnostics_.fail(referrer, name + " is larger than the 16 MiB allowed for a recipe");
    }
    if (text.find('\0') != text.npos) {
      diagnostics_.fail(referrer, name + " is not a text file; expected a recipe: JSON in UTF-8");
    }
    return text;
  }

  /// Removes "extends" from the document and returns what it names, merged.
  std::optional<Document> load_bases(Document& document, const fs::path& folder) {
    if (!document.root.contains("extends")) return std::nullopt;
    Json names = document.root["extends"];
    const bool is_list = names.is_array();
    if (!is_list) names = Json::array({names});
    std::optional<Document> merged;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::string pointer = is_list ? child_pointer("/extends", i) : "/extends";
      const std::string place = document.origins.at(pointer).place_of_value();
      if (!names[i].is_string()) {
        diagnostics_.fail(place, "extends: expected a path or a list of paths, found " +
                                     backticked(names[i].dump()));
      }
      Document base =
          load((folder / names[i].get<std::string>()).lexically_normal(), place, nullptr);
      if (merged) {
        merge(*merged, base);
      } else {
        merged = std::move(base);
      }
    }
    document.root.erase("extends");
    document.forget_origins("/extends");
    return merged;
  }

  Diagnostics& diagnostics_;
  std::vector<fs::path> chain_;
  int files_ = 0;
};

}  // namespace

Document load_document(const std::filesystem::path& path, const std::vector<std::string>& overrides,
                       Diagnostics& diagnostics, std::string* text) {
  Document document = Loader(diagnostics).load(path, path.string(), text);
  apply_overrides(document, overrides, diagnostics);
  return document;
}

}  // namespace knack::host
