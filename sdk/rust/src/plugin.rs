// SPDX-License-Identifier: MIT
//! The manifest and the one exported symbol of a plugin file.
use crate::abi::*;
use crate::error::{guarded, to_abi};
use crate::gateway;
use crate::options::{schema, OptionSpec};
use std::ffi::CString;
use std::mem::size_of;
use std::os::raw::c_char;
use std::sync::atomic::{AtomicPtr, Ordering};

/// One thing that a plugin provides.
pub struct Info {
    /// Lower-case words; third parties put their name and a dot in front: "acme.lookahead".
    pub id: &'static str,
    /// One sentence for people.
    pub summary: &'static str,
    /// Ids of tricks that act later within a hook.
    pub before: &'static [&'static str],
    /// Ids of tricks that act earlier within a hook.
    pub after: &'static [&'static str],
}

impl Info {
    /// An id and one sentence for people.
    pub const fn new(id: &'static str, summary: &'static str) -> Self {
        Self { id, summary, before: &[], after: &[] }
    }
}

type Create =
    unsafe fn(*const knack_host_t, *const knack_value_t, *mut *mut knack_instance_t) -> i32;

/// What `plugin!` knows of one provided type; made by the `provided` of its kind.
#[doc(hidden)]
pub struct Provided {
    pub kind: &'static str,
    pub info: Info,
    pub describe: fn() -> Vec<OptionSpec>,
    pub create: Create,
}

/// What `plugin!` knows of the file, out of its Cargo.toml.
#[doc(hidden)]
pub struct Facts {
    pub abi_minor: u32,
    pub version: &'static str,
    pub author: &'static str,
    pub license: &'static str,
}

/// Collects text while compiling; a `Text<0>` measures it.
struct Text<const N: usize> {
    bytes: [u8; N],
    size: usize,
}

impl<const N: usize> Text<N> {
    const fn byte(mut self, byte: u8) -> Self {
        if self.size < N {
            self.bytes[self.size] = byte;
        }
        self.size += 1;
        self
    }

    const fn raw(mut self, text: &str) -> Self {
        let mut i = 0;
        while i < text.len() {
            self = self.byte(text.as_bytes()[i]);
            i += 1;
        }
        self
    }

    const fn number(mut self, number: u32) -> Self {
        if number >= 10 {
            self = self.number(number / 10);
        }
        self.byte(b'0' + (number % 10) as u8)
    }

    const fn quoted(mut self, text: &str) -> Self {
        self = self.byte(b'"');
        let mut i = 0;
        while i < text.len() {
            let byte = text.as_bytes()[i];
            assert!(byte >= b' ', "a control character in the plugin's description");
            if byte == b'"' || byte == b'\\' {
                self = self.byte(b'\\');
            }
            self = self.byte(byte);
            i += 1;
        }
        self.byte(b'"')
    }

    const fn field(self, name: &str, text: &str) -> Self {
        self.quoted(name).raw(": ").quoted(text)
    }

    const fn ids(mut self, name: &str, ids: &[&str]) -> Self {
        self = self.raw(", ").quoted(name).raw(": [");
        let mut i = 0;
        while i < ids.len() {
            self = self.raw(if i > 0 { ", " } else { "" }).quoted(ids[i]);
            i += 1;
        }
        self.raw("]")
    }
}

const fn write<const N: usize>(facts: &Facts, provided: &[Provided]) -> Text<N> {
    let mut text = Text { bytes: [0; N], size: 0 }
        .raw(KNACK_MANIFEST_MAGIC)
        .raw("{\"abi_major\": 1, \"abi_minor\": ")
        .number(facts.abi_minor)
        .raw(", \"tier\": \"c\", ")
        .field("version", facts.version)
        .raw(", ")
        .field("author", facts.author)
        .raw(", ")
        .field("license", facts.license)
        .raw(", \"provides\": [");
    let mut i = 0;
    while i < provided.len() {
        let Provided { kind, info, .. } = &provided[i];
        text = text.raw(if i > 0 { ", {" } else { "{" }).field("kind", kind).raw(", ");
        text = text.field("id", info.id).raw(", ").field("summary", info.summary);
        text = text.ids("before", info.before).ids("after", info.after).raw("}");
        i += 1;
    }
    text.raw("]}\n")
}

/// Number of bytes of the manifest.
#[doc(hidden)]
pub const fn manifest_size(facts: &Facts, provided: &[Provided]) -> usize {
    write::<0>(facts, provided).size
}

/// The bytes of the manifest.
#[doc(hidden)]
pub const fn manifest<const N: usize>(facts: &Facts, provided: &[Provided]) -> [u8; N] {
    write::<N>(facts, provided).bytes
}

/// The descriptors of a file, made when they are first asked for and kept for good.
#[doc(hidden)]
pub struct Descriptors {
    first: AtomicPtr<knack_descriptor_t>,
}

fn c_text(text: &str) -> *const c_char {
    CString::new(text).expect("no zero byte in a description").into_raw()
}

impl Descriptors {
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Self { first: AtomicPtr::new(std::ptr::null_mut()) }
    }

    /// The descriptor `index`; NULL for others than 0 .. count - 1.
    pub fn get(&self, provided: &'static [Provided], index: u32) -> *const knack_descriptor_t {
        let make = |one: &Provided| knack_descriptor_t {
            struct_size: size_of::<knack_descriptor_t>() as u32,
            reserved: 0,
            kind: c_text(one.kind),
            id: c_text(one.info.id),
            summary: c_text(one.info.summary),
            schema_json: schema(&(one.describe)()).map_or(std::ptr::null(), |json| c_text(&json)),
        };
        if index as usize >= provided.len() {
            return std::ptr::null();
        }
        if self.first.load(Ordering::Acquire).is_null() {
            let made: Box<[_]> = provided.iter().map(make).collect();
            // Two threads may both come here: the first one's are taken, the other's are left.
            let _ = self.first.compare_exchange(
                std::ptr::null_mut(),
                Box::leak(made).as_mut_ptr(),
                Ordering::AcqRel,
                Ordering::Acquire,
            );
        }
        unsafe { self.first.load(Ordering::Acquire).add(index as usize) }
    }
}

/// The exported symbol.
#[doc(hidden)]
#[repr(transparent)]
pub struct Entry(pub knack_entry_t);

// All of it is constant.
unsafe impl Sync for Entry {}

/// # Safety
/// Called by the host.
#[doc(hidden)]
pub unsafe extern "C" fn init(host: *const knack_host_t) -> i32 {
    guarded(host, || {
        gateway::open(host);
        Ok(())
    })
}

/// # Safety
/// Called by the host.
#[doc(hidden)]
pub unsafe fn create(
    provided: &[Provided],
    index: u32,
    host: *const knack_host_t,
    options: *const knack_value_t,
    out_instance: *mut *mut knack_instance_t,
) -> i32 {
    match provided.get(index as usize) {
        Some(one) => (one.create)(host, options, out_instance),
        None => {
            let text = "no descriptor of that index";
            ((*host).set_error)(host, KNACK_STATUS_NOT_FOUND, to_abi(text))
        }
    }
}

/// Stands once in a plugin's crate: `knack::plugin!(trick Lookahead, model Resnet);`, each type
/// after its kind. Version, authors and license are those of Cargo.toml. A plugin that itself uses
/// what later minors of the ABI added says which it needs first:
/// `knack::plugin!(abi_minor: 1, trick Lookahead);`. Older hosts then refuse it with that reason.
#[macro_export]
macro_rules! plugin {
    (abi_minor: $minor:expr, $($kind:ident $provided:ty),+ $(,)?) => {
        const _: () = {
            use $crate::abi::*;
            use $crate::plugin::*;

            const PROVIDED: &[Provided] = &[$($crate::$kind::provided::<$provided>()),+];
            const FACTS: Facts = Facts {
                abi_minor: $minor,
                version: env!("CARGO_PKG_VERSION"),
                author: env!("CARGO_PKG_AUTHORS"),
                license: env!("CARGO_PKG_LICENSE"),
            };
            const SIZE: usize = manifest_size(&FACTS, PROVIDED);

            #[used]
            #[link_section = ".knack_manifest"]
            static MANIFEST: [u8; SIZE] = manifest(&FACTS, PROVIDED);
            static DESCRIPTORS: Descriptors = Descriptors::new();

            unsafe extern "C" fn descriptor(index: u32) -> *const knack_descriptor_t {
                DESCRIPTORS.get(PROVIDED, index)
            }

            unsafe extern "C" fn create_at(
                index: u32,
                host: *const knack_host_t,
                options: *const knack_value_t,
                out_instance: *mut *mut knack_instance_t,
            ) -> i32 {
                create(PROVIDED, index, host, options, out_instance)
            }

            #[no_mangle]
            #[allow(non_upper_case_globals)]
            pub static knack_plugin_v1: Entry = Entry(knack_entry_t {
                struct_size: ::core::mem::size_of::<knack_entry_t>() as u32,
                abi_major: KNACK_ABI_MAJOR,
                abi_minor_needed: $minor,
                descriptor_count: PROVIDED.len() as u32,
                manifest: MANIFEST.as_ptr(),
                manifest_size: SIZE as u64,
                init: Some(init),
                descriptor: Some(descriptor),
                create: Some(create_at),
            });
        };
    };
    ($($kind:ident $provided:ty),+ $(,)?) => {
        $crate::plugin!(abi_minor: $crate::abi::KNACK_ABI_MINOR, $($kind $provided),+);
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_says_which_minor_is_needed() {
        let text = |abi_minor| {
            let facts = Facts { abi_minor, version: "2", author: "A", license: "MIT" };
            let written = manifest::<512>(&facts, &[]);
            String::from_utf8(written[..manifest_size(&facts, &[])].to_vec()).unwrap()
        };
        assert!(text(0).contains("\"abi_minor\": 0, \"tier\": \"c\""), "{}", text(0));
        assert!(text(120).contains("\"abi_minor\": 120, "), "{}", text(120));
    }
}
