// SPDX-License-Identifier: MIT
#include "host/common/error_catalogue.hpp"

#include <algorithm>
#include <cctype>
#include <string>

#include "host/common/error.hpp"
#include "host/common/nearest_name.hpp"

namespace knack::host {
namespace {

constexpr CatalogueEntry kCatalogue[] = {
    {"E0101", "no such command"},
    {"E0102", "no such option"},
    {"E0103", "an argument is missing"},
    {"E0104", "an argument that the command does not take"},
    {"E0105", "a value that the option does not take"},
    {"E0106", "options that exclude each other"},
    {"E0107", "no such error code"},
    {"E0110", "a new project that cannot be made"},

    {"E0201", "a recipe that is not JSON"},
    {"E0202", "a comma before a closing bracket"},
    {"E0203", "a comma is missing"},
    {"E0204", "the text ends too early"},
    {"E0205", "a key stands twice in one object"},
    {"E0206", "a number that is too large"},
    {"E0207", "text that is not UTF-8"},
    {"E0208", "text between quotes that JSON does not allow"},
    {"E0209", "text that is too long, too deep or too much"},

    {"E0301", "a recipe that cannot be read"},
    {"E0302", "a file that is no recipe"},
    {"E0303", "recipes that extend each other"},
    {"E0304", "an `extends` that names no recipe"},
    {"E0310", "an unknown key"},
    {"E0311", "a missing key"},
    {"E0312", "a value of the wrong type"},
    {"E0313", "a number out of range"},
    {"E0314", "a value that is not one of the choices"},
    {"E0315", "a value that breaks another rule"},
    {"E0316", "two tricks of one name"},
    {"E0317", "two weight sets of one name"},
    {"E0318", "a weight set that nobody publishes"},
    {"E0319", "tricks that contradict each other"},
    {"E0320", "a `--set` that is not PATH=VALUE"},
    {"E0321", "a `--set` of something that is not there"},
    {"E0330", "a pin that protects nothing"},
    {"E0331", "pins that cannot be written"},
    {"E0340", "a recipe other than that of the run"},
    {"E0341", "a monitored metric that is not there"},
    {"E0342", "a batch size that leaves no batch"},
    {"E0343", "a device that is not there"},

    {"E0401", "no such plugin"},
    {"E0402", "a plugin file or folder that cannot be used"},
    {"E0403", "a plugin for another knack or LibTorch"},
    {"E0405", "a plugin file that others can change"},
    {"E0406", "a plugin file other than the pinned one"},
    {"E0407", "two files that provide one plugin"},
    {"E0409", "a defect of a plugin"},
    {"E0410", "a plugin that cannot be set up"},
    {"E0411", "tricks that cannot be ordered"},
    {"E0412", "pins that are out of date"},

    {"E0501", "data or weights that a plugin cannot use"},
    {"E0502", "a file that cannot be read"},
    {"E0503", "a file or folder that cannot be written"},
    {"E0504", "a folder that is no run folder"},
    {"E0505", "a run folder that is in use or not empty"},
    {"E0506", "a safetensors file that is damaged"},
    {"E0507", "weights that do not fit the model"},
    {"E0508", "weights in a format of Python's pickle"},
    {"E0509", "no such weight set"},
    {"E0510", "no undamaged checkpoint"},
    {"E0512", "a checkpoint that this run or this knack cannot take"},

    {"E0601", "a plugin that failed during the training"},
    {"E0602", "a loss or gradient that is no finite number"},
    {"E0605", "a tensor operation that failed"},

    {"E0900", "an unexpected failure"},
    {"E0901", "too little memory"},
    {"E0902", "a result that cannot be written"},
};

}  // namespace

std::span<const CatalogueEntry> error_catalogue() {
  return kCatalogue;
}

std::string_view error_page(std::string_view id) {
  std::string name(id);
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (!name.starts_with('E')) name.insert(0, 1, 'E');
  const auto pages = error_pages();
  const auto page = std::find_if(pages.begin(), pages.end(), [&](const EmbeddedFile& each) {
    return each.name == name + ".md";
  });
  if (page != pages.end()) return page->content;
  std::vector<std::string> ids;
  for (const CatalogueEntry& entry : kCatalogue) ids.emplace_back(entry.id);
  Diagnostic diagnostic{.id = "E0107",
                        .sentence = "there is no error code `" + std::string(id) + "`"};
  if (const auto nearest = nearest_name(name, ids)) {
    diagnostic.helps.push_back("did you mean `" + *nearest + "`?");
  }
  diagnostic.helps.push_back("an error has its code behind the word `error`, as in `error[E0312]`");
  throw Error(diagnostic);
}

}  // namespace knack::host
