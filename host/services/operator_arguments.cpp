// SPDX-License-Identifier: MIT
#include "host/services/operator_arguments.hpp"

#include <ATen/ATen.h>
#include <ATen/core/jit_type.h>

#include <array>
#include <string_view>

#include "host/plugin/tensor_handle.hpp"
#include "host/services/status.hpp"

namespace knack::host {
namespace {

constexpr std::uint64_t kLongestList = std::uint64_t{1} << 24;

std::string describe(const knack_value_t& value) {
  constexpr std::array kNames = {"NONE", "BOOL", "INT", "FLOAT", "STRING", "TENSOR", "LIST", "MAP"};
  if (value.tag >= kNames.size()) return "the unknown tag " + std::to_string(value.tag);
  if (value.tag == KNACK_VALUE_TENSOR && !is_usable(value.as.tensor)) {
    return value.as.tensor == nullptr ? "a tensor that is NULL" : "a tensor that is undefined";
  }
  if (value.tag == KNACK_VALUE_INT) return "INT " + std::to_string(value.as.i64);
  return kNames[value.tag];
}

bool is_list(const knack_value_t& value) {
  return value.tag == KNACK_VALUE_LIST && value.count <= kLongestList &&
         (value.as.items != nullptr || value.count == 0);
}

/// What a type converts by, and what its numbers are bounded by.
bool is_tensor(const c10::TypePtr& type) {
  return type->kind() == c10::TypeKind::TensorType;
}

}  // namespace

/// One function a type. Each returns false for a value that is not of its type.
struct Conversions {
  using Convert = OperatorParameter::Convert;

  static bool tensor(const OperatorParameter&, const knack_value_t& value, c10::IValue& out) {
    if (value.tag != KNACK_VALUE_TENSOR || !is_usable(value.as.tensor)) return false;
    out = tensor_of(value.as.tensor);
    return true;
  }

  static bool integer(const OperatorParameter&, const knack_value_t& value, c10::IValue& out) {
    if (value.tag != KNACK_VALUE_INT) return false;
    out = value.as.i64;
    return true;
  }

  static bool enumeration(const OperatorParameter& self, const knack_value_t& value,
                          c10::IValue& out) {
    if (value.tag != KNACK_VALUE_INT || value.as.i64 < 0 || value.as.i64 >= self.bound_) {
      return false;
    }
    out = value.as.i64;
    return true;
  }

  static bool real(const OperatorParameter&, const knack_value_t& value, c10::IValue& out) {
    if (value.tag == KNACK_VALUE_FLOAT) {
      out = value.as.f64;
    } else if (value.tag == KNACK_VALUE_INT) {
      out = static_cast<double>(value.as.i64);
    } else {
      return false;
    }
    return true;
  }

  static bool boolean(const OperatorParameter&, const knack_value_t& value, c10::IValue& out) {
    if (value.tag != KNACK_VALUE_BOOL) return false;
    out = value.as.i64 != 0;
    return true;
  }

  static bool scalar(const OperatorParameter& self, const knack_value_t& value, c10::IValue& out) {
    return integer(self, value, out) || boolean(self, value, out) || real(self, value, out);
  }

  static bool text(const OperatorParameter&, const knack_value_t& value, c10::IValue& out) {
    if (value.tag != KNACK_VALUE_STRING || value.count > kLongestList) return false;
    if (value.as.string == nullptr && value.count != 0) return false;
    out = std::string(value.count == 0 ? "" : value.as.string, value.count);
    return true;
  }

  static bool device(const OperatorParameter& self, const knack_value_t& value, c10::IValue& out) {
    if (!text(self, value, out)) return false;
    out = c10::Device(out.toStringRef());
    return true;
  }

  static bool generator(const OperatorParameter&, const knack_value_t&, c10::IValue&) {
    return false;  // NONE alone, which stands for the instance's stream
  }

  /// A list whose elements convert by `element`.
  template <class Element, Convert element>
  static bool list(const OperatorParameter& self, const knack_value_t& value, c10::IValue& out) {
    if (!is_list(value)) return false;
    c10::List<Element> list;
    list.reserve(value.count);
    c10::IValue converted;
    for (std::uint64_t i = 0; i < value.count; ++i) {
      if (!element(self, value.as.items[i], converted)) {
        self.refuse("element " + std::to_string(i) + ", " + describe(value.as.items[i]));
      }
      list.push_back(converted.to<Element>());
    }
    out = std::move(list);
    return true;
  }

  static bool tensors(const OperatorParameter& self, const knack_value_t& value, c10::IValue& out) {
    if (!is_list(value)) return false;
    c10::List<at::Tensor> list;
    list.reserve(value.count);
    for (std::uint64_t i = 0; i < value.count; ++i) {
      const knack_value_t& item = value.as.items[i];
      if (item.tag != KNACK_VALUE_TENSOR || !is_usable(item.as.tensor)) {
        self.refuse("element " + std::to_string(i) + ", " + describe(item));
      }
      list.push_back(tensor_of(item.as.tensor));
    }
    out = std::move(list);
    return true;
  }

  static bool optional_tensors(const OperatorParameter& self, const knack_value_t& value,
                               c10::IValue& out) {
    if (!is_list(value)) return false;
    c10::List<std::optional<at::Tensor>> list;
    list.reserve(value.count);
    c10::IValue converted;
    for (std::uint64_t i = 0; i < value.count; ++i) {
      const knack_value_t& item = value.as.items[i];
      if (item.tag == KNACK_VALUE_NONE) {
        list.push_back(std::nullopt);
      } else if (tensor(self, item, converted)) {
        list.push_back(converted.toTensor());
      } else {
        self.refuse("element " + std::to_string(i) + ", " + describe(item));
      }
    }
    out = std::move(list);
    return true;
  }

  static bool integers(const OperatorParameter& self, const knack_value_t& value,
                       c10::IValue& out) {
    if (value.tag != KNACK_VALUE_INT) return list<std::int64_t, integer>(self, value, out);
    out = c10::List<std::int64_t>();
    auto list = out.toIntList();
    for (std::int32_t i = 0; i < self.length_; ++i) list.push_back(value.as.i64);
    return true;
  }

  static Convert for_list(const c10::TypePtr& element) {
    switch (element->kind()) {
      case c10::TypeKind::TensorType:
        return tensors;
      case c10::TypeKind::IntType:
        return integers;
      case c10::TypeKind::FloatType:
        return list<double, real>;
      case c10::TypeKind::BoolType:
        return list<bool, boolean>;
      case c10::TypeKind::NumberType:
        return list<at::Scalar, scalar>;
      case c10::TypeKind::OptionalType:
        return is_tensor(element->expectRef<c10::OptionalType>().getElementType())
                   ? optional_tensors
                   : nullptr;
      default:
        return nullptr;
    }
  }

  /// By the type as the boxed calling convention has it, in which SymInt, ScalarType, Layout and
  /// MemoryFormat are integers.
  static Convert for_type(const c10::TypePtr& type) {
    switch (type->kind()) {
      case c10::TypeKind::TensorType:
        return tensor;
      case c10::TypeKind::IntType:
        return integer;
      case c10::TypeKind::FloatType:
        return real;
      case c10::TypeKind::BoolType:
        return boolean;
      case c10::TypeKind::NumberType:
        return scalar;
      case c10::TypeKind::StringType:
        return text;
      case c10::TypeKind::DeviceObjType:
        return device;
      case c10::TypeKind::GeneratorType:
        return generator;
      case c10::TypeKind::ListType:
        return for_list(type->expectRef<c10::ListType>().getElementType());
      default:
        return nullptr;
    }
  }
};

namespace {

/// One more than the largest number of an enumeration; 0 for other types.
std::int64_t enumeration_bound(const c10::TypePtr& type) {
  switch (type->kind()) {
    case c10::TypeKind::ScalarTypeType:
      return static_cast<std::int64_t>(c10::ScalarType::NumOptions);
    case c10::TypeKind::LayoutType:
      return static_cast<std::int64_t>(c10::Layout::NumOptions);
    case c10::TypeKind::MemoryFormatType:
      return static_cast<std::int64_t>(c10::MemoryFormat::NumOptions);
    default:
      return 0;
  }
}

c10::TypePtr without_optional(const c10::TypePtr& type) {
  const auto optional = type->cast<c10::OptionalType>();
  return optional ? optional->getElementType() : type;
}

}  // namespace

OperatorParameter::OperatorParameter(const c10::Argument& argument)
    : name_(argument.name()),
      type_(argument.real_type()->annotation_str()),
      default_(argument.default_value()),
      bound_(enumeration_bound(without_optional(argument.real_type()))),
      length_(argument.N().value_or(1)),
      is_optional_(argument.type()->kind() == c10::TypeKind::OptionalType) {
  const c10::TypePtr type = without_optional(argument.type());
  convert_ = bound_ > 0 ? Conversions::enumeration : Conversions::for_type(type);
  is_generator_ = type->kind() == c10::TypeKind::GeneratorType;
}

c10::IValue OperatorParameter::argument(const knack_value_t& value) const {
  c10::IValue converted;
  if (value.tag == KNACK_VALUE_NONE && is_optional_) return converted;
  if (convert_ == nullptr || !convert_(*this, value, converted)) refuse(describe(value));
  return converted;
}

const c10::IValue& OperatorParameter::default_argument() const {
  if (!default_) refuse("nothing");
  return *default_;
}

void OperatorParameter::refuse(const std::string& found) const {
  throw ServiceError(KNACK_STATUS_INVALID,
                     "argument '" + name_ + "': expected " + type_ + ", found " + found);
}

}  // namespace knack::host
