// SPDX-License-Identifier: MIT
// Recipes: text to a Document, bases and overrides laid over it, the typed recipe, and back.
//
// An input is a recipe and, after NUL bytes, further texts: one that begins with { is a base of
// the recipe, any other is given with --set.
#include "host/recipe/recipe.hpp"

#include <vector>

#include "host/recipe/override.hpp"
#include "host/recipe/parse.hpp"
#include "tests/fuzz/fuzz_target.hpp"

namespace {

using namespace knack;
using host::Diagnostics;
using host::Document;
using host::Json;

/// Reading with the host's schema takes most of the time, and small recipes reach all of it.
constexpr std::size_t kMostValuesToRead = 100;

std::vector<std::string> split(std::string_view input) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= input.size();) {
    const std::size_t end = std::min(input.find('\0', at), input.size());
    parts.emplace_back(input.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

/// How many values there are, each of which must have an origin.
std::size_t count_values(const Document& document, const Json& value, const std::string& pointer) {
  fuzz::require(document.find_origin(pointer) != nullptr, "every value has an origin");
  std::size_t count = 1;
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) {
      count += count_values(document, member, host::child_pointer(pointer, key));
    }
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      count += count_values(document, value[i], host::child_pointer(pointer, i));
    }
  }
  return count;
}

/// Every value has an origin and every origin a value; the text of the tree parses to the tree.
void check(const Document& document) {
  const std::size_t count = count_values(document, document.root, "");
  fuzz::require(count == document.origins.size(), "every origin has a value");
  Diagnostics diagnostics;
  const Document again = host::parse_json(document.root.dump(), "again", diagnostics);
  fuzz::require(again.root == document.root, "what is written parses to the same tree");
  fuzz::require(diagnostics.lines().empty(), "without an error");
}

Document parse(const std::string& text, Diagnostics& diagnostics) {
  Document document = host::parse_json(text, "recipe.json", diagnostics);
  check(document);
  return document;
}

/// A resolved recipe is a sound one that resolves to itself.
void check_resolved(const host::Recipe& recipe) {
  const Json resolved = host::resolved(recipe);
  Diagnostics diagnostics;
  const Document document = host::parse_json(resolved.dump(), "resolved.json", diagnostics);
  const host::Recipe again = host::read_recipe(document, diagnostics);
  diagnostics.throw_if_any();
  fuzz::require(host::resolved(again) == resolved, "a resolved recipe resolves to itself");
}

void read(const std::vector<std::string>& parts) {
  Diagnostics diagnostics;
  Document document = parse(parts.front(), diagnostics);
  std::vector<std::string> overrides;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (!parts[i].starts_with('{')) {
      overrides.push_back(parts[i]);
    } else if (document.root.is_object()) {
      Document base = parse(parts[i], diagnostics);
      host::merge(base, document);
      document = std::move(base);
    }
  }
  if (!document.root.is_object()) fuzz::refused("no object");
  if (!document.root.is_object()) return;
  host::apply_overrides(document, overrides, diagnostics);
  check(document);
  if (document.origins.size() > kMostValuesToRead) return;
  const host::Recipe recipe = host::read_recipe(document, diagnostics);
  diagnostics.throw_if_any();
  check_resolved(recipe);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  try {
    read(split({reinterpret_cast<const char*>(data), size}));
  } catch (const host::Error& error) {
    fuzz::require(error.code() == host::ExitCode::recipe, "a wrong recipe is an error of recipes");
    fuzz::refused(error.what());
  }
  return 0;
}
