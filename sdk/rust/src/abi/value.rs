// SPDX-License-Identifier: MIT
//! `value.h`: texts, tensors' handles and trees of values.

/// A reference-counted tensor.
#[repr(C)]
pub struct knack_tensor_t {
    _opaque: [u8; 0],
}

/// UTF-8 text, not terminated by a zero byte.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct knack_string_t {
    pub data: *const u8,
    pub size: u64,
}

pub const KNACK_VALUE_NONE: u32 = 0;
pub const KNACK_VALUE_BOOL: u32 = 1;
pub const KNACK_VALUE_INT: u32 = 2;
pub const KNACK_VALUE_FLOAT: u32 = 3;
pub const KNACK_VALUE_STRING: u32 = 4;
pub const KNACK_VALUE_TENSOR: u32 = 5;
pub const KNACK_VALUE_LIST: u32 = 6;
pub const KNACK_VALUE_MAP: u32 = 7;

/// What the tag of a value chooses from.
#[repr(C)]
#[derive(Clone, Copy)]
pub union knack_value_as_t {
    pub i64: i64,
    pub f64: f64,
    pub string: *const u8,
    pub tensor: *mut knack_tensor_t,
    pub items: *const knack_value_t,
    pub entries: *const knack_named_value_t,
}

/// One node of a tree of values.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct knack_value_t {
    pub tag: u32,
    pub reserved: u32,
    pub count: u64,
    pub r#as: knack_value_as_t,
}

/// An entry of a map.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct knack_named_value_t {
    pub name: knack_string_t,
    pub value: knack_value_t,
}

pub const KNACK_DTYPE_UINT8: i32 = 0;
pub const KNACK_DTYPE_INT8: i32 = 1;
pub const KNACK_DTYPE_INT16: i32 = 2;
pub const KNACK_DTYPE_INT32: i32 = 3;
pub const KNACK_DTYPE_INT64: i32 = 4;
pub const KNACK_DTYPE_FLOAT16: i32 = 5;
pub const KNACK_DTYPE_FLOAT32: i32 = 6;
pub const KNACK_DTYPE_FLOAT64: i32 = 7;
pub const KNACK_DTYPE_BOOL: i32 = 11;
pub const KNACK_DTYPE_BFLOAT16: i32 = 15;
