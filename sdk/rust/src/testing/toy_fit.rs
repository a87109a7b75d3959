// SPDX-License-Identifier: MIT
//! A fit of the fake host's model, with every hook in legal order.
use super::instances::{Given, Table};
use super::FakeHost;
use crate::abi::*;
use crate::error::{to_abi, Result};
use crate::tensor::Tensor;
use crate::trick::{provided, Trick};
use crate::value::Value;
use std::cell::Cell;
use std::mem::{size_of, zeroed};

type Slot = fn(&knack_trick_t) -> Option<knack_hook_t>;

/// A trick and the fit it is in: epochs of four steps of plain gradient descent on half the sum of
/// the squared parameters, so that each gradient is the parameter itself.
pub struct ToyFit<'a> {
    table: Table<'a, knack_trick_t>,
    step: Cell<i64>,
    loss: Tensor,
}

impl FakeHost {
    /// A fit with this trick; options left out have their defaults.
    pub fn trick<T: Trick>(&self, options: Given<'_>) -> Result<ToyFit<'_>> {
        let table = Table::new(self, &provided::<T>(), options)?;
        Ok(ToyFit { table, step: Cell::new(0), loss: Tensor::zeros::<f32>(&[])? })
    }
}

/// Calls a hook of that name, if it is subscribed.
macro_rules! call {
    ($self:ident.$name:ident($context:expr)) => {
        $self.call(stringify!($name), |trick| trick.$name, $context)
    };
}

impl ToyFit<'_> {
    const STEPS: i64 = 4; // of an epoch

    /// The whole fit: `begin`, `steps` times `step`, `end`.
    pub fn run(&self, steps: usize) -> Result<()> {
        self.begin()?;
        (0..steps).try_for_each(|_| self.step().map(|_| ()))?;
        self.end()
    }

    /// `fit_begin`
    pub fn begin(&self) -> Result<()> {
        let mut context = self.context();
        context.epoch = 0;
        call!(self.fit_begin(&mut context))
    }

    /// One step of one micro-batch, and at the end of an epoch its evaluation of "live". Says
    /// whether the weights changed.
    pub fn step(&self) -> Result<bool> {
        if self.step.get() % Self::STEPS == 0 {
            call!(self.epoch_begin(&mut self.context()))?;
        }
        call!(self.window_begin(&mut self.context()))?;
        if !self.micro_batch()? {
            return Ok(false);
        }
        let mut context = self.context();
        call!(self.before_step(&mut context))?;
        let stepped = context.reply != KNACK_REPLY_SKIP_STEP;
        if stepped {
            self.descend()?;
            self.step.set(self.step.get() + 1);
        }
        let mut context = self.context();
        context.stepped = u32::from(stepped);
        call!(self.after_step(&mut context))?;
        if stepped && self.step.get() % Self::STEPS == 0 {
            self.end_epoch()?;
        }
        Ok(stepped)
    }

    /// `fit_end`
    pub fn end(&self) -> Result<()> {
        call!(self.fit_end(&mut self.context()))
    }

    /// The trick's state and the version of it.
    pub fn save(&self) -> Result<(u32, Value)> {
        self.table.save()
    }

    /// Gives the trick a state back, after `begin`.
    pub fn load(&self, version: u32, state: &Value) -> Result<()> {
        self.table.load(version, state)
    }

    fn context(&self) -> knack_hook_context_t {
        let mut context: knack_hook_context_t = unsafe { zeroed() };
        let step = self.step.get();
        context.struct_size = size_of::<knack_hook_context_t>() as u32;
        context.epoch = step / Self::STEPS + 1;
        context.total_epochs = 10;
        context.step = step;
        context.total_steps = 10 * Self::STEPS;
        context.micro_batch = step + 1;
        context.window_micro_batches = 1;
        context.batch_samples = 2;
        context.samples_seen = 2 * (step + 1);
        context.window_weight = 2.0;
        context.batch_weight = 2.0;
        context.higher_is_better = 1;
        context.monitored = f64::NAN;
        context.monitor = to_abi("top1");
        context
    }

    fn call(
        &self,
        name: &'static str,
        slot: Slot,
        context: &mut knack_hook_context_t,
    ) -> Result<()> {
        let hook = match slot(unsafe { &*self.table.abi }) {
            Some(hook) => hook,
            None => return Ok(()),
        };
        self.table.host.inner.recorded.borrow_mut().calls.push(name);
        self.table.host.check(unsafe { hook(self.table.abi, context) })
    }

    /// batch, forward, loss and gradients; false when the trick leaves the micro-batch out.
    fn micro_batch(&self) -> Result<bool> {
        let inputs = Value::from(Tensor::from_slice(&[1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0], &[2, 3])?);
        let targets = Value::from(Tensor::from_slice(&[0_i64, 1], &[2])?);
        let outputs = Value::from(Tensor::from_slice(&[1.0_f32, -1.0, -1.0, 1.0], &[2, 2])?);
        let lend = |value| self.table.host.lend(value);
        let (inputs, targets, outputs) = (lend(&inputs), lend(&targets), lend(&outputs));
        let mut context = self.context();
        context.inputs_borrowed = &inputs;
        context.targets_borrowed = &targets;
        call!(self.batch(&mut context))?;
        context.outputs_borrowed = &outputs;
        call!(self.forward(&mut context))?;
        context.loss_borrowed = self.loss.handle();
        call!(self.loss(&mut context))?;
        self.take_replacements(&context);
        if context.reply == KNACK_REPLY_SKIP_BATCH {
            return Ok(false);
        }
        for weight in self.table.host.inner.weights.borrow_mut().iter_mut() {
            let is_param = weight.flags & KNACK_WEIGHT_BUFFER == 0;
            weight.gradient = if is_param { Some(weight.tensor.deep_clone()?) } else { None };
        }
        let mut context = self.context();
        context.inputs_borrowed = &inputs;
        context.targets_borrowed = &targets;
        context.loss_borrowed = self.loss.handle();
        call!(self.gradients(&mut context))?;
        Ok(true)
    }

    /// Notes which replacements the trick made, as facts named "new_inputs" and so on.
    fn take_replacements(&self, context: &knack_hook_context_t) {
        let mut recorded = self.table.host.inner.recorded.borrow_mut();
        let replacements = [
            ("new_inputs", &context.new_inputs_owned),
            ("new_targets", &context.new_targets_owned),
            ("new_outputs", &context.new_outputs_owned),
        ];
        for (name, owned) in replacements {
            if let Ok(value @ Value::Tensor(_)) = unsafe { super::instances::consume(owned) } {
                recorded.facts.push((name.to_owned(), value));
            }
        }
        if !context.new_loss_owned.is_null() {
            let loss = unsafe { Tensor::take(context.new_loss_owned) };
            recorded.facts.push(("new_loss".to_owned(), loss.into()));
        }
    }

    fn descend(&self) -> Result<()> {
        let lr = self.table.host.inner.lr.get();
        for weight in self.table.host.inner.weights.borrow().iter() {
            if let Some(gradient) = &weight.gradient {
                weight.tensor.add_scaled_(gradient, -lr)?;
            }
        }
        Ok(())
    }

    fn end_epoch(&self) -> Result<()> {
        let metrics = Value::map([("loss", 0.5.into()), ("top1", 0.75.into())]);
        let metrics = self.table.host.lend(&metrics);
        let mut context = self.context();
        context.epoch = self.step.get() / Self::STEPS;
        context.weight_set = to_abi(KNACK_WEIGHTS_LIVE);
        context.split = to_abi("valid");
        call!(self.eval_begin(&mut context))?;
        context.metrics_borrowed = &metrics;
        context.monitored = 0.75;
        call!(self.eval_end(&mut context))?;
        let mut context = self.context();
        context.epoch = self.step.get() / Self::STEPS;
        call!(self.epoch_end(&mut context))
    }
}
