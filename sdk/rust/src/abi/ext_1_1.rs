// SPDX-License-Identifier: MIT
//! `ext/autograd.h` and `ext/dlpack.h`, which came with ABI 1.1.
use super::{knack_host_t, knack_string_t, knack_tensor_t};
use core::ffi::c_void;

pub const KNACK_FUNCTION_ONCE_DIFFERENTIABLE: u32 = 1;
pub const KNACK_GRADIENT_RETAIN_GRAPH: u32 = 1;
pub const KNACK_GRADIENT_CREATE_GRAPH: u32 = 2;

/// One application of a function.
#[repr(C)]
pub struct knack_function_call_t {
    _opaque: [u8; 0],
}

/// `forward` or `backward`: from borrowed tensors to owned ones.
type Compute = unsafe extern "C" fn(
    user: *mut c_void,
    call: *mut knack_function_call_t,
    given_borrowed: *const *mut knack_tensor_t,
    given_count: u64,
    out_owned: *mut *mut knack_tensor_t,
    out_count: u64,
) -> i32;

#[repr(C)]
pub struct knack_function_t {
    pub struct_size: u32,
    pub flags: u32,
    pub name: knack_string_t,
    pub user: *mut c_void,
    pub forward: Option<Compute>,
    pub backward: Option<Compute>,
    pub destroy: Option<unsafe extern "C" fn(user: *mut c_void)>,
}

#[repr(C)]
pub struct knack_gradient_request_t {
    pub struct_size: u32,
    pub flags: u32,
    pub output_count: u64,
    pub outputs_borrowed: *const *mut knack_tensor_t,
    pub output_gradients_borrowed: *const *mut knack_tensor_t,
    pub input_count: u64,
    pub inputs_borrowed: *const *mut knack_tensor_t,
}

#[repr(C)]
pub struct knack_autograd_api_t {
    pub struct_size: u32,
    pub reserved: u32,
    pub apply: unsafe extern "C" fn(
        host: *const knack_host_t,
        function: *const knack_function_t,
        inputs_borrowed: *const *mut knack_tensor_t,
        input_count: u64,
        out_outputs_owned: *mut *mut knack_tensor_t,
        output_count: u64,
    ) -> i32,
    pub save: unsafe extern "C" fn(
        call: *mut knack_function_call_t,
        tensors_borrowed: *const *mut knack_tensor_t,
        count: u64,
    ) -> i32,
    pub saved: unsafe extern "C" fn(
        call: *mut knack_function_call_t,
        index: u64,
        out_tensor_owned: *mut *mut knack_tensor_t,
    ) -> i32,
    pub needs_gradient: unsafe extern "C" fn(*mut knack_function_call_t, index: u64) -> u32,
    pub set_gradient_mode: unsafe extern "C" fn(enabled: u32) -> u32,
    pub gradients: unsafe extern "C" fn(
        host: *const knack_host_t,
        request: *const knack_gradient_request_t,
        out_gradients_owned: *mut *mut knack_tensor_t,
    ) -> i32,
}

pub const KNACK_DL_MAJOR: u32 = 1;
pub const KNACK_DL_CPU: i32 = 1;
pub const KNACK_DL_CUDA: i32 = 2;
pub const KNACK_DL_INT: u8 = 0;
pub const KNACK_DL_UINT: u8 = 1;
pub const KNACK_DL_FLOAT: u8 = 2;
pub const KNACK_DL_BFLOAT: u8 = 4;
pub const KNACK_DL_BOOL: u8 = 6;
pub const KNACK_DL_READ_ONLY: u64 = 1;
pub const KNACK_DL_COPIED: u64 = 2;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct knack_dl_version_t {
    pub major: u32,
    pub minor: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct knack_dl_device_t {
    pub device_type: i32,
    pub device_id: i32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct knack_dl_data_type_t {
    pub code: u8,
    pub bits: u8,
    pub lanes: u16,
}

#[repr(C)]
pub struct knack_dl_tensor_t {
    pub data: *mut c_void,
    pub device: knack_dl_device_t,
    pub ndim: i32,
    pub dtype: knack_dl_data_type_t,
    pub shape: *mut i64,
    pub strides: *mut i64,
    pub byte_offset: u64,
}

#[repr(C)]
pub struct knack_dl_managed_t {
    pub version: knack_dl_version_t,
    pub manager_ctx: *mut c_void,
    pub deleter: Option<unsafe extern "C" fn(*mut knack_dl_managed_t)>,
    pub flags: u64,
    pub dl_tensor: knack_dl_tensor_t,
}

#[repr(C)]
pub struct knack_dl_managed_unversioned_t {
    pub dl_tensor: knack_dl_tensor_t,
    pub manager_ctx: *mut c_void,
    pub deleter: Option<unsafe extern "C" fn(*mut knack_dl_managed_unversioned_t)>,
}

#[repr(C)]
pub struct knack_dlpack_api_t {
    pub struct_size: u32,
    pub reserved: u32,
    pub export_tensor: unsafe extern "C" fn(
        tensor_borrowed: *mut knack_tensor_t,
        out_managed_owned: *mut *mut knack_dl_managed_t,
    ) -> i32,
    pub import_tensor: unsafe extern "C" fn(
        managed_owned: *mut knack_dl_managed_t,
        out_tensor_owned: *mut *mut knack_tensor_t,
    ) -> i32,
    pub export_unversioned: unsafe extern "C" fn(
        tensor_borrowed: *mut knack_tensor_t,
        out_managed_owned: *mut *mut knack_dl_managed_unversioned_t,
    ) -> i32,
    pub import_unversioned: unsafe extern "C" fn(
        managed_owned: *mut knack_dl_managed_unversioned_t,
        out_tensor_owned: *mut *mut knack_tensor_t,
    ) -> i32,
}
