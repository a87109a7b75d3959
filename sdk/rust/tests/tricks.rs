// SPDX-License-Identifier: MIT
//! A trick on the fake host: hooks, context, state, and what goes wrong.
use knack::testing::FakeHost;
use knack::*;

options! {
    struct Options {
        /// What it does: "count", "panic", "fail", "skip" or "replace"
        mode: String = "count".into() => one_of(&["count", "panic", "fail", "skip", "replace"]),
        /// Number that may be null
        limit: Option<i64> = None => at_least(1),
        /// A list
        pair: Vec<f64> = vec![0.5, 1.0] => length(2).above(0),
    }
}

struct Counter {
    options: Options,
    host: Host,
    steps: i64,
}

impl Component for Counter {
    const INFO: Info = Info::new("test.counter", "Counts \"steps\"");
    type Options = Options;
    const STATE: Option<State<Self>> =
        Some(State { version: 2, save: Self::save, load: Self::load });

    fn create(options: Options, host: Host) -> Result<Self> {
        Ok(Self { options, host, steps: 0 })
    }
}

impl Trick for Counter {
    const HOOKS: Hooks<Self> = hooks![fit_begin, batch, loss, before_step, after_step, eval_end];
}

impl Counter {
    fn fit_begin(&mut self, context: &mut Context<'_>) -> Result<()> {
        assert_eq!(
            (context.epoch(), &*context.monitor(), context.higher_is_better()),
            (0, "top1", true)
        );
        for param in self.host.params()?.all()? {
            if param.role == abi::KNACK_ROLE_BIAS {
                self.host.params()?.set_option(&param, "weight_decay", 0.0, "a bias")?;
            }
        }
        self.host.info("counts");
        Ok(())
    }

    fn batch(&mut self, context: &mut Context<'_>) -> Result<()> {
        assert_eq!(context.inputs().tensor()?.sizes()?, [2, 3]);
        assert!(context.outputs().is_none());
        if self.options.mode == "replace" {
            context.replace_inputs(context.inputs().tensor()?.mul(2.0)?)?;
        }
        Ok(())
    }

    fn loss(&mut self, context: &mut Context<'_>) -> Result<()> {
        if self.options.mode == "replace" {
            let loss = context.loss()?.add(1.0)?;
            context.replace_loss(loss);
        }
        Ok(())
    }

    fn before_step(&mut self, context: &mut Context<'_>) -> Result<()> {
        let gradient = self.host.params()?.gradient(0)?.expect("there is a gradient");
        self.host.report("norm", gradient.norm()?.item()?)?;
        if self.options.mode == "skip" {
            context.reply(Reply::SkipStep);
        }
        Ok(())
    }

    fn after_step(&mut self, context: &mut Context<'_>) -> Result<()> {
        match self.options.mode.as_str() {
            "panic" => panic!("step {}", context.step()),
            "fail" => return Err(Error::data("a broken file")),
            _ => self.steps += i64::from(context.stepped()),
        }
        Ok(())
    }

    fn eval_end(&mut self, context: &mut Context<'_>) -> Result<()> {
        let top1 = context.metrics().get("top1")?.number()?;
        assert_eq!((top1, &*context.weight_set()), (context.monitored(), "live"));
        self.host.summarize("top1", top1)
    }

    fn save(&self) -> Result<Value> {
        Ok(Value::map([("steps", self.steps.into())]))
    }

    fn load(&mut self, state: ValueView<'_>, version: u32) -> Result<()> {
        assert!(version <= 2);
        self.steps = state.get("steps")?.integer()?;
        Ok(())
    }
}

plugin!(trick Counter);

#[test]
fn calls_the_hooks_that_are_named_and_no_others() -> Result<()> {
    let host = FakeHost::toy();
    host.trick::<Counter>(&[])?.run(4)?;
    let calls = host.recorded().calls.clone();
    assert_eq!(calls[..5], ["fit_begin", "batch", "loss", "before_step", "after_step"]);
    assert_eq!(calls.len(), 1 + 4 * 4 + 1);
    Ok(())
}

#[test]
fn tells_the_host_what_it_found() -> Result<()> {
    let host = FakeHost::toy();
    host.trick::<Counter>(&[])?.run(4)?;
    let recorded = host.recorded();
    assert_eq!(recorded.log, [(abi::KNACK_LOG_INFO, "counts".to_owned())]);
    assert_eq!(recorded.set_options[0].param, "fc.bias");
    assert_eq!(recorded.reports.len(), 4);
    assert!(
        matches!(recorded.facts[0], (ref key, Value::Float(top1)) if key == "top1" && top1 == 0.75)
    );
    Ok(())
}

#[test]
fn a_vetoed_step_leaves_the_weights() -> Result<()> {
    let host = FakeHost::toy();
    let before = host.set("live", "fc.weight");
    let fit = host.trick::<Counter>(&[("mode", "skip".into())])?;
    fit.begin()?;
    assert!(!fit.step()?);
    assert_eq!(host.set("live", "fc.weight"), before);
    assert!(matches!(fit.save()?.1, Value::Map(ref map) if matches!(map[0].1, Value::Int(0))));
    Ok(())
}

#[test]
fn replacements_arrive() -> Result<()> {
    let host = FakeHost::toy();
    host.trick::<Counter>(&[("mode", "replace".into())])?.run(1)?;
    let recorded = host.recorded();
    let names: Vec<_> = recorded.facts.iter().map(|fact| fact.0.as_str()).collect();
    assert_eq!(names, ["new_inputs", "new_loss"]);
    assert!(matches!(&recorded.facts[0].1, Value::Tensor(t) if t.to_vec::<f32>()?[5] == 12.0));
    assert!(matches!(&recorded.facts[1].1, Value::Tensor(t) if t.item()? == 1.0));
    Ok(())
}

#[test]
fn a_panic_is_an_error_with_its_place() -> Result<()> {
    let host = FakeHost::toy();
    let error = host.trick::<Counter>(&[("mode", "panic".into())])?.run(1).unwrap_err();
    assert_eq!(error.status(), abi::KNACK_STATUS_FAILED);
    let text = error.to_string();
    assert!(text.starts_with("panicked at ") && text.contains("tricks.rs:"), "{text}");
    assert!(text.ends_with(": step 1"), "{text}");
    Ok(())
}

#[test]
fn an_error_keeps_status_and_text() -> Result<()> {
    let host = FakeHost::toy();
    let error = host.trick::<Counter>(&[("mode", "fail".into())])?.run(1).unwrap_err();
    assert_eq!(
        (error.status(), error.to_string().as_str()),
        (abi::KNACK_STATUS_DATA, "a broken file")
    );
    Ok(())
}

#[test]
fn the_hosts_own_text_is_kept() -> Result<()> {
    let host = FakeHost::toy();
    let fit = host.trick::<Counter>(&[])?;
    host.fail_next("knack.params/1 set_option");
    let error = fit.begin().unwrap_err();
    assert_eq!(error.to_string(), "knack.params/1 set_option fails, as the test wants");
    Ok(())
}

#[test]
fn state_goes_from_one_instance_to_another() -> Result<()> {
    let host = FakeHost::toy();
    let fit = host.trick::<Counter>(&[])?;
    fit.run(3)?;
    let (version, state) = fit.save()?;
    let other = host.trick::<Counter>(&[])?;
    other.load(version, &state)?;
    assert!(matches!(other.save()?.1, Value::Map(ref map) if matches!(map[0].1, Value::Int(3))));
    assert!(other.load(version, &Value::map([("step", 3.into())])).is_err());
    let error = other.load(version + 1, &state).unwrap_err();
    assert_eq!(error.status(), abi::KNACK_STATUS_UNSUPPORTED);
    Ok(())
}

#[test]
fn wrong_options_are_named() {
    let host = FakeHost::toy();
    let refused = |name, value: Value| {
        let error = host.trick::<Counter>(&[(name, value)]).err().expect("it is refused");
        assert_eq!(error.status(), abi::KNACK_STATUS_INVALID);
        error.to_string()
    };
    assert!(refused("modes", "count".into()).contains("there are mode, limit, pair"));
    assert!(refused("mode", "dance".into()).contains("expected count or panic"));
    assert!(refused("mode", 1.into()).contains("expected a string, found an integer"));
    assert!(refused("limit", 0.into()).contains("expected minimum 1, found 0"));
    assert!(refused("pair", vec![1.0].into()).contains("expected 2 elements, found 1"));
    assert!(refused("pair", vec![1.0, 0.0].into()).contains("expected exclusiveMinimum 0"));
    assert!(host.trick::<Counter>(&[("limit", Value::None)]).is_ok());
}

#[test]
fn the_schema_tells_the_same() {
    let schema = knack::options::schema(&<Options as knack::Options>::describe())
        .expect("there are options");
    for part in [
        r#""limit": {"type": ["integer", "null"], "minimum": 1, "default": null, "#,
        r#""pair": {"type": "array", "items": {"type": "number", "exclusiveMinimum": 0}, "minItems": 2"#,
        r#""default": [0.5, 1], "description": "A list"}"#,
        r#""description": "What it does: \"count\","#,
    ] {
        assert!(schema.contains(part), "{schema}");
    }
    assert!(!schema.contains("required"), "{schema}");
}

extern "C" {
    #[link_name = "knack_plugin_v1"]
    static ENTRY: knack::plugin::Entry;
}

#[test]
fn the_entry_describes_the_file() {
    let entry = unsafe { &ENTRY.0 };
    let bytes = unsafe { std::slice::from_raw_parts(entry.manifest, entry.manifest_size as usize) };
    let manifest = std::str::from_utf8(bytes).unwrap();
    assert!(manifest.starts_with("knack-manifest/1\n{\"abi_major\": 1, \"abi_minor\": 0, "));
    assert!(manifest.contains(concat!("\"version\": \"", env!("CARGO_PKG_VERSION"), "\"")));
    assert!(manifest.contains(r#""id": "test.counter", "summary": "Counts \"steps\"""#));
    let descriptor = |index| unsafe { entry.descriptor.unwrap()(index) };
    assert!(!descriptor(0).is_null() && descriptor(0) == descriptor(0));
    assert!(descriptor(1).is_null());
}
