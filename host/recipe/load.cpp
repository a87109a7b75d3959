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
#include "host/common/shell_word.hpp"
#include "host/recipe/override.hpp"
#include "host/recipe/parse.hpp"
#include "host/recipe/schema_text.hpp"

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

Diagnostic no_recipe(const fs::path& path, const SourcePlace& referrer, const std::string& what) {
  return {.id = "E0302",
          .sentence = backticked(path.string()) + " " + what,
          .place = referrer,
          .label = "expected a recipe: a file with JSON in UTF-8"};
}

/// A folder in the place of a recipe, which may be that of a run.
Diagnostic folder_for_recipe(const fs::path& path, const SourcePlace& referrer) {
  Diagnostic problem = no_recipe(path, referrer, "is a folder");
  const fs::path recipe = path / "recipe.json";
  std::error_code failure;
  if (fs::is_regular_file(recipe, failure)) {
    problem.helps = {
        "to train anew, give " + backticked_path(recipe),
        "to go on with this run, `knack train --resume " + shell_word(path.string()) + "`"};
  }
  return problem;
}

/// Whether it is in one of the languages that others write such files in.
bool is_other_language(const fs::path& path) {
  const std::string ending = path.extension();
  return ending == ".yaml" || ending == ".yml" || ending == ".toml";
}

/// The files beside `path` that could be meant.
std::vector<std::string> recipes_beside(const fs::path& path) {
  std::vector<std::string> names;
  std::error_code failure;
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  for (fs::directory_iterator entry(folder, failure), end; entry != end; entry.increment(failure)) {
    if (failure) break;
    if (entry->path().extension() != ".json") continue;
    names.push_back((path.parent_path() / entry->path().filename()).string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Diagnostic unreadable(const fs::path& path, const SourcePlace& referrer, int cause) {
  return {.id = "E0301",
          .sentence =
              "cannot read the recipe " + backticked(path.string()) + ": " + std::strerror(cause),
          .place = referrer,
          .helps = cause == ENOENT ? suggestions(path.string(), recipes_beside(path))
                                   : std::vector<std::string>()};
}

/// Opens a regular file or a given pipe without waiting for anybody.
FileDescriptor open_recipe_file(const fs::path& path, const SourcePlace& referrer,
                                Diagnostics& diagnostics) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status{};
  if (!file.is_open() || ::fstat(file.get(), &status) != 0) {
    diagnostics.fail(unreadable(path, referrer, errno));
  }
  if (S_ISDIR(status.st_mode)) {
    diagnostics.fail(folder_for_recipe(path, referrer));
  }
  if (S_ISREG(status.st_mode)) return file;
  if (!is_given_pipe(file.get())) {
    diagnostics.fail(no_recipe(path, referrer, "is a special file"));
  }
  ::fcntl(file.get(), F_SETFL, O_RDONLY);  // it has a writer, to be waited for
  return file;
}

class Loader {
 public:
  explicit Loader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  /// `referrer` is the place that names the file; for the first one, the file itself.
  Document load(const fs::path& path, const SourcePlace& referrer, std::string* text_read) {
    if (++files_ > kMostFiles) {
      diagnostics_.fail(
          {.id = "E0303",
           .sentence = "this recipe extends more than " + std::to_string(kMostFiles) + " files",
           .place = referrer});
    }
    std::error_code ignored;
    const fs::path canonical = fs::weakly_canonical(path, ignored);
    refuse_cycle(canonical, referrer);
    std::string text = read(path, referrer);
    Document document = parse(text, path);
    if (text_read != nullptr) *text_read = std::move(text);
    if (!document.root.is_object()) {
      diagnostics_.fail({.id = "E0302",
                         .sentence = "a recipe is a JSON object",
                         .place = document.origins.at("").value_place(),
                         .label = "expected `{`, found " + describe_value(document.root)});
    }
    document.root.erase("$schema");  // for editors
    document.forget_origins("/$schema");
    chain_.push_back(canonical);
    std::optional<Document> base = load_bases(document, path.parent_path());
    chain_.pop_back();
    if (!base) return document;
    merge(*base, document);
    return std::move(*base);
  }

 private:
  void refuse_cycle(const fs::path& canonical, const SourcePlace& referrer) {
    const auto repeated = std::find(chain_.begin(), chain_.end(), canonical);
    if (repeated == chain_.end()) return;
    std::string cycle;
    for (auto it = repeated; it != chain_.end(); ++it) cycle += it->filename().string() + " -> ";
    diagnostics_.fail({.id = "E0303",
                       .sentence = "a recipe must not extend itself",
                       .place = referrer,
                       .label = cycle + canonical.filename().string(),
                       .helps = {"take one of these files out of the chain"}});
  }

  std::string read(const fs::path& path, const SourcePlace& referrer) {
    const FileDescriptor file = open_recipe_file(path, referrer, diagnostics_);
    std::string text;
    std::array<char, 65536> block;
    while (text.size() <= kLargestRecipe) {
      const ::ssize_t got = ::read(file.get(), block.data(), block.size());
      if (got == 0) break;
      if (got > 0) {
        text.append(block.data(), static_cast<std::size_t>(got));
      } else if (errno != EINTR) {
        diagnostics_.fail(unreadable(path, referrer, errno));
      }
    }
    if (text.size() > kLargestRecipe) {
      diagnostics_.fail(no_recipe(path, referrer, "is larger than the 16 MiB allowed"));
    }
    if (text.find('\0') != text.npos) {
      diagnostics_.fail(no_recipe(path, referrer, "is not a text file"));
    }
    return text;
  }

  Document parse(const std::string& text, const fs::path& path) {
    try {
      return parse_json(text, path.string(), diagnostics_);
    } catch (const Error& error) {
      if (!is_other_language(path)) throw;
      std::vector<Diagnostic> problems = error.diagnostics();
      problems.back().helps.push_back(
          "recipes are JSON, in which comments and trailing commas are allowed");
      throw Error(error.code(), problems);
    }
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
      const SourcePlace place = document.origins.at(pointer).value_place();
      if (!names[i].is_string()) {
        diagnostics_.fail(
            {.id = "E0304",
             .sentence = "`extends` names other recipes",
             .place = place,
             .label = "expected a path or a list of paths, found " + describe_value(names[i])});
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
  Document document = Loader(diagnostics).load(path, {.source = path.string()}, text);
  apply_overrides(document, overrides, diagnostics);
  return document;
}

}  // namespace knack::host
