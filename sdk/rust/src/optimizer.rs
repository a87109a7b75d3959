// SPDX-License-Identifier: MIT
//! Optimizers: gradients to new weights.
use crate::abi::*;
use crate::error::{from_abi, Result};
use crate::instance::{Component, Instance};
use crate::options::Options;
use crate::plugin::Provided;
use crate::tensor::Tensor;
use crate::value::ValueView;

/// Parameters that share all options.
pub struct ParamGroup<'a> {
    /// The parameters' names, as in the state dict.
    pub names: Vec<String>,
    /// The parameters themselves.
    pub params: Vec<Tensor>,
    /// The options that differ from the optimizer's own:
    /// `Options::read(group.options, Some(&self.options))`.
    pub options: ValueView<'a>,
}

/// The gradients of one step.
pub struct Gradients<'a> {
    step: &'a knack_optimizer_step_t,
}

impl Gradients<'_> {
    /// Number of groups.
    pub fn group_count(&self) -> usize {
        self.step.group_count as usize
    }

    /// The gradient of parameter `index` of a group; `None` for one without, which is left alone,
    /// its state too.
    ///
    /// # Panics
    /// When there is no such group. The host gives each group as many gradients as parameters.
    pub fn get(&self, group: usize, index: usize) -> Result<Option<Tensor>> {
        assert!(group < self.group_count(), "group {group} of {}", self.group_count());
        let handle = unsafe { *(*self.step.gradients_borrowed.add(group)).add(index) };
        if handle.is_null() {
            return Ok(None);
        }
        unsafe { Tensor::retain(handle) }.map(Some)
    }
}

/// An optimizer. One that treats every parameter by itself is easier written as a
/// [`ParamOptimizer`](crate::ParamOptimizer).
pub trait Optimizer: Component {
    /// Groups are numbered from 0 in the order they are added, all before the first step.
    fn add_group(&mut self, group: ParamGroup<'_>) -> Result<()>;

    /// Changes the parameters in place.
    fn step(&mut self, gradients: &Gradients<'_>) -> Result<()>;

    /// A numeric option of a group, such as "lr".
    /// [`Error::not_found`](crate::Error::not_found) for others.
    fn get_option(&mut self, group: usize, name: &str) -> Result<f64>;

    /// Sets such an option for the steps to come.
    fn set_option(&mut self, group: usize, name: &str, value: f64) -> Result<()>;
}

type Bound<T> = Instance<knack_optimizer_t, T>;

unsafe extern "C" fn add_group<T: Optimizer>(
    optimizer: *mut knack_optimizer_t,
    group: *const knack_param_group_t,
) -> i32 {
    Bound::<T>::enter(optimizer, |instance| {
        let group = &*group;
        let indices = 0..group.count as usize;
        let name = |i| from_abi(*group.names_borrowed.add(i)).into_owned();
        let param = |i| Tensor::retain(*group.params_borrowed.add(i));
        instance.object.add_group(ParamGroup {
            names: indices.clone().map(name).collect(),
            params: indices.map(param).collect::<Result<_>>()?,
            options: ValueView::new(group.options_borrowed),
        })
    })
}

unsafe extern "C" fn step<T: Optimizer>(
    optimizer: *mut knack_optimizer_t,
    step: *const knack_optimizer_step_t,
) -> i32 {
    Bound::<T>::enter(optimizer, |instance| instance.object.step(&Gradients { step: &*step }))
}

unsafe extern "C" fn get_option<T: Optimizer>(
    optimizer: *mut knack_optimizer_t,
    group: u64,
    name: knack_string_t,
    out_value: *mut f64,
) -> i32 {
    Bound::<T>::enter(optimizer, |instance| {
        *out_value = instance.object.get_option(group as usize, &from_abi(name))?;
        Ok(())
    })
}

unsafe extern "C" fn set_option<T: Optimizer>(
    optimizer: *mut knack_optimizer_t,
    group: u64,
    name: knack_string_t,
    value: f64,
) -> i32 {
    Bound::<T>::enter(optimizer, |instance| {
        instance.object.set_option(group as usize, &from_abi(name), value)
    })
}

unsafe fn create<T: Optimizer>(
    host: *const knack_host_t,
    options: *const knack_value_t,
    out_instance: *mut *mut knack_instance_t,
) -> i32 {
    let abi = knack_optimizer_t {
        head: Bound::<T>::head(),
        add_group: Some(add_group::<T>),
        step: Some(step::<T>),
        get_option: Some(get_option::<T>),
        set_option: Some(set_option::<T>),
    };
    Bound::<T>::create(abi, host, options, out_instance)
}

/// What a plugin file says of an optimizer.
#[doc(hidden)]
pub const fn provided<T: Optimizer>() -> Provided {
    Provided {
        kind: "optimizer",
        info: T::INFO,
        describe: T::Options::describe,
        create: create::<T>,
    }
}
