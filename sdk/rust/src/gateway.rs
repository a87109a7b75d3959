// SPDX-License-Identifier: MIT
//! The host's functions: those that need no instance are found once per plugin file.
use crate::abi::*;
use crate::error::{Error, Result};
use std::os::raw::c_char;
use std::sync::atomic::{AtomicPtr, Ordering};

static TENSOR: AtomicPtr<knack_tensor_api_t> = AtomicPtr::new(std::ptr::null_mut());
static ATEN: AtomicPtr<knack_aten_api_t> = AtomicPtr::new(std::ptr::null_mut());
static DLPACK: AtomicPtr<knack_dlpack_api_t> = AtomicPtr::new(std::ptr::null_mut());

fn missing(id: &str) -> Error {
    let id = id.trim_end_matches('\0');
    let text = format!("this host has no {id}; use a knack release that has it");
    Error::with_status(KNACK_STATUS_UNSUPPORTED, text)
}

unsafe fn find<T: Extension>(host: *const knack_host_t) -> *mut T {
    ((*host).get_extension)(host, T::ID.as_ptr() as *const c_char) as *mut T
}

/// Remembers the tables that need no instance. One that the host lacks is missed when used.
///
/// # Safety
/// `host` is a table of the host.
pub(crate) unsafe fn open(host: *const knack_host_t) {
    TENSOR.store(find(host), Ordering::Release);
    ATEN.store(find(host), Ordering::Release);
    DLPACK.store(find(host), Ordering::Release);
}

/// The extension of this host. `Err` with `KNACK_STATUS_UNSUPPORTED` when it has none.
///
/// # Safety
/// `host` is a table of the host.
pub(crate) unsafe fn extension<T: Extension>(host: *const knack_host_t) -> Result<&'static T> {
    find::<T>(host).as_ref().ok_or_else(|| missing(T::ID))
}

pub(crate) fn tensor_api() -> Result<&'static knack_tensor_api_t> {
    unsafe { TENSOR.load(Ordering::Acquire).as_ref() }
        .ok_or_else(|| missing(knack_tensor_api_t::ID))
}

pub(crate) fn aten_api() -> Result<&'static knack_aten_api_t> {
    unsafe { ATEN.load(Ordering::Acquire).as_ref() }.ok_or_else(|| missing(knack_aten_api_t::ID))
}

pub(crate) fn dlpack_api() -> Result<&'static knack_dlpack_api_t> {
    unsafe { DLPACK.load(Ordering::Acquire).as_ref() }
        .ok_or_else(|| missing(knack_dlpack_api_t::ID))
}
