// SPDX-License-Identifier: MIT
#include "host/explain/origins.hpp"

#include <algorithm>

#include "host/recipe/diagnostics.hpp"
#include "host/recipe/load.hpp"
#include "host/recipe/parse.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;

bool is_below(const std::string& pointer, const std::string& parent) {
  return pointer.starts_with(parent + "/");
}

bool is_list_of_values(const Json& value) {
  return value.is_array() && std::none_of(value.begin(), value.end(), [](const Json& element) {
           return element.is_object() || element.is_array();
         });
}

/// The element of the innermost list that `pointer` leads through; empty if it leads through none.
std::string element_around(const Json& root, const std::string& pointer) {
  std::string element;
  for (std::size_t end = pointer.find('/', 1); end != pointer.npos;) {
    const bool is_list = root.at(Json::json_pointer(pointer.substr(0, end))).is_array();
    end = pointer.find('/', end + 1);
    if (is_list) element = pointer.substr(0, end);
  }
  return element;
}

bool is_same_place(const Origin& one, const Origin& other) {
  return one.kind == other.kind && one.source == other.source &&
         one.value.line == other.value.line && one.value.column == other.value.column;
}

class Origins {
 public:
  Origins(const Recipe& recipe, const Document& document, const fs::path& file)
      : recipe_(recipe), document_(document), file_(file.string()), layers_(recipe_layers(file)) {
    Recipe copy = recipe;
    for (const auto& [kind, section] : plugin_sections(copy)) sections_.push_back(*section);
  }

  std::vector<ResolvedValue> all() {
    collect(resolved(recipe_), "");
    return std::move(values_);
  }

 private:
  void collect(const Json& value, const std::string& pointer) {
    const bool has_parts = !value.empty() && value.is_structured() && !is_list_of_values(value);
    if (!has_parts) {
      values_.push_back(describe(value, pointer));
    } else if (value.is_array()) {
      for (std::size_t i = 0; i < value.size(); ++i) collect(value[i], child_pointer(pointer, i));
    } else {
      for (const auto& [key, member] : value.items()) collect(member, child_pointer(pointer, key));
    }
  }

  ResolvedValue describe(const Json& value, const std::string& pointer) const {
    ResolvedValue described{pointer, value, default_of(pointer), std::nullopt};
    const Origin* origin = document_.find_origin(pointer);
    if (origin == nullptr) return described;
    described.origin = origin_of(*origin);
    described.overridden = find_overridden(pointer, *origin);
    return described;
  }

  ValueOrigin origin_of(const Origin& origin) const {
    using Kind = ValueOrigin::Kind;
    if (origin.kind == Origin::Kind::command_line) return {Kind::command_line, origin.source, 0, 0};
    const Kind kind = origin.source == file_ ? Kind::recipe : Kind::base;
    return {kind, origin.source, origin.value.line, origin.value.column};
  }

  ValueOrigin default_of(const std::string& pointer) const {
    for (const Section& section : sections_) {
      if (!is_below(pointer, section.pointer)) continue;
      const std::string key = pointer.substr(section.pointer.size() + 1);
      const auto& keys = section.host_keys;
      const bool is_option = std::find(keys.begin(), keys.end(), key) == keys.end();
      if (is_option) return {ValueOrigin::Kind::plugin_default, section.use, 0, 0};
    }
    return {};
  }

  /// The value that stood there before the one from `winner` was laid over it.
  std::optional<OverriddenValue> find_overridden(const std::string& pointer,
                                                 const Origin& winner) const {
    const std::string element = element_around(document_.root, pointer);
    if (!element.empty()) return find_in_element(element, pointer.substr(element.size()), winner);
    const Json::json_pointer place(pointer);
    std::optional<OverriddenValue> last;
    for (const Document& layer : layers_) {
      const Origin* origin = layer.find_origin(pointer);
      if (origin == nullptr) continue;
      const bool is_winner = winner.kind == Origin::Kind::file && origin->source == winner.source &&
                             origin->value.line == winner.value.line;
      if (is_winner) break;
      last = OverriddenValue{layer.root.at(place), origin_of(*origin)};
    }
    return last;
  }

  /// What `winner` took the place of in an element of a list. The layers of a list replace each
  /// other as a whole, and elements move when a `--set` removes one: so each is known by where it
  /// was written.
  std::optional<OverriddenValue> find_in_element(const std::string& element,
                                                 const std::string& below,
                                                 const Origin& winner) const {
    const Origin* const written = document_.find_origin(element);
    if (winner.kind != Origin::Kind::command_line || written == nullptr) return std::nullopt;
    for (const Document& layer : layers_) {
      for (const auto& [pointer, origin] : layer.origins) {
        if (!is_same_place(origin, *written)) continue;
        const Origin* const before = layer.find_origin(pointer + below);
        if (before == nullptr) continue;
        return OverriddenValue{layer.root.at(Json::json_pointer(pointer + below)),
                               origin_of(*before)};
      }
    }
    return std::nullopt;
  }

  const Recipe& recipe_;
  const Document& document_;
  const std::string file_;
  const std::vector<Document> layers_;
  std::vector<Section> sections_;
  std::vector<ResolvedValue> values_;
};

void add_layers(const fs::path& file, std::vector<Document>& layers) {
  Diagnostics ignored;  // load_document() has reported them
  std::string text;
  load_document(file, {}, ignored, &text);
  Document own = parse_json(text, file.string(), ignored);
  if (own.root.is_object() && own.root.contains("extends")) {
    const Json names = own.root["extends"];
    for (const Json& name : names.is_array() ? names : Json::array({names})) {
      if (name.is_string()) {
        add_layers((file.parent_path() / name.get<std::string>()).lexically_normal(), layers);
      }
    }
  }
  layers.push_back(std::move(own));
}

}  // namespace

std::string ValueOrigin::text() const {
  switch (kind) {
    case Kind::host_default:
      return "default";
    case Kind::plugin_default:
      return "default of " + source;
    case Kind::command_line:
      return source;
    default:
      return source + ":" + std::to_string(line);
  }
}

std::vector<Document> recipe_layers(const fs::path& recipe) {
  std::vector<Document> layers;
  // A pipe gives its text once.
  if (fs::is_regular_file(recipe)) add_layers(recipe, layers);
  return layers;
}

std::vector<ResolvedValue> values_with_origins(const Recipe& recipe, const Document& document,
                                               const fs::path& file) {
  return Origins(recipe, document, file).all();
}

}  // namespace knack::host
