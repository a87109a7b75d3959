// SPDX-License-Identifier: MIT
//! Models: inputs to outputs, with named parameters and buffers.
use crate::abi::*;
use crate::error::{to_abi, Error, Result};
use crate::instance::{Component, Instance};
use crate::options::Options;
use crate::plugin::Provided;
use crate::tensor::Tensor;
use crate::value::{Value, ValueView};
use std::mem::size_of;

/// One parameter or buffer.
#[derive(Clone, Debug)]
pub struct ModelTensor {
    /// As in the PyTorch state dict: "layer1.0.bn1.weight".
    pub name: String,
    /// One of `KNACK_ROLE_*`.
    pub role: String,
    /// Class of the layer: "BatchNorm2d", "Linear".
    pub owner_kind: String,
    /// `KNACK_MODEL_TENSOR_*`
    pub flags: u32,
    /// The model's own.
    pub tensor: Tensor,
}

impl ModelTensor {
    /// A parameter, which from now on requires a gradient.
    pub fn parameter(name: &str, role: &str, owner_kind: &str, tensor: Tensor) -> Result<Self> {
        tensor.requires_grad_(true)?;
        let (name, role, owner_kind) = (name.into(), role.into(), owner_kind.into());
        Ok(Self { name, role, owner_kind, flags: 0, tensor })
    }

    /// A buffer, which is not trained by gradient.
    pub fn buffer(name: &str, role: &str, owner_kind: &str, tensor: Tensor) -> Self {
        let (name, role, owner_kind) = (name.into(), role.into(), owner_kind.into());
        Self { name, role, owner_kind, flags: KNACK_MODEL_TENSOR_BUFFER, tensor }
    }
}

/// One normalization layer with running statistics.
#[derive(Clone, Debug)]
pub struct ModelNormLayer {
    /// "layer1.0.bn1"
    pub name: String,
    /// "BatchNorm2d"
    pub kind: String,
    /// Normalizes by the batch and updates its statistics.
    pub training: bool,
    /// Number of channels.
    pub channels: i64,
    /// Weight of the new batch in the running statistics; NaN: cumulative average.
    pub momentum: f64,
    /// (channels)
    pub running_mean: Tensor,
    /// (channels)
    pub running_var: Tensor,
    /// 0-dim int64.
    pub num_batches_tracked: Option<Tensor>,
}

/// The normalization layers of a model, in forward order where known.
#[allow(missing_docs)]
pub struct ModelNormLayers<T> {
    pub layers: fn(&T) -> &[ModelNormLayer],
    pub set_training: fn(&mut T, usize, bool) -> Result<()>,
    pub set_momentum: fn(&mut T, usize, f64) -> Result<()>,
}

/// A model. What each function means: `knack_model_t`.
pub trait Model: Component {
    /// Training or inference behaviour, for all layers.
    fn set_training(&mut self, training: bool) -> Result<()>;

    /// Computes outputs, recorded by autograd when gradient mode is on.
    fn forward(&mut self, inputs: ValueView<'_>) -> Result<Value>;

    /// Parameters and buffers in a fixed order, parameters first. They stay where they are as long
    /// as the model lives.
    fn tensors(&self) -> &[ModelTensor];

    /// Normalization layers with running statistics, if there are any.
    const NORM_LAYERS: Option<ModelNormLayers<Self>> = None;
}

type Bound<T> = Instance<knack_model_t, T>;

/// Writes as much of `filled` as `*out` has room for, by the struct_size that both begin with.
unsafe fn fill<S>(out: *mut S, filled: &S) -> Result<()> {
    let size = out as *mut u32;
    if out.is_null() || (*size as usize) < size_of::<u32>() {
        return Err(Error::invalid("expected a struct with its struct_size set, found none"));
    }
    let bytes = size_of::<S>().min(*size as usize);
    (out as *mut u8).copy_from_nonoverlapping(filled as *const S as *const u8, bytes);
    *size = bytes as u32;
    Ok(())
}

fn at<S>(items: &[S], index: i64) -> Result<&S> {
    usize::try_from(index)
        .ok()
        .and_then(|index| items.get(index))
        .ok_or_else(|| Error::not_found(format!("index {index} of {} in the model", items.len())))
}

unsafe extern "C" fn set_training<T: Model>(model: *mut knack_model_t, training: u32) -> i32 {
    Bound::<T>::enter(model, |instance| instance.object.set_training(training != 0))
}

unsafe extern "C" fn forward<T: Model>(
    model: *mut knack_model_t,
    inputs: *const knack_value_t,
    out_outputs: *mut knack_value_t,
) -> i32 {
    Bound::<T>::enter(model, |instance| {
        let outputs = instance.object.forward(ValueView::new(inputs))?;
        *out_outputs = outputs.release(instance.host)?;
        Ok(())
    })
}

unsafe fn count<T: Model>(model: *mut knack_model_t, count: impl FnOnce(&T) -> usize) -> i64 {
    let mut result = -1;
    Bound::<T>::enter(model, |instance| {
        result = count(instance.object) as i64;
        Ok(())
    });
    result
}

unsafe extern "C" fn tensor_count<T: Model>(model: *mut knack_model_t) -> i64 {
    count::<T>(model, |object| object.tensors().len())
}

unsafe extern "C" fn get_tensor<T: Model>(
    model: *mut knack_model_t,
    index: i64,
    out_tensor: *mut knack_model_tensor_t,
) -> i32 {
    Bound::<T>::enter(model, |instance| {
        let tensor = at(instance.object.tensors(), index)?;
        let filled = knack_model_tensor_t {
            struct_size: size_of::<knack_model_tensor_t>() as u32,
            flags: tensor.flags,
            name: to_abi(&tensor.name),
            role: to_abi(&tensor.role),
            owner_kind: to_abi(&tensor.owner_kind),
            tensor_borrowed: tensor.tensor.handle(),
        };
        fill(out_tensor, &filled)
    })
}

fn norm_layers<T: Model>() -> Result<ModelNormLayers<T>> {
    T::NORM_LAYERS.ok_or_else(|| Error::not_found("the model has no normalization layers"))
}

unsafe extern "C" fn norm_layer_count<T: Model>(model: *mut knack_model_t) -> i64 {
    count::<T>(model, |object| norm_layers::<T>().map_or(0, |norm| (norm.layers)(object).len()))
}

unsafe extern "C" fn get_norm_layer<T: Model>(
    model: *mut knack_model_t,
    index: i64,
    out_layer: *mut knack_norm_layer_t,
) -> i32 {
    Bound::<T>::enter(model, |instance| {
        let layer = at((norm_layers::<T>()?.layers)(instance.object), index)?;
        let tracked = layer.num_batches_tracked.as_ref();
        let filled = knack_norm_layer_t {
            struct_size: size_of::<knack_norm_layer_t>() as u32,
            training: u32::from(layer.training),
            name: to_abi(&layer.name),
            kind: to_abi(&layer.kind),
            channels: layer.channels,
            momentum: layer.momentum,
            running_mean_borrowed: layer.running_mean.handle(),
            running_var_borrowed: layer.running_var.handle(),
            num_batches_tracked_borrowed: tracked.map_or(std::ptr::null_mut(), Tensor::handle),
        };
        fill(out_layer, &filled)
    })
}

unsafe extern "C" fn set_norm_training<T: Model>(
    model: *mut knack_model_t,
    index: i64,
    training: u32,
) -> i32 {
    Bound::<T>::enter(model, |instance| {
        (norm_layers::<T>()?.set_training)(instance.object, index as usize, training != 0)
    })
}

unsafe extern "C" fn set_norm_momentum<T: Model>(
    model: *mut knack_model_t,
    index: i64,
    momentum: f64,
) -> i32 {
    Bound::<T>::enter(model, |instance| {
        (norm_layers::<T>()?.set_momentum)(instance.object, index as usize, momentum)
    })
}

unsafe fn create<T: Model>(
    host: *const knack_host_t,
    options: *const knack_value_t,
    out_instance: *mut *mut knack_instance_t,
) -> i32 {
    let with_norm = T::NORM_LAYERS.is_some();
    let abi = knack_model_t {
        head: Bound::<T>::head(),
        set_training: Some(set_training::<T>),
        forward: Some(forward::<T>),
        tensor_count: Some(tensor_count::<T>),
        get_tensor: Some(get_tensor::<T>),
        norm_layer_count: if with_norm { Some(norm_layer_count::<T>) } else { None },
        get_norm_layer: if with_norm { Some(get_norm_layer::<T>) } else { None },
        set_norm_training: if with_norm { Some(set_norm_training::<T>) } else { None },
        set_norm_momentum: if with_norm { Some(set_norm_momentum::<T>) } else { None },
    };
    Bound::<T>::create(abi, host, options, out_instance)
}

/// What a plugin file says of a model.
#[doc(hidden)]
pub const fn provided<T: Model>() -> Provided {
    Provided { kind: "model", info: T::INFO, describe: T::Options::describe, create: create::<T> }
}
