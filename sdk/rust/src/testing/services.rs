// SPDX-License-Identifier: MIT
//! The services of the fake host: log, metrics, random numbers, parameters and weight sets.
use super::tensors::TENSOR_API;
use super::{aten::ATEN_API, FakeSet, Inner, SetOption};
use crate::abi::*;
use crate::error::{from_abi, to_abi, Error, Result};
use crate::tensor::Tensor;
use crate::value::ValueView;
use core::ffi::c_void;
use std::mem::size_of;

/// The table of an extension, by its id with the zero byte; NULL for those it does not have.
pub(super) fn find(id: &[u8]) -> *const c_void {
    fn table<T: Extension>(id: &[u8], table: &'static T) -> Option<*const c_void> {
        (id == T::ID.as_bytes()).then_some(table as *const T as *const c_void)
    }
    table(id, &TENSOR_API)
        .or_else(|| table(id, &ATEN_API))
        .or_else(|| table(id, &LOG_API))
        .or_else(|| table(id, &METRICS_API))
        .or_else(|| table(id, &RNG_API))
        .or_else(|| table(id, &PARAMS_API))
        .or_else(|| table(id, &WEIGHTS_API))
        .unwrap_or(std::ptr::null())
}

fn at<T>(items: &[T], index: i64) -> Result<&T> {
    usize::try_from(index)
        .ok()
        .and_then(|index| items.get(index))
        .ok_or_else(|| Error::not_found(format!("index {index} of {}", items.len())))
}

static LOG_API: knack_log_api_t =
    knack_log_api_t { struct_size: size_of::<knack_log_api_t>() as u32, reserved: 0, write };

unsafe extern "C" fn write(host: *const knack_host_t, level: u32, message: knack_string_t) {
    Inner::of(host).recorded.borrow_mut().log.push((level, from_abi(message).into_owned()));
}

static METRICS_API: knack_metrics_api_t = knack_metrics_api_t {
    struct_size: size_of::<knack_metrics_api_t>() as u32,
    reserved: 0,
    report,
    summarize,
};

unsafe extern "C" fn report(host: *const knack_host_t, name: knack_string_t, value: f64) -> i32 {
    let inner = Inner::of(host);
    inner.serve("knack.metrics/1 report", || {
        inner.recorded.borrow_mut().reports.push((from_abi(name).into_owned(), value));
        Ok(())
    })
}

unsafe extern "C" fn summarize(
    host: *const knack_host_t,
    key: knack_string_t,
    value: *const knack_value_t,
) -> i32 {
    let inner = Inner::of(host);
    inner.serve("knack.metrics/1 summarize", || {
        let value = ValueView::new(value).to_value()?;
        inner.recorded.borrow_mut().facts.push((from_abi(key).into_owned(), value));
        Ok(())
    })
}

static RNG_API: knack_rng_api_t = knack_rng_api_t {
    struct_size: size_of::<knack_rng_api_t>() as u32,
    reserved: 0,
    next,
    uniform,
};

/// SplitMix64 (Steele, Lea and Flood 2014).
unsafe extern "C" fn next(host: *const knack_host_t) -> u64 {
    let state = Inner::of(host).random.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
    Inner::of(host).random.set(state);
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

unsafe extern "C" fn uniform(host: *const knack_host_t) -> f64 {
    (next(host) >> 11) as f64 / (1_u64 << 53) as f64
}

static PARAMS_API: knack_params_api_t = knack_params_api_t {
    struct_size: size_of::<knack_params_api_t>() as u32,
    reserved: 0,
    count: param_count,
    get: get_param,
    gradient,
    set_option,
    group_count,
    get_group_option,
    set_group_option,
};

unsafe extern "C" fn param_count(host: *const knack_host_t) -> i64 {
    let weights = Inner::of(host).weights.borrow();
    weights.iter().filter(|weight| weight.flags & KNACK_WEIGHT_BUFFER == 0).count() as i64
}

unsafe extern "C" fn get_param(
    host: *const knack_host_t,
    index: i64,
    out: *mut knack_param_t,
) -> i32 {
    let inner = Inner::of(host);
    inner.serve("knack.params/1 get", || {
        let weights = inner.weights.borrow();
        let weight = at(&weights, index)?;
        *out = knack_param_t {
            struct_size: size_of::<knack_param_t>() as u32,
            requires_grad: 1,
            name: to_abi(&weight.name),
            role: to_abi(&weight.role),
            owner_kind: to_abi("Linear"),
            tensor_borrowed: weight.tensor.handle(),
        };
        Ok(())
    })
}

unsafe extern "C" fn gradient(
    host: *const knack_host_t,
    index: i64,
    out: *mut *mut knack_tensor_t,
) -> i32 {
    let inner = Inner::of(host);
    inner.serve("knack.params/1 gradient", || {
        let weights = inner.weights.borrow();
        let gradient = at(&weights, index)?.gradient.as_ref();
        *out = gradient.map_or(std::ptr::null_mut(), Tensor::handle);
        Ok(())
    })
}

unsafe extern "C" fn set_option(
    host: *const knack_host_t,
    index: i64,
    option: knack_string_t,
    value: f64,
    reason: knack_string_t,
) -> i32 {
    let inner = Inner::of(host);
    inner.serve("knack.params/1 set_option", || {
        let param = at(&inner.weights.borrow(), index)?.name.clone();
        let (option, reason) = (from_abi(option).into_owned(), from_abi(reason).into_owned());
        let set = SetOption { param, option, value, reason };
        inner.recorded.borrow_mut().set_options.push(set);
        Ok(())
    })
}

unsafe extern "C" fn group_count(_: *const knack_host_t) -> i64 {
    1
}

unsafe extern "C" fn get_group_option(
    host: *const knack_host_t,
    group: i64,
    option: knack_string_t,
    out_value: *mut f64,
) -> i32 {
    let inner = Inner::of(host);
    inner.serve("knack.params/1 get_group_option", || match (group, &*from_abi(option)) {
        (0, "lr") => {
            *out_value = inner.lr.get();
            Ok(())
        }
        (group, option) => Err(Error::not_found(format!("option \"{option}\" of group {group}"))),
    })
}

unsafe extern "C" fn set_group_option(
    host: *const knack_host_t,
    group: i64,
    option: knack_string_t,
    value: f64,
) -> i32 {
    let inner = Inner::of(host);
    inner.serve("knack.params/1 set_group_option", || match (group, &*from_abi(option)) {
        (0, "lr") => {
            inner.lr.set(value);
            Ok(())
        }
        (group, option) => Err(Error::not_found(format!("option \"{option}\" of group {group}"))),
    })
}

static WEIGHTS_API: knack_weights_api_t = knack_weights_api_t {
    struct_size: size_of::<knack_weights_api_t>() as u32,
    reserved: 0,
    find: find_set,
    publish,
    count: weight_count,
    get: get_weight,
    copy: copy_set,
    save: no_files,
    load: no_files,
    remove: no_file,
    evaluate,
};

unsafe extern "C" fn find_set(
    host: *const knack_host_t,
    name: knack_string_t,
    out_set: *mut *mut knack_weight_set_t,
) -> i32 {
    let inner = Inner::of(host);
    inner.serve("knack.weights/1 find", || {
        *out_set = inner.set(&from_abi(name))? as *mut knack_weight_set_t;
        Ok(())
    })
}

unsafe extern "C" fn publish(
    host: *const knack_host_t,
    name: knack_string_t,
    out_set: *mut *mut knack_weight_set_t,
) -> i32 {
    let inner = Inner::of(host);
    inner.serve("knack.weights/1 publish", || {
        let name = from_abi(name);
        if inner.sets.borrow().iter().any(|set| set.name == name) {
            return Err(Error::invalid(format!("the set \"{name}\" is there already")));
        }
        *out_set = inner.publish(&name)? as *mut knack_weight_set_t;
        Ok(())
    })
}

impl Inner {
    /// The set of that name; "live" is one whose tensors are those of the model.
    fn set(&self, name: &str) -> Result<*const FakeSet> {
        let known =
            self.sets.borrow().iter().find(|set| set.name == name).map(|set| &**set as *const _);
        match known {
            Some(set) => Ok(set),
            None if name == KNACK_WEIGHTS_LIVE => {
                let tensors = self.weights.borrow().iter().map(|w| w.tensor.clone()).collect();
                Ok(self.keep(name, tensors))
            }
            None => Err(Error::not_found(format!("nobody published \"{name}\""))),
        }
    }

    fn publish(&self, name: &str) -> Result<*const FakeSet> {
        let copies: Result<_> =
            self.weights.borrow().iter().map(|w| w.tensor.deep_clone()).collect();
        Ok(self.keep(name, copies?))
    }

    fn keep(&self, name: &str, tensors: Vec<Tensor>) -> *const FakeSet {
        let set = Box::new(FakeSet { name: name.to_owned(), tensors });
        let place: *const FakeSet = &*set;
        self.sets.borrow_mut().push(set);
        place
    }
}

unsafe extern "C" fn weight_count(host: *const knack_host_t, _: *mut knack_weight_set_t) -> i64 {
    Inner::of(host).weights.borrow().len() as i64
}

unsafe extern "C" fn get_weight(
    host: *const knack_host_t,
    set: *mut knack_weight_set_t,
    index: i64,
    out: *mut knack_weight_t,
) -> i32 {
    let inner = Inner::of(host);
    inner.serve("knack.weights/1 get", || {
        let weights = inner.weights.borrow();
        let weight = at(&weights, index)?;
        *out = knack_weight_t {
            struct_size: size_of::<knack_weight_t>() as u32,
            flags: weight.flags,
            name: to_abi(&weight.name),
            role: to_abi(&weight.role),
            tensor_borrowed: at(&(*(set as *const FakeSet)).tensors, index)?.handle(),
        };
        Ok(())
    })
}

unsafe extern "C" fn copy_set(
    host: *const knack_host_t,
    from: *mut knack_weight_set_t,
    to: *mut knack_weight_set_t,
) -> i32 {
    Inner::of(host).serve("knack.weights/1 copy", || {
        let (from, to) = (&*(from as *const FakeSet), &*(to as *const FakeSet));
        from.tensors.iter().zip(&to.tensors).try_for_each(|(from, to)| to.copy_(from).map(|_| ()))
    })
}

unsafe extern "C" fn no_files(
    host: *const knack_host_t,
    _: *mut knack_weight_set_t,
    _: knack_string_t,
) -> i32 {
    Inner::of(host).refuse(KNACK_STATUS_UNSUPPORTED, "the fake host has no files")
}

unsafe extern "C" fn no_file(host: *const knack_host_t, _: knack_string_t) -> i32 {
    Inner::of(host).refuse(KNACK_STATUS_UNSUPPORTED, "the fake host has no files")
}

unsafe extern "C" fn evaluate(
    host: *const knack_host_t,
    _: *mut knack_weight_set_t,
    _: *mut knack_value_t,
) -> i32 {
    Inner::of(host).refuse(KNACK_STATUS_UNSUPPORTED, "the fake host evaluates nothing")
}
