// SPDX-License-Identifier: MIT
// What is one operator of the same name, and + - * / < <= > >= on tensors and numbers. Part of
// tensor.hpp.
#pragma once

#include <knack/sdk/operator.hpp>

namespace knack::inline v1 {

// y = x.name()
#define KNACK_UNARY(name)                     \
  inline Tensor Tensor::name() const {        \
    static const Operator op("aten::" #name); \
    return op(*this);                         \
  }
KNACK_UNARY(clone)
KNACK_UNARY(detach)
KNACK_UNARY(contiguous)
KNACK_UNARY(abs)
KNACK_UNARY(sign)
KNACK_UNARY(round)
KNACK_UNARY(floor)
KNACK_UNARY(exp)
KNACK_UNARY(log)
KNACK_UNARY(sqrt)
KNACK_UNARY(rsqrt)
KNACK_UNARY(square)
KNACK_UNARY(reciprocal)
KNACK_UNARY(sigmoid)
KNACK_UNARY(tanh)
KNACK_UNARY(relu)
KNACK_UNARY(isfinite)
KNACK_UNARY(logical_not)
KNACK_UNARY(sum)
KNACK_UNARY(mean)
KNACK_UNARY(max)
KNACK_UNARY(min)
KNACK_UNARY(all)
KNACK_UNARY(any)
#undef KNACK_UNARY

// y = x.name(other)
#define KNACK_BINARY(name)                                \
  inline Tensor Tensor::name(const Tensor& other) const { \
    static const Operator op("aten::" #name);             \
    return op(*this, other);                              \
  }
KNACK_BINARY(matmul)
KNACK_BINARY(minimum)
KNACK_BINARY(maximum)
KNACK_BINARY(logical_and)
KNACK_BINARY(logical_or)
KNACK_BINARY(expand_as)
KNACK_BINARY(masked_select)
#undef KNACK_BINARY

// y = x.name(other) with a tensor or a number
#define KNACK_COMPARISON(name)                            \
  inline Tensor Tensor::name(const Tensor& other) const { \
    static const Operator op("aten::" #name, "Tensor");   \
    return op(*this, other);                              \
  }                                                       \
  inline Tensor Tensor::name(Scalar other) const {        \
    static const Operator op("aten::" #name, "Scalar");   \
    return op(*this, other);                              \
  }
KNACK_COMPARISON(eq)
KNACK_COMPARISON(ne)
KNACK_COMPARISON(lt)
KNACK_COMPARISON(le)
KNACK_COMPARISON(gt)
KNACK_COMPARISON(ge)
#undef KNACK_COMPARISON

// x.name(other) in place, with a tensor or a number
#define KNACK_IN_PLACE(name)                            \
  inline Tensor& Tensor::name(const Tensor& other) {    \
    static const Operator op("aten::" #name, "Tensor"); \
    op.run(*this, other);                               \
    return *this;                                       \
  }                                                     \
  inline Tensor& Tensor::name(Scalar other) {           \
    static const Operator op("aten::" #name, "Scalar"); \
    op.run(*this, other);                               \
    return *this;                                       \
  }
KNACK_IN_PLACE(add_)
KNACK_IN_PLACE(sub_)
KNACK_IN_PLACE(mul_)
KNACK_IN_PLACE(div_)
#undef KNACK_IN_PLACE

// y = x.name(dims, keepdim)
#define KNACK_REDUCTION(name, overload)                        \
  inline Tensor Tensor::name(Sizes dims, bool keepdim) const { \
    static const Operator op("aten::" #name, overload);        \
    return op(*this, IntList(dims), keepdim);                  \
  }
KNACK_REDUCTION(sum, "dim_IntList")
KNACK_REDUCTION(mean, "dim")
KNACK_REDUCTION(amax, "")
KNACK_REDUCTION(amin, "")
#undef KNACK_REDUCTION

// y = x.name(sizes)
#define KNACK_SHAPE(name)                         \
  inline Tensor Tensor::name(Sizes sizes) const { \
    static const Operator op("aten::" #name);     \
    return op(*this, IntList(sizes));             \
  }
KNACK_SHAPE(view)
KNACK_SHAPE(reshape)
KNACK_SHAPE(permute)
KNACK_SHAPE(expand)
KNACK_SHAPE(flip)
#undef KNACK_SHAPE

// a + b, a + 2, a += b, a += 2
#define KNACK_ARITHMETIC(symbol, name)                              \
  inline Tensor operator symbol(const Tensor& a, const Tensor& b) { \
    static const Operator op("aten::" #name, "Tensor");             \
    return op(a, b);                                                \
  }                                                                 \
  inline Tensor operator symbol(const Tensor& a, Scalar b) {        \
    static const Operator op("aten::" #name, "Scalar");             \
    return op(a, b);                                                \
  }                                                                 \
  inline Tensor& operator symbol##=(Tensor & a, const Tensor & b) { \
    return a.name##_(b);                                            \
  }                                                                 \
  inline Tensor& operator symbol##=(Tensor & a, Scalar b) {         \
    return a.name##_(b);                                            \
  }
KNACK_ARITHMETIC(+, add)
KNACK_ARITHMETIC(-, sub)
KNACK_ARITHMETIC(*, mul)
KNACK_ARITHMETIC(/, div)
#undef KNACK_ARITHMETIC

// a < b, a < 2, 2 < a: tensors of bool
#define KNACK_ORDER(symbol, name, mirrored)                         \
  inline Tensor operator symbol(const Tensor& a, const Tensor& b) { \
    return a.name(b);                                               \
  }                                                                 \
  inline Tensor operator symbol(const Tensor& a, Scalar b) {        \
    return a.name(b);                                               \
  }                                                                 \
  inline Tensor operator symbol(Scalar a, const Tensor& b) {        \
    return b.mirrored(a);                                           \
  }
KNACK_ORDER(<, lt, gt)
KNACK_ORDER(<=, le, ge)
KNACK_ORDER(>, gt, lt)
KNACK_ORDER(>=, ge, le)
#undef KNACK_ORDER

inline Tensor operator-(const Tensor& a) {
  static const Operator op("aten::neg");
  return op(a);
}
inline Tensor operator+(Scalar a, const Tensor& b) {
  return b + a;
}
inline Tensor operator*(Scalar a, const Tensor& b) {
  return b * a;
}
inline Tensor operator-(Scalar a, const Tensor& b) {
  static const Operator op("aten::rsub", "Scalar");
  return op(b, a);
}
inline Tensor operator/(Scalar a, const Tensor& b) {
  return b.reciprocal() * a;
}

}  // namespace knack::inline v1
