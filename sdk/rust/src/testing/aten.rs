// SPDX-License-Identifier: MIT
//! `knack.aten/1` of the fake host: looking operators up and calling them.
use super::operators::{Arguments, OPERATORS};
use super::tensors::{new_handle, FakeTensor};
use crate::abi::*;
use crate::error::{catch, to_abi, Error, Result};
use crate::operator::make_value;
use std::cell::RefCell;
use std::ffi::CStr;
use std::mem::size_of;
use std::os::raw::c_char;
use std::rc::Rc;

/// What an operator gives.
pub(crate) enum Output {
    Tensor(Rc<FakeTensor>),
    Number(f64),
}

pub(crate) type Run = fn(&Arguments<'_>) -> Result<Vec<Output>>;

thread_local! {
    static LAST_ERROR: RefCell<String> = const { RefCell::new(String::new()) };
}

fn fail(error: Error) -> i32 {
    LAST_ERROR.with(|last| *last.borrow_mut() = error.to_string());
    error.status()
}

unsafe extern "C" fn find(
    name: *const c_char,
    overload: *const c_char,
    out_operator: *mut *const knack_operator_t,
) -> i32 {
    let (name, overload) = (CStr::from_ptr(name), CStr::from_ptr(overload));
    let wanted = (name.to_str().unwrap_or_default(), overload.to_str().unwrap_or_default());
    match OPERATORS.iter().find(|operator| (operator.0, operator.1) == wanted) {
        Some(operator) => {
            *out_operator = operator as *const (&str, &str, Run) as *const knack_operator_t;
            KNACK_STATUS_OK
        }
        None => fail(Error::not_found(format!(
            "the fake host has no operator {} with overload \"{}\"",
            wanted.0, wanted.1
        ))),
    }
}

unsafe extern "C" fn call(
    op: *const knack_operator_t,
    arguments: *const knack_value_t,
    argument_count: u64,
    out_results: *mut knack_value_t,
    result_capacity: u64,
    out_result_count: *mut u64,
) -> i32 {
    let operator = &*(op as *const (&str, &str, Run));
    let arguments = Arguments {
        operator: operator.0,
        values: std::slice::from_raw_parts(arguments, argument_count as usize),
    };
    match catch(|| (operator.2)(&arguments)) {
        Err(error) => fail(error),
        Ok(outputs) => {
            *out_result_count = outputs.len() as u64;
            for (i, output) in outputs.into_iter().enumerate().take(result_capacity as usize) {
                *out_results.add(i) = match output {
                    Output::Number(f64) => {
                        make_value(KNACK_VALUE_FLOAT, 0, knack_value_as_t { f64 })
                    }
                    Output::Tensor(tensor) => {
                        let tensor = new_handle(tensor);
                        make_value(KNACK_VALUE_TENSOR, 0, knack_value_as_t { tensor })
                    }
                };
            }
            KNACK_STATUS_OK
        }
    }
}

unsafe extern "C" fn last_error() -> knack_string_t {
    LAST_ERROR.with(|last| to_abi(&last.borrow()))
}

pub(crate) static ATEN_API: knack_aten_api_t = knack_aten_api_t {
    struct_size: size_of::<knack_aten_api_t>() as u32,
    reserved: 0,
    find,
    call,
    last_error,
};
