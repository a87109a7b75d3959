// SPDX-License-Identifier: MIT
//! Failures: returned as `Err` or raised as a panic inside a plugin, a status and a text outside.
use crate::abi::*;
use std::any::Any;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

/// What fallible functions of this crate and hooks return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure with one sentence for the user: what was expected, what was found.
#[derive(Clone, Debug)]
pub struct Error {
    status: i32,
    text: String,
    known_to_host: bool,
}

impl Error {
    /// A failure that has no code of its own.
    pub fn new(text: impl Into<String>) -> Self {
        Self::with_status(KNACK_STATUS_FAILED, text)
    }

    /// An argument or an option is wrong.
    pub fn invalid(text: impl Into<String>) -> Self {
        Self::with_status(KNACK_STATUS_INVALID, text)
    }

    /// There is nothing of that name or index.
    pub fn not_found(text: impl Into<String>) -> Self {
        Self::with_status(KNACK_STATUS_NOT_FOUND, text)
    }

    /// A file or a sample is missing, damaged or inconsistent.
    pub fn data(text: impl Into<String>) -> Self {
        Self::with_status(KNACK_STATUS_DATA, text)
    }

    /// `status` is one of `KNACK_STATUS_*` except `KNACK_STATUS_OK`.
    pub fn with_status(status: i32, text: impl Into<String>) -> Self {
        Self { status, text: text.into(), known_to_host: false }
    }

    /// One of `KNACK_STATUS_*`.
    pub fn status(&self) -> i32 {
        self.status
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl std::error::Error for Error {}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::data(error.to_string())
    }
}

/// `Err` when a function of the host failed, which has the text already and keeps it when the
/// error leaves the plugin. `function` is for people: "knack.weights/1 save".
pub(crate) fn check_host(status: i32, function: &str) -> Result<()> {
    if status == KNACK_STATUS_OK {
        return Ok(());
    }
    let text = format!("{function} failed with status {status}");
    Err(Error { known_to_host: true, ..Error::with_status(status, text) })
}

/// The same for functions that return a number of things, and a negative one when they failed.
pub(crate) fn check_count(count: i64, function: &str) -> Result<usize> {
    usize::try_from(count).or_else(|_| check_host(KNACK_STATUS_FAILED, function).map(|()| 0))
}

pub(crate) fn to_abi(text: &str) -> knack_string_t {
    knack_string_t { data: text.as_ptr(), size: text.len() as u64 }
}

/// The text; what is no UTF-8 in it, as the names of files may be, becomes U+FFFD.
///
/// # Safety
/// The text outlives `'a`.
pub(crate) unsafe fn from_abi<'a>(text: knack_string_t) -> Cow<'a, str> {
    String::from_utf8_lossy(bytes(text))
}

/// The text; `Err` when it is no UTF-8.
///
/// # Safety
/// The text outlives `'a`.
pub(crate) unsafe fn checked_from_abi<'a>(text: knack_string_t) -> Result<&'a str> {
    std::str::from_utf8(bytes(text))
        .map_err(|error| Error::invalid(format!("expected UTF-8 text, found none: {error}")))
}

unsafe fn bytes<'a>(text: knack_string_t) -> &'a [u8] {
    match text.size {
        0 => &[],
        size => std::slice::from_raw_parts(text.data, size as usize),
    }
}

/// Runs `body` at the border to the host, which neither `Err` nor a panic crosses.
///
/// # Safety
/// `host` is a table of the host.
pub(crate) unsafe fn guarded(host: *const knack_host_t, body: impl FnOnce() -> Result<()>) -> i32 {
    match catch(body) {
        Ok(()) => KNACK_STATUS_OK,
        Err(error) if error.known_to_host => error.status,
        Err(error) => ((*host).set_error)(host, error.status, to_abi(&error.text)),
    }
}

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Runs `body` and makes an error of its panic, with the place where it happened.
pub(crate) fn catch<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    keep_places_of_panics();
    DEPTH.with(|depth| depth.set(depth.get() + 1));
    let outcome = panic::catch_unwind(AssertUnwindSafe(body));
    DEPTH.with(|depth| depth.set(depth.get() - 1));
    outcome.unwrap_or_else(|payload| {
        let place = PLACE.with(|place| place.take());
        Err(Error::new(format!("panicked at {place}: {}", text_of(&*payload))))
    })
}

fn text_of(payload: &(dyn Any + Send)) -> &str {
    match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (None, Some(text)) => text,
        (None, None) => "something that is no text",
    }
}

/// A panic that is caught is told in the error alone; others are printed as ever.
fn keep_places_of_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if DEPTH.with(Cell::get) == 0 {
                return previous(info);
            }
            let place = info.location().map(|place| format!("{}:{}", place.file(), place.line()));
            PLACE.with(|kept| *kept.borrow_mut() = place.unwrap_or_default());
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(bytes: &'static [u8]) -> knack_string_t {
        knack_string_t { data: bytes.as_ptr(), size: bytes.len() as u64 }
    }

    #[test]
    fn text_that_is_no_utf8_is_replaced_or_refused() {
        let nothing = knack_string_t { data: std::ptr::null(), size: 0 };
        let file = given(b"runs/caf\xe9/log.txt");
        unsafe {
            assert_eq!((&*from_abi(nothing), checked_from_abi(nothing).unwrap()), ("", ""));
            assert_eq!(checked_from_abi(given(b"live")).unwrap(), "live");
            assert_eq!(from_abi(file), "runs/caf\u{fffd}/log.txt");
            assert_eq!(checked_from_abi(file).unwrap_err().status(), KNACK_STATUS_INVALID);
        }
    }
}
