// SPDX-License-Identifier: MIT
//! Memory of one's own as a tensor, and tensors for other libraries, without a copy
//! (`knack.dlpack/1`, ABI 1.1).
use crate::abi::*;
use crate::error::{check_host, Error, Result};
use crate::gateway::dlpack_api;
use crate::tensor::{Dtype, Element, Tensor};
use core::ffi::c_void;
use std::mem::{forget, size_of};
use std::ptr::NonNull;

/// A `DLManagedTensorVersioned`, given back when this goes.
pub struct DlpackTensor {
    managed: NonNull<knack_dl_managed_t>,
}

impl DlpackTensor {
    /// The struct, still owned by this.
    pub fn as_ptr(&self) -> *mut knack_dl_managed_t {
        self.managed.as_ptr()
    }

    /// Gives the struct away, to a consumer that calls its deleter.
    pub fn into_raw(self) -> *mut knack_dl_managed_t {
        let managed = self.as_ptr();
        forget(self);
        managed
    }

    /// Takes the struct of a producer over; `Err` for NULL.
    ///
    /// # Safety
    /// It is NULL or a struct as DLPack describes it, whose memory any thread may read and write,
    /// and nobody else calls its deleter.
    pub unsafe fn from_raw(managed: *mut knack_dl_managed_t) -> Result<Self> {
        let managed = NonNull::new(managed);
        managed.map(|managed| Self { managed }).ok_or_else(|| Error::invalid("there is no tensor"))
    }
}

impl Drop for DlpackTensor {
    fn drop(&mut self) {
        unsafe {
            if let Some(deleter) = self.managed.as_ref().deleter {
                deleter(self.as_ptr());
            }
        }
    }
}

/// A DLPack struct for the memory of a vector.
struct OwnedMemory<T> {
    managed: knack_dl_managed_t,
    sizes: Vec<i64>,
    elements: Vec<T>,
}

unsafe extern "C" fn delete<T>(managed: *mut knack_dl_managed_t) {
    drop(Box::from_raw((*managed).manager_ctx as *mut OwnedMemory<T>));
}

fn type_of<T: Element>() -> knack_dl_data_type_t {
    let code = match T::DTYPE {
        Dtype::Uint8 => KNACK_DL_UINT,
        Dtype::Int8 | Dtype::Int16 | Dtype::Int32 | Dtype::Int64 => KNACK_DL_INT,
        Dtype::Float16 | Dtype::Float32 | Dtype::Float64 => KNACK_DL_FLOAT,
        Dtype::Bfloat16 => KNACK_DL_BFLOAT,
        Dtype::Bool => KNACK_DL_BOOL,
    };
    knack_dl_data_type_t { code, bits: 8 * size_of::<T>() as u8, lanes: 1 }
}

impl Tensor {
    /// A row-major CPU tensor in the memory of `elements`, which lives as long as a tensor that
    /// shares it.
    pub fn from_vec<T: Element + Send>(elements: Vec<T>, sizes: &[i64]) -> Result<Self> {
        let count = sizes.iter().try_fold(1_i64, |count, &size| count.checked_mul(size));
        if count != i64::try_from(elements.len()).ok() {
            let given = elements.len();
            return Err(Error::invalid(format!("{given} elements for a shape of {sizes:?}")));
        }
        let managed = knack_dl_managed_t {
            version: knack_dl_version_t { major: KNACK_DL_MAJOR, minor: 0 },
            manager_ctx: std::ptr::null_mut(),
            deleter: Some(delete::<T>),
            flags: 0,
            dl_tensor: knack_dl_tensor_t {
                data: std::ptr::null_mut(),
                device: knack_dl_device_t { device_type: KNACK_DL_CPU, device_id: 0 },
                ndim: i32::try_from(sizes.len()).unwrap_or(i32::MAX),
                dtype: type_of::<T>(),
                shape: std::ptr::null_mut(),
                strides: std::ptr::null_mut(),
                byte_offset: 0,
            },
        };
        let memory =
            Box::into_raw(Box::new(OwnedMemory { managed, sizes: sizes.to_vec(), elements }));
        unsafe {
            let managed = &mut (*memory).managed;
            managed.manager_ctx = memory as *mut c_void;
            managed.dl_tensor.data = (*memory).elements.as_mut_ptr() as *mut c_void;
            managed.dl_tensor.shape = (*memory).sizes.as_mut_ptr();
            Self::from_dlpack(DlpackTensor::from_raw(managed)?)
        }
    }

    /// A tensor that shares the memory of another library's. What can be refused: ext/dlpack.h;
    /// then `given` is given back.
    pub fn from_dlpack(given: DlpackTensor) -> Result<Self> {
        let mut handle = std::ptr::null_mut();
        let status = unsafe { (dlpack_api()?.import_tensor)(given.as_ptr(), &mut handle) };
        check_host(status, "knack.dlpack/1 import_tensor")?;
        forget(given);
        Ok(unsafe { Self::take(handle) })
    }

    /// The tensor for another library: shares its memory and keeps it alive. `Err` for one that
    /// requires a gradient: detach it first.
    pub fn to_dlpack(&self) -> Result<DlpackTensor> {
        let mut managed = std::ptr::null_mut();
        let status = unsafe { (dlpack_api()?.export_tensor)(self.handle(), &mut managed) };
        check_host(status, "knack.dlpack/1 export_tensor")?;
        unsafe { DlpackTensor::from_raw(managed) }
    }
}
