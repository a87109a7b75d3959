// SPDX-License-Identifier: MIT
//! velocity = momentum * velocity + gradient, weight -= lr * velocity, as in torch.optim.SGD.
use knack::{Info, Kept, ParamOptimizer, Result, Tensor};

knack::options! {
    struct Options {
        /// Learning rate
        lr: f64 = 0.1 => at_least(0),
        /// Share of the velocity that is kept
        momentum: f64 = 0.9 => in_range(0, 1),
    }
}

struct @TYPE@;

impl ParamOptimizer for @TYPE@ {
    const INFO: Info = Info::new("@ID@", "Gradient descent with momentum");
    type Options = Options;

    fn update(
        weight: &Tensor,
        gradient: &Tensor,
        kept: &mut Kept,
        options: &Options,
    ) -> Result<()> {
        let velocity = kept.zeros_like(weight, "velocity")?;
        velocity.mul_(options.momentum)?.add_(gradient)?;
        weight.add_scaled_(&velocity, -options.lr)?;
        Ok(())
    }
}

knack::plugin!(param_optimizer @TYPE@);

#[cfg(test)]
mod tests;
