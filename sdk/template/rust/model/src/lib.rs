// SPDX-License-Identifier: MIT
//! A linear classifier of all pixels, also known as softmax regression.
use knack::{Component, Host, Info, Model, ModelTensor, Result, Tensor, Value, ValueView};

knack::options! {
    struct Options {
        /// Numbers of one sample
        in_features: i64 = 3072 => at_least(1),
        /// Outputs
        num_classes: i64 = 10 => at_least(1),
    }
}

struct @TYPE@ {
    tensors: Vec<ModelTensor>,
}

impl Component for @TYPE@ {
    const INFO: Info = Info::new("@ID@", "Linear classifier");
    type Options = Options;
    fn create(options: Options, _host: Host) -> Result<Self> {
        let weight = Tensor::zeros::<f32>(&[options.num_classes, options.in_features])?;
        let bias = Tensor::zeros::<f32>(&[options.num_classes])?;
        let tensors = vec![
            ModelTensor::parameter("weight", knack::abi::KNACK_ROLE_WEIGHT, "Linear", weight)?,
            ModelTensor::parameter("bias", knack::abi::KNACK_ROLE_BIAS, "Linear", bias)?,
        ];
        Ok(Self { tensors })
    }
}

impl Model for @TYPE@ {
    fn set_training(&mut self, _training: bool) -> Result<()> {
        Ok(()) // works the same in training and in evaluation
    }

    fn forward(&mut self, inputs: ValueView) -> Result<Value> {
        let pixels = inputs.tensor()?.flatten(1, -1)?;
        let (weight, bias) = (&self.tensors[0].tensor, &self.tensors[1].tensor);
        Ok(pixels.linear(weight, Some(bias))?.into())
    }

    fn tensors(&self) -> &[ModelTensor] {
        &self.tensors
    }
}

knack::plugin!(model @TYPE@);

#[cfg(test)]
mod tests;
