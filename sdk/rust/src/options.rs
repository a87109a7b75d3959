// SPDX-License-Identifier: MIT
//! Options of a plugin: described once with [`options!`](crate::options!), they give the JSON Schema
//! and are read from the recipe.
use crate::error::{Error, Result};
use crate::value::ValueView;

/// A Rust type that an option can have: `bool`, `i64`, `f64`, `String`, `Vec` and `Option` of these.
pub trait OptionType: Sized {
    /// The JSON type.
    const NAME: &'static str;
    /// The JSON type of the elements of a list, "" otherwise.
    const ITEM_NAME: &'static str = "";
    /// Whether it may be null.
    const IS_NULLABLE: bool = false;
    /// The value as JSON.
    fn json(&self) -> String;
    /// The value in a recipe.
    fn read(given: ValueView<'_>) -> Result<Self>;
}

macro_rules! option_type {
    ($($type:ty = $name:literal, $value:ident => $json:expr, $given:ident => $read:expr;)*) => {$(
        impl OptionType for $type {
            const NAME: &'static str = $name;
            fn json(&self) -> String {
                let $value = self;
                $json
            }
            fn read($given: ValueView<'_>) -> Result<Self> {
                $read
            }
        }
    )*};
}
option_type! {
    bool = "boolean", value => value.to_string(), given => given.boolean();
    i64 = "integer", value => value.to_string(), given => given.integer();
    f64 = "number", value => value.to_string(), given => given.number();
    String = "string", value => quoted(value), given => given.string().map(str::to_owned);
}

impl<T: OptionType> OptionType for Vec<T> {
    const NAME: &'static str = "array";
    const ITEM_NAME: &'static str = T::NAME;
    fn json(&self) -> String {
        format!("[{}]", self.iter().map(T::json).collect::<Vec<_>>().join(", "))
    }
    fn read(given: ValueView<'_>) -> Result<Self> {
        given.list()?.map(T::read).collect()
    }
}

impl<T: OptionType> OptionType for Option<T> {
    const NAME: &'static str = T::NAME;
    const ITEM_NAME: &'static str = T::ITEM_NAME;
    const IS_NULLABLE: bool = true;
    fn json(&self) -> String {
        self.as_ref().map_or_else(|| "null".to_owned(), T::json)
    }
    fn read(given: ValueView<'_>) -> Result<Self> {
        if given.is_none() {
            return Ok(None);
        }
        T::read(given).map(Some)
    }
}

/// The text as a JSON string.
pub(crate) fn quoted(text: &str) -> String {
    let mut json = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => json.extend(['\\', character]),
            control if (control as u32) < 0x20 => {
                json.push_str(&format!("\\u{:04x}", control as u32));
            }
            other => json.push(other),
        }
    }
    json + "\""
}

/// One option: its type, default, help and limits. Limits and choices of a list are those of its
/// elements.
pub struct OptionSpec {
    name: &'static str,
    help: String,
    type_name: &'static str,
    item_name: &'static str,
    is_nullable: bool,
    default: Option<String>,
    is_path: bool,
    limits: Vec<(&'static str, f64)>,
    choices: Vec<&'static str>,
    length: Option<usize>,
}

impl OptionSpec {
    /// An option of type `T`; without a default the recipe must give it.
    pub fn new<T: OptionType>(name: &'static str, help: &str, default: Option<T>) -> Self {
        Self {
            name,
            help: help.trim().to_owned(),
            type_name: T::NAME,
            item_name: T::ITEM_NAME,
            is_nullable: T::IS_NULLABLE,
            default: default.map(|value| value.json()),
            is_path: false,
            limits: Vec::new(),
            choices: Vec::new(),
            length: None,
        }
    }

    fn limit(mut self, keyword: &'static str, value: impl Into<f64>) -> Self {
        self.limits.push((keyword, value.into()));
        self
    }

    /// Both ends are allowed.
    pub fn in_range(self, low: impl Into<f64>, high: impl Into<f64>) -> Self {
        self.at_least(low).at_most(high)
    }

    /// `>= low`
    pub fn at_least(self, low: impl Into<f64>) -> Self {
        self.limit("minimum", low)
    }

    /// `<= high`
    pub fn at_most(self, high: impl Into<f64>) -> Self {
        self.limit("maximum", high)
    }

    /// `> low`
    pub fn above(self, low: impl Into<f64>) -> Self {
        self.limit("exclusiveMinimum", low)
    }

    /// `< high`
    pub fn below(self, high: impl Into<f64>) -> Self {
        self.limit("exclusiveMaximum", high)
    }

    /// One of these texts.
    pub fn one_of(mut self, choices: &[&'static str]) -> Self {
        self.choices = choices.to_vec();
        self
    }

    /// The number of elements of a list.
    pub fn length(mut self, elements: usize) -> Self {
        self.length = Some(elements);
        self
    }

    /// A file or folder: arrives as an absolute path, relative ones start at the recipe's folder.
    pub fn path(mut self) -> Self {
        self.is_path = true;
        self
    }

    fn item_keywords(&self) -> String {
        let mut json = String::new();
        for (keyword, value) in &self.limits {
            json += &format!(", \"{keyword}\": {value}");
        }
        if self.is_path {
            json += r#", "format": "knack-path""#;
        }
        if !self.choices.is_empty() {
            let mut choices: Vec<_> = self.choices.iter().map(|choice| quoted(choice)).collect();
            if self.is_nullable && self.item_name.is_empty() {
                choices.push("null".to_owned());
            }
            json += &format!(", \"enum\": [{}]", choices.join(", "));
        }
        json
    }

    fn schema(&self) -> String {
        let mut json = match self.is_nullable {
            true => format!("{{\"type\": [\"{}\", \"null\"]", self.type_name),
            false => format!("{{\"type\": \"{}\"", self.type_name),
        };
        json += &match self.item_name {
            "" => self.item_keywords(),
            item => format!(", \"items\": {{\"type\": \"{item}\"{}}}", self.item_keywords()),
        };
        if let Some(length) = self.length {
            json += &format!(", \"minItems\": {length}, \"maxItems\": {length}");
        }
        if let Some(default) = &self.default {
            json += &format!(", \"default\": {default}");
        }
        json + &format!(", \"description\": {}}}", quoted(&self.help))
    }

    fn refuse(&self, expected: impl std::fmt::Display, found: impl std::fmt::Display) -> Error {
        Error::invalid(format!("option \"{}\": expected {expected}, found {found}", self.name))
    }

    fn check(&self, given: ValueView<'_>) -> Result<()> {
        if given.is_none() {
            return Ok(());
        }
        if self.item_name.is_empty() {
            return self.check_item(given);
        }
        let mut items = given.list()?;
        match self.length {
            Some(length) if length != items.len() => {
                Err(self.refuse(format!("{length} elements"), items.len()))
            }
            _ => items.try_for_each(|item| self.check_item(item)),
        }
    }

    fn check_item(&self, given: ValueView<'_>) -> Result<()> {
        for &(keyword, limit) in &self.limits {
            let number = given.number()?;
            let fits = match keyword {
                "minimum" => number >= limit,
                "maximum" => number <= limit,
                "exclusiveMinimum" => number > limit,
                _ => number < limit,
            };
            if !fits {
                return Err(self.refuse(format!("{keyword} {limit}"), number));
            }
        }
        if !self.choices.is_empty() && !self.choices.contains(&given.string()?) {
            return Err(self.refuse(self.choices.join(" or "), given.string()?));
        }
        Ok(())
    }
}

/// A struct of options; written with [`options!`](crate::options!). `()` has none.
pub trait Options: Clone + 'static {
    /// All options.
    fn describe() -> Vec<OptionSpec>;

    /// What `given` says; what it leaves out is as in `base`, or has its default. `Err` names an
    /// option that is unknown, missing, or of a wrong type or value.
    fn read(given: ValueView<'_>, base: Option<&Self>) -> Result<Self>;

    /// The number of that name, if there is one.
    fn number(&mut self, name: &str) -> Option<&mut f64>;
}

impl Options for () {
    fn describe() -> Vec<OptionSpec> {
        Vec::new()
    }
    fn read(given: ValueView<'_>, _base: Option<&Self>) -> Result<Self> {
        check(&[], given)
    }
    fn number(&mut self, _name: &str) -> Option<&mut f64> {
        None
    }
}

/// Used by [`options!`](crate::options!).
pub fn check(specs: &[OptionSpec], given: ValueView<'_>) -> Result<()> {
    for (name, value) in given.entries()? {
        let known = || specs.iter().map(|spec| spec.name).collect::<Vec<_>>().join(", ");
        let spec = specs.iter().find(|spec| spec.name == name).ok_or_else(|| {
            Error::invalid(format!("there is no option \"{name}\"; there are {}", known()))
        })?;
        spec.check(value)?;
    }
    Ok(())
}

/// Used by [`options!`](crate::options!).
pub fn read_one<T: OptionType + Clone>(
    given: ValueView<'_>,
    name: &str,
    base: Option<&T>,
    default: Option<T>,
) -> Result<T> {
    let explain =
        |error: Error| Error::with_status(error.status(), format!("option \"{name}\": {error}"));
    match given.find(name)? {
        Some(value) => T::read(value).map_err(explain),
        None => base.cloned().or(default).ok_or_else(|| {
            Error::invalid(format!("option \"{name}\" has no default and is not given"))
        }),
    }
}

/// The JSON Schema (draft-07) of the options; `None` when there are none.
pub fn schema(specs: &[OptionSpec]) -> Option<String> {
    if specs.is_empty() {
        return None;
    }
    let properties: Vec<_> =
        specs.iter().map(|spec| format!("{}: {}", quoted(spec.name), spec.schema())).collect();
    let required: Vec<_> =
        specs.iter().filter(|spec| spec.default.is_none()).map(|spec| quoted(spec.name)).collect();
    let required = match required.is_empty() {
        true => String::new(),
        false => format!(", \"required\": [{}]", required.join(", ")),
    };
    Some(format!(
        "{{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {{{}}}{required}}}",
        properties.join(", ")
    ))
}

/// A struct of options. Comments are the help that people read, values after `=` the defaults (an
/// option without one must be given), and the limits of [`OptionSpec`] follow after `=>`:
///
/// ```ignore
/// knack::options! {
///     struct Options {
///         /// Steps between two synchronizations
///         every: i64 = 6 => at_least(1),
///         /// Which norm is clipped
///         norm: String = "l2".into() => one_of(&["l1", "l2"]),
///     }
/// }
/// ```
#[macro_export]
macro_rules! options {
    ($visibility:vis struct $options:ident {
        $($(#[doc = $help:expr])+ $name:ident: $type:ty $(= $default:expr)?
            $(=> $($limit:ident($($argument:expr),*)).+)?),+
        $(,)?
    }) => {
        #[derive(Clone, Debug)]
        $visibility struct $options { $($(#[doc = $help])+ pub $name: $type),+ }

        impl $crate::Options for $options {
            fn describe() -> Vec<$crate::OptionSpec> {
                vec![$($crate::OptionSpec::new::<$type>(
                    stringify!($name), concat!($($help),+), $crate::options!(@some $($default)?)
                )$($(.$limit($($argument),*))+)?),+]
            }

            fn read(given: $crate::ValueView<'_>, base: Option<&Self>) -> $crate::Result<Self> {
                $crate::options::check(&Self::describe(), given)?;
                Ok(Self { $($name: $crate::options::read_one(
                    given, stringify!($name), base.map(|base| &base.$name),
                    $crate::options!(@some $($default)?))?),+ })
            }

            fn number(&mut self, name: &str) -> Option<&mut f64> {
                $(if name == stringify!($name) {
                    return (&mut self.$name as &mut dyn ::core::any::Any).downcast_mut();
                })+
                None
            }
        }
    };
    (@some) => { None };
    (@some $default:expr) => { Some($default) };
}
