// SPDX-License-Identifier: MIT
//! `kinds/`: what plugins provide.
use super::{knack_instance_t, knack_string_t, knack_tensor_t, knack_value_t};

#[repr(C)]
pub struct knack_batch_request_t {
    pub struct_size: u32,
    pub reserved: u32,
    pub epoch: i64,
    pub seed: u64,
    pub indices_borrowed: *const i64,
    pub count: i64,
}

#[repr(C)]
pub struct knack_dataset_t {
    pub head: knack_instance_t,
    pub length: Option<unsafe extern "C" fn(*mut knack_dataset_t, *mut i64) -> i32>,
    pub describe: Option<unsafe extern "C" fn(*mut knack_dataset_t, *mut knack_value_t) -> i32>,
    pub batch: Option<
        unsafe extern "C" fn(
            dataset: *mut knack_dataset_t,
            request: *const knack_batch_request_t,
            out_inputs_owned: *mut knack_value_t,
            out_targets_owned: *mut knack_value_t,
        ) -> i32,
    >,
}

pub const KNACK_ROLE_WEIGHT: &str = "weight";
pub const KNACK_ROLE_BIAS: &str = "bias";
pub const KNACK_ROLE_NORM_SCALE: &str = "norm_scale";
pub const KNACK_ROLE_NORM_SHIFT: &str = "norm_shift";
pub const KNACK_ROLE_NORM_STAT: &str = "norm_stat";
pub const KNACK_ROLE_EMBEDDING: &str = "embedding";
pub const KNACK_ROLE_TOKEN: &str = "token";
pub const KNACK_ROLE_SCALE: &str = "scale";
pub const KNACK_ROLE_BUFFER: &str = "buffer";

pub const KNACK_MODEL_TENSOR_BUFFER: u32 = 1;
pub const KNACK_MODEL_TENSOR_NOT_PERSISTENT: u32 = 2;

#[repr(C)]
pub struct knack_model_tensor_t {
    pub struct_size: u32,
    pub flags: u32,
    pub name: knack_string_t,
    pub role: knack_string_t,
    pub owner_kind: knack_string_t,
    pub tensor_borrowed: *mut knack_tensor_t,
}

#[repr(C)]
pub struct knack_norm_layer_t {
    pub struct_size: u32,
    pub training: u32,
    pub name: knack_string_t,
    pub kind: knack_string_t,
    pub channels: i64,
    pub momentum: f64,
    pub running_mean_borrowed: *mut knack_tensor_t,
    pub running_var_borrowed: *mut knack_tensor_t,
    pub num_batches_tracked_borrowed: *mut knack_tensor_t,
}

#[repr(C)]
pub struct knack_model_t {
    pub head: knack_instance_t,
    pub set_training: Option<unsafe extern "C" fn(*mut knack_model_t, training: u32) -> i32>,
    pub forward: Option<
        unsafe extern "C" fn(
            model: *mut knack_model_t,
            inputs_borrowed: *const knack_value_t,
            out_outputs_owned: *mut knack_value_t,
        ) -> i32,
    >,
    pub tensor_count: Option<unsafe extern "C" fn(*mut knack_model_t) -> i64>,
    pub get_tensor:
        Option<unsafe extern "C" fn(*mut knack_model_t, i64, *mut knack_model_tensor_t) -> i32>,
    pub norm_layer_count: Option<unsafe extern "C" fn(*mut knack_model_t) -> i64>,
    pub get_norm_layer:
        Option<unsafe extern "C" fn(*mut knack_model_t, i64, *mut knack_norm_layer_t) -> i32>,
    pub set_norm_training:
        Option<unsafe extern "C" fn(*mut knack_model_t, i64, training: u32) -> i32>,
    pub set_norm_momentum:
        Option<unsafe extern "C" fn(*mut knack_model_t, i64, momentum: f64) -> i32>,
}

#[repr(C)]
pub struct knack_objective_t {
    pub head: knack_instance_t,
    pub loss: Option<
        unsafe extern "C" fn(
            objective: *mut knack_objective_t,
            outputs_borrowed: *const knack_value_t,
            targets_borrowed: *const knack_value_t,
            out_loss_owned: *mut *mut knack_tensor_t,
        ) -> i32,
    >,
    pub weight:
        Option<unsafe extern "C" fn(*mut knack_objective_t, *const knack_value_t, *mut f64) -> i32>,
    pub metrics_begin: Option<unsafe extern "C" fn(*mut knack_objective_t) -> i32>,
    pub metrics_update: Option<
        unsafe extern "C" fn(
            objective: *mut knack_objective_t,
            outputs_borrowed: *const knack_value_t,
            targets_borrowed: *const knack_value_t,
        ) -> i32,
    >,
    pub metrics_result:
        Option<unsafe extern "C" fn(*mut knack_objective_t, *mut knack_value_t) -> i32>,
}

#[repr(C)]
pub struct knack_param_group_t {
    pub struct_size: u32,
    pub reserved: u32,
    pub count: u64,
    pub params_borrowed: *const *mut knack_tensor_t,
    pub names_borrowed: *const knack_string_t,
    pub options_borrowed: *const knack_value_t,
}

#[repr(C)]
pub struct knack_optimizer_step_t {
    pub struct_size: u32,
    pub reserved: u32,
    pub group_count: u64,
    pub gradients_borrowed: *const *const *mut knack_tensor_t,
}

#[repr(C)]
pub struct knack_optimizer_t {
    pub head: knack_instance_t,
    pub add_group:
        Option<unsafe extern "C" fn(*mut knack_optimizer_t, *const knack_param_group_t) -> i32>,
    pub step:
        Option<unsafe extern "C" fn(*mut knack_optimizer_t, *const knack_optimizer_step_t) -> i32>,
    pub get_option: Option<
        unsafe extern "C" fn(
            optimizer: *mut knack_optimizer_t,
            group: u64,
            name: knack_string_t,
            out_value: *mut f64,
        ) -> i32,
    >,
    pub set_option: Option<
        unsafe extern "C" fn(
            optimizer: *mut knack_optimizer_t,
            group: u64,
            name: knack_string_t,
            value: f64,
        ) -> i32,
    >,
}

pub const KNACK_REPLY_CONTINUE: u32 = 0;
pub const KNACK_REPLY_SKIP_BATCH: u32 = 1;
pub const KNACK_REPLY_SKIP_STEP: u32 = 2;
pub const KNACK_REPLY_STOP_EPOCH: u32 = 3;
pub const KNACK_REPLY_STOP_FIT: u32 = 4;

#[repr(C)]
pub struct knack_hook_context_t {
    pub struct_size: u32,
    pub reply: u32,
    pub epoch: i64,
    pub total_epochs: i64,
    pub step: i64,
    pub total_steps: i64,
    pub micro_batch: i64,
    pub samples_seen: i64,
    pub window_micro_batches: i64,
    pub window_position: i64,
    pub batch_samples: i64,
    pub window_weight: f64,
    pub batch_weight: f64,
    pub stepped: u32,
    pub higher_is_better: u32,
    pub is_final: u32,
    pub is_trial: u32,
    pub monitored: f64,
    pub monitor: knack_string_t,
    pub weight_set: knack_string_t,
    pub split: knack_string_t,
    pub inputs_borrowed: *const knack_value_t,
    pub targets_borrowed: *const knack_value_t,
    pub outputs_borrowed: *const knack_value_t,
    pub metrics_borrowed: *const knack_value_t,
    pub loss_borrowed: *mut knack_tensor_t,
    pub batch_indices_borrowed: *const i64,
    pub new_inputs_owned: knack_value_t,
    pub new_targets_owned: knack_value_t,
    pub new_outputs_owned: knack_value_t,
    pub new_loss_owned: *mut knack_tensor_t,
    pub request_micro_batches: i64,
}

pub type knack_hook_t = unsafe extern "C" fn(*mut knack_trick_t, *mut knack_hook_context_t) -> i32;

#[repr(C)]
pub struct knack_trick_t {
    pub head: knack_instance_t,
    pub fit_begin: Option<knack_hook_t>,
    pub epoch_begin: Option<knack_hook_t>,
    pub window_begin: Option<knack_hook_t>,
    pub batch: Option<knack_hook_t>,
    pub forward: Option<knack_hook_t>,
    pub loss: Option<knack_hook_t>,
    pub gradients: Option<knack_hook_t>,
    pub before_step: Option<knack_hook_t>,
    pub after_step: Option<knack_hook_t>,
    pub eval_begin: Option<knack_hook_t>,
    pub eval_end: Option<knack_hook_t>,
    pub epoch_end: Option<knack_hook_t>,
    pub fit_end: Option<knack_hook_t>,
}
