// SPDX-License-Identifier: MIT
//! Tricks: everything that acts around the training step.
use crate::abi::*;
use crate::context::Context;
use crate::error::Result;
use crate::instance::{Component, Instance};
use crate::options::Options;
use crate::plugin::Provided;

/// A method of a trick that the host calls. An `Err` or a panic ends the run with its text.
pub type Hook<T> = fn(&mut T, &mut Context<'_>) -> Result<()>;

macro_rules! hooks {
    ($($name:ident)*) => {
        /// The hooks of a trick; when each is called: `knack_trick_t`. Written with
        /// [`hooks!`](crate::hooks!).
        #[allow(missing_docs)]
        pub struct Hooks<T> {
            $(pub $name: Option<Hook<T>>,)*
        }

        impl<T> Hooks<T> {
            /// No hook at all.
            pub const NONE: Self = Self { $($name: None,)* };
        }

        $(unsafe extern "C" fn $name<T: Trick>(
            trick: *mut knack_trick_t,
            context: *mut knack_hook_context_t,
        ) -> i32 {
            Instance::<knack_trick_t, T>::enter(trick, |trick| match T::HOOKS.$name {
                Some(hook) => hook(trick.object, &mut Context::new(trick.host, &mut *context)),
                None => Ok(()),
            })
        })*

        fn bind<T: Trick>() -> knack_trick_t {
            knack_trick_t {
                head: Instance::<knack_trick_t, T>::head(),
                $($name: T::HOOKS.$name.map(|_| $name::<T> as knack_hook_t),)*
            }
        }
    };
}

hooks! {
    fit_begin epoch_begin window_begin batch forward loss gradients before_step after_step
    eval_begin eval_end epoch_end fit_end
}

/// A trick names the methods that are its hooks; the others are not subscribed and cost nothing.
pub trait Trick: Component {
    /// `knack::hooks![fit_begin, after_step]`: methods of these names.
    const HOOKS: Hooks<Self>;
}

/// The hooks of a trick, which are its methods of these names:
/// `const HOOKS: Hooks<Self> = knack::hooks![fit_begin, after_step];`
///
/// A method that is forgotten here is one that the compiler calls unused.
#[macro_export]
macro_rules! hooks {
    ($($name:ident),* $(,)?) => {
        $crate::Hooks { $($name: Some(Self::$name),)* ..$crate::Hooks::NONE }
    };
}

unsafe fn create<T: Trick>(
    host: *const knack_host_t,
    options: *const knack_value_t,
    out_instance: *mut *mut knack_instance_t,
) -> i32 {
    Instance::<knack_trick_t, T>::create(bind::<T>(), host, options, out_instance)
}

/// What a plugin file says of a trick.
#[doc(hidden)]
pub const fn provided<T: Trick>() -> Provided {
    Provided { kind: "trick", info: T::INFO, describe: T::Options::describe, create: create::<T> }
}
