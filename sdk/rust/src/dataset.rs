// SPDX-License-Identifier: MIT
//! Datasets: a fixed number of samples, read by index.
use crate::abi::*;
use crate::error::{guarded, Error, Result};
use crate::instance::{Component, Instance};
use crate::options::Options;
use crate::plugin::Provided;
use crate::value::Value;

/// Which samples make up a batch. Random numbers (augmentation) are derived from the seed, the
/// epoch and the sample's index alone.
pub struct BatchRequest<'a> {
    /// From 1 in training; 0 otherwise.
    pub epoch: i64,
    /// Of this run and data section.
    pub seed: u64,
    /// Each in 0 .. length - 1.
    pub indices: &'a [i64],
}

/// A dataset. It is `Sync`, so the host may read batches in several threads at once. Tensors are
/// not, so what it keeps, it keeps in vectors or in files.
pub trait Dataset: Component + Send + Sync {
    /// Number of samples, >= 1.
    fn length(&self) -> Result<usize>;

    /// Facts as a map, such as {"num_classes": 10, "shape": [1, 8, 8]}.
    fn describe(&self) -> Result<Value> {
        Ok(Value::Map(Vec::new()))
    }

    /// Reads samples and stacks them, on the CPU: inputs and targets; see `knack_dataset_t`. What
    /// is wrong with a sample is an [`Error::data`] that names the file.
    fn batch(&self, request: &BatchRequest<'_>) -> Result<(Value, Value)>;
}

type Bound<T> = Instance<knack_dataset_t, T>;

unsafe fn enter<T: Dataset>(
    dataset: *mut knack_dataset_t,
    body: impl FnOnce(&Bound<T>) -> Result<()>,
) -> i32 {
    let instance = Bound::<T>::shared(dataset);
    guarded(instance.host, || body(instance))
}

unsafe extern "C" fn length<T: Dataset>(
    dataset: *mut knack_dataset_t,
    out_length: *mut i64,
) -> i32 {
    enter::<T>(dataset, |instance| {
        let length = instance.object.length()?;
        *out_length = i64::try_from(length).map_err(|_| Error::invalid("too many samples"))?;
        Ok(())
    })
}

unsafe extern "C" fn describe<T: Dataset>(
    dataset: *mut knack_dataset_t,
    out_facts: *mut knack_value_t,
) -> i32 {
    enter::<T>(dataset, |instance| {
        *out_facts = instance.object.describe()?.release(instance.host)?;
        Ok(())
    })
}

unsafe extern "C" fn batch<T: Dataset>(
    dataset: *mut knack_dataset_t,
    request: *const knack_batch_request_t,
    out_inputs: *mut knack_value_t,
    out_targets: *mut knack_value_t,
) -> i32 {
    enter::<T>(dataset, |instance| {
        let request = &*request;
        let (inputs, targets) = instance.object.batch(&BatchRequest {
            epoch: request.epoch,
            seed: request.seed,
            indices: std::slice::from_raw_parts(request.indices_borrowed, request.count as usize),
        })?;
        *out_targets = targets.lend(instance.host)?;
        *out_inputs = inputs.release(instance.host)?;
        targets.forget();
        Ok(())
    })
}

unsafe fn create<T: Dataset>(
    host: *const knack_host_t,
    options: *const knack_value_t,
    out_instance: *mut *mut knack_instance_t,
) -> i32 {
    let head = knack_instance_t { flags: KNACK_INSTANCE_REENTRANT, ..Bound::<T>::head() };
    let abi = knack_dataset_t {
        head,
        length: Some(length::<T>),
        describe: Some(describe::<T>),
        batch: Some(batch::<T>),
    };
    Bound::<T>::create(abi, host, options, out_instance)
}

/// What a plugin file says of a dataset.
#[doc(hidden)]
pub const fn provided<T: Dataset>() -> Provided {
    Provided { kind: "dataset", info: T::INFO, describe: T::Options::describe, create: create::<T> }
}
