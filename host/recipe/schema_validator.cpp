// SPDX-License-Identifier: MIT
// The only file that includes valijson, which is slow to compile.
#define VALIJSON_USE_EXCEPTIONS 1  // without it valijson aborts the process on a bad schema

#include "host/recipe/schema_validator.hpp"

#include <pthread.h>

#include <algorithm>
#include <exception>
#include <system_error>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

namespace knack::host {
namespace {

/// std::regex recurses for every character, through kilobytes of stack where a pattern nests
/// groups. The longest string of a recipe would overflow the 8 MiB that a program usually has.
constexpr std::size_t kStackBytes = std::size_t{64} << 20;
constexpr std::size_t kLongString = 256;

bool has_long_string(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>().size() > kLongString;
  return value.is_structured() && std::any_of(value.begin(), value.end(), has_long_string);
}

/// A format says something about strings alone, but valijson throws where it meets anything else.
void forget_formats(nlohmann::json& schema) {
  if (schema.is_array()) {
    for (nlohmann::json& part : schema) forget_formats(part);
  }
  if (!schema.is_object()) return;
  if (schema.contains("format") && schema["format"].is_string()) schema.erase("format");
  for (const auto& [keyword, rule] : schema.items()) {
    if (keyword != "const" && keyword != "enum") forget_formats(rule);
  }
}

std::optional<std::string> validate(const Json& value, const Json& schema) {
  using valijson::adapters::NlohmannJsonAdapter;
  const nlohmann::json plain_value = value;  // the adapter takes no ordered_json
  nlohmann::json plain_schema = schema;
  if (!value.is_string()) forget_formats(plain_schema);
  valijson::Schema parsed;
  valijson::SchemaParser(valijson::SchemaParser::kDraft7)
      .populateSchema(NlohmannJsonAdapter(plain_schema), parsed);
  valijson::Validator validator(valijson::Validator::kStrongTypes);
  valijson::ValidationResults results;
  if (validator.validate(parsed, NlohmannJsonAdapter(plain_value), &results)) return std::nullopt;
  const auto innermost = results.begin();  // violations come from the inside out
  std::string where;
  for (std::size_t i = 1; i < innermost->context.size(); ++i) where += innermost->context[i];
  return innermost->description + (where.empty() ? "" : " (at " + where + ")");
}

/// Calls `function`, which must not throw, in a thread with kStackBytes of stack.
template <class Function>
void call_with_deep_stack(Function function) {
  const auto enter = [](void* argument) -> void* {
    (*static_cast<Function*>(argument))();
    return nullptr;
  };
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, kStackBytes);
  pthread_t thread;
  const int failure = ::pthread_create(&thread, &attributes, enter, &function);
  ::pthread_attr_destroy(&attributes);
  if (failure != 0) throw std::system_error(failure, std::generic_category(), "no thread started");
  ::pthread_join(thread, nullptr);
}

}  // namespace

std::optional<std::string> find_violation(const Json& value, const Json& schema) {
  std::optional<std::string> violation;
  std::optional<std::string> problem;
  const auto check = [&] {
    try {
      violation = validate(value, schema);
    } catch (const std::exception& error) {
      problem = error.what();
    }
  };
  if (has_long_string(value)) {
    call_with_deep_stack(check);
  } else {
    check();
  }
  if (problem) throw SchemaError(*problem);
  return violation;
}

}  // namespace knack::host
