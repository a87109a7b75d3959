// SPDX-License-Identifier: MIT
//! Fits of a small model on a fake host.
use super::@TYPE@;
use knack::testing::FakeHost;
use knack::Result;

#[test]
fn goes_half_of_the_way_back() -> Result<()> {
    let (host, other_host) = (FakeHost::toy(), FakeHost::toy());
    let start = host.set("live", "fc.weight");
    host.trick::<@TYPE@>(&[("every", 2.into())])?.run(2)?;
    other_host.trick::<@TYPE@>(&[("every", 1000.into())])?.run(2)?;
    let (slow, fast) = (host.set("live", "fc.weight"), other_host.set("live", "fc.weight"));
    for i in 0..start.len() {
        assert!((slow[i] - (start[i] + fast[i]) / 2.0).abs() < 1e-6);
    }
    assert_ne!(slow, fast);
    assert_eq!(host.set("@NAME@", "fc.weight"), slow);
    Ok(())
}

#[test]
fn tells_what_the_host_cannot_do() -> Result<()> {
    let host = FakeHost::toy();
    let fit = host.trick::<@TYPE@>(&[])?;
    host.fail_next("knack.weights/1 publish");
    let error = fit.begin().unwrap_err();
    assert!(error.to_string().contains("publish"), "{error}");
    Ok(())
}

#[test]
fn refuses_options_that_make_no_sense() {
    let host = FakeHost::toy();
    let error = host.trick::<@TYPE@>(&[("every", 0.into())]).err().unwrap();
    assert!(error.to_string().contains("every"), "{error}");
}
