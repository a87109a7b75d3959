// SPDX-License-Identifier: MIT
//! Functions with a derivative of their own, and gradients on request (`knack.autograd/1`, ABI 1.1).
use crate::abi::*;
use crate::error::{catch, check_host, guarded, to_abi, Error, Result};
use crate::gateway::extension;
use crate::host::Host;
use crate::tensor::Tensor;
use core::ffi::c_void;
use std::marker::PhantomData;
use std::mem::size_of;

/// A function that gives its own derivative; used with [`Host::apply`]. It lives as long as the
/// graph: once the instance is gone it is dropped alone, on any thread.
pub trait Function: Send + 'static {
    /// For people: "acme.round".
    const NAME: &'static str;
    /// `backward` works in memory, of which autograd sees nothing.
    const ONCE_DIFFERENTIABLE: bool = false;

    /// The outputs, as many as `apply` was told. Inputs are as given to it, and are not changed.
    fn forward(&self, call: &FunctionCall, inputs: &[Option<Tensor>]) -> Result<Vec<Tensor>>;

    /// From the gradient of each output that of each input; `None` for one that has none. Called
    /// on any thread, one at a time.
    fn backward(&self, call: &FunctionCall, gradients: &[Tensor]) -> Result<Vec<Option<Tensor>>>;
}

/// One application of a function.
pub struct FunctionCall {
    api: &'static knack_autograd_api_t,
    call: *mut knack_function_call_t,
}

impl FunctionCall {
    /// Keeps tensors for `backward`: once, in `forward`.
    pub fn save(&self, tensors: &[&Tensor]) -> Result<()> {
        let handles = handles_of(tensors);
        let count = handles.len() as u64;
        let status = unsafe { (self.api.save)(self.call, handles.as_ptr(), count) };
        check_host(status, "knack.autograd/1 save")
    }

    /// What was kept as number `index`. In `backward`.
    pub fn saved(&self, index: usize) -> Result<Tensor> {
        let mut handle = std::ptr::null_mut();
        let status = unsafe { (self.api.saved)(self.call, index as u64, &mut handle) };
        check_host(status, "knack.autograd/1 saved")?;
        unsafe { take(handle) }.ok_or_else(|| Error::not_found("no tensor was saved"))
    }

    /// Whether the gradient of input `index` is wanted.
    pub fn needs_gradient(&self, index: usize) -> bool {
        unsafe { (self.api.needs_gradient)(self.call, index as u64) != 0 }
    }
}

/// What is done with the graph that gradients are taken of.
#[derive(Clone, Copy, Debug, Default)]
pub struct GradOptions<'a> {
    /// It is needed again: always so for the host's own loss.
    pub retain_graph: bool,
    /// The gradients are differentiable themselves.
    pub create_graph: bool,
    /// What each output is weighted by, of its shape; `None` stands for 1 and is for outputs of one
    /// element, as are no weights at all.
    pub weights: &'a [Option<&'a Tensor>],
}

/// Switches recording by autograd on or off on this thread, until it goes.
#[must_use = "the mode before comes back when this goes"]
pub struct GradMode {
    api: &'static knack_autograd_api_t,
    before: u32,
    of_this_thread: PhantomData<*const ()>,
}

impl Drop for GradMode {
    fn drop(&mut self) {
        unsafe { (self.api.set_gradient_mode)(self.before) };
    }
}

/// What `user` of the C callbacks points to.
struct Applied<F> {
    host: *const knack_host_t,
    api: &'static knack_autograd_api_t,
    function: F,
}

impl Host {
    /// Applies the function and records it for autograd. `None` is an input that is not given.
    pub fn apply<F: Function>(
        &self,
        function: F,
        inputs: &[Option<&Tensor>],
        output_count: usize,
    ) -> Result<Vec<Tensor>> {
        let host = self.abi();
        let api = unsafe { extension::<knack_autograd_api_t>(host)? };
        let handles = optional_handles_of(inputs);
        let mut outputs = vec![std::ptr::null_mut(); output_count];
        let user = Box::into_raw(Box::new(Applied { host, api, function }));
        let given = knack_function_t {
            struct_size: size_of::<knack_function_t>() as u32,
            flags: if F::ONCE_DIFFERENTIABLE { KNACK_FUNCTION_ONCE_DIFFERENTIABLE } else { 0 },
            name: to_abi(F::NAME),
            user: user as *mut c_void,
            forward: Some(forward::<F>),
            backward: Some(backward::<F>),
            destroy: Some(destroy::<F>),
        };
        let status = unsafe {
            let (count, output_count) = (handles.len() as u64, output_count as u64);
            (api.apply)(host, &given, handles.as_ptr(), count, outputs.as_mut_ptr(), output_count)
        };
        check_host(status, "knack.autograd/1 apply")?;
        Ok(outputs.into_iter().filter_map(|output| unsafe { take(output) }).collect())
    }

    /// The gradients of the weighted sum of `outputs` with respect to each of `inputs`; `None` for
    /// one that they do not depend on. Adds nothing to the gradients that the host gathers.
    pub fn grad(
        &self,
        outputs: &[&Tensor],
        inputs: &[&Tensor],
        options: GradOptions<'_>,
    ) -> Result<Vec<Option<Tensor>>> {
        let api = unsafe { extension::<knack_autograd_api_t>(self.abi())? };
        let (count, given) = (outputs.len(), options.weights.len());
        if given != 0 && given != count {
            return Err(Error::invalid(format!("expected {count} weights, found {given}")));
        }
        let (output_handles, input_handles) = (handles_of(outputs), handles_of(inputs));
        let mut weights = optional_handles_of(options.weights);
        weights.resize(count, std::ptr::null_mut());
        let request = knack_gradient_request_t {
            struct_size: size_of::<knack_gradient_request_t>() as u32,
            flags: if options.retain_graph { KNACK_GRADIENT_RETAIN_GRAPH } else { 0 }
                | if options.create_graph { KNACK_GRADIENT_CREATE_GRAPH } else { 0 },
            output_count: count as u64,
            outputs_borrowed: output_handles.as_ptr(),
            output_gradients_borrowed: weights.as_ptr(),
            input_count: inputs.len() as u64,
            inputs_borrowed: input_handles.as_ptr(),
        };
        let mut found = vec![std::ptr::null_mut(); inputs.len()];
        let status = unsafe { (api.gradients)(self.abi(), &request, found.as_mut_ptr()) };
        check_host(status, "knack.autograd/1 gradients")?;
        Ok(found.into_iter().map(|handle| unsafe { take(handle) }).collect())
    }

    /// Whether autograd records what this thread does from here on, until the result goes: keep it
    /// in a variable.
    pub fn grad_mode(&self, enabled: bool) -> Result<GradMode> {
        let api = unsafe { extension::<knack_autograd_api_t>(self.abi())? };
        let before = unsafe { (api.set_gradient_mode)(u32::from(enabled)) };
        Ok(GradMode { api, before, of_this_thread: PhantomData })
    }
}

fn handles_of(tensors: &[&Tensor]) -> Vec<*mut knack_tensor_t> {
    tensors.iter().map(|tensor| tensor.handle()).collect()
}

fn optional_handles_of(tensors: &[Option<&Tensor>]) -> Vec<*mut knack_tensor_t> {
    tensors.iter().map(|tensor| tensor.map_or(std::ptr::null_mut(), Tensor::handle)).collect()
}

unsafe fn take(handle: *mut knack_tensor_t) -> Option<Tensor> {
    (!handle.is_null()).then(|| Tensor::take(handle))
}

/// References of one's own to tensors that may be missing.
unsafe fn retain_all(
    handles: *const *mut knack_tensor_t,
    count: u64,
) -> Result<Vec<Option<Tensor>>> {
    let retain = |handle: *mut knack_tensor_t| match handle.is_null() {
        true => Ok(None),
        false => Tensor::retain(handle).map(Some),
    };
    (0..count as usize).map(|i| retain(*handles.add(i))).collect()
}

/// Gives exactly `count` tensors to the host.
unsafe fn give<T: Into<Option<Tensor>>>(
    tensors: Vec<T>,
    out: *mut *mut knack_tensor_t,
    count: u64,
) -> Result<()> {
    if tensors.len() as u64 != count {
        let found = tensors.len();
        return Err(Error::invalid(format!("expected {count} tensors, found {found}")));
    }
    for (i, tensor) in tensors.into_iter().enumerate() {
        *out.add(i) = tensor.into().map_or(std::ptr::null_mut(), Tensor::release);
    }
    Ok(())
}

unsafe extern "C" fn forward<F: Function>(
    user: *mut c_void,
    call: *mut knack_function_call_t,
    inputs: *const *mut knack_tensor_t,
    input_count: u64,
    out_outputs: *mut *mut knack_tensor_t,
    output_count: u64,
) -> i32 {
    let applied = &*(user as *const Applied<F>);
    guarded(applied.host, || {
        let call = FunctionCall { api: applied.api, call };
        let outputs = applied.function.forward(&call, &retain_all(inputs, input_count)?)?;
        give(outputs, out_outputs, output_count)
    })
}

unsafe extern "C" fn backward<F: Function>(
    user: *mut c_void,
    call: *mut knack_function_call_t,
    gradients: *const *mut knack_tensor_t,
    gradient_count: u64,
    out_gradients: *mut *mut knack_tensor_t,
    input_count: u64,
) -> i32 {
    let applied = &*(user as *const Applied<F>);
    guarded(applied.host, || {
        let call = FunctionCall { api: applied.api, call };
        let given: Vec<_> = retain_all(gradients, gradient_count)?.into_iter().flatten().collect();
        give(applied.function.backward(&call, &given)?, out_gradients, input_count)
    })
}

unsafe extern "C" fn destroy<F: Function>(user: *mut c_void) {
    let _ = catch(|| {
        drop(Box::from_raw(user as *mut Applied<F>));
        Ok(())
    });
}
