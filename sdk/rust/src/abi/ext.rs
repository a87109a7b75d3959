// SPDX-License-Identifier: MIT
//! `ext/`: the abilities of the host.
use super::{
    knack_autograd_api_t, knack_dlpack_api_t, knack_host_t, knack_norm_layer_t, knack_string_t,
    knack_tensor_t, knack_value_t,
};
use core::ffi::c_void;
use std::os::raw::c_char;

/// A table of host functions that `get_extension` gives.
///
/// # Safety
/// `ID` names an extension whose struct is `Self`, and ends with a zero byte.
pub unsafe trait Extension: 'static {
    const ID: &'static str;
}

macro_rules! extension {
    ($($table:ident = $id:literal;)*) => {$(
        unsafe impl Extension for $table {
            const ID: &'static str = concat!($id, "\0");
        }
    )*};
}

extension! {
    knack_aten_api_t = "knack.aten/1";
    knack_autograd_api_t = "knack.autograd/1";
    knack_data_api_t = "knack.data/1";
    knack_dlpack_api_t = "knack.dlpack/1";
    knack_log_api_t = "knack.log/1";
    knack_metrics_api_t = "knack.metrics/1";
    knack_norm_api_t = "knack.norm/1";
    knack_params_api_t = "knack.params/1";
    knack_rng_api_t = "knack.rng/1";
    knack_tensor_api_t = "knack.tensor/1";
    knack_weights_api_t = "knack.weights/1";
}

/// An operator of one overload.
#[repr(C)]
pub struct knack_operator_t {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct knack_aten_api_t {
    pub struct_size: u32,
    pub reserved: u32,
    pub find: unsafe extern "C" fn(
        name: *const c_char,
        overload: *const c_char,
        out_operator: *mut *const knack_operator_t,
    ) -> i32,
    pub call: unsafe extern "C" fn(
        op: *const knack_operator_t,
        arguments_borrowed: *const knack_value_t,
        argument_count: u64,
        out_results_owned: *mut knack_value_t,
        result_capacity: u64,
        out_result_count: *mut u64,
    ) -> i32,
    pub last_error: unsafe extern "C" fn() -> knack_string_t,
}

#[repr(C)]
pub struct knack_data_pass_t {
    pub struct_size: u32,
    pub reserved: u32,
    pub samples: i64,
    pub user: *mut c_void,
    pub on_batch: Option<
        unsafe extern "C" fn(
            user: *mut c_void,
            inputs_borrowed: *const knack_value_t,
            targets_borrowed: *const knack_value_t,
            samples: i64,
        ) -> i32,
    >,
}

#[repr(C)]
pub struct knack_data_api_t {
    pub struct_size: u32,
    pub reserved: u32,
    pub train_samples: unsafe extern "C" fn(*const knack_host_t) -> i64,
    pub pass: unsafe extern "C" fn(
        host: *const knack_host_t,
        request: *const knack_data_pass_t,
        out_samples: *mut i64,
    ) -> i32,
}

pub const KNACK_LOG_DEBUG: u32 = 0;
pub const KNACK_LOG_INFO: u32 = 1;
pub const KNACK_LOG_WARNING: u32 = 2;

#[repr(C)]
pub struct knack_log_api_t {
    pub struct_size: u32,
    pub reserved: u32,
    pub write: unsafe extern "C" fn(*const knack_host_t, level: u32, message: knack_string_t),
}

#[repr(C)]
pub struct knack_metrics_api_t {
    pub struct_size: u32,
    pub reserved: u32,
    pub report: unsafe extern "C" fn(*const knack_host_t, name: knack_string_t, f64) -> i32,
    pub summarize: unsafe extern "C" fn(
        host: *const knack_host_t,
        key: knack_string_t,
        value_borrowed: *const knack_value_t,
    ) -> i32,
}

#[repr(C)]
pub struct knack_norm_pass_t {
    pub struct_size: u32,
    pub reserved: u32,
    pub samples: i64,
    pub user: *mut c_void,
    pub on_input: Option<
        unsafe extern "C" fn(
            user: *mut c_void,
            layer: i64,
            input_borrowed: *mut knack_tensor_t,
        ) -> i32,
    >,
}

#[repr(C)]
pub struct knack_norm_api_t {
    pub struct_size: u32,
    pub reserved: u32,
    pub count: unsafe extern "C" fn(*const knack_host_t) -> i64,
    pub get: unsafe extern "C" fn(*const knack_host_t, i64, *mut knack_norm_layer_t) -> i32,
    pub set_momentum: unsafe extern "C" fn(*const knack_host_t, i64, momentum: f64) -> i32,
    pub observe: unsafe extern "C" fn(
        host: *const knack_host_t,
        request: *const knack_norm_pass_t,
        out_samples: *mut i64,
    ) -> i32,
}

#[repr(C)]
pub struct knack_param_t {
    pub struct_size: u32,
    pub requires_grad: u32,
    pub name: knack_string_t,
    pub role: knack_string_t,
    pub owner_kind: knack_string_t,
    pub tensor_borrowed: *mut knack_tensor_t,
}

#[repr(C)]
pub struct knack_params_api_t {
    pub struct_size: u32,
    pub reserved: u32,
    pub count: unsafe extern "C" fn(*const knack_host_t) -> i64,
    pub get: unsafe extern "C" fn(*const knack_host_t, i64, *mut knack_param_t) -> i32,
    pub gradient: unsafe extern "C" fn(
        host: *const knack_host_t,
        index: i64,
        out_gradient_borrowed: *mut *mut knack_tensor_t,
    ) -> i32,
    pub set_option: unsafe extern "C" fn(
        host: *const knack_host_t,
        index: i64,
        option: knack_string_t,
        value: f64,
        reason: knack_string_t,
    ) -> i32,
    pub group_count: unsafe extern "C" fn(*const knack_host_t) -> i64,
    pub get_group_option: unsafe extern "C" fn(
        host: *const knack_host_t,
        group: i64,
        option: knack_string_t,
        out_value: *mut f64,
    ) -> i32,
    pub set_group_option: unsafe extern "C" fn(
        host: *const knack_host_t,
        group: i64,
        option: knack_string_t,
        value: f64,
    ) -> i32,
}

#[repr(C)]
pub struct knack_rng_api_t {
    pub struct_size: u32,
    pub reserved: u32,
    pub next: unsafe extern "C" fn(*const knack_host_t) -> u64,
    pub uniform: unsafe extern "C" fn(*const knack_host_t) -> f64,
}

pub const KNACK_TENSOR_REQUIRES_GRAD: u32 = 1;
pub const KNACK_TENSOR_CONTIGUOUS: u32 = 2;
pub const KNACK_DEVICE_CPU: i32 = 0;
pub const KNACK_DEVICE_CUDA: i32 = 1;

#[repr(C)]
pub struct knack_tensor_info_t {
    pub struct_size: u32,
    pub flags: u32,
    pub dtype: i32,
    pub device_type: i32,
    pub device_index: i32,
    pub dimensions: i32,
    pub element_count: i64,
    pub sizes_borrowed: *const i64,
    pub strides_borrowed: *const i64,
    pub data_borrowed: *mut c_void,
}

#[repr(C)]
pub struct knack_tensor_api_t {
    pub struct_size: u32,
    pub reserved: u32,
    pub describe: unsafe extern "C" fn(*mut knack_tensor_t, *mut knack_tensor_info_t) -> i32,
    pub create: unsafe extern "C" fn(
        dtype: i32,
        dimensions: i32,
        sizes: *const i64,
        out_tensor_owned: *mut *mut knack_tensor_t,
    ) -> i32,
    pub retain: unsafe extern "C" fn(*mut knack_tensor_t, *mut *mut knack_tensor_t) -> i32,
    pub release: unsafe extern "C" fn(*mut knack_tensor_t),
}

/// A weight set of the host.
#[repr(C)]
pub struct knack_weight_set_t {
    _opaque: [u8; 0],
}

pub const KNACK_WEIGHTS_LIVE: &str = "live";
pub const KNACK_WEIGHT_BUFFER: u32 = 1;
pub const KNACK_WEIGHT_FLOATING: u32 = 2;
pub const KNACK_WEIGHT_NOT_PERSISTENT: u32 = 4;

#[repr(C)]
pub struct knack_weight_t {
    pub struct_size: u32,
    pub flags: u32,
    pub name: knack_string_t,
    pub role: knack_string_t,
    pub tensor_borrowed: *mut knack_tensor_t,
}

type FindSet = unsafe extern "C" fn(
    host: *const knack_host_t,
    name: knack_string_t,
    out_set: *mut *mut knack_weight_set_t,
) -> i32;
type MoveSet = unsafe extern "C" fn(
    host: *const knack_host_t,
    set: *mut knack_weight_set_t,
    path: knack_string_t,
) -> i32;

#[repr(C)]
pub struct knack_weights_api_t {
    pub struct_size: u32,
    pub reserved: u32,
    pub find: FindSet,
    pub publish: FindSet,
    pub count: unsafe extern "C" fn(*const knack_host_t, *mut knack_weight_set_t) -> i64,
    pub get: unsafe extern "C" fn(
        host: *const knack_host_t,
        set: *mut knack_weight_set_t,
        index: i64,
        out_weight: *mut knack_weight_t,
    ) -> i32,
    pub copy: unsafe extern "C" fn(
        host: *const knack_host_t,
        from: *mut knack_weight_set_t,
        to: *mut knack_weight_set_t,
    ) -> i32,
    pub save: MoveSet,
    pub load: MoveSet,
    pub remove: unsafe extern "C" fn(*const knack_host_t, path: knack_string_t) -> i32,
    pub evaluate: unsafe extern "C" fn(
        host: *const knack_host_t,
        set: *mut knack_weight_set_t,
        out_metrics_owned: *mut knack_value_t,
    ) -> i32,
}
