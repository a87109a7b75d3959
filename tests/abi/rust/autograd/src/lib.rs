// SPDX-License-Identifier: MIT
//! What came with ABI 1.1: cross entropy with a derivative of its own or by gradients on request,
//! and a dataset whose batches are vectors of this file.
use knack::abi::KNACK_STATUS_INVALID;
use knack::{args, BatchRequest, Component, Dataset, Error, Function, FunctionCall, GradOptions};
use knack::{Host, Info, Objective, Operator, Result, Tensor, Value, ValueView};
use std::sync::atomic::{AtomicUsize, Ordering};

static ONE_HOT: Operator = Operator::new("aten::one_hot", "");
static NLL_LOSS: Operator = Operator::new("aten::nll_loss", "");

knack::options! {
    struct LossOptions {
        /// Where the gradient of the outputs comes from
        by: String = "function".to_owned() => one_of(&["function", "request"]),
        /// How backward fails
        fails: String = "never".to_owned()
            => one_of(&["never", "error", "panic", "count", "shape", "twice"]),
    }
}

/// Functions that are not freed yet.
static ALIVE: AtomicUsize = AtomicUsize::new(0);

/// The derivative of the mean of -log softmax(x)[class]: (softmax(x) - one_hot(class)) / n.
struct FusedCrossEntropy {
    fails: String,
}

impl FusedCrossEntropy {
    fn new(fails: &str) -> Result<Self> {
        match ALIVE.fetch_add(1, Ordering::Relaxed) {
            0..=3 => Ok(Self { fails: fails.to_owned() }),
            count => Err(Error::new(format!("{count} functions outlived their graphs"))),
        }
    }
}

impl Drop for FusedCrossEntropy {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Function for FusedCrossEntropy {
    const NAME: &'static str = "rust_cross_entropy";
    const ONCE_DIFFERENTIABLE: bool = true;

    fn forward(&self, call: &FunctionCall, inputs: &[Option<Tensor>]) -> Result<Vec<Tensor>> {
        let (logits, classes) = match inputs {
            [Some(logits), Some(classes), None] => (logits, classes),
            _ => return Err(Error::invalid("expected two inputs and one that is not given")),
        };
        if call.needs_gradient(1) || call.needs_gradient(2) {
            return Err(Error::invalid("only the outputs of a model have a gradient"));
        }
        let log_softmax = logits.log_softmax(1)?;
        let one_hot = ONE_HOT.call(&args![classes, logits.size(1)?])?;
        let samples = logits.size(0)? as f64;
        call.save(&[&log_softmax.exp()?.sub(&one_hot)?.div(samples)?])?;
        Ok(vec![NLL_LOSS.call(&args![&log_softmax, classes])?])
    }

    fn backward(&self, call: &FunctionCall, gradients: &[Tensor]) -> Result<Vec<Option<Tensor>>> {
        let logits = call.saved(0)?.mul(&gradients[0])?;
        match self.fails.as_str() {
            "error" => Err(Error::data("a broken table")),
            "panic" => panic!("no {} back", "way"),
            "count" => Ok(vec![Some(logits)]),
            "shape" => Ok(vec![Some(logits.sum()?), None, None]),
            _ => Ok(vec![Some(logits), None, None]),
        }
    }
}

struct CrossEntropy {
    options: LossOptions,
    host: Host,
}

impl Component for CrossEntropy {
    const INFO: Info = Info::new("rust_cross_entropy", "Cross entropy with a gradient of its own");
    type Options = LossOptions;
    fn create(options: LossOptions, host: Host) -> Result<Self> {
        Ok(Self { options, host })
    }
}

impl Objective for CrossEntropy {
    fn loss(&mut self, outputs: ValueView<'_>, targets: ValueView<'_>) -> Result<Tensor> {
        let (logits, classes) = (outputs.tensor()?, targets.tensor()?);
        if self.options.by == "request" && logits.requires_grad()? {
            return self.by_request(&logits, &classes);
        }
        let function = FusedCrossEntropy::new(&self.options.fails)?;
        let inputs = [Some(&logits), Some(&classes), None];
        let loss = self.host.apply(function, &inputs, 1)?.remove(0);
        if self.options.fails == "twice" && loss.requires_grad()? {
            let options = GradOptions { create_graph: true, ..GradOptions::default() };
            self.host.grad(&[&loss], &[&logits], options)?;
        }
        Ok(loss)
    }
}

impl CrossEntropy {
    /// Something else than the loss that has its gradient: that of log softmax, weighted by -1 / n
    /// where the class is, times the outputs.
    fn by_request(&self, logits: &Tensor, classes: &Tensor) -> Result<Tensor> {
        let log_softmax = logits.log_softmax(1)?;
        let one_hot = ONE_HOT.call(&args![classes, logits.size(1)?])?;
        let weights = one_hot.to(logits.dtype()?)?.div(-logits.size(0)? as f64)?;
        let options = GradOptions { weights: &[Some(&weights)], ..GradOptions::default() };
        let gradients = self.host.grad(&[&log_softmax], &[logits], options)?;
        let gradient = match &gradients[..] {
            [Some(gradient)] => gradient,
            _ => return Err(Error::new("expected the gradient of the outputs")),
        };
        self.check_modes(logits)?;
        logits.mul(gradient)?.sum()
    }

    fn check_modes(&self, tracked: &Tensor) -> Result<()> {
        let unrecorded = {
            let _mode = self.host.grad_mode(false)?;
            tracked.exp()?.requires_grad()?
        };
        let wrong = [Some(tracked), Some(tracked)];
        let options = GradOptions { weights: &wrong, ..GradOptions::default() };
        let refused = is_refused(self.host.grad(&[tracked], &[tracked], options))?;
        match (unrecorded, tracked.exp()?.requires_grad()?, refused) {
            (false, true, true) => Ok(()),
            found => Err(Error::new(format!("expected (false, true, true), found {found:?}"))),
        }
    }
}

knack::options! {
    struct VectorOptions {
        /// Number of samples
        samples: i64 => at_least(1),
        /// Number of the first sample
        offset: i64 = 0,
    }
}

/// Sixteen numbers for each sample, whose class they tell.
struct Vectors {
    options: VectorOptions,
}

impl Component for Vectors {
    const INFO: Info = Info::new("rust_vectors", "Batches in vectors, not copied");
    type Options = VectorOptions;
    fn create(options: VectorOptions, _: Host) -> Result<Self> {
        check_refusals()?;
        check_that_memory_is_freed()?;
        Ok(Self { options })
    }
}

impl Dataset for Vectors {
    fn length(&self) -> Result<usize> {
        Ok(self.options.samples as usize)
    }

    fn describe(&self) -> Result<Value> {
        Ok(Value::map([("num_classes", 10.into()), ("shape", vec![16].into())]))
    }

    fn batch(&self, request: &BatchRequest<'_>) -> Result<(Value, Value)> {
        let numbers: Vec<i64> = request.indices.iter().map(|i| i + self.options.offset).collect();
        let element = |number: i64, i: i64| ((number * 31 + i * 17 + number % 10 * i) as f32).sin();
        let inputs: Vec<f32> =
            numbers.iter().flat_map(|&number| (0..16).map(move |i| element(number, i))).collect();
        let count = numbers.len() as i64;
        let classes: Vec<i64> = numbers.into_iter().map(|number| number % 10).collect();
        Ok((lend(inputs, &[count, 16])?.into(), lend(classes, &[count])?.into()))
    }
}

/// The vector as a tensor that was given away and taken back, in the same memory all along.
fn lend<T: knack::Element + Send>(elements: Vec<T>, sizes: &[i64]) -> Result<Tensor> {
    let memory = elements.as_ptr();
    let there_and_back = Tensor::from_dlpack(Tensor::from_vec(elements, sizes)?.to_dlpack()?)?;
    if there_and_back.cells::<T>()?.as_ptr() as *const T != memory {
        return Err(Error::new("the vector was copied"));
    }
    Ok(there_and_back)
}

/// Whether an argument was refused; other failures are passed on.
fn is_refused<T>(result: Result<T>) -> Result<bool> {
    match result {
        Ok(_) => Ok(false),
        Err(error) if error.status() == KNACK_STATUS_INVALID => Ok(true),
        Err(error) => Err(error),
    }
}

fn check_refusals() -> Result<()> {
    let tracked = Tensor::from_vec(vec![1.0_f32], &[1])?;
    tracked.requires_grad_(true)?;
    let refused = [
        is_refused(Tensor::from_vec(vec![1.0_f32; 3], &[2, 2]))?,
        is_refused(Tensor::from_vec(vec![1_u8; 2], &[-1, -2]))?, // by the host
        is_refused(tracked.to_dlpack())?,
    ];
    match refused {
        [true, true, true] => Ok(()),
        _ => Err(Error::new(format!("expected three refusals, found {refused:?}"))),
    }
}

/// 64 MiB at a time, 512 MiB lent and 512 MiB refused.
fn check_that_memory_is_freed() -> Result<()> {
    let pages = || -> Result<u64> {
        let text = std::fs::read_to_string("/proc/self/statm")?;
        let resident = text.split(' ').nth(1).and_then(|word| word.parse().ok());
        resident.ok_or_else(|| Error::data("no number of pages"))
    };
    const SIZE: i64 = 64 << 20;
    let before = pages()?;
    for _ in 0..8 {
        let lent = lend(vec![1_u8; SIZE as usize], &[SIZE])?;
        let view = lent.narrow(0, SIZE - 1, 1)?;
        drop(lent);
        let wrong = Tensor::from_vec(vec![1_u8; SIZE as usize], &[-SIZE, -1]);
        if view.item()? != 1.0 || !is_refused(wrong)? {
            return Err(Error::new("expected the elements that were lent, and a refusal"));
        }
    }
    let kept = (pages()?.saturating_sub(before)) * 4096;
    match kept < 3 * SIZE as u64 {
        true => Ok(()),
        false => Err(Error::new(format!("{kept} bytes were kept"))),
    }
}

knack::plugin!(abi_minor: 1, objective CrossEntropy, dataset Vectors);
