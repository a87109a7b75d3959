// SPDX-License-Identifier: MIT
//! Named weight sets (`knack.weights/1`).
use crate::abi::*;
use crate::error::{check_count, check_host, from_abi, to_abi, Result};
use crate::tensor::Tensor;
use crate::value::ValueView;
use std::mem::{size_of, zeroed};

/// One tensor of a set. Entry i of every set is the same parameter or buffer. The handle names this
/// set's own storage, whichever set is active.
#[derive(Clone, Debug)]
pub struct Weight {
    /// As in the state dict.
    pub name: String,
    /// One of `KNACK_ROLE_*`.
    pub role: String,
    /// `KNACK_WEIGHT_*`
    pub flags: u32,
    /// The set's own tensor.
    pub tensor: Tensor,
}

impl Weight {
    /// A buffer, not a parameter.
    pub fn is_buffer(&self) -> bool {
        self.flags & KNACK_WEIGHT_BUFFER != 0
    }

    /// Has a floating point element type.
    pub fn is_floating(&self) -> bool {
        self.flags & KNACK_WEIGHT_FLOATING != 0
    }

    /// Is saved.
    pub fn is_persistent(&self) -> bool {
        self.flags & KNACK_WEIGHT_NOT_PERSISTENT == 0
    }
}

/// The sets of a fit. Paths are relative to the instance's own folder in the run folder.
#[derive(Clone, Copy)]
pub struct Weights {
    host: *const knack_host_t,
    api: &'static knack_weights_api_t,
}

impl Weights {
    pub(crate) fn new(host: *const knack_host_t, api: &'static knack_weights_api_t) -> Self {
        Self { host, api }
    }

    /// The set the optimizer trains.
    pub fn live(&self) -> Result<WeightSet> {
        self.find(KNACK_WEIGHTS_LIVE)
    }

    /// `Err` with `KNACK_STATUS_NOT_FOUND` when nobody published it.
    pub fn find(&self, name: &str) -> Result<WeightSet> {
        let mut set = std::ptr::null_mut();
        let status = unsafe { (self.api.find)(self.host, to_abi(name), &mut set) };
        check_host(status, "knack.weights/1 find")?;
        Ok(WeightSet { weights: *self, set })
    }

    /// A new set, a copy of the live weights, which the host evaluates, saves and exports from now
    /// on.
    pub fn publish(&self, name: &str) -> Result<WeightSet> {
        let mut set = std::ptr::null_mut();
        let status = unsafe { (self.api.publish)(self.host, to_abi(name), &mut set) };
        check_host(status, "knack.weights/1 publish")?;
        Ok(WeightSet { weights: *self, set })
    }

    /// Removes a file that [`WeightSet::save`] wrote.
    pub fn remove(&self, path: &str) -> Result<()> {
        let status = unsafe { (self.api.remove)(self.host, to_abi(path)) };
        check_host(status, "knack.weights/1 remove")
    }
}

/// A full copy of the model's parameters and buffers. A handle, valid until the fit ends.
#[derive(Clone, Copy)]
pub struct WeightSet {
    weights: Weights,
    set: *mut knack_weight_set_t,
}

impl WeightSet {
    /// Number of tensors, the same in every set.
    pub fn len(&self) -> Result<usize> {
        let count = unsafe { (self.weights.api.count)(self.weights.host, self.set) };
        check_count(count, "knack.weights/1 count")
    }

    /// Whether the model has no tensors.
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }

    /// One tensor.
    pub fn get(&self, index: usize) -> Result<Weight> {
        let mut weight: knack_weight_t = unsafe { zeroed() };
        weight.struct_size = size_of::<knack_weight_t>() as u32;
        let Weights { host, api } = self.weights;
        check_host(
            unsafe { (api.get)(host, self.set, index as i64, &mut weight) },
            "knack.weights/1 get",
        )?;
        Ok(Weight {
            name: unsafe { from_abi(weight.name) }.into_owned(),
            role: unsafe { from_abi(weight.role) }.into_owned(),
            flags: weight.flags,
            tensor: unsafe { Tensor::retain(weight.tensor_borrowed)? },
        })
    }

    /// All tensors.
    pub fn all(&self) -> Result<Vec<Weight>> {
        (0..self.len()?).map(|index| self.get(index)).collect()
    }

    /// Copies all tensors of another set into this one.
    pub fn copy_from(&self, other: &WeightSet) -> Result<()> {
        let Weights { host, api } = self.weights;
        let status = unsafe { (api.copy)(host, other.set, self.set) };
        check_host(status, "knack.weights/1 copy")
    }

    /// Writes a safetensors file, atomically.
    pub fn save(&self, path: &str) -> Result<()> {
        let Weights { host, api } = self.weights;
        let status = unsafe { (api.save)(host, self.set, to_abi(path)) };
        check_host(status, "knack.weights/1 save")
    }

    /// Reads such a file back, tensor by name.
    pub fn load(&self, path: &str) -> Result<()> {
        let Weights { host, api } = self.weights;
        let status = unsafe { (api.load)(host, self.set, to_abi(path)) };
        check_host(status, "knack.weights/1 load")
    }

    /// The metric `name` of the set on the validation data. After `fit_begin`, not in eval hooks.
    pub fn evaluate(&self, name: &str) -> Result<f64> {
        let Weights { host, api } = self.weights;
        let mut metrics: knack_value_t = unsafe { zeroed() };
        let status = unsafe { (api.evaluate)(host, self.set, &mut metrics) };
        check_host(status, "knack.weights/1 evaluate")?;
        unsafe { ValueView::new(&metrics) }.get(name)?.number()
    }
}
