// SPDX-License-Identifier: MIT
//! Normalization layers: statistics, momentum, and what flows into them (`knack.norm/1`).
use crate::abi::*;
use crate::error::{check_count, check_host, from_abi, Result};
use crate::host::Callback;
use crate::tensor::Tensor;
use core::ffi::c_void;
use std::mem::{size_of, zeroed};

/// One layer with running statistics, of the weights that are active.
#[derive(Clone, Debug)]
pub struct NormLayer {
    /// Its number in [`NormLayers`].
    pub index: usize,
    /// "layer1.0.bn1"
    pub name: String,
    /// "BatchNorm2d"
    pub kind: String,
    /// Normalizes by the batch during training.
    pub training: bool,
    /// Number of channels.
    pub channels: i64,
    /// Weight of the new batch in the running statistics; NaN: cumulative average.
    pub momentum: f64,
    /// (channels)
    pub running_mean: Tensor,
    /// (channels)
    pub running_var: Tensor,
}

/// The model's normalization layers.
#[derive(Clone, Copy)]
pub struct NormLayers {
    host: *const knack_host_t,
    api: &'static knack_norm_api_t,
}

impl NormLayers {
    pub(crate) fn new(host: *const knack_host_t, api: &'static knack_norm_api_t) -> Self {
        Self { host, api }
    }

    /// Number of layers.
    pub fn len(&self) -> Result<usize> {
        check_count(unsafe { (self.api.count)(self.host) }, "knack.norm/1 count")
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }

    /// One layer.
    pub fn get(&self, index: usize) -> Result<NormLayer> {
        let mut layer: knack_norm_layer_t = unsafe { zeroed() };
        layer.struct_size = size_of::<knack_norm_layer_t>() as u32;
        let status = unsafe { (self.api.get)(self.host, index as i64, &mut layer) };
        check_host(status, "knack.norm/1 get")?;
        Ok(NormLayer {
            index,
            name: unsafe { from_abi(layer.name) }.into_owned(),
            kind: unsafe { from_abi(layer.kind) }.into_owned(),
            training: layer.training != 0,
            channels: layer.channels,
            momentum: layer.momentum,
            running_mean: unsafe { Tensor::retain(layer.running_mean_borrowed)? },
            running_var: unsafe { Tensor::retain(layer.running_var_borrowed)? },
        })
    }

    /// Sets the momentum of a layer.
    pub fn set_momentum(&self, index: usize, momentum: f64) -> Result<()> {
        let status = unsafe { (self.api.set_momentum)(self.host, index as i64, momentum) };
        check_host(status, "knack.norm/1 set_momentum")
    }

    /// Runs the active weights over training data and calls `on_input(layer, input)` each time a
    /// layer is reached; see `knack_norm_pass_t`. Returns how many samples were seen of `samples`,
    /// or of all (`None`).
    pub fn observe(
        &self,
        samples: Option<usize>,
        mut on_input: impl FnMut(usize, &Tensor) -> Result<()>,
    ) -> Result<usize> {
        type Bound<'a> = Callback<'a, (i64, *mut knack_tensor_t)>;
        unsafe extern "C" fn call(
            user: *mut c_void,
            layer: i64,
            input: *mut knack_tensor_t,
        ) -> i32 {
            (*(user as *mut Bound<'_>)).call((layer, input))
        }

        let mut function = |(layer, input): (i64, *mut knack_tensor_t)| {
            on_input(layer as usize, &unsafe { Tensor::retain(input)? })
        };
        let mut callback = Callback::new(&mut function);
        let request = knack_norm_pass_t {
            struct_size: size_of::<knack_norm_pass_t>() as u32,
            reserved: 0,
            samples: samples.map_or(0, |count| count as i64),
            user: &mut callback as *mut _ as *mut c_void,
            on_input: Some(call),
        };
        let mut seen = 0;
        let status = unsafe { (self.api.observe)(self.host, &request, &mut seen) };
        callback.finish(status, "knack.norm/1 observe")?;
        check_count(seen, "knack.norm/1 observe")
    }
}
