// SPDX-License-Identifier: MIT
// What was asked for, and with what it ran.
#include <algorithm>
#include <cmath>
#include <string>

#include "host/report/html/sections.hpp"
#include "host/report/html/text.hpp"

namespace knack::host::html {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostSessions = 6;
constexpr std::size_t kLongestRecipe = 1u << 20;

std::string span(const char* kind, const std::string& text) {
  return std::string("<span class=\"") + kind + "\">" + escaped(text) + "</span>";
}

std::string json_of(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool is_flat(const Json& json) {
  return std::none_of(json.begin(), json.end(),
                      [](const Json& each) { return each.is_structured(); });
}

/// JSON as people write it: lists of plain values on one line.
void write(const Json& json, const std::string& indent, std::string& out) {
  if (out.size() > kLongestRecipe) return;
  const bool is_object = json.is_object();
  if (!json.is_structured()) {
    const char* kind = json.is_string() ? "str" : json.is_number() ? "num" : "lit";
    out += span(kind, json_of(json));
  } else if (json.empty()) {
    out += is_object ? "{}" : "[]";
  } else if (json.is_array() && is_flat(json)) {
    out += "[";
    for (std::size_t i = 0; i < json.size(); ++i) {
      if (i > 0) out += ", ";
      write(json[i], indent, out);
    }
    out += "]";
  } else {
    const std::string inner = indent + "  ";
    out += is_object ? "{" : "[";
    bool is_first = true;
    for (const auto& [key, value] : json.items()) {
      out += is_first ? "\n" : ",\n";
      is_first = false;
      out += inner + (is_object ? span("key", json_of(key)) + ": " : "");
      write(value, inner, out);
    }
    out += "\n" + indent + (is_object ? "}" : "]");
  }
}

struct Fact {
  const char* key;
  const char* title;
};

constexpr Fact kFacts[] = {
    {"started", "Started"},   {"step", "From step"},
    {"command", "Command"},   {"knack", "knack"},
    {"abi", "ABI"},           {"libtorch", "LibTorch"},
    {"compiler", "Compiler"}, {"system", "System"},
    {"cpu", "Processor"},     {"cores", "Cores"},
    {"threads", "Threads"},   {"memory_bytes", "Memory"},
    {"device", "Device"},     {"gpu", "Graphics processor"},
};

std::string fact(const Json& value, std::string_view key) {
  if (key == "memory_bytes" && value.is_number()) {
    const double gibibytes = std::round(10 * value.get<double>() / (1u << 30)) / 10;
    return exact(gibibytes) + " GiB";
  }
  if (value.is_array()) {
    std::string line;
    for (const Json& word : value) {
      line +=
          (line.empty() ? "" : " ") + (word.is_string() ? word.get<std::string>() : json_of(word));
    }
    return "<code>" + escaped(line) + "</code>";
  }
  return name(value.is_string() ? value.get<std::string>() : json_of(value));
}

}  // namespace

std::string recipe(const RunData& run) {
  if (!run.recipe.is_object()) return "";
  Json shown = run.recipe;
  if (shown.contains("plugins") && shown["plugins"].is_object()) shown["plugins"].erase("used");
  std::string text;
  write(shown, "", text);
  return "<p class=\"note\">Resolved: every default filled in. <code>knack train</code> on the "
         "folder's "
         "<code>recipe.json</code> repeats the run.</p>\n<details "
         "open><summary>recipe.json</summary>"
         "<pre class=\"json\"><code>" +
         text + "</code></pre></details>\n";
}

std::string plugins(const RunData& run) {
  const Json& used = member(member(run.recipe, "plugins"), "used");
  if (!used.is_object() || used.empty()) return "";
  std::string rows;
  for (const auto& [plugin, entry] : used.items()) {
    rows += "<tr><th scope=\"row\">" + name(plugin) + "</th><td>" +
            name(string_of(entry, "version")) + "</td><td class=\"hash\"><code>" +
            escaped(string_of(entry, "sha256")) + "</code></td></tr>\n";
  }
  return captioned(
      "Plugin files of this run.",
      "<table>\n<thead><tr><th scope=\"col\">Plugin</th><th "
      "scope=\"col\">Version</th><th scope=\"col\">sha256</th></tr></thead>\n<tbody>\n" +
          rows + "</tbody>\n</table>");
}

std::string machine(const RunData& run) {
  const Json& sessions = member(run.environment, "sessions");
  if (!sessions.is_array() || sessions.empty()) return "";
  const std::size_t count = std::min(sessions.size(), kMostSessions);
  const std::size_t first = sessions.size() - count;
  const std::string caption = sessions.size() == 1
                                  ? "One session."
                                  : std::to_string(sessions.size()) +
                                        " sessions: the run was interrupted and went on." +
                                        (first > 0 ? " The last of them:" : "");
  std::string table = "<table>\n<tbody>\n";
  for (const Fact& each : kFacts) {
    std::string row;
    bool is_known = false;
    for (std::size_t i = first; i < sessions.size(); ++i) {
      const Json& value = member(sessions[i], each.key);
      is_known = is_known || !value.is_null();
      row += "<td>" + (value.is_null() ? std::string("&#8211;") : fact(value, each.key)) + "</td>";
    }
    if (is_known)
      table += std::string("<tr><th scope=\"row\">") + each.title + "</th>" + row + "</tr>\n";
  }
  return captioned(caption, table + "</tbody>\n</table>");
}

std::string warnings(const RunData& run) {
  std::string out;
  if (!run.warnings.empty()) {
    out += "<p class=\"note\">" + std::to_string(run.warning_count) + " in log.txt" +
           (run.warning_count > run.warnings.size() ? ", of which the last:" : ":") +
           "</p>\n<ol class=\"log\">\n";
    for (const std::string& line : run.warnings) {
      out += "<li><code>" + escaped(line.substr(0, 2000)) + "</code></li>\n";
    }
    out += "</ol>\n";
  }
  if (!run.remarks.empty()) {
    out += "<p class=\"note\">About this page:</p>\n<ul>\n";
    for (const std::string& remark : run.remarks) out += "<li>" + escaped(remark) + "</li>\n";
    out += "</ul>\n";
  }
  return out;
}

}  // namespace knack::host::html
