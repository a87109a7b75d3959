// SPDX-License-Identifier: MIT
//! The C ABI 1.1 as it is: each struct and constant under its name in `<knack/abi/...>`, whose
//! comments say what it means. `layout` holds the offsets of the C compiler against those of rustc.
#![allow(non_camel_case_types)]
#![allow(missing_docs)]

mod ext;
mod ext_1_1;
mod kinds;
mod layout;
mod plugin;
mod value;

pub use ext::*;
pub use ext_1_1::*;
pub use kinds::*;
pub use plugin::*;
pub use value::*;

/// What functions of the ABI return.
pub type knack_status_t = i32;

pub const KNACK_ABI_MAJOR: u32 = 1;
/// The minor that a plugin needs unless its `plugin!` says more.
pub const KNACK_ABI_MINOR: u32 = 0;

pub const KNACK_STATUS_OK: i32 = 0;
pub const KNACK_STATUS_FAILED: i32 = 1;
pub const KNACK_STATUS_INVALID: i32 = 2;
pub const KNACK_STATUS_NOT_FOUND: i32 = 3;
pub const KNACK_STATUS_UNSUPPORTED: i32 = 4;
pub const KNACK_STATUS_DATA: i32 = 5;
pub const KNACK_STATUS_NO_MEMORY: i32 = 6;
