// SPDX-License-Identifier: MIT
//! The same trick in Rust, through the host's operators or, with `in_memory`, in the tensors' memory.
use knack::{foreach_copy_, foreach_lerp_, Component, Context, Hooks, Host, Info, Result, Tensor, TensorList, Trick};

const ID: &str = env!("EMA_ID");

knack::options! {
    struct Options {
        /// Share of the average that one step keeps
        decay: f64 = 0.9 => in_range(0.0, 1.0),
        /// Average in memory
        in_memory: bool = false,
    }
}

struct RustEma {
    options: Options,
    host: Host,
    floating: Vec<(Tensor, Tensor)>, // average, live
    others: Vec<(Tensor, Tensor)>,
}

impl Component for RustEma {
    const INFO: Info = Info::new(ID, "Moving average of the weights, written in Rust");
    type Options = Options;

    fn create(options: Options, host: Host) -> Result<Self> {
        Ok(Self { options, host, floating: Vec::new(), others: Vec::new() })
    }
}

impl Trick for RustEma {
    const HOOKS: Hooks<Self> = knack::hooks![fit_begin, after_step];
}

fn lists(pairs: &[(Tensor, Tensor)]) -> (TensorList, TensorList) {
    (pairs.iter().map(|pair| pair.0.clone()).collect(), pairs.iter().map(|pair| pair.1.clone()).collect())
}

impl RustEma {
    fn fit_begin(&mut self, _context: &mut Context<'_>) -> Result<()> {
        let weights = self.host.weights()?;
        let (average, live) = (weights.publish(ID)?.all()?, weights.live()?.all()?);
        for (average, live) in average.into_iter().zip(live) {
            let pairs = if live.is_floating() { &mut self.floating } else { &mut self.others };
            pairs.push((average.tensor, live.tensor));
        }
        Ok(())
    }

    fn after_step(&mut self, context: &mut Context<'_>) -> Result<()> {
        if !context.stepped() {
            return Ok(());
        }
        let (copies, copied) = lists(&self.others);
        foreach_copy_(&copies, &copied)?;
        let weight = 1.0 - self.options.decay;
        if !self.options.in_memory {
            let (averages, averaged) = lists(&self.floating);
            return foreach_lerp_(&averages, &averaged, weight);
        }
        for (average, live) in &self.floating {
            for (to, from) in average.cells::<f32>()?.iter().zip(live.cells::<f32>()?) {
                to.set(to.get() + weight as f32 * (from.get() - to.get()));
            }
        }
        Ok(())
    }
}

knack::plugin!(trick RustEma);
