// SPDX-License-Identifier: MIT
// How values of the ABI become arguments of an ATen operator.
#pragma once

#include <ATen/core/function_schema.h>
#include <ATen/core/ivalue.h>
#include <knack/abi/value.h>

#include <optional>
#include <string>

namespace knack::host {

/// One parameter of an operator, with what its type asks for worked out beforehand.
class OperatorParameter {
 public:
  explicit OperatorParameter(const c10::Argument& argument);

  /// The argument that `value` stands for. Throws ServiceError(KNACK_STATUS_INVALID) that names the
  /// parameter, what was expected and what was found.
  c10::IValue argument(const knack_value_t& value) const;

  /// The argument when the caller gives none; throws the same when there is no default.
  const c10::IValue& default_argument() const;

  bool is_generator() const {
    return is_generator_;
  }

 private:
  using Convert = bool (*)(const OperatorParameter&, const knack_value_t&, c10::IValue&);
  friend struct Conversions;

  [[noreturn]] void refuse(const std::string& found) const;

  std::string name_;
  std::string type_;
  Convert convert_ = nullptr;  // nullptr: no value of the ABI is of this type
  std::optional<c10::IValue> default_;
  std::int64_t bound_ = 0;   // numbers of an enumeration lie below it
  std::int32_t length_ = 1;  // of the list that one number stands for
  bool is_optional_ = false;
  bool is_generator_ = false;
};

}  // namespace knack::host
