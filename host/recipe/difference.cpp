// SPDX-License-Identifier: MIT
#include "host/recipe/difference.hpp"

#include <algorithm>
#include <array>

#include "host/recipe/diagnostics.hpp"

namespace knack::host {
namespace {

constexpr std::array<const char*, 9> kLeaveTrainingAlone = {"checkpoint",
                                                            "trainer.log_every_seconds",
                                                            "trainer.record_every_steps",
                                                            "trainer.run_root",
                                                            "plugins.path",
                                                            "plugins.pin",
                                                            "data.train.workers",
                                                            "data.valid.workers",
                                                            "data.test.workers"};

class Comparison {
 public:
  void compare(const std::string& key, const Json& before, const Json& after) {
    if (before == after) return;
    if (before.is_object() && after.is_object()) {
      compare_members(key.empty() ? "" : key + ".", "", before, after);
    } else if (key == "tricks" && before.is_array() && after.is_array()) {
      compare_tricks(before, after);
    } else {
      found.push_back({key, before, after});
    }
  }

  std::vector<Difference> found;

 private:
  void compare_members(const std::string& prefix, const std::string& suffix, const Json& before,
                       const Json& after) {
    for (const auto& [name, value] : before.items()) {
      compare(prefix + name + suffix, value, after.value(name, Json()));
    }
    for (const auto& [name, value] : after.items()) {
      if (!before.contains(name)) compare(prefix + name + suffix, Json(), value);
    }
  }

  void compare_tricks(const Json& before, const Json& after) {
    const Json named_before = by_name(before);
    const Json named_after = by_name(after);
    compare_members("tricks[", "]", named_before, named_after);
    const Json order_before = names_in(before, named_after);
    const Json order_after = names_in(after, named_before);
    if (order_before != order_after) found.push_back({"tricks", order_before, order_after});
  }

  static Json by_name(const Json& tricks) {
    Json named = Json::object();
    for (const Json& trick : tricks) named[trick.value("name", "")] = trick;
    return named;
  }

  /// Names in the order of `tricks`, of those that `others` has too.
  static Json names_in(const Json& tricks, const Json& others) {
    Json names = Json::array();
    for (const Json& trick : tricks) {
      const std::string name = trick.value("name", "");
      if (others.contains(name)) names.push_back(name);
    }
    return names;
  }
};

}  // namespace

std::vector<Difference> differences(const Json& before, const Json& after) {
  Comparison comparison;
  comparison.compare("", before, after);
  return comparison.found;
}

bool leaves_training_alone(const std::string& key) {
  return std::any_of(kLeaveTrainingAlone.begin(), kLeaveTrainingAlone.end(),
                     [&](const char* prefix) { return is_within(key, prefix); });
}

bool is_consequence(const Difference& difference) {
  return is_within(difference.key, "plugins.used") &&
         (difference.before.is_null() || difference.after.is_null());
}

std::string value_text(const Json& value) {
  constexpr auto kReplace = Json::error_handler_t::replace;
  return value.is_null() ? "nothing" : one_line(value.dump(-1, ' ', false, kReplace));
}

bool is_within(const std::string& key, const std::string& prefix) {
  if (!key.starts_with(prefix)) return false;
  return key.size() == prefix.size() || key[prefix.size()] == '.' || key[prefix.size()] == '[';
}

}  // namespace knack::host
