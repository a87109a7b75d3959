// SPDX-License-Identifier: MIT
//! The host's services, as an instance sees them.
use crate::abi::*;
use crate::error::{catch, check_count, check_host, to_abi, Error, Result};
use crate::gateway::extension;
use crate::norm::NormLayers;
use crate::params::Params;
use crate::value::{Value, ValueView};
use crate::weights::Weights;
use core::ffi::c_void;

/// Given to `create`; keep a copy. A service that this host lacks is an error when it is asked
/// for. Unless they say otherwise, services are for the fit thread.
#[derive(Clone, Copy)]
pub struct Host {
    host: *const knack_host_t,
}

// The table is constant and lives as long as the instance; what it forbids on other threads fails.
unsafe impl Send for Host {}
unsafe impl Sync for Host {}

impl Host {
    /// # Safety
    /// `host` is a table of the host, which outlives the instance.
    pub unsafe fn new(host: *const knack_host_t) -> Self {
        Self { host }
    }

    /// The table.
    pub fn abi(&self) -> *const knack_host_t {
        self.host
    }

    fn log(&self, level: u32, message: &str) {
        if let Ok(api) = unsafe { extension::<knack_log_api_t>(self.host) } {
            unsafe { (api.write)(self.host, level, to_abi(message)) }
        }
    }

    /// A line for log.txt alone. Any thread.
    pub fn debug(&self, message: &str) {
        self.log(KNACK_LOG_DEBUG, message);
    }

    /// A line for log.txt and the terminal. Any thread.
    pub fn info(&self, message: &str) {
        self.log(KNACK_LOG_INFO, message);
    }

    /// A warning. Any thread.
    pub fn warning(&self, message: &str) {
        self.log(KNACK_LOG_WARNING, message);
    }

    /// Named weight sets.
    pub fn weights(&self) -> Result<Weights> {
        unsafe { Ok(Weights::new(self.host, extension(self.host)?)) }
    }

    /// The parameters that the optimizer trains.
    pub fn params(&self) -> Result<Params> {
        unsafe { Ok(Params::new(self.host, extension(self.host)?)) }
    }

    /// The model's normalization layers.
    pub fn norm(&self) -> Result<NormLayers> {
        unsafe { Ok(NormLayers::new(self.host, extension(self.host)?)) }
    }

    /// A number at the present step, in metrics.jsonl under the name of the instance and this one.
    pub fn report(&self, name: &str, value: f64) -> Result<()> {
        let api = unsafe { extension::<knack_metrics_api_t>(self.host)? };
        let status = unsafe { (api.report)(self.host, to_abi(name), value) };
        check_host(status, "knack.metrics/1 report")
    }

    /// A fact about the whole run, in summary.json; the last value of a key wins. No tensors.
    pub fn summarize(&self, key: &str, value: impl Into<Value>) -> Result<()> {
        let value = value.into();
        let api = unsafe { extension::<knack_metrics_api_t>(self.host)? };
        let lent = unsafe { value.lend(self.host)? };
        let status = unsafe { (api.summarize)(self.host, to_abi(key), &lent) };
        check_host(status, "knack.metrics/1 summarize")
    }

    /// 64 bits of the instance's own random numbers.
    pub fn random(&self) -> Result<u64> {
        let api = unsafe { extension::<knack_rng_api_t>(self.host)? };
        Ok(unsafe { (api.next)(self.host) })
    }

    /// A random number in [0, 1) with 53 random bits, of the instance's own.
    pub fn uniform(&self) -> Result<f64> {
        let api = unsafe { extension::<knack_rng_api_t>(self.host)? };
        Ok(unsafe { (api.uniform)(self.host) })
    }

    /// Number of training samples.
    pub fn train_samples(&self) -> Result<usize> {
        let api = unsafe { extension::<knack_data_api_t>(self.host)? };
        check_count(unsafe { (api.train_samples)(self.host) }, "knack.data/1 train_samples")
    }

    /// Calls `on_batch(inputs, targets, samples)` for training batches in the order of the first
    /// epoch, until `samples` are seen, or all (`None`). Returns how many were seen.
    pub fn pass(
        &self,
        samples: Option<usize>,
        mut on_batch: impl FnMut(ValueView<'_>, ValueView<'_>, usize) -> Result<()>,
    ) -> Result<usize> {
        type Bound<'a> = Callback<'a, (ValueView<'a>, ValueView<'a>, usize)>;
        unsafe extern "C" fn call(
            user: *mut c_void,
            inputs: *const knack_value_t,
            targets: *const knack_value_t,
            samples: i64,
        ) -> i32 {
            let arguments = (ValueView::new(inputs), ValueView::new(targets), samples as usize);
            (*(user as *mut Bound<'_>)).call(arguments)
        }

        let api = unsafe { extension::<knack_data_api_t>(self.host)? };
        let mut function = |(inputs, targets, samples): (ValueView<'_>, ValueView<'_>, usize)| {
            on_batch(inputs, targets, samples)
        };
        let mut callback = Callback::new(&mut function);
        let request = knack_data_pass_t {
            struct_size: std::mem::size_of::<knack_data_pass_t>() as u32,
            reserved: 0,
            samples: samples.map_or(0, |count| count as i64),
            user: &mut callback as *mut _ as *mut c_void,
            on_batch: Some(call),
        };
        let mut seen = 0;
        let status = unsafe { (api.pass)(self.host, &request, &mut seen) };
        callback.finish(status, "knack.data/1 pass")?;
        check_count(seen, "knack.data/1 pass")
    }
}

/// A closure behind the `user` pointer of a C callback. Its error is kept back while the host's
/// code lies in between.
pub(crate) struct Callback<'a, Arguments> {
    function: &'a mut dyn FnMut(Arguments) -> Result<()>,
    error: Option<Error>,
}

impl<'a, Arguments> Callback<'a, Arguments> {
    pub(crate) fn new(function: &'a mut dyn FnMut(Arguments) -> Result<()>) -> Self {
        Self { function, error: None }
    }

    pub(crate) fn call(&mut self, arguments: Arguments) -> i32 {
        match catch(|| (self.function)(arguments)) {
            Ok(()) => KNACK_STATUS_OK,
            Err(error) => {
                self.error = Some(error);
                KNACK_STATUS_FAILED
            }
        }
    }

    /// After the host's function returned `status`: the error of the closure, or else the host's.
    pub(crate) fn finish(self, status: i32, function: &str) -> Result<()> {
        self.error.map_or_else(|| check_host(status, function), Err)
    }
}
