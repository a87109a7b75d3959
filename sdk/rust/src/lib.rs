// SPDX-License-Identifier: MIT
//! Plugins for the trainer knack in Rust: tricks, models, datasets, objectives and optimizers.
//!
//! A plugin is a `cdylib` crate with one [`plugin!`]. Each type that it provides implements
//! [`Component`] and the trait of its kind: [`Trick`], [`Model`], [`Dataset`], [`Objective`] or
//! [`Optimizer`]. What goes wrong in it, an `Err` or a panic, ends the run with its text, the
//! plugin's id and the function it happened in. `knack new trick acme.lookahead --lang rust` writes
//! a project to start from, with a unit test on [`testing`]'s host.
//!
//! Everything here stands on [`abi`], the C ABI as it is, whose headers say what each thing means.
#![warn(missing_docs)]

#[cfg(not(panic = "unwind"))]
compile_error!(
    "a panic in a plugin must not end the host: leave panic = \"unwind\" in the profile"
);

pub mod abi;
pub mod dataset;
pub mod model;
pub mod objective;
pub mod optimizer;
pub mod options;
pub mod param_optimizer;
#[doc(hidden)]
pub mod plugin;
pub mod testing;

pub mod trick;

mod autograd;
mod context;
mod dlpack;
mod error;
mod gateway;
mod host;
mod instance;
mod norm;
mod operator;
mod params;
mod tensor;
mod tensor_methods;
mod value;
mod weights;

pub use autograd::{Function, FunctionCall, GradMode, GradOptions};
pub use context::{Context, Reply};
pub use dataset::{BatchRequest, Dataset};
pub use dlpack::DlpackTensor;
pub use error::{Error, Result};
pub use host::Host;
pub use instance::{Component, State};
pub use model::{Model, ModelNormLayer, ModelNormLayers, ModelTensor};
pub use norm::{NormLayer, NormLayers};
pub use objective::{Metrics, Objective};
pub use operator::{Argument, Ints, Operator, TensorList};
pub use optimizer::{Gradients, Optimizer, ParamGroup};
pub use options::{OptionSpec, OptionType, Options};
pub use param_optimizer::{Kept, ParamOptimizer, PerParam};
pub use params::{Param, Params};
pub use plugin::Info;
pub use tensor::{Dtype, Element, Tensor};
pub use tensor_methods::{
    foreach_add_, foreach_copy_, foreach_lerp_, foreach_mul_, foreach_zero_, Operand,
};
pub use trick::{Hook, Hooks, Trick};
pub use value::{Value, ValueView};
pub use weights::{Weight, WeightSet, Weights};
