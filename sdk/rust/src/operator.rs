// SPDX-License-Identifier: MIT
//! Every ATen operator: found once by name, called like a function.
use crate::abi::*;
use crate::error::{from_abi, Error, Result};
use crate::gateway::aten_api;
use crate::tensor::{Dtype, Tensor};
use std::ffi::CString;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicPtr, Ordering};

/// An argument of an operator: a tensor, `None::<&Tensor>` or `()` for none, a number, a bool, a
/// [`Dtype`], text, [`Ints`] or a [`TensorList`]. Written with [`args!`](crate::args!).
#[repr(transparent)]
pub struct Argument<'a> {
    value: knack_value_t,
    lifetime: PhantomData<&'a ()>,
}

pub(crate) fn make_value(tag: u32, count: usize, content: knack_value_as_t) -> knack_value_t {
    knack_value_t { tag, reserved: 0, count: count as u64, r#as: content }
}

macro_rules! argument {
    ($($type:ty: $given:ident => $tag:ident, $count:expr, $field:ident = $content:expr;)*) => {$(
        impl<'a> From<$type> for Argument<'a> {
            fn from($given: $type) -> Self {
                let content = knack_value_as_t { $field: $content };
                Self { value: make_value($tag, $count, content), lifetime: PhantomData }
            }
        }
    )*};
}

argument! {
    (): _none => KNACK_VALUE_NONE, 0, i64 = 0;
    bool: given => KNACK_VALUE_BOOL, 0, i64 = i64::from(given);
    i32: given => KNACK_VALUE_INT, 0, i64 = i64::from(given);
    i64: given => KNACK_VALUE_INT, 0, i64 = given;
    f64: given => KNACK_VALUE_FLOAT, 0, f64 = given;
    Dtype: given => KNACK_VALUE_INT, 0, i64 = given as i64;
    &'a str: given => KNACK_VALUE_STRING, given.len(), string = given.as_ptr();
    &'a Tensor: given => KNACK_VALUE_TENSOR, 0, tensor = given.handle();
    &'a TensorList: given => KNACK_VALUE_LIST, given.items.len(), items = given.items.as_ptr();
    &'a Ints: given => KNACK_VALUE_LIST, given.items.len(), items = given.items.as_ptr();
}

impl<'a> From<Option<&'a Tensor>> for Argument<'a> {
    fn from(given: Option<&'a Tensor>) -> Self {
        given.map_or_else(|| ().into(), Into::into)
    }
}

/// The arguments of an operator: `op.call(&args![&x, 0.5])`.
#[macro_export]
macro_rules! args {
    ($($argument:expr),* $(,)?) => { [$($crate::Argument::from($argument)),*] };
}

/// A list of integers for operators that take `int[]`.
pub struct Ints {
    items: Vec<knack_value_t>,
}

impl Ints {
    /// A list of these numbers.
    pub fn new(numbers: &[i64]) -> Self {
        let items = numbers.iter().map(|&number| Argument::from(number).value).collect();
        Self { items }
    }
}

/// A list of tensors for operators that take `Tensor[]`. Keep one across steps: nothing is
/// allocated then.
#[derive(Default)]
pub struct TensorList {
    tensors: Vec<Tensor>,
    items: Vec<knack_value_t>,
}

impl TensorList {
    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a reference to the tensor.
    pub fn push(&mut self, tensor: Tensor) {
        self.items.push(Argument::from(&tensor).value);
        self.tensors.push(tensor);
    }

    /// Removes all.
    pub fn clear(&mut self) {
        self.items.clear();
        self.tensors.clear();
    }

    /// The tensors.
    pub fn as_slice(&self) -> &[Tensor] {
        &self.tensors
    }
}

impl Extend<Tensor> for TensorList {
    fn extend<I: IntoIterator<Item = Tensor>>(&mut self, tensors: I) {
        tensors.into_iter().for_each(|tensor| self.push(tensor));
    }
}

impl FromIterator<Tensor> for TensorList {
    fn from_iter<I: IntoIterator<Item = Tensor>>(tensors: I) -> Self {
        let mut list = Self::new();
        list.extend(tensors);
        list
    }
}

/// An ATen operator of one overload, looked up when it is first used, so keep it in a static:
///
/// ```ignore
/// static RELU: Operator = Operator::new("aten::relu", "");
/// let y = RELU.call(&args![&x])?;
/// ```
///
/// Arguments come in the order of the operator's schema; trailing ones with defaults may be left
/// out. A failure is an [`Error`] with LibTorch's message.
pub struct Operator {
    name: &'static str,
    overload: &'static str,
    found: AtomicPtr<knack_operator_t>,
}

impl Operator {
    /// The operator `name`, such as "aten::lerp_", of this overload, "" when it has none.
    pub const fn new(name: &'static str, overload: &'static str) -> Self {
        Self { name, overload, found: AtomicPtr::new(std::ptr::null_mut()) }
    }

    /// The first result, a tensor.
    pub fn call(&self, arguments: &[Argument<'_>]) -> Result<Tensor> {
        let [result] = self.results::<1>(arguments)?;
        result.ok_or_else(|| Error::new(format!("{} gave no tensor", self.name)))
    }

    /// The first `N` results of an operator that gives several; `None` for what is no tensor.
    pub fn results<const N: usize>(
        &self,
        arguments: &[Argument<'_>],
    ) -> Result<[Option<Tensor>; N]> {
        let values = self.values::<N>(arguments)?;
        Ok(values.map(|value| match value.tag {
            KNACK_VALUE_TENSOR => Some(unsafe { Tensor::take(value.r#as.tensor) }),
            _ => {
                unsafe { discard(&value) };
                None
            }
        }))
    }

    /// The tensors of an operator whose result is one `Tensor[]`.
    pub fn list(&self, arguments: &[Argument<'_>]) -> Result<Vec<Tensor>> {
        let [value] = self.values::<1>(arguments)?;
        if value.tag != KNACK_VALUE_LIST {
            unsafe { discard(&value) };
            return Err(Error::new(format!("{} gave no list", self.name)));
        }
        let items = unsafe { items_of(&value) };
        if items.iter().any(|item| item.tag != KNACK_VALUE_TENSOR) {
            unsafe { discard(&value) };
            return Err(Error::new(format!("{} gave a list with no tensors", self.name)));
        }
        Ok(items.iter().map(|item| unsafe { Tensor::take(item.r#as.tensor) }).collect())
    }

    /// The first result of an operator that gives a number, such as "aten::item".
    pub fn number(&self, arguments: &[Argument<'_>]) -> Result<f64> {
        let [value] = self.values::<1>(arguments)?;
        match value.tag {
            KNACK_VALUE_FLOAT => Ok(unsafe { value.r#as.f64 }),
            KNACK_VALUE_INT | KNACK_VALUE_BOOL => Ok(unsafe { value.r#as.i64 } as f64),
            _ => {
                unsafe { discard(&value) };
                Err(Error::new(format!("{} gave no number", self.name)))
            }
        }
    }

    /// For operators that work in place: results are not looked at.
    pub fn run(&self, arguments: &[Argument<'_>]) -> Result<()> {
        self.values::<0>(arguments).map(|_| ())
    }

    fn values<const N: usize>(&self, arguments: &[Argument<'_>]) -> Result<[knack_value_t; N]> {
        let api = aten_api()?;
        let op = self.find(api)?;
        let mut results = [Argument::from(()).value; N];
        let mut count = 0;
        let given = arguments.as_ptr() as *const knack_value_t;
        check(api, unsafe {
            let capacity = N as u64;
            (api.call)(
                op,
                given,
                arguments.len() as u64,
                results.as_mut_ptr(),
                capacity,
                &mut count,
            )
        })?;
        Ok(results)
    }

    fn find(&self, api: &knack_aten_api_t) -> Result<*const knack_operator_t> {
        let found = self.found.load(Ordering::Relaxed);
        if !found.is_null() {
            return Ok(found);
        }
        let c_text = |text| CString::new(text).map_err(|_| Error::invalid("a zero byte in a name"));
        let (name, overload) = (c_text(self.name)?, c_text(self.overload)?);
        let mut op = std::ptr::null();
        check(api, unsafe { (api.find)(name.as_ptr(), overload.as_ptr(), &mut op) })?;
        self.found.store(op as *mut _, Ordering::Relaxed);
        Ok(op)
    }
}

unsafe fn items_of(list: &knack_value_t) -> &[knack_value_t] {
    match list.count {
        0 => &[],
        count => std::slice::from_raw_parts(list.r#as.items, count as usize),
    }
}

/// Releases the tensors of an owned result that is not used.
unsafe fn discard(value: &knack_value_t) {
    match value.tag {
        KNACK_VALUE_TENSOR => drop(Tensor::take(value.r#as.tensor)),
        KNACK_VALUE_LIST => items_of(value).iter().for_each(|item| discard(item)),
        _ => (),
    }
}

fn check(api: &knack_aten_api_t, status: i32) -> Result<()> {
    match status {
        KNACK_STATUS_OK => Ok(()),
        _ => Err(Error::with_status(status, unsafe { from_abi((api.last_error)()) })),
    }
}
