// SPDX-License-Identifier: MIT
//! Instances on the fake host, called through their tables.
use super::FakeHost;
use crate::abi::*;
use crate::error::{from_abi, to_abi, Error, Result};
use crate::plugin::Provided;
use crate::tensor::Tensor;
use crate::value::{Value, ValueView};
use crate::{Dataset, Model, Objective, Optimizer};
use std::mem::{size_of, zeroed};

/// The options of an instance, by name. What is left out has its default.
pub type Given<'a> = &'a [(&'a str, Value)];

/// The table of a kind, and the instance behind it.
pub(super) struct Table<'a, Abi> {
    pub(super) host: &'a FakeHost,
    pub(super) abi: *mut Abi,
}

impl<Abi> Drop for Table<'_, Abi> {
    fn drop(&mut self) {
        let head = self.abi as *mut knack_instance_t;
        unsafe { (*head).destroy.expect("an instance is destroyed")(head) }
    }
}

/// Takes over the tensors of an owned tree.
pub(super) unsafe fn consume(owned: &knack_value_t) -> Result<Value> {
    unsafe fn release(node: &knack_value_t) {
        let count = node.count as usize;
        match node.tag {
            KNACK_VALUE_TENSOR => drop(Tensor::take(node.r#as.tensor)),
            KNACK_VALUE_LIST => (0..count).for_each(|i| release(&*node.r#as.items.add(i))),
            KNACK_VALUE_MAP => (0..count).for_each(|i| release(&(*node.r#as.entries.add(i)).value)),
            _ => (),
        }
    }
    let kept = ValueView::new(owned).to_value();
    release(owned);
    kept
}

impl<'a, Abi> Table<'a, Abi> {
    pub(super) fn new(host: &'a FakeHost, provided: &Provided, options: Given<'_>) -> Result<Self> {
        let options = Value::map(options.iter().map(|(name, value)| (*name, value.clone())));
        let lent = host.lend(&options);
        let mut instance = std::ptr::null_mut();
        host.check(unsafe { (provided.create)(host.abi(), &lent, &mut instance) })?;
        Ok(Self { host, abi: instance as *mut Abi })
    }

    /// Calls `function` with a place for an owned value.
    fn value(&self, function: impl FnOnce(*mut knack_value_t) -> i32) -> Result<Value> {
        unsafe {
            let mut value = zeroed();
            self.host.check(function(&mut value))?;
            consume(&value)
        }
    }

    pub(super) fn save(&self) -> Result<(u32, Value)> {
        let head = self.abi as *mut knack_instance_t;
        let save = unsafe { (*head).state_save }.ok_or_else(|| Error::new("it has no state"))?;
        let mut version = 0;
        let state = self.value(|out| unsafe { save(head, &mut version, out) })?;
        Ok((version, state))
    }

    pub(super) fn load(&self, version: u32, state: &Value) -> Result<()> {
        let head = self.abi as *mut knack_instance_t;
        let load = unsafe { (*head).state_load }.ok_or_else(|| Error::new("it has no state"))?;
        self.host.check(unsafe { load(head, version, &self.host.lend(state)) })
    }
}

/// The slot of a table, which a plugin of this crate always fills.
macro_rules! slot {
    ($self:ident.$name:ident) => {
        (*$self.table.abi)
            .$name
            .ok_or_else(|| Error::new(concat!("the plugin has no ", stringify!($name))))?
    };
}

macro_rules! instances {
    ($($fake:ident: $abi:ident, $method:ident, $kind:ident;)*) => {
        $(
            #[doc = concat!("A ", stringify!($method), " on the fake host.")]
            pub struct $fake<'a> {
                table: Table<'a, $abi>,
            }

            impl $fake<'_> {
                /// Its state and the version of it.
                pub fn save(&self) -> Result<(u32, Value)> {
                    self.table.save()
                }

                /// Gives it a state back.
                pub fn load(&self, version: u32, state: &Value) -> Result<()> {
                    self.table.load(version, state)
                }
            }
        )*

        impl FakeHost {
            $(
                #[doc = concat!("Makes a ", stringify!($method), "; options left out have defaults.")]
                pub fn $method<T: $kind>(&self, options: Given<'_>) -> Result<$fake<'_>> {
                    let table = Table::new(self, &crate::$method::provided::<T>(), options)?;
                    Ok($fake { table })
                }
            )*
        }
    };
}

instances! {
    FakeDataset: knack_dataset_t, dataset, Dataset;
    FakeModel: knack_model_t, model, Model;
    FakeObjective: knack_objective_t, objective, Objective;
    FakeOptimizer: knack_optimizer_t, optimizer, Optimizer;
}

impl FakeDataset<'_> {
    /// Number of samples.
    pub fn length(&self) -> Result<i64> {
        let mut length = 0;
        let status = unsafe { slot!(self.length)(self.table.abi, &mut length) };
        self.table.host.check(status)?;
        Ok(length)
    }

    /// Its facts.
    pub fn describe(&self) -> Result<Value> {
        self.table.value(|out| unsafe {
            (*self.table.abi).describe.map_or(KNACK_STATUS_OK, |slot| slot(self.table.abi, out))
        })
    }

    /// Inputs and targets of these samples.
    pub fn batch(&self, epoch: i64, seed: u64, indices: &[i64]) -> Result<(Value, Value)> {
        let request = knack_batch_request_t {
            struct_size: size_of::<knack_batch_request_t>() as u32,
            reserved: 0,
            epoch,
            seed,
            indices_borrowed: indices.as_ptr(),
            count: indices.len() as i64,
        };
        unsafe {
            let (mut inputs, mut targets) = (zeroed(), zeroed());
            let batch = slot!(self.batch);
            self.table.host.check(batch(self.table.abi, &request, &mut inputs, &mut targets))?;
            Ok((consume(&inputs)?, consume(&targets)?))
        }
    }
}

impl FakeModel<'_> {
    /// Training or inference behaviour.
    pub fn set_training(&self, training: bool) -> Result<()> {
        let status = unsafe { slot!(self.set_training)(self.table.abi, u32::from(training)) };
        self.table.host.check(status)
    }

    /// The outputs for these inputs.
    pub fn forward(&self, inputs: impl Into<Value>) -> Result<Value> {
        let inputs = inputs.into();
        let lent = self.table.host.lend(&inputs);
        let forward = unsafe { slot!(self.forward) };
        self.table.value(|out| unsafe { forward(self.table.abi, &lent, out) })
    }

    /// Names and tensors of parameters and buffers.
    pub fn tensors(&self) -> Result<Vec<(String, Tensor)>> {
        let model = self.table.abi;
        let (count, get) = unsafe { (slot!(self.tensor_count)(model), slot!(self.get_tensor)) };
        let tensor = |index| unsafe {
            let mut tensor: knack_model_tensor_t = zeroed();
            tensor.struct_size = size_of::<knack_model_tensor_t>() as u32;
            self.table.host.check(get(model, index, &mut tensor))?;
            Ok((from_abi(tensor.name).into_owned(), Tensor::retain(tensor.tensor_borrowed)?))
        };
        (0..count).map(tensor).collect()
    }
}

impl FakeObjective<'_> {
    /// The loss.
    pub fn loss(&self, outputs: impl Into<Value>, targets: impl Into<Value>) -> Result<Tensor> {
        let (outputs, targets) = (outputs.into(), targets.into());
        let (outputs, targets) = (self.table.host.lend(&outputs), self.table.host.lend(&targets));
        let mut loss = std::ptr::null_mut();
        unsafe {
            self.table.host.check(slot!(self.loss)(
                self.table.abi,
                &outputs,
                &targets,
                &mut loss,
            ))?;
            Ok(Tensor::take(loss))
        }
    }

    /// The metrics over batches of (outputs, targets).
    pub fn metrics(&self, batches: &[(Value, Value)]) -> Result<Value> {
        let (objective, host) = (self.table.abi, self.table.host);
        host.check(unsafe { slot!(self.metrics_begin)(objective) })?;
        for (outputs, targets) in batches {
            let (outputs, targets) = (host.lend(outputs), host.lend(targets));
            let update = unsafe { slot!(self.metrics_update) };
            host.check(unsafe { update(objective, &outputs, &targets) })?;
        }
        let result = unsafe { slot!(self.metrics_result) };
        self.table.value(|out| unsafe { result(objective, out) })
    }
}

impl FakeOptimizer<'_> {
    /// Adds a group of these parameters, called "0", "1" and so on.
    pub fn add_group(&self, params: &[Tensor], options: Given<'_>) -> Result<()> {
        let names: Vec<_> = (0..params.len()).map(|i| i.to_string()).collect();
        let names: Vec<_> = names.iter().map(|name| to_abi(name)).collect();
        let handles: Vec<_> = params.iter().map(Tensor::handle).collect();
        let options = Value::map(options.iter().map(|(name, value)| (*name, value.clone())));
        let options = self.table.host.lend(&options);
        let group = knack_param_group_t {
            struct_size: size_of::<knack_param_group_t>() as u32,
            reserved: 0,
            count: params.len() as u64,
            params_borrowed: handles.as_ptr(),
            names_borrowed: names.as_ptr(),
            options_borrowed: &options,
        };
        self.table.host.check(unsafe { slot!(self.add_group)(self.table.abi, &group) })
    }

    /// One step with the gradients of each group.
    pub fn step(&self, gradients: &[Vec<Option<Tensor>>]) -> Result<()> {
        let handle =
            |tensor: &Option<Tensor>| tensor.as_ref().map_or(std::ptr::null_mut(), Tensor::handle);
        let groups: Vec<Vec<_>> =
            gradients.iter().map(|group| group.iter().map(handle).collect()).collect();
        let pointers: Vec<_> = groups.iter().map(Vec::as_ptr).collect();
        let step = knack_optimizer_step_t {
            struct_size: size_of::<knack_optimizer_step_t>() as u32,
            reserved: 0,
            group_count: groups.len() as u64,
            gradients_borrowed: pointers.as_ptr(),
        };
        self.table.host.check(unsafe { slot!(self.step)(self.table.abi, &step) })
    }

    /// An option of a group.
    pub fn get_option(&self, group: u64, name: &str) -> Result<f64> {
        let mut value = 0.0;
        let get = unsafe { slot!(self.get_option) };
        let status = unsafe { get(self.table.abi, group, to_abi(name), &mut value) };
        self.table.host.check(status)?;
        Ok(value)
    }

    /// Sets an option of a group.
    pub fn set_option(&self, group: u64, name: &str, value: f64) -> Result<()> {
        let set = unsafe { slot!(self.set_option) };
        self.table.host.check(unsafe { set(self.table.abi, group, to_abi(name), value) })
    }
}
