// SPDX-License-Identifier: MIT
//! Trees of values: batches, outputs, options, facts, metrics and state.
use crate::abi::*;
use crate::error::{checked_from_abi, Error, Result};
use crate::operator::make_value;
use crate::tensor::Tensor;
use std::marker::PhantomData;
use std::mem::size_of;

/// An owned tree: `Value::map([("num_classes", 10.into()), ("shape", vec![1, 8, 8].into())])`.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    String(String),
    Tensor(Tensor),
    List(Vec<Value>),
    Map(Vec<(String, Value)>),
}

macro_rules! value_from {
    ($($type:ty: $given:ident => $value:expr;)*) => {$(
        impl From<$type> for Value {
            fn from($given: $type) -> Self {
                $value
            }
        }
    )*};
}
value_from! {
    bool: given => Value::Bool(given);
    i32: given => Value::Int(given.into());
    i64: given => Value::Int(given);
    f64: given => Value::Float(given);
    &str: given => Value::String(given.to_owned());
    String: given => Value::String(given);
    Tensor: given => Value::Tensor(given);
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(given: Vec<T>) -> Self {
        Value::List(given.into_iter().map(Into::into).collect())
    }
}

impl Value {
    /// A map of these entries, whose names are unique.
    pub fn map<N: Into<String>>(entries: impl IntoIterator<Item = (N, Value)>) -> Self {
        Value::Map(entries.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }

    /// The tree in the ABI's form, in memory that the host gives for the call in progress. The
    /// tensors stay this value's, so it must outlive the use.
    ///
    /// # Safety
    /// `host` is a table of the host.
    pub(crate) unsafe fn lend(&self, host: *const knack_host_t) -> Result<knack_value_t> {
        let node = |tag, count, content| Ok(make_value(tag, count, content));
        match self {
            Value::None => node(KNACK_VALUE_NONE, 0, knack_value_as_t { i64: 0 }),
            Value::Bool(given) => {
                node(KNACK_VALUE_BOOL, 0, knack_value_as_t { i64: i64::from(*given) })
            }
            Value::Int(given) => node(KNACK_VALUE_INT, 0, knack_value_as_t { i64: *given }),
            Value::Float(given) => node(KNACK_VALUE_FLOAT, 0, knack_value_as_t { f64: *given }),
            Value::String(given) => {
                let string = copy_text(host, given)?;
                node(KNACK_VALUE_STRING, given.len(), knack_value_as_t { string })
            }
            Value::Tensor(given) => {
                node(KNACK_VALUE_TENSOR, 0, knack_value_as_t { tensor: given.handle() })
            }
            Value::List(given) => {
                let items = allocate::<knack_value_t>(host, given.len())?;
                for (i, value) in given.iter().enumerate() {
                    items.add(i).write(value.lend(host)?);
                }
                node(KNACK_VALUE_LIST, given.len(), knack_value_as_t { items })
            }
            Value::Map(given) => {
                let entries = allocate::<knack_named_value_t>(host, given.len())?;
                for (i, (name, value)) in given.iter().enumerate() {
                    let data = copy_text(host, name)?;
                    let name = knack_string_t { data, size: name.len() as u64 };
                    entries.add(i).write(knack_named_value_t { name, value: value.lend(host)? });
                }
                node(KNACK_VALUE_MAP, given.len(), knack_value_as_t { entries })
            }
        }
    }

    /// Gives the tensors away, to whom `lend` has shown them.
    pub(crate) fn forget(self) {
        match self {
            Value::Tensor(tensor) => drop(tensor.release()),
            Value::List(items) => items.into_iter().for_each(Value::forget),
            Value::Map(entries) => entries.into_iter().for_each(|(_, value)| value.forget()),
            _ => (),
        }
    }

    /// `lend` and `forget` in one.
    ///
    /// # Safety
    /// `host` is a table of the host.
    pub(crate) unsafe fn release(self, host: *const knack_host_t) -> Result<knack_value_t> {
        let lent = self.lend(host)?;
        self.forget();
        Ok(lent)
    }
}

unsafe fn allocate<T>(host: *const knack_host_t, count: usize) -> Result<*mut T> {
    if count == 0 {
        return Ok(std::ptr::null_mut());
    }
    let memory = ((*host).allocate)(host, (count * size_of::<T>()) as u64) as *mut T;
    if memory.is_null() {
        return Err(Error::with_status(KNACK_STATUS_NO_MEMORY, "out of memory"));
    }
    Ok(memory)
}

unsafe fn copy_text(host: *const knack_host_t, text: &str) -> Result<*const u8> {
    let copy = allocate::<u8>(host, text.len())?;
    if copy.is_null() {
        return Ok(copy);
    }
    copy.copy_from_nonoverlapping(text.as_ptr(), text.len());
    Ok(copy)
}

/// A borrowed value. Reading it as what it is not is an error that names what was expected and
/// what was found.
#[derive(Clone, Copy)]
pub struct ValueView<'a> {
    value: *const knack_value_t,
    lifetime: PhantomData<&'a knack_value_t>,
}

impl<'a> ValueView<'a> {
    /// A view of what the host lends; NULL counts as none.
    ///
    /// # Safety
    /// The tree is valid for `'a`.
    pub unsafe fn new(value: *const knack_value_t) -> Self {
        Self { value, lifetime: PhantomData }
    }

    /// One of `KNACK_VALUE_*`.
    pub fn tag(&self) -> u32 {
        unsafe { self.value.as_ref() }.map_or(KNACK_VALUE_NONE, |value| value.tag)
    }

    /// Whether there is nothing.
    pub fn is_none(&self) -> bool {
        self.tag() == KNACK_VALUE_NONE
    }

    fn expect(&self, wanted: u32) -> Result<&'a knack_value_t> {
        match unsafe { self.value.as_ref() } {
            Some(value) if value.tag == wanted => Ok(value),
            _ => {
                let (wanted, found) = (describe(wanted), describe(self.tag()));
                Err(Error::invalid(format!("expected {wanted}, found {found}")))
            }
        }
    }

    /// A boolean.
    pub fn boolean(&self) -> Result<bool> {
        Ok(unsafe { self.expect(KNACK_VALUE_BOOL)?.r#as.i64 } != 0)
    }

    /// An integer.
    pub fn integer(&self) -> Result<i64> {
        Ok(unsafe { self.expect(KNACK_VALUE_INT)?.r#as.i64 })
    }

    /// A number; an integer counts as one too.
    pub fn number(&self) -> Result<f64> {
        match self.integer() {
            Ok(integer) => Ok(integer as f64),
            Err(_) => Ok(unsafe { self.expect(KNACK_VALUE_FLOAT)?.r#as.f64 }),
        }
    }

    /// Text; `Err` too when it is no UTF-8.
    pub fn string(&self) -> Result<&'a str> {
        let value = self.expect(KNACK_VALUE_STRING)?;
        let text = unsafe { knack_string_t { data: value.r#as.string, size: value.count } };
        unsafe { checked_from_abi(text) }
    }

    /// A reference of its own to the tensor, which may be kept.
    pub fn tensor(&self) -> Result<Tensor> {
        unsafe { Tensor::retain(self.expect(KNACK_VALUE_TENSOR)?.r#as.tensor) }
    }

    /// The elements of a list.
    pub fn list(&self) -> Result<impl ExactSizeIterator<Item = ValueView<'a>> + 'a> {
        let list = self.expect(KNACK_VALUE_LIST)?;
        Ok((0..list.count as usize).map(move |i| unsafe { Self::new(list.r#as.items.add(i)) }))
    }

    /// The entries of a map; `Err` too when a name is no UTF-8.
    pub fn entries(&self) -> Result<impl ExactSizeIterator<Item = (&'a str, ValueView<'a>)> + 'a> {
        let map = self.expect(KNACK_VALUE_MAP)?;
        let entry = |i| unsafe {
            let entry = map.r#as.entries.add(i);
            let value = Self::new(std::ptr::addr_of!((*entry).value));
            Ok((checked_from_abi((*entry).name)?, value))
        };
        let entries = (0..map.count as usize).map(entry).collect::<Result<Vec<_>>>()?;
        Ok(entries.into_iter())
    }

    /// The entry of a map, if there is one.
    pub fn find(&self, name: &str) -> Result<Option<ValueView<'a>>> {
        Ok(self.entries()?.find(|entry| entry.0 == name).map(|entry| entry.1))
    }

    /// The entry of a map.
    pub fn get(&self, name: &str) -> Result<ValueView<'a>> {
        self.find(name)?.ok_or_else(|| Error::not_found(format!("the map has no \"{name}\"")))
    }

    /// A copy that may be kept; its tensors are further references to the same ones.
    pub fn to_value(&self) -> Result<Value> {
        Ok(match self.tag() {
            KNACK_VALUE_NONE => Value::None,
            KNACK_VALUE_BOOL => Value::Bool(self.boolean()?),
            KNACK_VALUE_INT => Value::Int(self.integer()?),
            KNACK_VALUE_FLOAT => Value::Float(self.number()?),
            KNACK_VALUE_STRING => self.string()?.into(),
            KNACK_VALUE_TENSOR => Value::Tensor(self.tensor()?),
            KNACK_VALUE_LIST => {
                Value::List(self.list()?.map(|v| v.to_value()).collect::<Result<_>>()?)
            }
            _ => Value::Map(
                self.entries()?
                    .map(|(name, value)| Ok((name.to_owned(), value.to_value()?)))
                    .collect::<Result<_>>()?,
            ),
        })
    }
}

/// What a value of this tag is called in messages.
fn describe(tag: u32) -> &'static str {
    const NAMES: [&str; 8] =
        ["none", "a boolean", "an integer", "a number", "a string", "a tensor", "a list", "a map"];
    NAMES.get(tag as usize).copied().unwrap_or("a value of an unknown kind")
}
