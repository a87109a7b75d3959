// SPDX-License-Identifier: MIT
// Element types of results, broadcasting, and functions of single elements. Part of
// fake_operators.hpp.
#pragma once

#include <knack/testing/fake_arguments.hpp>

namespace knack::testing::fake {

[[noreturn]] inline void refuse(const std::string& text) {
  throw Error(KNACK_STATUS_FAILED, text);
}

/// 0: boolean, 1: integer, 2: floating point.
inline int category(std::int32_t dtype) {
  if (dtype == KNACK_DTYPE_BOOL) return 0;
  return dtype <= KNACK_DTYPE_INT64 ? 1 : 2;
}

/// The smallest type that holds both, as torch.promote_types.
inline std::int32_t promote(std::int32_t a, std::int32_t b) {
  if (a == b) return a;
  if (category(a) != category(b)) return category(a) > category(b) ? a : b;
  if (category(a) == 1) {
    const std::int32_t wider = std::max(a, b);
    const bool has_unsigned = std::min(a, b) == KNACK_DTYPE_UINT8;
    return has_unsigned && wider == KNACK_DTYPE_INT8 ? KNACK_DTYPE_INT16 : wider;
  }
  if (a == KNACK_DTYPE_FLOAT64 || b == KNACK_DTYPE_FLOAT64) return KNACK_DTYPE_FLOAT64;
  return KNACK_DTYPE_FLOAT32;
}

/// One input of a function of elements.
struct Operand {
  FakeTensor tensor;
  bool is_number = false;  // a Scalar, which decides the type least
  bool decides = true;     // false: takes the type of the others

  Operand(FakeTensor given) : tensor(std::move(given)) {}
  Operand(const FakeScalar& number) : tensor(number.tensor()), is_number(true) {}
  /// A number that takes the type of the others, such as alpha.
  static Operand factor(const FakeScalar& number) {
    Operand operand(number);
    operand.decides = false;
    return operand;
  }
};
using Operands = std::vector<Operand>;

/// As torch.result_type: tensors with dimensions decide before those without, these before numbers,
/// unless the others are of a higher category.
inline std::int32_t result_type(const Operands& operands) {
  std::array<std::int32_t, 3> types{-1, -1, -1};
  for (const Operand& operand : operands) {
    if (!operand.decides) continue;
    std::int32_t dtype = operand.tensor.dtype;
    if (operand.is_number && category(dtype) == 2) dtype = KNACK_DTYPE_FLOAT32;
    std::int32_t& type = types[operand.is_number ? 2 : operand.tensor.sizes.empty() ? 1 : 0];
    type = type < 0 ? dtype : promote(type, dtype);
  }
  std::int32_t result = -1;
  for (const std::int32_t type : types) {
    if (type < 0) continue;
    if (result < 0) {
      result = type;
    } else if (category(type) > category(result)) {
      result = promote(result, type);
    }
  }
  return result;
}

/// The type for functions that leave the integers.
inline std::int32_t floating_type(std::int32_t dtype) {
  return category(dtype) == 2 ? dtype : KNACK_DTYPE_FLOAT32;
}

inline std::vector<std::int64_t> broadcast_shape(const Operands& operands) {
  std::vector<std::int64_t> shape;
  for (const Operand& operand : operands) {
    const std::vector<std::int64_t>& sizes = operand.tensor.sizes;
    if (sizes.size() > shape.size()) shape.insert(shape.begin(), sizes.size() - shape.size(), 1);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      std::int64_t& size = shape[shape.size() - sizes.size() + i];
      if (sizes[i] == 1 || sizes[i] == size) continue;
      if (size != 1) refuse("the shapes of the tensors cannot be broadcast to one another");
      size = sizes[i];
    }
  }
  return shape;
}

/// A view in which dimensions of size 1 are repeated; new ones come in front.
inline FakeTensor expand_to(const FakeTensor& tensor, const std::vector<std::int64_t>& shape) {
  if (shape.size() < tensor.sizes.size()) refuse("expand: fewer dimensions than the tensor has");
  FakeTensor view = tensor;
  view.sizes = shape;
  view.strides.assign(shape.size(), 0);
  const std::size_t added = shape.size() - tensor.sizes.size();
  for (std::size_t i = 0; i < added; ++i) {
    if (shape[i] < 0) refuse("expand: a new dimension needs a size");
  }
  for (std::size_t i = added; i < shape.size(); ++i) {
    const std::int64_t size = tensor.sizes[i - added];
    if (shape[i] == -1) view.sizes[i] = size;
    if (size == view.sizes[i]) view.strides[i] = tensor.strides[i - added];
    if (size != view.sizes[i] && size != 1) refuse("expand: the tensor's sizes do not fit");
  }
  return view;
}

/// A function of one element of each operand, on floating point numbers and on integers. Without one
/// for integers there is none for them.
struct Kernel {
  double (*real)(const double*);
  std::int64_t (*whole)(const std::int64_t*) = nullptr;
  bool takes_booleans = true;
};

/// Reads an element as the function's common type has it.
template <typename Number>
Number element_as(const FakeTensor& tensor, std::int64_t index, std::int32_t dtype) {
  const auto number = tensor.get<Number>(index);
  return with_element_type(dtype, [number](auto element) {
    return static_cast<Number>(static_cast<decltype(element)>(number));
  });
}

template <typename Number, typename Function>
void calculate(const std::vector<FakeTensor>& inputs, std::int32_t common, Function function,
               const FakeTensor& out) {
  std::vector<Number> row(inputs.size());
  for (std::int64_t i = 0; i < out.numel(); ++i) {
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      row[k] = element_as<Number>(inputs[k], i, common);
    }
    out.set(i, function(row.data()));
  }
}

/// A new tensor of type `out_type`, calculated in the type `common`.
inline FakeTensor map_elements(const Operands& operands, std::int32_t common, std::int32_t out_type,
                               const Kernel& kernel) {
  const FakeTensor out(out_type, broadcast_shape(operands));
  std::vector<FakeTensor> inputs;
  for (const Operand& operand : operands) {
    if (!operand.decides && category(operand.tensor.dtype) == 2 && category(common) < 2) {
      refuse("for integers, alpha and other factors must be integers");
    }
    inputs.push_back(expand_to(operand.tensor, out.sizes));
  }
  if (category(common) == 0 && !kernel.takes_booleans) refuse("this operator takes no booleans");
  if (category(common) == 2) {
    calculate<double>(inputs, common, kernel.real, out);
  } else if (kernel.whole != nullptr) {
    calculate<std::int64_t>(inputs, common, kernel.whole, out);
  } else {
    refuse("this operator does not take integers or booleans");
  }
  return out;
}

/// Copies elements with conversion; `from` is broadcast.
inline void assign(const FakeTensor& to, const FakeTensor& from) {
  const FakeTensor source = expand_to(from, to.sizes).clone();
  if (source.dtype == to.dtype && to.is_contiguous()) {  // of half precision too
    std::memcpy(to.data(), source.data(),
                static_cast<std::size_t>(to.numel()) * element_size(to.dtype));
    return;
  }
  for (std::int64_t i = 0; i < to.numel(); ++i) {
    if (source.is_floating()) {
      to.set(i, source.get<double>(i));
    } else {
      to.set(i, source.get<std::int64_t>(i));
    }
  }
}

/// Writes a result into the tensor of an operator that works in place.
inline FakeTensor store(const FakeTensor& self, const FakeTensor& result) {
  if (result.sizes != self.sizes) {
    refuse("the result has another shape than the tensor that should take it");
  }
  const bool loses_kind = category(result.dtype) > category(self.dtype);
  if (loses_kind) refuse("the type of the result cannot be cast to that of the tensor in place");
  assign(self, result);
  return self;
}

inline FakeTensor convert(const FakeTensor& tensor, std::int32_t dtype) {
  FakeTensor result(dtype, tensor.sizes);
  assign(result, tensor);
  return result;
}

}  // namespace knack::testing::fake
