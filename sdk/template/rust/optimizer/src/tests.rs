// SPDX-License-Identifier: MIT
//! The optimizer on a fake host.
use super::@TYPE@;
use knack::testing::{FakeHost, FakeOptimizer};
use knack::{PerParam, Result, Tensor};

/// One parameter of one element, which begins at 1, and its optimizer.
fn optimizer(host: &FakeHost) -> Result<(FakeOptimizer<'_>, Tensor)> {
    let optimizer = host.optimizer::<PerParam<@TYPE@>>(&[("lr", 0.1.into())])?;
    let weight = Tensor::from_slice(&[1.0_f64], &[1])?;
    optimizer.add_group(&[weight.clone()], &[("momentum", 0.5.into())])?;
    Ok((optimizer, weight))
}

fn step(optimizer: &FakeOptimizer<'_>) -> Result<()> {
    optimizer.step(&[vec![Some(Tensor::from_slice(&[2.0_f64], &[1])?)]])
}

#[test]
fn keeps_a_share_of_the_velocity() -> Result<()> {
    let host = FakeHost::new();
    let (optimizer, weight) = optimizer(&host)?;
    step(&optimizer)?;
    assert!((weight.item()? - 0.8).abs() < 1e-12);
    step(&optimizer)?;
    assert!((weight.item()? - 0.5).abs() < 1e-12);
    optimizer.set_option(0, "lr", 0.0)?;
    step(&optimizer)?;
    assert!((weight.item()? - 0.5).abs() < 1e-12);
    assert_eq!(optimizer.get_option(0, "lr")?, 0.0);
    assert!(optimizer.set_option(0, "lr", -1.0).is_err());
    Ok(())
}

#[test]
fn goes_on_with_a_saved_velocity() -> Result<()> {
    let host = FakeHost::new();
    let (first, weight) = optimizer(&host)?;
    step(&first)?;
    let (version, state) = first.save()?;
    let (second, other_weight) = optimizer(&host)?;
    other_weight.copy_(&weight)?;
    second.load(version, &state)?;
    step(&second)?;
    assert!((other_weight.item()? - 0.5).abs() < 1e-12);
    Ok(())
}
