// SPDX-License-Identifier: MIT
//! The dataset on a fake host.
use super::@TYPE@;
use knack::testing::FakeHost;
use knack::{Result, Value};

#[test]
fn draws_a_point_from_its_number_alone() -> Result<()> {
    let host = FakeHost::new();
    let dataset = host.dataset::<@TYPE@>(&[("samples", 8.into())])?;
    assert_eq!(dataset.length()?, 8);
    match (dataset.batch(1, 7, &[4, 5])?, dataset.batch(2, 8, &[4])?) {
        ((Value::Tensor(points), Value::Tensor(arms)), (Value::Tensor(again), _)) => {
            let points = points.to_vec::<f32>()?;
            assert_eq!(arms.to_vec::<i64>()?, [0, 1]);
            assert_eq!(again.to_vec::<f32>()?, points[..2]);
            assert!((points[0].hypot(points[1]) - 0.5).abs() < 1e-6);
        }
        _ => panic!("expected tensors"),
    }
    Ok(())
}

#[test]
fn refuses_a_single_point() {
    let host = FakeHost::new();
    let error = host.dataset::<@TYPE@>(&[("samples", 1.into())]).err().unwrap();
    assert!(error.to_string().contains("samples"), "{error}");
}
