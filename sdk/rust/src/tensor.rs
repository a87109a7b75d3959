// SPDX-License-Identifier: MIT
//! Tensors: their handles, what they are, and their memory. What they compute: `tensor_methods`.
use crate::abi::*;
use crate::error::{check_host, Error, Result};
use crate::gateway::tensor_api;
use std::cell::Cell;
use std::fmt;
use std::mem::size_of;
use std::ptr::NonNull;

/// Element types; the numbers are those of `c10::ScalarType`.
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Dtype {
    Uint8 = KNACK_DTYPE_UINT8,
    Int8 = KNACK_DTYPE_INT8,
    Int16 = KNACK_DTYPE_INT16,
    Int32 = KNACK_DTYPE_INT32,
    Int64 = KNACK_DTYPE_INT64,
    Float16 = KNACK_DTYPE_FLOAT16,
    Float32 = KNACK_DTYPE_FLOAT32,
    Float64 = KNACK_DTYPE_FLOAT64,
    Bool = KNACK_DTYPE_BOOL,
    Bfloat16 = KNACK_DTYPE_BFLOAT16,
}

impl Dtype {
    const ALL: [Dtype; 10] = [
        Self::Uint8,
        Self::Int8,
        Self::Int16,
        Self::Int32,
        Self::Int64,
        Self::Float16,
        Self::Float32,
        Self::Float64,
        Self::Bool,
        Self::Bfloat16,
    ];

    /// The type of that number, if it is one of these.
    pub fn from_abi(number: i32) -> Option<Self> {
        Self::ALL.iter().copied().find(|&dtype| dtype as i32 == number)
    }
}

/// A Rust type that elements of a tensor have.
///
/// # Safety
/// `DTYPE` is laid out as `Self`, and any bits are a valid `Self`.
pub unsafe trait Element: Copy + Default + 'static {
    /// Its name in LibTorch.
    const DTYPE: Dtype;
}

macro_rules! element {
    ($($type:ty = $dtype:ident),*) => {
        $(unsafe impl Element for $type { const DTYPE: Dtype = Dtype::$dtype; })*
    };
}
element!(
    u8 = Uint8,
    i8 = Int8,
    i16 = Int16,
    i32 = Int32,
    i64 = Int64,
    f32 = Float32,
    f64 = Float64
);

/// A reference to a tensor of LibTorch. `clone` makes another reference to the same elements; a
/// copy of the elements is made by [`Tensor::deep_clone`].
pub struct Tensor {
    handle: NonNull<knack_tensor_t>,
}

impl Clone for Tensor {
    fn clone(&self) -> Self {
        unsafe { Self::retain(self.handle()) }.expect("a tensor gives a reference")
    }
}

impl Drop for Tensor {
    fn drop(&mut self) {
        if let Ok(api) = tensor_api() {
            unsafe { (api.release)(self.handle()) }
        }
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Tensor({:?}, {:?})", self.dtype(), self.sizes())
    }
}

impl Tensor {
    /// The handle, which stays this tensor's own.
    pub fn handle(&self) -> *mut knack_tensor_t {
        self.handle.as_ptr()
    }

    /// Gives the reference away.
    pub fn release(self) -> *mut knack_tensor_t {
        let handle = self.handle();
        std::mem::forget(self);
        handle
    }

    /// Takes a reference over.
    ///
    /// # Safety
    /// `handle` is an owned handle of the host, not NULL.
    pub unsafe fn take(handle: *mut knack_tensor_t) -> Self {
        debug_assert!(!handle.is_null());
        Self { handle: NonNull::new_unchecked(handle) }
    }

    /// Another reference to a borrowed tensor.
    ///
    /// # Safety
    /// `handle` is a handle of the host that is valid now, or NULL, which is refused.
    pub unsafe fn retain(handle: *mut knack_tensor_t) -> Result<Self> {
        if handle.is_null() {
            return Err(Error::invalid("there is no tensor here"));
        }
        let mut owned = std::ptr::null_mut();
        check_host((tensor_api()?.retain)(handle, &mut owned), "knack.tensor/1 retain")?;
        Ok(Self::take(owned))
    }

    /// A row-major CPU tensor whose elements are not initialized.
    pub fn empty(sizes: &[i64], dtype: Dtype) -> Result<Self> {
        let mut handle = std::ptr::null_mut();
        let dimensions = sizes.len() as i32;
        check_host(
            unsafe {
                (tensor_api()?.create)(dtype as i32, dimensions, sizes.as_ptr(), &mut handle)
            },
            "knack.tensor/1 create",
        )?;
        Ok(unsafe { Self::take(handle) })
    }

    /// A row-major CPU tensor of zeros.
    pub fn zeros<T: Element>(sizes: &[i64]) -> Result<Self> {
        let tensor = Self::empty(sizes, T::DTYPE)?;
        tensor.cells::<T>()?.iter().for_each(|cell| cell.set(T::default()));
        Ok(tensor)
    }

    /// A row-major CPU tensor of these elements.
    pub fn from_slice<T: Element>(elements: &[T], sizes: &[i64]) -> Result<Self> {
        let tensor = Self::empty(sizes, T::DTYPE)?;
        tensor.set_elements(elements)?;
        Ok(tensor)
    }

    /// All that the host says of it.
    pub fn info(&self) -> Result<knack_tensor_info_t> {
        let mut info: knack_tensor_info_t = unsafe { std::mem::zeroed() };
        info.struct_size = size_of::<knack_tensor_info_t>() as u32;
        let status = unsafe { (tensor_api()?.describe)(self.handle(), &mut info) };
        check_host(status, "knack.tensor/1 describe")?;
        Ok(info)
    }

    /// Its element type; `Err` for one that [`Dtype`] does not name.
    pub fn dtype(&self) -> Result<Dtype> {
        let number = self.info()?.dtype;
        Dtype::from_abi(number)
            .ok_or_else(|| Error::invalid(format!("element type {number} is not known here")))
    }

    /// Its shape.
    pub fn sizes(&self) -> Result<Vec<i64>> {
        let info = self.info()?;
        let dimensions = info.dimensions as usize;
        Ok((0..dimensions).map(|i| unsafe { *info.sizes_borrowed.add(i) }).collect())
    }

    /// The size of one dimension; negative ones are counted from the end.
    pub fn size(&self, dimension: i64) -> Result<i64> {
        let sizes = self.sizes()?;
        let index = if dimension < 0 { dimension + sizes.len() as i64 } else { dimension };
        usize::try_from(index).ok().and_then(|index| sizes.get(index).copied()).ok_or_else(|| {
            Error::invalid(format!("dimension {dimension} of a tensor of shape {sizes:?}"))
        })
    }

    /// Number of elements.
    pub fn element_count(&self) -> Result<usize> {
        Ok(self.info()?.element_count as usize)
    }

    /// Whether it lies in the memory of the CPU.
    pub fn is_cpu(&self) -> Result<bool> {
        Ok(self.info()?.device_type == KNACK_DEVICE_CPU)
    }

    /// Whether autograd tracks it.
    pub fn requires_grad(&self) -> Result<bool> {
        Ok(self.info()?.flags & KNACK_TENSOR_REQUIRES_GRAD != 0)
    }

    /// Its memory, row-major. Cells, because other tensors may share it. `Err` unless it is a
    /// row-major CPU tensor of that element type.
    pub fn cells<T: Element>(&self) -> Result<&[Cell<T>]> {
        let info = self.info()?;
        let is_plain = info.device_type == KNACK_DEVICE_CPU
            && info.flags & KNACK_TENSOR_CONTIGUOUS != 0
            && info.dtype == T::DTYPE as i32;
        if !is_plain {
            let wanted = T::DTYPE;
            let found = Dtype::from_abi(info.dtype);
            return Err(Error::invalid(format!(
                "expected a row-major CPU tensor of {wanted:?}, found {found:?} on device {}, {}",
                info.device_type,
                if info.flags & KNACK_TENSOR_CONTIGUOUS != 0 { "row-major" } else { "strided" }
            )));
        }
        let count = info.element_count as usize;
        if count == 0 {
            return Ok(&[]);
        }
        Ok(unsafe { std::slice::from_raw_parts(info.data_borrowed as *const Cell<T>, count) })
    }

    /// A copy of its elements, on the terms of [`Tensor::cells`].
    pub fn to_vec<T: Element>(&self) -> Result<Vec<T>> {
        Ok(self.cells::<T>()?.iter().map(Cell::get).collect())
    }

    /// Writes all its elements, on the terms of [`Tensor::cells`].
    pub fn set_elements<T: Element>(&self, elements: &[T]) -> Result<()> {
        let cells = self.cells::<T>()?;
        if cells.len() != elements.len() {
            let (room, given) = (cells.len(), elements.len());
            return Err(Error::invalid(format!("{given} elements for a tensor of {room}")));
        }
        cells.iter().zip(elements).for_each(|(cell, &element)| cell.set(element));
        Ok(())
    }
}
