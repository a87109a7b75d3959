// SPDX-License-Identifier: MIT
//! The objective on a fake host.
use super::@TYPE@;
use knack::testing::FakeHost;
use knack::{Result, Tensor};

fn loss(smoothing: f64) -> Result<f64> {
    let host = FakeHost::new();
    let objective = host.objective::<@TYPE@>(&[("smoothing", smoothing.into())])?;
    let outputs = Tensor::from_slice(&[1.0_f32, 0.0, 0.0, 0.5], &[2, 2])?;
    let targets = Tensor::from_slice(&[0_i64, 1], &[2])?;
    objective.loss(outputs, targets)?.item()
}

#[test]
fn is_the_mean_of_the_squares() -> Result<()> {
    assert!((loss(0.0)? - 0.25 / 4.0).abs() < 1e-7);
    Ok(())
}

#[test]
fn smoothing_moves_the_targets() -> Result<()> {
    // Targets are now 0.9 and 0.1.
    assert!((loss(0.2)? - (3.0 * 0.01 + 0.16) / 4.0).abs() < 1e-7);
    Ok(())
}
