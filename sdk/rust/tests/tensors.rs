// SPDX-License-Identifier: MIT
//! Tensors, operators and values on the fake host.
use knack::testing::FakeHost;
use knack::*;

fn matrix() -> Result<Tensor> {
    Tensor::from_slice(&[1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0], &[2, 3])
}

#[test]
fn says_what_it_is() -> Result<()> {
    let _host = FakeHost::new();
    let tensor = matrix()?;
    assert_eq!((tensor.dtype()?, tensor.sizes()?), (Dtype::Float32, vec![2, 3]));
    assert_eq!((tensor.size(-1)?, tensor.element_count()?, tensor.is_cpu()?), (3, 6, true));
    assert!(tensor.size(2).unwrap_err().to_string().contains("shape [2, 3]"));
    assert!(!tensor.requires_grad()?);
    assert!(tensor.requires_grad_(true)?.requires_grad()?);
    Ok(())
}

#[test]
fn references_share_their_memory() -> Result<()> {
    let _host = FakeHost::new();
    let (tensor, copy) = (matrix()?, matrix()?.deep_clone()?);
    let other = tensor.clone();
    other.cells::<f32>()?[0].set(9.0);
    assert_eq!(tensor.to_vec::<f32>()?[0], 9.0);
    assert_eq!(copy.to_vec::<f32>()?[0], 1.0);
    drop(tensor);
    assert_eq!(other.to_vec::<f32>()?[0], 9.0);
    Ok(())
}

#[test]
fn memory_of_another_type_is_refused() -> Result<()> {
    let _host = FakeHost::new();
    let error = matrix()?.to_vec::<f64>().unwrap_err().to_string();
    assert!(error.contains("of Float64, found Some(Float32)"), "{error}");
    assert!(matrix()?.set_elements(&[1.0_f32]).is_err());
    assert!(Tensor::zeros::<i64>(&[0])?.to_vec::<i64>()?.is_empty());
    Ok(())
}

#[test]
fn computes() -> Result<()> {
    let _host = FakeHost::new();
    let a = matrix()?;
    assert_eq!(a.add(&a)?.mul(0.5)?.sub(1)?.to_vec::<f32>()?, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    let row = Tensor::from_slice(&[1.0_f32, 0.0, -1.0], &[3])?;
    assert_eq!(a.mul(&row)?.to_vec::<f32>()?, [1.0, 0.0, -3.0, 4.0, 0.0, -6.0]);
    assert_eq!(a.linear(&a, None)?.to_vec::<f32>()?, [14.0, 32.0, 32.0, 77.0]);
    assert_eq!(a.argmax(-1)?.to_vec::<i64>()?, [2, 2]);
    assert_eq!((a.sum()?.item()?, a.mean()?.item()?, a.max()?.item()?), (21.0, 3.5, 6.0));
    assert_eq!(a.reshape(&[3, -1])?.sizes()?, [3, 2]);
    assert_eq!(a.to(Dtype::Int64)?.dtype()?, Dtype::Int64);
    let softmax = a.softmax(1)?.to_vec::<f32>()?;
    assert!((softmax[..3].iter().sum::<f32>() - 1.0).abs() < 1e-6);
    Ok(())
}

#[test]
fn changes_in_place() -> Result<()> {
    let _host = FakeHost::new();
    let (a, b) = (matrix()?, matrix()?);
    a.zero_()?.add_(2.0)?.mul_(&b)?.lerp_(&b, 0.5)?;
    assert_eq!(a.to_vec::<f32>()?[..2], [1.5, 3.0]);
    a.copy_(&b)?.add_scaled_(&b, -1.0)?;
    assert_eq!(a.to_vec::<f32>()?, [0.0; 6]);
    let (list, others): (TensorList, TensorList) =
        ([a.clone()].into_iter().collect(), [b].into_iter().collect());
    foreach_copy_(&list, &others)?;
    foreach_add_(&list, &others, 2.0)?;
    foreach_mul_(&list, 0.5)?;
    assert_eq!(a.to_vec::<f32>()?[..2], [1.5, 3.0]);
    foreach_lerp_(&list, &others, 1.0)?;
    assert_eq!(a.to_vec::<f32>()?[..2], [1.0, 2.0]);
    foreach_zero_(&list)?;
    assert_eq!(a.to_vec::<f32>()?, [0.0; 6]);
    Ok(())
}

#[test]
fn an_unknown_operator_is_not_found() -> Result<()> {
    static DANCE: Operator = Operator::new("aten::dance", "");
    let _host = FakeHost::new();
    let error = DANCE.call(&args![&matrix()?, 1, 0.5, true, "x", (), None]).unwrap_err();
    assert_eq!(error.status(), abi::KNACK_STATUS_NOT_FOUND);
    assert!(error.to_string().contains("aten::dance"), "{error}");
    Ok(())
}

#[test]
fn shapes_that_do_not_fit_are_refused_with_the_operators_text() -> Result<()> {
    let _host = FakeHost::new();
    let error = matrix()?.matmul(&matrix()?).unwrap_err();
    assert!(error.to_string().contains("aten::matmul"), "{error}");
    Ok(())
}
