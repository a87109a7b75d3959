// SPDX-License-Identifier: MIT
//! The operators of the fake host: what small plugins need, on the CPU, without autograd.
use super::aten::{Output, Run};
use super::tensors::{fake, FakeTensor};
use crate::abi::*;
use crate::error::{Error, Result};
use crate::value::ValueView;
use std::rc::Rc;

/// The arguments of a call.
pub(crate) struct Arguments<'a> {
    pub(crate) operator: &'a str,
    pub(crate) values: &'a [knack_value_t],
}

impl<'a> Arguments<'a> {
    fn view(&self, index: usize) -> ValueView<'a> {
        let value = self.values.get(index).map_or(std::ptr::null(), |value| value);
        unsafe { ValueView::new(value) }
    }

    fn refuse(&self, reason: &str) -> Error {
        Error::invalid(format!("{} of the fake host: {reason}", self.operator))
    }

    fn tensor(&self, index: usize) -> Result<&'a Rc<FakeTensor>> {
        match self.values.get(index) {
            Some(value) if value.tag == KNACK_VALUE_TENSOR => unsafe {
                Ok(fake(value.r#as.tensor))
            },
            _ => Err(self.refuse("expected a tensor")),
        }
    }

    fn list(&self, index: usize) -> Result<Vec<&'a Rc<FakeTensor>>> {
        let value = self.values.get(index).filter(|value| value.tag == KNACK_VALUE_LIST);
        let value = value.ok_or_else(|| self.refuse("expected a list of tensors"))?;
        let item = |i| unsafe { fake((*value.r#as.items.add(i)).r#as.tensor) };
        Ok((0..value.count as usize).map(item).collect())
    }

    fn number(&self, index: usize, default: f64) -> Result<f64> {
        let given = self.view(index);
        if given.is_none() {
            return Ok(default);
        }
        given.boolean().map(|given| f64::from(u8::from(given))).or_else(|_| given.number())
    }

    fn sizes(&self, index: usize, count: usize) -> Result<Vec<i64>> {
        let mut sizes: Vec<_> =
            self.view(index).list()?.map(|v| v.integer()).collect::<Result<_>>()?;
        let known: i64 = sizes.iter().filter(|&&size| size >= 0).product();
        sizes.iter_mut().filter(|size| **size < 0).for_each(|size| *size = count as i64 / known);
        if sizes.iter().product::<i64>() != count as i64 {
            return Err(self.refuse("the shape has another number of elements"));
        }
        Ok(sizes)
    }
}

type Outputs = Result<Vec<Output>>;

fn one(tensor: Rc<FakeTensor>) -> Outputs {
    Ok(vec![Output::Tensor(tensor)])
}

fn number(like: &FakeTensor, value: f64) -> Outputs {
    let result = FakeTensor::new(like.dtype, &[]);
    result.set(0, value);
    one(result)
}

fn map(given: &Arguments<'_>, function: fn(f64) -> f64) -> Outputs {
    let a = given.tensor(0)?;
    let result = FakeTensor::new(a.dtype, &a.sizes);
    result.fill(|i| function(a.get(i)));
    one(result)
}

/// The second side of an operation: a number, or a tensor that broadcasts to `sizes`.
fn operand<'a>(given: &Arguments<'a>, sizes: &'a [i64]) -> Result<Box<dyn Fn(usize) -> f64 + 'a>> {
    if given.view(1).tag() != KNACK_VALUE_TENSOR {
        let number = given.number(1, 0.0)?;
        return Ok(Box::new(move |_| number));
    }
    let b = given.tensor(1)?;
    let offset = sizes.len() - b.sizes.len().min(sizes.len());
    let fits = b.sizes.iter().zip(&sizes[offset..]).all(|(&b, &a)| a == b || b == 1);
    if !fits || b.sizes.len() > sizes.len() {
        return Err(given.refuse("the shapes do not fit"));
    }
    Ok(Box::new(move |mut i| {
        let (mut index, mut stride) = (0, 1);
        for (dim, &size) in sizes.iter().enumerate().rev() {
            let position = i % size as usize;
            i /= size as usize;
            if dim >= offset && b.sizes[dim - offset] != 1 {
                index += position * stride;
            }
            stride *= if dim >= offset { b.sizes[dim - offset] as usize } else { 1 };
        }
        b.get(index)
    }))
}

fn binary(given: &Arguments<'_>, function: fn(f64, f64) -> f64) -> Outputs {
    let a = given.tensor(0)?;
    let alpha = given.number(2, 1.0)?;
    let b = operand(given, &a.sizes)?;
    let result = FakeTensor::new(a.dtype, &a.sizes);
    result.fill(|i| function(a.get(i), alpha * b(i)));
    one(result)
}

fn compare(given: &Arguments<'_>, function: fn(f64, f64) -> bool) -> Outputs {
    let a = given.tensor(0)?;
    let b = operand(given, &a.sizes)?;
    let result = FakeTensor::new(KNACK_DTYPE_BOOL, &a.sizes);
    result.fill(|i| f64::from(u8::from(function(a.get(i), b(i)))));
    one(result)
}

fn in_place(given: &Arguments<'_>, function: fn(f64, f64) -> f64) -> Outputs {
    let a = given.tensor(0)?;
    let alpha = given.number(2, 1.0)?;
    let b = operand(given, &a.sizes)?;
    a.fill(|i| function(a.get(i), alpha * b(i)));
    one(a.clone())
}

fn lerp(given: &Arguments<'_>) -> Outputs {
    let (a, weight) = (given.tensor(0)?, given.number(2, 0.0)?);
    let b = operand(given, &a.sizes)?;
    a.fill(|i| a.get(i) + weight * (b(i) - a.get(i)));
    one(a.clone())
}

/// For lists: `function(a[i], b[i], number)` for each element.
fn for_each(given: &Arguments<'_>, function: fn(f64, f64, f64) -> f64) -> Outputs {
    let a = given.list(0)?;
    let b = if given.view(1).tag() == KNACK_VALUE_LIST { given.list(1)? } else { a.clone() };
    let last = given.values.len() - 1;
    let number = given.number(last, 1.0).unwrap_or(1.0);
    for (a, b) in a.iter().zip(b) {
        a.fill(|i| function(a.get(i), b.get(i), number));
    }
    Ok(Vec::new())
}

fn like(given: &Arguments<'_>, value: f64) -> Outputs {
    let a = given.tensor(0)?;
    let dtype = given.view(1).integer().map_or(a.dtype, |dtype| dtype as i32);
    let result = FakeTensor::new(dtype, &a.sizes);
    result.fill(|_| value);
    one(result)
}

fn reshape(a: &FakeTensor, sizes: &[i64]) -> Outputs {
    let result = FakeTensor::new(a.dtype, sizes);
    result.fill(|i| a.get(i));
    one(result)
}

fn flatten(given: &Arguments<'_>) -> Outputs {
    let a = given.tensor(0)?;
    let dims = a.sizes.len() as f64;
    let at = |given: f64| (if given < 0.0 { given + dims } else { given }) as usize;
    let (first, last) = (at(given.number(1, 0.0)?), at(given.number(2, -1.0)?));
    let middle = a.sizes[first..=last].iter().product();
    reshape(a, &[&a.sizes[..first], &[middle], &a.sizes[last + 1..]].concat())
}

/// `a b` or, transposed, `a b'`, of matrices, plus a row.
fn product(given: &Arguments<'_>, transposed: bool) -> Outputs {
    let (a, b) = (given.tensor(0)?, given.tensor(1)?);
    let inner_dim = if transposed { 1 } else { 0 };
    if a.sizes.len() != 2 || b.sizes.len() != 2 || a.sizes[1] != b.sizes[inner_dim] {
        return Err(given.refuse("expected two matrices that fit"));
    }
    let (inner, columns) = (a.sizes[1] as usize, b.sizes[1 - inner_dim] as usize);
    let bias = if transposed { given.tensor(2).ok() } else { None };
    let result = FakeTensor::new(a.dtype, &[a.sizes[0], columns as i64]);
    result.fill(|i| {
        let (row, column) = (i / columns, i % columns);
        let at = |k| if transposed { column * inner + k } else { k * columns + column };
        let sum: f64 = (0..inner).map(|k| a.get(row * inner + k) * b.get(at(k))).sum();
        sum + bias.map_or(0.0, |bias| bias.get(column))
    });
    one(result)
}

/// Calls `function` with each row along the last dimension.
fn rows(a: &FakeTensor, mut function: impl FnMut(usize, &[f64])) {
    let width = a.sizes.last().map_or(1, |&size| size as usize).max(1);
    let elements = a.to_vec();
    elements.chunks(width).enumerate().for_each(|(row, chunk)| function(row, chunk));
}

fn log_softmax(a: &FakeTensor) -> Rc<FakeTensor> {
    let result = FakeTensor::new(a.dtype, &a.sizes);
    rows(a, |row, elements| {
        let largest = elements.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = elements.iter().map(|x| (x - largest).exp()).sum();
        for (i, x) in elements.iter().enumerate() {
            result.set(row * elements.len() + i, x - largest - sum.ln());
        }
    });
    result
}

fn softmax(given: &Arguments<'_>) -> Outputs {
    let result = log_softmax(given.tensor(0)?);
    result.fill(|i| result.get(i).exp());
    one(result)
}

/// Mean over the rows; with label smoothing, which is argument 5.
fn cross_entropy_loss(given: &Arguments<'_>) -> Outputs {
    let (outputs, targets) = (given.tensor(0)?, given.tensor(1)?);
    let smoothing = given.number(5, 0.0)?;
    let mut sum = 0.0;
    rows(&log_softmax(outputs), |row, logs| {
        let mean = logs.iter().sum::<f64>() / logs.len() as f64;
        sum -= (1.0 - smoothing) * logs[targets.get(row) as usize] + smoothing * mean;
    });
    number(outputs, sum / targets.count() as f64)
}

fn argmax(given: &Arguments<'_>) -> Outputs {
    let a = given.tensor(0)?;
    let leading = a.sizes.len().saturating_sub(1);
    if ![-1.0, leading as f64].contains(&given.number(1, -1.0)?) {
        return Err(given.refuse("knows the last dimension only"));
    }
    let result = FakeTensor::new(KNACK_DTYPE_INT64, &a.sizes[..leading]);
    rows(a, |row, elements| {
        let best = (0..elements.len()).fold(
            0,
            |best, i| {
                if elements[i] > elements[best] {
                    i
                } else {
                    best
                }
            },
        );
        result.set(row, best as f64);
    });
    one(result)
}

fn fold(given: &Arguments<'_>, function: fn(&[f64]) -> f64) -> Outputs {
    let a = given.tensor(0)?;
    number(a, function(&a.to_vec()))
}

/// Numbers that are spread over [0, 1) and the same in every run.
fn spread(i: usize) -> f64 {
    ((i + 1) as f64 * 0.618_033_988_749_895).fract()
}

fn uniform(given: &Arguments<'_>) -> Outputs {
    let (a, low, high) = (given.tensor(0)?, given.number(1, 0.0)?, given.number(2, 1.0)?);
    a.fill(|i| low + (high - low) * spread(i));
    one(a.clone())
}

fn requires_grad(given: &Arguments<'_>) -> Outputs {
    let a = given.tensor(0)?;
    a.requires_grad.set(given.number(1, 1.0)? != 0.0);
    one(a.clone())
}

fn to(given: &Arguments<'_>) -> Outputs {
    let (a, dtype) = (given.tensor(0)?, given.view(1).integer()? as i32);
    let result = FakeTensor::new(dtype, &a.sizes);
    result.fill(|i| a.get(i));
    one(result)
}

fn one_hot(given: &Arguments<'_>) -> Outputs {
    let (a, classes) = (given.tensor(0)?, given.view(1).integer()?);
    let result = FakeTensor::new(KNACK_DTYPE_INT64, &[&a.sizes[..], &[classes]].concat());
    let classes = classes as usize;
    result.fill(|i| f64::from(u8::from(a.get(i / classes) == (i % classes) as f64)));
    one(result)
}

macro_rules! operators {
    ($($name:literal $($overload:literal)? => $run:expr;)*) => {
        &[$((concat!("aten::", $name), concat!($($overload)?), $run)),*]
    };
}

pub(crate) static OPERATORS: &[(&str, &str, Run)] = operators! {
    "abs" => |g| map(g, f64::abs);
    "exp" => |g| map(g, f64::exp);
    "log" => |g| map(g, f64::ln);
    "sqrt" => |g| map(g, f64::sqrt);
    "square" => |g| map(g, |x| x * x);
    "sigmoid" => |g| map(g, |x| 1.0 / (1.0 + (-x).exp()));
    "tanh" => |g| map(g, f64::tanh);
    "relu" => |g| map(g, |x| x.max(0.0));
    "neg" => |g| map(g, |x| -x);
    "clone" => |g| map(g, |x| x);
    "detach" => |g| one(g.tensor(0)?.clone());
    "contiguous" => |g| one(g.tensor(0)?.clone());
    "sum" => |g| fold(g, |x| x.iter().sum());
    "mean" => |g| fold(g, |x| x.iter().sum::<f64>() / x.len() as f64);
    "max" => |g| fold(g, |x| x.iter().copied().fold(f64::NEG_INFINITY, f64::max));
    "min" => |g| fold(g, |x| x.iter().copied().fold(f64::INFINITY, f64::min));
    "norm" "Scalar" => |g| fold(g, |x| x.iter().map(|x| x * x).sum::<f64>().sqrt());
    "item" => |g| Ok(vec![Output::Number(g.tensor(0)?.get(0))]);
    "empty_like" => |g| like(g, 0.0);
    "zeros_like" => |g| like(g, 0.0);
    "ones_like" => |g| like(g, 1.0);
    "add" "Tensor" => |g| binary(g, |a, b| a + b);
    "add" "Scalar" => |g| binary(g, |a, b| a + b);
    "sub" "Tensor" => |g| binary(g, |a, b| a - b);
    "sub" "Scalar" => |g| binary(g, |a, b| a - b);
    "mul" "Tensor" => |g| binary(g, |a, b| a * b);
    "mul" "Scalar" => |g| binary(g, |a, b| a * b);
    "div" "Tensor" => |g| binary(g, |a, b| a / b);
    "div" "Scalar" => |g| binary(g, |a, b| a / b);
    "eq" "Tensor" => |g| compare(g, |a, b| a == b);
    "eq" "Scalar" => |g| compare(g, |a, b| a == b);
    "ne" "Tensor" => |g| compare(g, |a, b| a != b);
    "ne" "Scalar" => |g| compare(g, |a, b| a != b);
    "lt" "Tensor" => |g| compare(g, |a, b| a < b);
    "lt" "Scalar" => |g| compare(g, |a, b| a < b);
    "gt" "Tensor" => |g| compare(g, |a, b| a > b);
    "gt" "Scalar" => |g| compare(g, |a, b| a > b);
    "add_" "Tensor" => |g| in_place(g, |a, b| a + b);
    "add_" "Scalar" => |g| in_place(g, |a, b| a + b);
    "sub_" "Tensor" => |g| in_place(g, |a, b| a - b);
    "sub_" "Scalar" => |g| in_place(g, |a, b| a - b);
    "mul_" "Tensor" => |g| in_place(g, |a, b| a * b);
    "mul_" "Scalar" => |g| in_place(g, |a, b| a * b);
    "div_" "Tensor" => |g| in_place(g, |a, b| a / b);
    "div_" "Scalar" => |g| in_place(g, |a, b| a / b);
    "copy_" => |g| in_place(g, |_, b| b);
    "fill_" "Scalar" => |g| in_place(g, |_, b| b);
    "zero_" => |g| in_place(g, |_, _| 0.0);
    "lerp_" "Scalar" => lerp;
    "uniform_" => uniform;
    "requires_grad_" => requires_grad;
    "to" "dtype" => to;
    "view" => |g| { let a = g.tensor(0)?; reshape(a, &g.sizes(1, a.count())?) };
    "reshape" => |g| { let a = g.tensor(0)?; reshape(a, &g.sizes(1, a.count())?) };
    "flatten" "using_ints" => flatten;
    "matmul" => |g| product(g, false);
    "linear" => |g| product(g, true);
    "softmax" "int" => softmax;
    "log_softmax" "int" => |g| one(log_softmax(g.tensor(0)?));
    "argmax" => argmax;
    "one_hot" => one_hot;
    "cross_entropy_loss" => cross_entropy_loss;
    "_foreach_lerp_" "Scalar" => |g| for_each(g, |a, b, weight| a + weight * (b - a));
    "_foreach_copy_" => |g| for_each(g, |_, b, _| b);
    "_foreach_add_" "List" => |g| for_each(g, |a, b, alpha| a + alpha * b);
    "_foreach_mul_" "Scalar" => |g| for_each(g, |a, _, factor| a * factor);
    "_foreach_zero_" => |g| for_each(g, |_, _, _| 0.0);
};
