// SPDX-License-Identifier: MIT
//! A host for unit tests of plugins: no LibTorch, no training, and all it was told lies open.
//!
//! ```ignore
//! let host = FakeHost::toy();
//! let fit = host.trick::<Lookahead>(&[("every", 2.into())])?;
//! fit.run(4)?;
//! assert_eq!(host.set("lookahead", "fc.weight"), [0.5, 0.25]);
//! ```
//!
//! Everything goes through the ABI's tables, as in the real host. Tensors lie in plain memory, and
//! the operators are those that small plugins need, without autograd.
mod aten;
mod instances;
mod operators;
mod services;
mod tensors;
mod toy_fit;

use crate::abi::*;
use crate::error::{from_abi, Error, Result};
use crate::tensor::{Element, Tensor};
use crate::value::Value;
use core::ffi::c_void;
use std::cell::{Cell, RefCell};
use std::ffi::CStr;
use std::mem::size_of;
use std::os::raw::c_char;

pub use instances::{FakeDataset, FakeModel, FakeObjective, FakeOptimizer};
pub use toy_fit::ToyFit;

/// A parameter or buffer of the model that tricks see.
#[derive(Clone, Debug)]
struct FakeWeight {
    name: String,
    role: String,
    flags: u32,
    tensor: Tensor,
    gradient: Option<Tensor>,
}

#[derive(Debug)]
struct FakeSet {
    name: String,
    tensors: Vec<Tensor>,
}

/// An option of a parameter that a trick has set.
#[allow(missing_docs)]
#[derive(Clone, Debug, PartialEq)]
pub struct SetOption {
    pub param: String,
    pub option: String,
    pub value: f64,
    pub reason: String,
}

/// What plugins have told the host.
#[derive(Default)]
pub struct Recorded {
    /// Lines of the log, by `KNACK_LOG_*`.
    pub log: Vec<(u32, String)>,
    /// Options of parameters.
    pub set_options: Vec<SetOption>,
    /// Numbers given to `report`.
    pub reports: Vec<(String, f64)>,
    /// Facts given to `summarize`.
    pub facts: Vec<(String, Value)>,
    /// Names of the hooks that were called.
    pub calls: Vec<&'static str>,
    error: String,
}

struct Inner {
    table: knack_host_t,
    weights: RefCell<Vec<FakeWeight>>,
    #[allow(clippy::vec_box)] // plugins keep pointers to them
    sets: RefCell<Vec<Box<FakeSet>>>,
    recorded: RefCell<Recorded>,
    memory: RefCell<Vec<Vec<u128>>>,
    failing: Cell<Option<&'static str>>,
    random: Cell<u64>,
    lr: Cell<f64>,
}

/// The host. One for each test; it outlives the instances that it makes.
pub struct FakeHost {
    inner: Box<Inner>,
}

impl Default for FakeHost {
    fn default() -> Self {
        Self::new()
    }
}

impl FakeHost {
    /// A host whose model has no tensors yet.
    pub fn new() -> Self {
        let table = knack_host_t {
            struct_size: size_of::<knack_host_t>() as u32,
            abi_major: KNACK_ABI_MAJOR,
            abi_minor: KNACK_ABI_MINOR,
            reserved: 0,
            host_data: std::ptr::null_mut(),
            get_extension,
            set_error,
            allocate,
        };
        let mut inner = Box::new(Inner {
            table,
            weights: Default::default(),
            sets: Default::default(),
            recorded: Default::default(),
            memory: Default::default(),
            failing: Cell::new(None),
            random: Cell::new(1),
            lr: Cell::new(0.1),
        });
        inner.table.host_data = &*inner as *const Inner as *mut c_void;
        unsafe { crate::gateway::open(&inner.table) };
        Self { inner }
    }

    /// A host with a small model: "fc.weight" (2, 3), "fc.bias" (2) and a buffer "bn.running_mean".
    pub fn toy() -> Self {
        Self::new()
            .with_param("fc.weight", KNACK_ROLE_WEIGHT, &[2, 3], &[1.0, -2.0, 3.0, -4.0, 5.0, -6.0])
            .with_param("fc.bias", KNACK_ROLE_BIAS, &[2], &[0.5, -0.5])
            .with_buffer("bn.running_mean", KNACK_ROLE_NORM_STAT, &[2], &[0.25, 0.75])
            .with_buffer("bn.num_batches_tracked", KNACK_ROLE_NORM_STAT, &[], &[0_i64])
    }

    /// Adds a parameter to the model. Parameters come before buffers.
    pub fn with_param(self, name: &str, role: &str, sizes: &[i64], elements: &[f32]) -> Self {
        self.add(name, role, KNACK_WEIGHT_FLOATING, sizes, elements)
    }

    /// Adds a buffer to the model.
    pub fn with_buffer<T: Element>(
        self,
        name: &str,
        role: &str,
        sizes: &[i64],
        elements: &[T],
    ) -> Self {
        let is_floating = matches!(T::DTYPE as i32, KNACK_DTYPE_FLOAT32 | KNACK_DTYPE_FLOAT64);
        let floating = if is_floating { KNACK_WEIGHT_FLOATING } else { 0 };
        self.add(name, role, KNACK_WEIGHT_BUFFER | floating, sizes, elements)
    }

    fn add<T: Element>(
        self,
        name: &str,
        role: &str,
        flags: u32,
        sizes: &[i64],
        elements: &[T],
    ) -> Self {
        let tensor =
            Tensor::from_slice(elements, sizes).expect("as many elements as the sizes say");
        let (name, role) = (name.to_owned(), role.to_owned());
        let weight = FakeWeight { name, role, flags, tensor, gradient: None };
        self.inner.weights.borrow_mut().push(weight);
        self
    }

    /// The table that plugins are given.
    pub fn abi(&self) -> *const knack_host_t {
        &self.inner.table
    }

    /// What plugins have told the host.
    pub fn recorded(&self) -> std::cell::Ref<'_, Recorded> {
        self.inner.recorded.borrow()
    }

    /// A tensor of a weight set, "live" or one that was published, as numbers.
    ///
    /// # Panics
    /// When there is no such set or tensor.
    pub fn set(&self, set: &str, name: &str) -> Vec<f64> {
        let weights = self.inner.weights.borrow();
        let index = weights.iter().position(|weight| weight.name == name);
        let index = index.unwrap_or_else(|| panic!("the toy model has no tensor \"{name}\""));
        if set == KNACK_WEIGHTS_LIVE {
            return unsafe { tensors::fake(weights[index].tensor.handle()).to_vec() };
        }
        let sets = self.inner.sets.borrow();
        let found = sets.iter().find(|found| found.name == set);
        let found = found.unwrap_or_else(|| panic!("nobody published \"{set}\""));
        unsafe { tensors::fake(found.tensors[index].handle()).to_vec() }
    }

    /// Names of the published sets.
    pub fn published(&self) -> Vec<String> {
        let sets = self.inner.sets.borrow();
        let names = sets.iter().map(|set| set.name.clone());
        names.filter(|name| name != KNACK_WEIGHTS_LIVE).collect()
    }

    /// Makes the next call of a service fail: "knack.weights/1 publish".
    pub fn fail_next(&self, function: &'static str) {
        self.inner.failing.set(Some(function));
    }

    /// `Err` with the text that the plugin gave, unless `status` is good.
    fn check(&self, status: i32) -> Result<()> {
        if status == KNACK_STATUS_OK {
            return Ok(());
        }
        let error = std::mem::take(&mut self.inner.recorded.borrow_mut().error);
        Err(Error::with_status(status, error))
    }

    /// A tree in the ABI's form, which lives as long as the host and the value.
    fn lend(&self, value: &Value) -> knack_value_t {
        unsafe { value.lend(self.abi()) }.expect("the fake host has memory")
    }
}

impl Inner {
    /// # Safety
    /// `host` is the table of a fake host.
    unsafe fn of<'a>(host: *const knack_host_t) -> &'a Inner {
        &*((*host).host_data as *const Inner)
    }

    fn refuse(&self, status: i32, text: impl Into<String>) -> i32 {
        self.recorded.borrow_mut().error = text.into();
        status
    }

    /// Runs a service, unless the test wants it to fail.
    fn serve(&self, function: &'static str, body: impl FnOnce() -> Result<()>) -> i32 {
        if self.failing.get() == Some(function) {
            self.failing.set(None);
            return self
                .refuse(KNACK_STATUS_FAILED, format!("{function} fails, as the test wants"));
        }
        match body() {
            Ok(()) => KNACK_STATUS_OK,
            Err(error) => self.refuse(error.status(), format!("{function}: {error}")),
        }
    }
}

unsafe extern "C" fn get_extension(_: *const knack_host_t, id: *const c_char) -> *const c_void {
    services::find(CStr::from_ptr(id).to_bytes_with_nul())
}

unsafe extern "C" fn set_error(
    host: *const knack_host_t,
    status: i32,
    message: knack_string_t,
) -> i32 {
    Inner::of(host).refuse(status, from_abi(message))
}

unsafe extern "C" fn allocate(host: *const knack_host_t, bytes: u64) -> *mut c_void {
    let mut memory = Inner::of(host).memory.borrow_mut();
    memory.push(vec![0; bytes as usize / size_of::<u128>() + 1]);
    let last = memory.len() - 1;
    memory[last].as_mut_ptr() as *mut c_void
}
