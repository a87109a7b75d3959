// SPDX-License-Identifier: MIT
//! The parameters that the optimizer trains, and their options (`knack.params/1`).
use crate::abi::*;
use crate::error::{check_count, check_host, from_abi, to_abi, Result};
use crate::tensor::Tensor;
use std::mem::{size_of, zeroed};

/// One parameter.
#[derive(Clone, Debug)]
pub struct Param {
    /// Its number in [`Params`].
    pub index: usize,
    /// As in the state dict.
    pub name: String,
    /// One of `KNACK_ROLE_*`.
    pub role: String,
    /// Class of its layer.
    pub owner_kind: String,
    /// False: frozen, belongs to no group.
    pub requires_grad: bool,
    /// The model's own tensor.
    pub tensor: Tensor,
}

/// Each distinct parameter once, in the model's order.
#[derive(Clone, Copy)]
pub struct Params {
    host: *const knack_host_t,
    api: &'static knack_params_api_t,
}

impl Params {
    pub(crate) fn new(host: *const knack_host_t, api: &'static knack_params_api_t) -> Self {
        Self { host, api }
    }

    /// Number of parameters.
    pub fn len(&self) -> Result<usize> {
        check_count(unsafe { (self.api.count)(self.host) }, "knack.params/1 count")
    }

    /// Whether the model has no parameters.
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }

    /// One parameter.
    pub fn get(&self, index: usize) -> Result<Param> {
        let mut param: knack_param_t = unsafe { zeroed() };
        param.struct_size = size_of::<knack_param_t>() as u32;
        let status = unsafe { (self.api.get)(self.host, index as i64, &mut param) };
        check_host(status, "knack.params/1 get")?;
        Ok(Param {
            index,
            name: unsafe { from_abi(param.name) }.into_owned(),
            role: unsafe { from_abi(param.role) }.into_owned(),
            owner_kind: unsafe { from_abi(param.owner_kind) }.into_owned(),
            requires_grad: param.requires_grad != 0,
            tensor: unsafe { Tensor::retain(param.tensor_borrowed)? },
        })
    }

    /// All parameters.
    pub fn all(&self) -> Result<Vec<Param>> {
        (0..self.len()?).map(|index| self.get(index)).collect()
    }

    /// The gradient of a parameter, if it has one. In `gradients` and `before_step`.
    pub fn gradient(&self, index: usize) -> Result<Option<Tensor>> {
        let mut handle = std::ptr::null_mut();
        let status = unsafe { (self.api.gradient)(self.host, index as i64, &mut handle) };
        check_host(status, "knack.params/1 gradient")?;
        if handle.is_null() {
            return Ok(None);
        }
        unsafe { Tensor::retain(handle) }.map(Some)
    }

    /// Sets an optimizer option of one parameter; people are shown `reason`. In `fit_begin`.
    pub fn set_option(&self, param: &Param, option: &str, value: f64, reason: &str) -> Result<()> {
        let (option, reason) = (to_abi(option), to_abi(reason));
        let index = param.index as i64;
        let status = unsafe { (self.api.set_option)(self.host, index, option, value, reason) };
        check_host(status, "knack.params/1 set_option")
    }

    /// Number of groups that followed from the options. After `fit_begin`.
    pub fn group_count(&self) -> Result<usize> {
        check_count(unsafe { (self.api.group_count)(self.host) }, "knack.params/1 group_count")
    }

    /// An option of a group.
    pub fn group_option(&self, group: usize, option: &str) -> Result<f64> {
        let (group, option) = (group as i64, to_abi(option));
        let mut value = 0.0;
        let status = unsafe { (self.api.get_group_option)(self.host, group, option, &mut value) };
        check_host(status, "knack.params/1 get_group_option")?;
        Ok(value)
    }

    /// Sets an option of a group from the next step on.
    pub fn set_group_option(&self, group: usize, option: &str, value: f64) -> Result<()> {
        let (group, option) = (group as i64, to_abi(option));
        let status = unsafe { (self.api.set_group_option)(self.host, group, option, value) };
        check_host(status, "knack.params/1 set_group_option")
    }
}
