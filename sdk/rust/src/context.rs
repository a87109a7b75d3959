// SPDX-License-Identifier: MIT
//! What a trick's hook is told, and what it may answer.
use crate::abi::*;
use crate::error::{from_abi, Result};
use crate::tensor::Tensor;
use crate::value::{Value, ValueView};
use std::borrow::Cow;

/// What the host does after the hook; the strongest reply of all tricks wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Reply {
    /// Go on.
    Continue = KNACK_REPLY_CONTINUE,
    /// batch, forward, loss: leave this micro-batch out of the window.
    SkipBatch = KNACK_REPLY_SKIP_BATCH,
    /// before_step: drop the gradient.
    SkipStep = KNACK_REPLY_SKIP_STEP,
    /// after_step: evaluate now, then begin the next epoch.
    StopEpoch = KNACK_REPLY_STOP_EPOCH,
    /// after_step, epoch_end: evaluate if due, then end the fit.
    StopFit = KNACK_REPLY_STOP_FIT,
}

/// Valid during the hook. The meaning of each number: `knack_hook_context_t`.
pub struct Context<'a> {
    host: *const knack_host_t,
    context: &'a mut knack_hook_context_t,
}

macro_rules! numbers {
    ($($(#[$meta:meta])* $name:ident: $type:ty;)*) => {$(
        $(#[$meta])*
        pub fn $name(&self) -> $type {
            self.context.$name
        }
    )*};
}

macro_rules! flags {
    ($($(#[$meta:meta])* $name:ident;)*) => {$(
        $(#[$meta])*
        pub fn $name(&self) -> bool {
            self.context.$name != 0
        }
    )*};
}

macro_rules! texts {
    ($($(#[$meta:meta])* $name:ident;)*) => {$(
        $(#[$meta])*
        pub fn $name(&self) -> Cow<'_, str> {
            unsafe { from_abi(self.context.$name) }
        }
    )*};
}

macro_rules! values {
    ($($(#[$meta:meta])* $name:ident: $field:ident;)*) => {$(
        $(#[$meta])*
        pub fn $name(&self) -> ValueView<'_> {
            unsafe { ValueView::new(self.context.$field) }
        }
    )*};
}

impl<'a> Context<'a> {
    pub(crate) fn new(host: *const knack_host_t, context: &'a mut knack_hook_context_t) -> Self {
        Self { host, context }
    }

    /// The ABI's struct.
    pub fn abi(&mut self) -> &mut knack_hook_context_t {
        self.context
    }

    numbers! {
        /// The epoch in progress, from 1; 0 in fit_begin.
        epoch: i64;
        /// As planned.
        total_epochs: i64;
        /// Optimizer steps made so far; after_step counts the one just made.
        step: i64;
        /// As planned with the present window; 0 before the first window.
        total_steps: i64;
        /// Training micro-batches consumed so far, with the one in progress.
        micro_batch: i64;
        /// Training samples consumed so far, with those in progress.
        samples_seen: i64;
        /// Micro-batches of this window: the real number, short at the end of an epoch.
        window_micro_batches: i64;
        /// This micro-batch within the window, from 0.
        window_position: i64;
        /// Samples of this micro-batch.
        batch_samples: i64;
        /// Sum of the objective's weights over the window.
        window_weight: f64;
        /// This micro-batch's share of it.
        batch_weight: f64;
        /// eval_end: the monitored value of this weight set, NaN when absent.
        monitored: f64;
    }

    flags! {
        /// after_step: false when the step was dropped and the weights are as they were.
        stepped;
        /// Whether a larger monitored value is better.
        higher_is_better;
        /// eval_begin, eval_end: true in the evaluations after fit_end.
        is_final;
        /// eval_begin, eval_end: a trick asked for this evaluation, which is not the epoch's own.
        is_trial;
    }

    texts! {
        /// The monitored metric's name, such as "top1".
        monitor;
        /// eval_begin, eval_end: the set that is active, such as "live".
        weight_set;
        /// eval_begin, eval_end: "valid".
        split;
    }

    values! {
        /// batch, forward, loss, gradients.
        inputs: inputs_borrowed;
        /// batch, forward, loss, gradients.
        targets: targets_borrowed;
        /// forward, loss.
        outputs: outputs_borrowed;
        /// eval_end: map of name to number.
        metrics: metrics_borrowed;
    }

    /// loss, gradients: the mean over the micro-batch, 0-dim.
    pub fn loss(&self) -> Result<Tensor> {
        unsafe { Tensor::retain(self.context.loss_borrowed) }
    }

    /// batch, forward, loss, gradients: the samples of this micro-batch, as indices into the
    /// training data; empty when the host does not know them.
    pub fn batch_indices(&self) -> &[i64] {
        let indices = self.context.batch_indices_borrowed;
        if indices.is_null() {
            return &[];
        }
        unsafe { std::slice::from_raw_parts(indices, self.context.batch_samples as usize) }
    }

    /// What the host does after the hook.
    pub fn reply(&mut self, reply: Reply) {
        self.context.reply = reply as u32;
    }

    /// batch.
    pub fn replace_inputs(&mut self, inputs: impl Into<Value>) -> Result<()> {
        self.context.new_inputs_owned = unsafe { inputs.into().release(self.host)? };
        Ok(())
    }

    /// batch.
    pub fn replace_targets(&mut self, targets: impl Into<Value>) -> Result<()> {
        self.context.new_targets_owned = unsafe { targets.into().release(self.host)? };
        Ok(())
    }

    /// forward.
    pub fn replace_outputs(&mut self, outputs: impl Into<Value>) -> Result<()> {
        self.context.new_outputs_owned = unsafe { outputs.into().release(self.host)? };
        Ok(())
    }

    /// loss: a number that depends on the parameters.
    pub fn replace_loss(&mut self, loss: Tensor) {
        self.context.new_loss_owned = loss.release();
    }

    /// window_begin: micro-batches wanted per optimizer step, >= 1.
    pub fn request_micro_batches(&mut self, count: i64) {
        self.context.request_micro_batches = count;
    }
}
