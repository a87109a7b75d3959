// SPDX-License-Identifier: MIT
//! Instances: how a Rust value appears in the ABI.
use crate::abi::*;
use crate::error::{catch, guarded, Error, Result};
use crate::gateway;
use crate::host::Host;
use crate::options::Options;
use crate::plugin::Info;
use crate::value::{Value, ValueView};
use core::ffi::c_void;
use std::mem::size_of;

/// What all things that a plugin provides have in common, whatever their kind.
///
/// Abilities that are optional are constants that name methods, such as [`Component::STATE`]; those
/// that are left out appear as NULL in the ABI.
pub trait Component: Sized + 'static {
    /// Id and summary.
    const INFO: Info;

    /// Made by [`options!`](crate::options!); `()` for none.
    type Options: Options;

    /// Makes an instance of options that satisfy the schema.
    fn create(options: Self::Options, host: Host) -> Result<Self>;

    /// How the state is saved and loaded; `None` for an instance without state.
    const STATE: Option<State<Self>> = None;
}

/// How an instance saves what it needs to go on bit for bit, and takes it back.
pub struct State<T> {
    /// Version of the layout; raise it when the layout changes.
    pub version: u32,
    /// The state, as a map.
    pub save: fn(&T) -> Result<Value>,
    /// Takes back what `save` gave, in this or an earlier version.
    pub load: fn(&mut T, ValueView<'_>, u32) -> Result<()>,
}

/// The ABI's struct of a kind and the value behind it, in one piece of memory.
#[repr(C)]
pub(crate) struct Instance<Abi, T> {
    abi: Abi,
    pub(crate) host: *const knack_host_t,
    pub(crate) object: T,
    is_entered: bool,
}

/// An instance during a call of the host.
pub(crate) struct Entered<'a, T> {
    pub(crate) object: &'a mut T,
    pub(crate) host: *const knack_host_t,
}

impl<Abi, T: Component> Instance<Abi, T> {
    /// The instance that `abi` begins, of a kind that several threads may enter.
    ///
    /// # Safety
    /// `abi` was made by `create`, and nobody calls `enter`.
    pub(crate) unsafe fn shared<'a>(abi: *const Abi) -> &'a Self {
        &*(abi as *const Self)
    }

    /// Runs a method at the border to the host. Refused while another one runs, as when a trick
    /// that has the hook `eval_begin` asks for an evaluation: `&mut self` is there once.
    ///
    /// # Safety
    /// `abi` was made by `create`.
    pub(crate) unsafe fn enter(
        abi: *mut Abi,
        body: impl FnOnce(&mut Entered<'_, T>) -> Result<()>,
    ) -> i32 {
        let instance = abi as *mut Self;
        let host = (*instance).host;
        if (*instance).is_entered {
            return guarded(host, || Err(Error::new("was called while it was in a call already")));
        }
        (*instance).is_entered = true;
        let object = &mut (*instance).object;
        let status = guarded(host, || body(&mut Entered { object, host }));
        (*instance).is_entered = false;
        status
    }

    /// The head of an instance.
    pub(crate) fn head() -> knack_instance_t {
        let with_state = T::STATE.is_some();
        knack_instance_t {
            struct_size: size_of::<Abi>() as u32,
            flags: 0,
            self_: std::ptr::null_mut(),
            destroy: Some(destroy::<Abi, T>),
            get_extension: None,
            state_save: if with_state { Some(state_save::<Abi, T>) } else { None },
            state_load: if with_state { Some(state_load::<Abi, T>) } else { None },
        }
    }

    /// Makes an instance; `abi` begins with `head()`.
    ///
    /// # Safety
    /// `host` and `options` are the host's, `out_instance` has room for a pointer.
    pub(crate) unsafe fn create(
        abi: Abi,
        host: *const knack_host_t,
        options: *const knack_value_t,
        out_instance: *mut *mut knack_instance_t,
    ) -> i32 {
        guarded(host, || {
            gateway::open(host);
            let options = T::Options::read(ValueView::new(options), None)?;
            let object = T::create(options, Host::new(host))?;
            let instance = Box::into_raw(Box::new(Self { abi, host, object, is_entered: false }));
            let head = instance as *mut knack_instance_t;
            (*head).self_ = instance as *mut c_void;
            *out_instance = head;
            Ok(())
        })
    }
}

unsafe extern "C" fn destroy<Abi, T>(instance: *mut knack_instance_t) {
    let instance = Box::from_raw(instance as *mut Instance<Abi, T>);
    // There is nobody to tell of a panic in drop.
    let _ = catch(|| {
        drop(instance);
        Ok(())
    });
}

fn state_of<T: Component>() -> Result<State<T>> {
    T::STATE.ok_or_else(|| Error::new("it has no state"))
}

unsafe extern "C" fn state_save<Abi, T: Component>(
    instance: *mut knack_instance_t,
    out_version: *mut u32,
    out_state: *mut knack_value_t,
) -> i32 {
    Instance::<Abi, T>::enter(instance as *mut Abi, |instance| {
        let state = state_of::<T>()?;
        *out_state = (state.save)(instance.object)?.release(instance.host)?;
        *out_version = state.version;
        Ok(())
    })
}

unsafe extern "C" fn state_load<Abi, T: Component>(
    instance: *mut knack_instance_t,
    version: u32,
    given: *const knack_value_t,
) -> i32 {
    Instance::<Abi, T>::enter(instance as *mut Abi, |instance| {
        let state = state_of::<T>()?;
        if version > state.version {
            let text = format!(
                "the state has version {version}, this plugin reads up to {}; use the plugin that \
                 saved it",
                state.version
            );
            return Err(Error::with_status(KNACK_STATUS_UNSUPPORTED, text));
        }
        (state.load)(instance.object, ValueView::new(given), version)
    })
}
