// SPDX-License-Identifier: MIT
//! Points on two spirals, one a class.
use knack::{BatchRequest, Component, Dataset, Host, Info, Result, Tensor, Value};

knack::options! {
    struct Options {
        /// Number of points
        samples: i64 = 512 => at_least(2),
    }
}

struct @TYPE@ {
    samples: i64,
}

impl Component for @TYPE@ {
    const INFO: Info = Info::new("@ID@", "Points on two spirals");
    type Options = Options;
    fn create(options: Options, _host: Host) -> Result<Self> {
        Ok(Self { samples: options.samples })
    }
}

impl Dataset for @TYPE@ {
    fn length(&self) -> Result<usize> {
        Ok(self.samples as usize)
    }

    fn batch(&self, request: &BatchRequest) -> Result<(Value, Value)> {
        let (mut points, mut arms) = (Vec::new(), Vec::new());
        for &i in request.indices {
            let (radius, arm) = (i as f32 / self.samples as f32, i % 2);
            let angle = 6.0 * radius + std::f32::consts::PI * arm as f32;
            points.extend([radius * angle.cos(), radius * angle.sin()]);
            arms.push(arm);
        }
        let count = arms.len() as i64;
        Ok((
            Tensor::from_slice(&points, &[count, 2])?.into(),
            Tensor::from_slice(&arms, &[count])?.into(),
        ))
    }
}

knack::plugin!(dataset @TYPE@);

#[cfg(test)]
mod tests;
