// SPDX-License-Identifier: MIT
//! Optimizers that treat every parameter by itself. Groups, options by name and state are done here.
use crate::abi::*;
use crate::error::{to_abi, Error, Result};
use crate::host::Host;
use crate::instance::{Component, State};
use crate::operator::make_value;
use crate::optimizer::{self, Gradients, Optimizer, ParamGroup};
use crate::options::Options;
use crate::plugin::{Info, Provided};
use crate::tensor::Tensor;
use crate::value::{Value, ValueView};
use std::collections::BTreeMap;

/// Says what a step does to one parameter; given to the host by `plugin!(param_optimizer Type)`.
pub trait ParamOptimizer: 'static {
    /// Id and summary.
    const INFO: Info;

    /// Made by [`options!`](crate::options!). "lr" is one that schedules expect.
    type Options: Options;

    /// Changes `weight` in place. `options` are those of its group.
    fn update(
        weight: &Tensor,
        gradient: &Tensor,
        kept: &mut Kept,
        options: &Self::Options,
    ) -> Result<()>;
}

/// What belongs to one parameter, by name; saved with the state.
#[derive(Default)]
pub struct Kept {
    tensors: BTreeMap<String, Tensor>,
}

impl Kept {
    /// The tensor of that name, of zeros when it is asked for first.
    pub fn zeros_like(&mut self, weight: &Tensor, name: &str) -> Result<Tensor> {
        if let Some(kept) = self.tensors.get(name) {
            return Ok(kept.clone());
        }
        let zeros = weight.zeros_like()?;
        self.tensors.insert(name.to_owned(), zeros.clone());
        Ok(zeros)
    }
}

struct Param {
    name: String,
    weight: Tensor,
    kept: Kept,
}

struct Group<O> {
    options: O,
    params: Vec<Param>,
    changed: BTreeMap<String, f64>, // by set_option
}

/// The optimizer that a [`ParamOptimizer`] makes.
pub struct PerParam<T: ParamOptimizer> {
    options: T::Options,
    groups: Vec<Group<T::Options>>,
}

impl<T: ParamOptimizer> Component for PerParam<T> {
    const INFO: Info = T::INFO;
    type Options = T::Options;
    const STATE: Option<State<Self>> =
        Some(State { version: 1, save: Self::save, load: Self::load });

    fn create(options: T::Options, _host: Host) -> Result<Self> {
        Ok(Self { options, groups: Vec::new() })
    }
}

impl<T: ParamOptimizer> Optimizer for PerParam<T> {
    fn add_group(&mut self, group: ParamGroup<'_>) -> Result<()> {
        let options = T::Options::read(group.options, Some(&self.options))?;
        let params = group.names.into_iter().zip(group.params);
        let param = |(name, weight)| Param { name, weight, kept: Kept::default() };
        let params = params.map(param).collect();
        self.groups.push(Group { options, params, changed: BTreeMap::new() });
        Ok(())
    }

    fn step(&mut self, gradients: &Gradients<'_>) -> Result<()> {
        for (number, group) in self.groups.iter_mut().enumerate() {
            for (i, param) in group.params.iter_mut().enumerate() {
                if let Some(gradient) = gradients.get(number, i)? {
                    T::update(&param.weight, &gradient, &mut param.kept, &group.options)?;
                }
            }
        }
        Ok(())
    }

    fn get_option(&mut self, group: usize, name: &str) -> Result<f64> {
        self.group(group)?
            .options
            .number(name)
            .map(|number| *number)
            .ok_or_else(|| Error::not_found(format!("no numeric option \"{name}\"")))
    }

    fn set_option(&mut self, group: usize, name: &str, value: f64) -> Result<()> {
        self.get_option(group, name)?;
        let group = self.group(group)?;
        let content = knack_value_as_t { f64: value };
        let value_of = make_value(KNACK_VALUE_FLOAT, 0, content);
        let entries = knack_named_value_t { name: to_abi(name), value: value_of };
        let map = make_value(KNACK_VALUE_MAP, 1, knack_value_as_t { entries: &entries });
        group.options = T::Options::read(unsafe { ValueView::new(&map) }, Some(&group.options))?;
        group.changed.insert(name.to_owned(), value);
        Ok(())
    }
}

impl<T: ParamOptimizer> PerParam<T> {
    fn group(&mut self, number: usize) -> Result<&mut Group<T::Options>> {
        let count = self.groups.len();
        let missing = || Error::not_found(format!("parameter group {number} of {count}"));
        self.groups.get_mut(number).ok_or_else(missing)
    }

    fn save(&self) -> Result<Value> {
        let mut params = Vec::new();
        for param in self.groups.iter().flat_map(|group| &group.params) {
            if !param.kept.tensors.is_empty() {
                params.push((param.name.clone(), map_of(&param.kept.tensors)));
            }
        }
        let changed = self.groups.iter().map(|group| map_of(&group.changed)).collect();
        Ok(Value::map([("changed_options", Value::List(changed)), ("params", Value::Map(params))]))
    }

    fn load(&mut self, state: ValueView<'_>, _version: u32) -> Result<()> {
        let (changed, params) = (state.get("changed_options")?.list()?, state.get("params")?);
        if changed.len() != self.groups.len() {
            let (saved, found) = (changed.len(), self.groups.len());
            let text =
                format!("the saved state has {saved} parameter groups, this run has {found}");
            return Err(Error::new(text));
        }
        let mut taken = 0;
        for (number, options) in changed.enumerate() {
            for (name, value) in options.entries()? {
                self.set_option(number, name, value.number()?)?;
            }
            for param in &mut self.group(number)?.params {
                if let Some(saved) = params.find(&param.name)? {
                    take(param, saved)?;
                    taken += 1;
                }
            }
        }
        let saved = params.entries()?.len();
        if taken == saved {
            return Ok(());
        }
        let text =
            format!("the saved state is of {saved} parameters, this run trains {taken} of them");
        Err(Error::new(text))
    }
}

fn map_of<V: Clone + Into<Value>>(entries: &BTreeMap<String, V>) -> Value {
    Value::map(entries.iter().map(|(name, value)| (name.clone(), value.clone().into())))
}

fn take(param: &mut Param, saved: ValueView<'_>) -> Result<()> {
    for (name, value) in saved.entries()? {
        let tensor = value.tensor()?;
        if tensor.sizes()? != param.weight.sizes()? {
            let text = format!("the saved \"{name}\" of {} has another shape", param.name);
            return Err(Error::new(text));
        }
        param.kept.zeros_like(&param.weight, name)?.copy_(&tensor)?;
    }
    Ok(())
}

/// What a plugin file says of such an optimizer.
#[doc(hidden)]
pub const fn provided<T: ParamOptimizer>() -> Provided {
    optimizer::provided::<PerParam<T>>()
}
