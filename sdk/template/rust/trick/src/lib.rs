// SPDX-License-Identifier: MIT
//! Lookahead: every few steps the weights go half of the way back (Zhang et al., arXiv 1907.08610).
use knack::{Component, Context, Hooks, Host, Info, Result, Trick};

knack::options! {
    struct Options {
        /// Optimizer steps between two looks
        every: i64 = 5 => at_least(1),
    }
}

struct @TYPE@ {
    options: Options,
    host: Host,
}

impl Component for @TYPE@ {
    const INFO: Info = Info::new("@ID@", "Some steps on, half of the way back");
    type Options = Options;
    fn create(options: Options, host: Host) -> Result<Self> {
        Ok(Self { options, host })
    }
}

impl Trick for @TYPE@ {
    const HOOKS: Hooks<Self> = knack::hooks![fit_begin, after_step];
}

impl @TYPE@ {
    fn fit_begin(&mut self, _: &mut Context) -> Result<()> {
        self.host.weights()?.publish("@NAME@").map(|_| ())
    }

    fn after_step(&mut self, context: &mut Context) -> Result<()> {
        if !context.stepped() || context.step() % self.options.every != 0 {
            return Ok(());
        }
        let weights = self.host.weights()?;
        for (slow, fast) in weights.find("@NAME@")?.all()?.iter().zip(weights.live()?.all()?) {
            if fast.is_buffer() {
                slow.tensor.copy_(&fast.tensor)?;
            } else {
                fast.tensor.copy_(slow.tensor.lerp_(&fast.tensor, 0.5)?)?;
            }
        }
        Ok(())
    }
}

knack::plugin!(trick @TYPE@);

#[cfg(test)]
mod tests;
