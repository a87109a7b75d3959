// SPDX-License-Identifier: MIT
// The only file that includes valijson, which is slow to compile.
#define VALIJSON_USE_EXCEPTIONS 1  // without it valijson aborts the process on a bad schema

#include "host/recipe/schema_validator.hpp"

#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

namespace knack::host {

std::optional<std::string> find_violation(const Json& value, const Json& schema) {
  using valijson::adapters::NlohmannJsonAdapter;
  const nlohmann::json plain_value = value;  // the adapter takes no ordered_json
  const nlohmann::json plain_schema = schema;
  try {
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
  } catch (const std::exception& error) {
    throw SchemaError(error.what());
  }
}

}  // namespace knack::host
