// SPDX-License-Identifier: MIT
//! A trick that fails in its hook, each time in the way that is asked for.
use knack::{Component, Context, Error, Hooks, Host, Info, Result, Tensor, Trick};

knack::options! {
    struct Options {
        /// How it fails
        by: String => one_of(&["panic", "error", "operator", "host", "entering", "drop"]),
    }
}

struct Failing {
    options: Options,
    host: Host,
}

impl Component for Failing {
    const INFO: Info = Info::new("failing", "Fails in a hook");
    type Options = Options;
    fn create(options: Options, host: Host) -> Result<Self> {
        Ok(Self { options, host })
    }
}

impl Trick for Failing {
    const HOOKS: Hooks<Self> = knack::hooks![after_step, eval_begin];
}

impl Failing {
    fn after_step(&mut self, _: &mut Context) -> Result<()> {
        match self.options.by.as_str() {
            "panic" => panic!("no {} to go on", "way"),
            "error" => Err(Error::data("a broken file")),
            "operator" => {
                Tensor::zeros::<f32>(&[2])?.matmul(&Tensor::zeros::<f32>(&[3])?).map(|_| ())
            }
            "host" => self.host.weights()?.find("of nobody").map(|_| ()),
            "entering" => self.host.weights()?.live()?.evaluate("loss").map(|_| ()),
            _ => Ok(()),
        }
    }

    fn eval_begin(&mut self, _: &mut Context) -> Result<()> {
        Ok(())
    }
}

impl Drop for Failing {
    fn drop(&mut self) {
        if self.options.by == "drop" {
            panic!("in drop");
        }
    }
}

knack::plugin!(trick Failing);
