// SPDX-License-Identifier: MIT
//! What tensors compute. Each method is the ATen operator of its name, so it works on every device
//! and is recorded by autograd. Everything else of ATen: [`Operator`].
use crate::args;
use crate::error::Result;
use crate::operator::{Argument, Ints, Operator, TensorList};
use crate::tensor::{Dtype, Tensor};

/// The other side of an operation: a tensor or a number.
pub trait Operand {
    /// Which overload takes it.
    const IS_TENSOR: bool;
    /// The argument.
    fn argument(&self) -> Argument<'_>;
}

macro_rules! operand {
    ($($type:ty: $is_tensor:literal),*) => {$(
        impl Operand for $type {
            const IS_TENSOR: bool = $is_tensor;
            fn argument(&self) -> Argument<'_> {
                Argument::from(*self)
            }
        }
    )*};
}
operand!(&Tensor: true, f64: false, i64: false, i32: false);

macro_rules! unary {
    ($($name:ident)*) => {$(
        #[doc = concat!("`aten::", stringify!($name), "`")]
        pub fn $name(&self) -> Result<Tensor> {
            static OPERATOR: Operator = Operator::new(concat!("aten::", stringify!($name)), "");
            OPERATOR.call(&args![self])
        }
    )*};
}

macro_rules! binary {
    ($($name:ident)*) => {$(
        #[doc = concat!("`aten::", stringify!($name), "` with a tensor or a number")]
        pub fn $name<O: Operand>(&self, other: O) -> Result<Tensor> {
            static TENSOR: Operator = Operator::new(concat!("aten::", stringify!($name)), "Tensor");
            static SCALAR: Operator = Operator::new(concat!("aten::", stringify!($name)), "Scalar");
            let operator = if O::IS_TENSOR { &TENSOR } else { &SCALAR };
            operator.call(&[self.into(), other.argument()])
        }
    )*};
}

macro_rules! in_place {
    ($($name:ident)*) => {$(
        #[doc = concat!("`aten::", stringify!($name), "` with a tensor or a number, in place")]
        pub fn $name<O: Operand>(&self, other: O) -> Result<&Tensor> {
            static TENSOR: Operator = Operator::new(concat!("aten::", stringify!($name)), "Tensor");
            static SCALAR: Operator = Operator::new(concat!("aten::", stringify!($name)), "Scalar");
            let operator = if O::IS_TENSOR { &TENSOR } else { &SCALAR };
            operator.run(&[self.into(), other.argument()])?;
            Ok(self)
        }
    )*};
}

/// `name(arguments) -> Tensor: "overload", [arguments of the operator]`
macro_rules! methods {
    ($($name:ident($($given:ident: $type:ty),*): $operator:literal $overload:literal,
       [$($argument:expr),*];)*) => {$(
        #[doc = concat!("`", $operator, "`")]
        pub fn $name(&self, $($given: $type),*) -> Result<Tensor> {
            static OPERATOR: Operator = Operator::new($operator, $overload);
            OPERATOR.call(&args![self $(, $argument)*])
        }
    )*};
}

macro_rules! methods_in_place {
    ($($name:ident($($given:ident: $type:ty),*): $overload:literal, [$($argument:expr),*];)*) => {$(
        #[doc = concat!("`aten::", stringify!($name), "`, in place")]
        pub fn $name(&self, $($given: $type),*) -> Result<&Tensor> {
            static OPERATOR: Operator =
                Operator::new(concat!("aten::", stringify!($name)), $overload);
            OPERATOR.run(&args![self $(, $argument)*])?;
            Ok(self)
        }
    )*};
}

impl Tensor {
    unary! {
        abs exp log sqrt square sigmoid tanh relu neg isfinite sum mean max min all any
        detach contiguous empty_like zeros_like ones_like
    }
    binary! { add sub mul div eq ne lt gt }
    in_place! { add_ sub_ mul_ div_ }

    methods! {
        deep_clone(): "aten::clone" "", [];
        to(dtype: Dtype): "aten::to" "dtype", [dtype];
        norm(): "aten::norm" "Scalar", [];
        matmul(other: &Tensor): "aten::matmul" "", [other];
        linear(weight: &Tensor, bias: Option<&Tensor>): "aten::linear" "", [weight, bias];
        softmax(dim: i64): "aten::softmax" "int", [dim];
        log_softmax(dim: i64): "aten::log_softmax" "int", [dim];
        sum_dims(dims: &[i64], keepdim: bool):
            "aten::sum" "dim_IntList", [&Ints::new(dims), keepdim];
        mean_dims(dims: &[i64], keepdim: bool): "aten::mean" "dim", [&Ints::new(dims), keepdim];
        argmax(dim: i64): "aten::argmax" "", [dim];
        view(sizes: &[i64]): "aten::view" "", [&Ints::new(sizes)];
        reshape(sizes: &[i64]): "aten::reshape" "", [&Ints::new(sizes)];
        flatten(first_dim: i64, last_dim: i64): "aten::flatten" "using_ints", [first_dim, last_dim];
        unsqueeze(dim: i64): "aten::unsqueeze" "", [dim];
        transpose(first_dim: i64, second_dim: i64): "aten::transpose" "int", [first_dim, second_dim];
        select(dim: i64, index: i64): "aten::select" "int", [dim, index];
        narrow(dim: i64, start: i64, length: i64): "aten::narrow" "", [dim, start, length];
        index_select(dim: i64, indices: &Tensor): "aten::index_select" "", [dim, indices];
        gather(dim: i64, indices: &Tensor): "aten::gather" "", [dim, indices];
    }

    methods_in_place! {
        copy_(source: &Tensor): "", [source];
        fill_(value: f64): "Scalar", [value];
        zero_(): "", [];
        lerp_(end: &Tensor, weight: f64): "Scalar", [end, weight];
        clamp_(low: f64, high: f64): "", [low, high];
        uniform_(low: f64, high: f64): "", [low, high];
        normal_(mean: f64, std: f64): "", [mean, std];
        requires_grad_(requires_grad: bool): "", [requires_grad];
    }

    /// `self += alpha * other`
    pub fn add_scaled_(&self, other: &Tensor, alpha: f64) -> Result<&Tensor> {
        static OPERATOR: Operator = Operator::new("aten::add_", "Tensor");
        OPERATOR.run(&args![self, other, alpha])?;
        Ok(self)
    }

    /// The number in a tensor of one element.
    pub fn item(&self) -> Result<f64> {
        static OPERATOR: Operator = Operator::new("aten::item", "");
        OPERATOR.number(&args![self])
    }
}

/// Runs an operator on lists, none of which may be empty.
fn for_each(operator: &Operator, list: &TensorList, arguments: &[Argument<'_>]) -> Result<()> {
    if list.as_slice().is_empty() {
        return Ok(());
    }
    operator.run(arguments)
}

/// `a[i] += weight * (b[i] - a[i])`, for all i.
pub fn foreach_lerp_(a: &TensorList, b: &TensorList, weight: f64) -> Result<()> {
    static OPERATOR: Operator = Operator::new("aten::_foreach_lerp_", "Scalar");
    for_each(&OPERATOR, a, &args![a, b, weight])
}

/// `a[i] = b[i]`, converted to the element type of `a[i]`.
pub fn foreach_copy_(a: &TensorList, b: &TensorList) -> Result<()> {
    static OPERATOR: Operator = Operator::new("aten::_foreach_copy_", "");
    for_each(&OPERATOR, a, &args![a, b])
}

/// `a[i] += alpha * b[i]`
pub fn foreach_add_(a: &TensorList, b: &TensorList, alpha: f64) -> Result<()> {
    static OPERATOR: Operator = Operator::new("aten::_foreach_add_", "List");
    for_each(&OPERATOR, a, &args![a, b, alpha])
}

/// `a[i] *= factor`
pub fn foreach_mul_(a: &TensorList, factor: f64) -> Result<()> {
    static OPERATOR: Operator = Operator::new("aten::_foreach_mul_", "Scalar");
    for_each(&OPERATOR, a, &args![a, factor])
}

/// `a[i] = 0`
pub fn foreach_zero_(a: &TensorList) -> Result<()> {
    static OPERATOR: Operator = Operator::new("aten::_foreach_zero_", "");
    for_each(&OPERATOR, a, &args![a])
}
