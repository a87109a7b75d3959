// SPDX-License-Identifier: MIT
//! Objectives: the loss that is minimized, and the metrics that are reported.
use crate::abi::*;
use crate::error::Result;
use crate::instance::{Component, Instance};
use crate::options::Options;
use crate::plugin::Provided;
use crate::tensor::Tensor;
use crate::value::{Value, ValueView};

/// An objective.
pub trait Objective: Component {
    /// The loss of a micro-batch: a 0-dim differentiable tensor, the mean over what
    /// [`Objective::WEIGHT`] counts.
    fn loss(&mut self, outputs: ValueView<'_>, targets: ValueView<'_>) -> Result<Tensor>;

    /// How many items the loss of a micro-batch with these targets is the mean of; `None`: the
    /// number of samples.
    const WEIGHT: Option<fn(&mut Self, ValueView<'_>) -> Result<f64>> = None;

    /// Metrics over an evaluation; `None`: the weighted mean loss alone.
    const METRICS: Option<Metrics<Self>> = None;
}

/// Metrics over one evaluation: `begin`, then `update` with the outputs and targets of each batch,
/// then `result`, a map of name to number, "loss" among them.
#[allow(missing_docs)]
pub struct Metrics<T> {
    pub begin: fn(&mut T) -> Result<()>,
    pub update: fn(&mut T, ValueView<'_>, ValueView<'_>) -> Result<()>,
    pub result: fn(&mut T) -> Result<Value>,
}

type Bound<T> = Instance<knack_objective_t, T>;

unsafe extern "C" fn loss<T: Objective>(
    objective: *mut knack_objective_t,
    outputs: *const knack_value_t,
    targets: *const knack_value_t,
    out_loss: *mut *mut knack_tensor_t,
) -> i32 {
    Bound::<T>::enter(objective, |instance| {
        let (outputs, targets) = (ValueView::new(outputs), ValueView::new(targets));
        *out_loss = instance.object.loss(outputs, targets)?.release();
        Ok(())
    })
}

unsafe extern "C" fn weight<T: Objective>(
    objective: *mut knack_objective_t,
    targets: *const knack_value_t,
    out_weight: *mut f64,
) -> i32 {
    Bound::<T>::enter(objective, |instance| {
        if let Some(weight) = T::WEIGHT {
            *out_weight = weight(instance.object, ValueView::new(targets))?;
        }
        Ok(())
    })
}

unsafe extern "C" fn begin<T: Objective>(objective: *mut knack_objective_t) -> i32 {
    Bound::<T>::enter(objective, |instance| match T::METRICS {
        Some(metrics) => (metrics.begin)(instance.object),
        None => Ok(()),
    })
}

unsafe extern "C" fn update<T: Objective>(
    objective: *mut knack_objective_t,
    outputs: *const knack_value_t,
    targets: *const knack_value_t,
) -> i32 {
    Bound::<T>::enter(objective, |instance| match T::METRICS {
        Some(metrics) => {
            let (outputs, targets) = (ValueView::new(outputs), ValueView::new(targets));
            (metrics.update)(instance.object, outputs, targets)
        }
        None => Ok(()),
    })
}

unsafe extern "C" fn result<T: Objective>(
    objective: *mut knack_objective_t,
    out_metrics: *mut knack_value_t,
) -> i32 {
    Bound::<T>::enter(objective, |instance| {
        if let Some(metrics) = T::METRICS {
            *out_metrics = (metrics.result)(instance.object)?.release(instance.host)?;
        }
        Ok(())
    })
}

unsafe fn create<T: Objective>(
    host: *const knack_host_t,
    options: *const knack_value_t,
    out_instance: *mut *mut knack_instance_t,
) -> i32 {
    let with_metrics = T::METRICS.is_some();
    let abi = knack_objective_t {
        head: Bound::<T>::head(),
        loss: Some(loss::<T>),
        weight: if T::WEIGHT.is_some() { Some(weight::<T>) } else { None },
        metrics_begin: if with_metrics { Some(begin::<T>) } else { None },
        metrics_update: if with_metrics { Some(update::<T>) } else { None },
        metrics_result: if with_metrics { Some(result::<T>) } else { None },
    };
    Bound::<T>::create(abi, host, options, out_instance)
}

/// What a plugin file says of an objective.
#[doc(hidden)]
pub const fn provided<T: Objective>() -> Provided {
    Provided {
        kind: "objective",
        info: T::INFO,
        describe: T::Options::describe,
        create: create::<T>,
    }
}
