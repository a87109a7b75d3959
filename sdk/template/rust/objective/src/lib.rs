// SPDX-License-Identifier: MIT
//! The squared error between a model's outputs and one for the right class, zero for the others.
use knack::{args, Component, Host, Info, Objective, Operator, Result, Tensor, ValueView};

knack::options! {
    struct Options {
        /// Share of the target spread over all classes
        smoothing: f64 = 0.0 => in_range(0, 1),
    }
}

struct @TYPE@ {
    options: Options,
}

impl Component for @TYPE@ {
    const INFO: Info = Info::new("@ID@", "Squared error of classes");
    type Options = Options;
    fn create(options: Options, _host: Host) -> Result<Self> {
        Ok(Self { options })
    }
}

impl Objective for @TYPE@ {
    fn loss(&mut self, outputs: ValueView, targets: ValueView) -> Result<Tensor> {
        static ONE_HOT: Operator = Operator::new("aten::one_hot", "");
        let scores = outputs.tensor()?;
        let classes = scores.size(1)?;
        let right = ONE_HOT.call(&args![&targets.tensor()?, classes])?.to(scores.dtype()?)?;
        let smoothing = self.options.smoothing;
        let wanted = right.mul(1.0 - smoothing)?.add(smoothing / classes as f64)?;
        scores.sub(&wanted)?.square()?.mean()
    }
}

knack::plugin!(objective @TYPE@);

#[cfg(test)]
mod tests;
