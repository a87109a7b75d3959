// SPDX-License-Identifier: MIT
#include "host/plugin/manifest.hpp"

#include <knack/abi/entry.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "host/plugin/manifest_grammar.hpp"
#include "host/plugin/refusal.hpp"

namespace knack::host {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

constexpr std::string_view kFormatLine = KNACK_MANIFEST_MAGIC;
constexpr const char* kRebuild = "rebuild it with knack_add_plugin()";
constexpr const char* kCorrect = "correct it and rebuild the plugin";
constexpr std::size_t kLongestText = 1024;
constexpr std::size_t kMostProvided = 256;
constexpr int kDeepestNesting = 16;
constexpr int kLargestNumber = 65535;
constexpr std::array kTiers = {std::pair{"c", Tier::c},
                               std::pair{"torch-stable", Tier::torch_stable},
                               std::pair{"torch-cxx", Tier::torch_cxx}};

/// Typed access to the fields of one JSON object, with the object's place for messages.
class Fields {
 public:
  Fields(const fs::path& file, std::string place, const Json& object)
      : file_(file), place_(std::move(place)), object_(object) {
    if (!object_.is_object()) refuse(file_, place_, "a JSON object", object_.type_name(), kCorrect);
  }

  [[noreturn]] void refuse_field(const char* name, std::string_view expected) const {
    const Json* field = find(name);
    refuse(file_, place_ + "." + name, expected,
           field == nullptr ? "none" : printable(field->dump()), kCorrect);
  }

  const Json* find(const char* name) const {
    const auto it = object_.find(name);
    return it == object_.end() ? nullptr : &*it;
  }

  std::string place(const char* name) const {
    return place_ + "." + name;
  }

  int number(const char* name) const {
    const Json* field = find(name);
    if (field == nullptr || !field->is_number_unsigned() ||
        field->get<std::uint64_t>() > kLargestNumber) {
      refuse_field(name, "a whole number from 0 to " + std::to_string(kLargestNumber));
    }
    return field->get<int>();
  }

  std::string text_or_empty(const char* name) const {
    const Json* field = find(name);
    if (field == nullptr) return {};
    if (!field->is_string() || !is_line(field->get_ref<const std::string&>())) {
      refuse_field(name,
                   "a string of one line and at most " + std::to_string(kLongestText) + " bytes");
    }
    return field->get<std::string>();
  }

  std::string text(const char* name, const char* expected,
                   bool (*accepts)(std::string_view)) const {
    const std::string value = text_or_empty(name);
    if (!accepts(value)) refuse_field(name, expected);
    return value;
  }

  const Json& array(const char* name, std::size_t least) const {
    static const Json kNone = Json::array();
    const Json* field = find(name);
    if (field == nullptr && least == 0) return kNone;
    if (field == nullptr || !field->is_array() || field->size() < least ||
        field->size() > kMostProvided) {
      refuse_field(name, "an array of " + std::to_string(least) + " to " +
                             std::to_string(kMostProvided) + " elements");
    }
    return *field;
  }

  std::vector<std::string> ids(const char* name) const {
    std::vector<std::string> result;
    for (const Json& element : array(name, 0)) {
      if (!element.is_string() || !is_id(element.get_ref<const std::string&>())) {
        refuse_field(name, "an array of ids such as \"ema\" or \"acme.lookahead\"");
      }
      result.push_back(element);
    }
    return result;
  }

 private:
  static bool is_line(const std::string& text) {
    return text.size() <= kLongestText &&
           std::none_of(text.begin(), text.end(),
                        [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  }

  const fs::path& file_;
  std::string place_;
  const Json& object_;
};

bool is_not_empty(std::string_view text) {
  return !text.empty();
}

Json parse_json(const fs::path& file, std::string_view text) {
  const auto limit_depth = [&](int depth, Json::parse_event_t, Json&) {
    if (depth > kDeepestNesting) {
      refuse(file, "manifest", "at most " + std::to_string(kDeepestNesting) + " nested values",
             "more", kCorrect);
    }
    return true;
  };
  try {
    return Json::parse(text, limit_depth);
  } catch (const Json::parse_error& error) {
    refuse(file, "manifest", "one JSON object",
           "a syntax error at byte " + std::to_string(error.byte), kRebuild);
  } catch (const Json::exception& error) {
    refuse(file, "manifest", "one JSON object", printable(error.what()), kRebuild);
  }
}

/// The JSON text between the format line and the padding.
std::string_view json_text(const fs::path& file, std::string_view bytes) {
  if (bytes.substr(0, kFormatLine.size()) != kFormatLine) {
    refuse(file, "manifest",
           "the line " + std::string(kFormatLine.substr(0, kFormatLine.size() - 1)),
           "'" + printable(bytes.substr(0, bytes.find('\n'))) + "'",
           "use a plugin and a knack of one ABI major");
  }
  bytes.remove_prefix(kFormatLine.size());
  // The linker joins sections of one name, and JSON has no raw line end inside a string.
  if (bytes.find(kFormatLine) != std::string_view::npos) {
    refuse(file, "manifest", "one manifest", "several",
           "declare the plugin in one of its source files only");
  }
  const std::size_t last = bytes.find_last_not_of('\0');
  return bytes.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

Tier parse_tier(const Fields& fields) {
  const std::string name = fields.text_or_empty("tier");
  for (const auto& [known, tier] : kTiers) {
    if (name == known) return tier;
  }
  fields.refuse_field("tier", "\"c\", \"torch-stable\" or \"torch-cxx\"");
}

std::vector<Provided> parse_provides(const fs::path& file, const Fields& fields) {
  std::vector<Provided> provides;
  std::set<std::pair<std::string, std::string>> seen;
  for (const Json& element : fields.array("provides", 1)) {
    const std::string place =
        fields.place("provides") + "[" + std::to_string(provides.size()) + "]";
    const Fields entry(file, place, element);
    Provided provided;
    provided.kind = entry.text("kind", "a kind such as \"trick\"", is_kind);
    provided.id = entry.text("id", "an id such as \"ema\" or \"acme.lookahead\"", is_id);
    provided.summary = entry.text_or_empty("summary");
    provided.before = entry.ids("before");
    provided.after = entry.ids("after");
    if (!seen.emplace(provided.kind, provided.id).second) {
      entry.refuse_field("id", "every " + provided.kind + " once");
    }
    provides.push_back(std::move(provided));
  }
  return provides;
}

void parse_torch(const fs::path& file, const Fields& fields, Manifest& manifest) {
  if (manifest.tier == Tier::c) return;
  const Json* object = fields.find("torch");
  if (object == nullptr) fields.refuse_field("torch", "an object, as its tier needs LibTorch");
  const Fields torch(file, fields.place("torch"), *object);
  if (manifest.tier == Tier::torch_stable) {
    manifest.torch_target = torch.text("target", "a version such as \"2.11\"", is_version);
    return;
  }
  manifest.torch.version = torch.text("version", "a version such as \"2.13.0\"", is_version);
  manifest.torch.stdlib = torch.text("stdlib", "\"libstdc++\" or \"libc++\"", is_stdlib);
  manifest.torch.cxx11_abi = torch.number("cxx11_abi");
  manifest.torch.compiler = torch.text("compiler", "a compiler such as \"gcc-12\"", is_compiler);
}

struct Difference {
  const char* field;
  std::string expected;
  std::string found;
};

void check_torch_build(const fs::path& file, const TorchBuild& found, const TorchBuild& host) {
  const Difference fields[] = {
      {"version", std::string(release_of(host.version)), std::string(release_of(found.version))},
      {"stdlib", host.stdlib, found.stdlib},
      {"cxx11_abi", std::to_string(host.cxx11_abi), std::to_string(found.cxx11_abi)},
      {"compiler", std::string(compiler_major(host.compiler)),
       std::string(compiler_major(found.compiler))}};
  std::string expected_words;
  std::string found_words;
  for (const Difference& field : fields) {
    if (field.expected == field.found) continue;
    const char* separator = expected_words.empty() ? "" : ", ";
    expected_words.append(separator).append(field.field).append(" ").append(field.expected);
    found_words.append(separator).append(field.field).append(" ").append(field.found);
  }
  if (!expected_words.empty()) {
    refuse(file, "manifest.torch", expected_words, found_words,
           "rebuild the plugin with this host's LibTorch and compiler", "E0403");
  }
}

void check_torch_target(const fs::path& file, const std::string& target, const std::string& host) {
  std::vector<int> needed = version_numbers(target);
  std::vector<int> present = version_numbers(host);
  needed.resize(3);
  present.resize(3);
  if (needed <= present) return;
  refuse(file, "manifest.torch.target", "at most " + host, target,
         "use a newer LibTorch or build the plugin for an older target", "E0403");
}

}  // namespace

std::string_view tier_name(Tier tier) {
  const auto is_it = [tier](const auto& entry) { return entry.second == tier; };
  return std::find_if(kTiers.begin(), kTiers.end(), is_it)->first;
}

Manifest parse_manifest(const fs::path& file, std::string_view bytes) {
  const Json json = parse_json(file, json_text(file, bytes));
  const Fields fields(file, "manifest", json);
  Manifest manifest;
  manifest.abi_major = fields.number("abi_major");
  manifest.abi_minor = fields.number("abi_minor");
  manifest.tier = parse_tier(fields);
  manifest.version = fields.text("version", "a version such as \"1.0.0\"", is_not_empty);
  manifest.author = fields.text_or_empty("author");
  manifest.license = fields.text_or_empty("license");
  manifest.provides = parse_provides(file, fields);
  parse_torch(file, fields, manifest);
  return manifest;
}

void check_manifest(const fs::path& file, const Manifest& manifest, const HostFacts& host) {
  if (manifest.abi_major != host.abi_major) {
    refuse(file, "manifest.abi_major", std::to_string(host.abi_major),
           std::to_string(manifest.abi_major),
           "rebuild the plugin with this knack's headers, or use a knack of its ABI major",
           "E0403");
  }
  if (manifest.abi_minor > host.abi_minor) {
    refuse(file, "manifest.abi_minor", "at most " + std::to_string(host.abi_minor),
           std::to_string(manifest.abi_minor),
           "update knack or build the plugin for an older minor", "E0403");
  }
  if (manifest.tier == Tier::torch_cxx) check_torch_build(file, manifest.torch, host.torch);
  if (manifest.tier == Tier::torch_stable) {
    check_torch_target(file, manifest.torch_target, host.torch.version);
  }
}

}  // namespace knack::host
