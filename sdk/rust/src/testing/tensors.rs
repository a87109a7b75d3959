// SPDX-License-Identifier: MIT
//! `knack.tensor/1` without LibTorch: row-major tensors in plain memory.
use crate::abi::*;
use core::ffi::c_void;
use std::cell::{Cell, UnsafeCell};
use std::mem::size_of;
use std::rc::Rc;

/// What a handle of the fake host points to. Handles of one tensor share it.
pub(crate) struct FakeTensor {
    pub(crate) dtype: i32,
    pub(crate) sizes: Vec<i64>,
    pub(crate) requires_grad: Cell<bool>,
    strides: Vec<i64>,
    memory: UnsafeCell<Vec<u64>>, // eight bytes for each element, whatever its type
}

macro_rules! by_dtype {
    ($self:ident, $pointer:ident => $body:expr) => {
        match $self.dtype {
            KNACK_DTYPE_FLOAT64 => by_dtype!($self, $pointer, f64 => $body),
            KNACK_DTYPE_INT64 => by_dtype!($self, $pointer, i64 => $body),
            KNACK_DTYPE_INT32 => by_dtype!($self, $pointer, i32 => $body),
            KNACK_DTYPE_BOOL | KNACK_DTYPE_UINT8 => by_dtype!($self, $pointer, u8 => $body),
            _ => by_dtype!($self, $pointer, f32 => $body),
        }
    };
    ($self:ident, $pointer:ident, $type:ty => $body:expr) => {{
        type Element = $type;
        let $pointer = $self.data() as *mut Element;
        $body
    }};
}

impl FakeTensor {
    pub(crate) fn new(dtype: i32, sizes: &[i64]) -> Rc<Self> {
        let mut strides = vec![1; sizes.len()];
        for i in (1..sizes.len()).rev() {
            strides[i - 1] = strides[i] * sizes[i];
        }
        let count = sizes.iter().product::<i64>() as usize;
        let memory = UnsafeCell::new(vec![0; count]);
        let requires_grad = Cell::new(false);
        Rc::new(Self { dtype, sizes: sizes.to_vec(), requires_grad, strides, memory })
    }

    pub(crate) fn count(&self) -> usize {
        self.sizes.iter().product::<i64>() as usize
    }

    fn data(&self) -> *mut c_void {
        unsafe { (*self.memory.get()).as_mut_ptr() as *mut c_void }
    }

    #[allow(clippy::unnecessary_cast)] // for one of the types it is none
    pub(crate) fn get(&self, index: usize) -> f64 {
        assert!(index < self.count());
        by_dtype!(self, elements => unsafe { *elements.add(index) as f64 })
    }

    pub(crate) fn set(&self, index: usize, value: f64) {
        assert!(index < self.count());
        by_dtype!(self, elements => unsafe { *elements.add(index) = value as Element })
    }

    pub(crate) fn to_vec(&self) -> Vec<f64> {
        (0..self.count()).map(|i| self.get(i)).collect()
    }

    /// Sets all elements, each by its index.
    pub(crate) fn fill(&self, element: impl Fn(usize) -> f64) {
        (0..self.count()).for_each(|i| self.set(i, element(i)));
    }
}

/// A new handle, owned by whoever gets it.
pub(crate) fn new_handle(tensor: Rc<FakeTensor>) -> *mut knack_tensor_t {
    Box::into_raw(Box::new(tensor)) as *mut knack_tensor_t
}

/// # Safety
/// `handle` is one of the fake host.
pub(crate) unsafe fn fake<'a>(handle: *mut knack_tensor_t) -> &'a Rc<FakeTensor> {
    &*(handle as *mut Rc<FakeTensor>)
}

unsafe extern "C" fn describe(handle: *mut knack_tensor_t, info: *mut knack_tensor_info_t) -> i32 {
    let tensor = fake(handle);
    *info = knack_tensor_info_t {
        struct_size: size_of::<knack_tensor_info_t>() as u32,
        flags: KNACK_TENSOR_CONTIGUOUS
            | if tensor.requires_grad.get() { KNACK_TENSOR_REQUIRES_GRAD } else { 0 },
        dtype: tensor.dtype,
        device_type: KNACK_DEVICE_CPU,
        device_index: -1,
        dimensions: tensor.sizes.len() as i32,
        element_count: tensor.count() as i64,
        sizes_borrowed: tensor.sizes.as_ptr(),
        strides_borrowed: tensor.strides.as_ptr(),
        data_borrowed: tensor.data(),
    };
    KNACK_STATUS_OK
}

unsafe extern "C" fn create(
    dtype: i32,
    dimensions: i32,
    sizes: *const i64,
    out_tensor: *mut *mut knack_tensor_t,
) -> i32 {
    let sizes: Vec<i64> = (0..dimensions as usize).map(|i| *sizes.add(i)).collect();
    *out_tensor = new_handle(FakeTensor::new(dtype, &sizes));
    KNACK_STATUS_OK
}

unsafe extern "C" fn retain(handle: *mut knack_tensor_t, out: *mut *mut knack_tensor_t) -> i32 {
    *out = new_handle(fake(handle).clone());
    KNACK_STATUS_OK
}

unsafe extern "C" fn release(handle: *mut knack_tensor_t) {
    if !handle.is_null() {
        drop(Box::from_raw(handle as *mut Rc<FakeTensor>));
    }
}

pub(crate) static TENSOR_API: knack_tensor_api_t = knack_tensor_api_t {
    struct_size: size_of::<knack_tensor_api_t>() as u32,
    reserved: 0,
    describe,
    create,
    retain,
    release,
};
