// SPDX-License-Identifier: MIT
// Level 4: random options that fit the schema.
#include <knack/abi/knack.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <random>

#include "host/recipe/parse.hpp"
#include "host/recipe/schema.hpp"
#include "host/recipe/schema_validator.hpp"
#include "host/validate/attempt.hpp"
#include "host/validate/behaviour_checks.hpp"
#include "host/validate/trial.hpp"

namespace knack::host {
namespace {

constexpr int kCreations = 200;
constexpr std::chrono::seconds kLongest{3};  // that further ones are begun
constexpr int kRuns = 20;
constexpr std::int64_t kIntegers[] = {0,
                                      1,
                                      -1,
                                      2,
                                      3,
                                      7,
                                      64,
                                      1000,
                                      1'000'000,
                                      -1000,
                                      1LL << 31,
                                      1LL << 40,
                                      std::numeric_limits<std::int64_t>::max(),
                                      std::numeric_limits<std::int64_t>::min()};
constexpr double kNumbers[] = {0,   1,     -1,    0.5,    0.1,    0.999999, 2,
                               1e3, 1e-12, 1e300, -1e300, 5e-324, 1e18};
constexpr int kMostTriesOfAValue = 20;

class RandomOptions {
 public:
  explicit RandomOptions(std::uint64_t seed) : random_(seed) {}

  /// `usable` with other values in about half of its properties.
  Json change(const Json& usable, const Json& schema) {
    Json options = usable;
    const Json properties = schema.value("properties", Json::object());
    for (const auto& [name, property] : properties.items()) {
      if (below(2) == 0) continue;
      for (int i = 0; i < kMostTriesOfAValue; ++i) {
        Json value = value_for(property);
        if (find_violation(value, property)) continue;
        options[name] = std::move(value);
        break;
      }
    }
    return options;
  }

 private:
  std::size_t below(std::size_t count) {
    return random_() % count;
  }
  template <class Items>
  auto one_of(const Items& items) {
    return *(std::begin(items) + static_cast<std::ptrdiff_t>(below(std::size(items))));
  }

  Json value_for(const Json& property) {
    if (property.contains("enum")) return one_of(property["enum"]);
    Json type = property.value("type", Json("string"));
    if (type.is_array()) type = one_of(type);
    if (type == "integer") return integer(property);
    if (type == "number") return number(property);
    if (type == "boolean") return below(2) == 0;
    if (type == "null") return nullptr;
    if (type == "array") return list(property);
    return type == "object" ? Json::object() : Json(text());
  }

  Json integer(const Json& property) {
    for (const char* limit : {"minimum", "maximum"}) {
      if (property.contains(limit) && property[limit].is_number_integer() && below(4) == 0) {
        return property[limit];
      }
    }
    return one_of(kIntegers);
  }

  Json number(const Json& property) {
    for (const char* limit : {"minimum", "maximum"}) {
      if (property.contains(limit) && below(4) == 0) return property[limit];
    }
    return one_of(kNumbers);
  }

  Json list(const Json& property) {
    Json list = Json::array();
    const auto least = property.value("minItems", std::size_t{0});
    const std::size_t size = least + below(least == property.value("maxItems", least + 1) ? 1 : 4);
    for (std::size_t i = 0; i < size; ++i) {
      list.push_back(value_for(property.value("items", Json::object())));
    }
    return list;
  }

  std::string text() {
    static const std::array<std::string, 8> kTexts = {"",
                                                      "*",
                                                      "no such thing",
                                                      "../..",
                                                      "/",
                                                      "\xC3\xA9\xE2\x82\xAC",
                                                      "a\"b\\c",
                                                      std::string(4000, 'x')};
    return one_of(kTexts);
  }

  std::mt19937_64 random_;
};

/// Complete options that the host takes; null when it does not.
Json completed(const Subject& subject, const Json& options, const char* schema) {
  Diagnostics diagnostics;
  Section section;
  section.use = subject.provided().id;
  section.options = options;
  validate_options(section, schema == nullptr ? "" : schema,
                   parse_json("{}", "the check", diagnostics), diagnostics);
  return diagnostics.lines().empty() ? section.options : Json();
}

/// Models and datasets of such options may be of any size; they are only made.
bool is_trained_with(const Subject& subject) {
  return !is_kind(subject, KNACK_KIND_MODEL) && !is_kind(subject, KNACK_KIND_DATASET);
}

/// Whether an instance was made.
bool try_options(Disguise& disguise, const Json& options, bool trains, int number) {
  const Subject& subject = disguise.subject();
  const Provided& provided = subject.provided();
  try {
    const HostServices services;
    subject.registry->create(provided.kind, provided.id, provided.id, Value::from_json(options),
                             services);
    if (trains) {
      Trial trial(disguise,
                  {.folder = subject.scratch / std::to_string(number), .options = options});
      trial.train_steps(2);
    }
  } catch (const Error& error) {
    if (std::string_view(error.what()).find("expected a text with status") !=
        std::string_view::npos) {
      throw;
    }
    return false;
  }
  return true;
}

}  // namespace

Finding options_fuzz(const Subject& subject) {
  if (const auto finding = passes_over(subject)) return *finding;
  const std::string seed = "seed " + std::to_string(subject.seed);
  const Ending ending = attempt([&] {
    Disguise disguise(subject);
    const Provided& provided = subject.provided();
    const char* text = subject.registry->descriptor(provided.kind, provided.id).schema_json;
    const Json schema = text == nullptr ? Json::object() : Json::parse(text);
    const Json usable = trial_options_of(subject);
    RandomOptions random(subject.seed);
    int tried = 0;
    int made = 0;
    int runs = 0;
    const auto end = std::chrono::steady_clock::now() + kLongest;
    for (; tried < kCreations && std::chrono::steady_clock::now() < end; ++tried) {
      const Json options = completed(subject, random.change(usable, schema), text);
      if (options.is_null()) continue;
      note_try(options.dump());
      const bool trains = is_trained_with(subject) && runs < kRuns;
      runs += trains ? 1 : 0;
      made += try_options(disguise, options, trains, tried) ? 1 : 0;
    }
    return std::to_string(made) + " of " + std::to_string(tried) + " random options accepted";
  });
  return ending.is_good() ? passed(ending.answer + ", " + seed)
                          : failed(ending.problem + ", " + seed);
}

}  // namespace knack::host
