// SPDX-License-Identifier: MIT
//! The model on a fake host.
use super::@TYPE@;
use knack::testing::FakeHost;
use knack::{Result, Tensor, Value};

#[test]
fn computes_a_sum_for_each_class() -> Result<()> {
    let host = FakeHost::new();
    let model = host.model::<@TYPE@>(&[("in_features", 4.into()), ("num_classes", 2.into())])?;
    let tensors = model.tensors()?;
    assert_eq!(tensors[0].0, "weight");
    assert!(tensors[0].1.requires_grad()?);
    tensors[0].1.set_elements(&[1.0_f32, 0.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0])?;
    tensors[1].1.set_elements(&[0.5_f32, -0.5])?;

    let image = Tensor::from_slice(&[3.0_f32, 4.0, 5.0, 6.0], &[1, 1, 2, 2])?;
    match model.forward(image)? {
        Value::Tensor(outputs) => assert_eq!(outputs.to_vec::<f32>()?, [3.5, 7.5]),
        other => panic!("expected a tensor, found {other:?}"),
    }
    Ok(())
}
