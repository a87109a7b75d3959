// SPDX-License-Identifier: MIT
//! `host.h`, `instance.h` and `entry.h`: how host and plugin know each other.
use super::{knack_string_t, knack_value_t};
use core::ffi::c_void;
use std::os::raw::c_char;

/// The host as a plugin sees it.
#[repr(C)]
pub struct knack_host_t {
    pub struct_size: u32,
    pub abi_major: u32,
    pub abi_minor: u32,
    pub reserved: u32,
    pub host_data: *mut c_void,
    pub get_extension:
        unsafe extern "C" fn(host: *const knack_host_t, id: *const c_char) -> *const c_void,
    pub set_error: unsafe extern "C" fn(
        host: *const knack_host_t,
        status: i32,
        message: knack_string_t,
    ) -> i32,
    pub allocate: unsafe extern "C" fn(host: *const knack_host_t, bytes: u64) -> *mut c_void,
}

pub const KNACK_INSTANCE_REENTRANT: u32 = 1;

/// The head of every instance.
#[repr(C)]
pub struct knack_instance_t {
    pub struct_size: u32,
    pub flags: u32,
    pub self_: *mut c_void,
    pub destroy: Option<unsafe extern "C" fn(instance: *mut knack_instance_t)>,
    pub get_extension: Option<
        unsafe extern "C" fn(instance: *mut knack_instance_t, id: *const c_char) -> *const c_void,
    >,
    pub state_save: Option<
        unsafe extern "C" fn(
            instance: *mut knack_instance_t,
            out_version: *mut u32,
            out_state_owned: *mut knack_value_t,
        ) -> i32,
    >,
    pub state_load: Option<
        unsafe extern "C" fn(
            instance: *mut knack_instance_t,
            version: u32,
            state_borrowed: *const knack_value_t,
        ) -> i32,
    >,
}

pub const KNACK_MANIFEST_MAGIC: &str = "knack-manifest/1\n";

/// One thing a plugin can create.
#[repr(C)]
pub struct knack_descriptor_t {
    pub struct_size: u32,
    pub reserved: u32,
    pub kind: *const c_char,
    pub id: *const c_char,
    pub summary: *const c_char,
    pub schema_json: *const c_char,
}

/// The one export of a plugin.
#[repr(C)]
pub struct knack_entry_t {
    pub struct_size: u32,
    pub abi_major: u32,
    pub abi_minor_needed: u32,
    pub descriptor_count: u32,
    pub manifest: *const u8,
    pub manifest_size: u64,
    pub init: Option<unsafe extern "C" fn(host: *const knack_host_t) -> i32>,
    pub descriptor: Option<unsafe extern "C" fn(index: u32) -> *const knack_descriptor_t>,
    pub create: Option<
        unsafe extern "C" fn(
            index: u32,
            host: *const knack_host_t,
            options_borrowed: *const knack_value_t,
            out_instance: *mut *mut knack_instance_t,
        ) -> i32,
    >,
}
