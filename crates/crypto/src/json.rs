//! The JSON form shared by all cryptographic objects (`docs/protocol/01 §3`): fixed member order when writing,
//! short or long member names when reading.

use std::fmt;

use base64::display::Base64Display;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

use crate::{CryptoError, encoding};

/// An object with the JSON forms of `docs/protocol/01 §3`.
///
/// serde's `Serialize` writes the non-verbose form, `Deserialize` reads every accepted form.
pub trait CryptoObject: Sized {
    /// The value of `@type` in the verbose form.
    const TYPE: &'static str;

    /// Writes the members in the order in which peers emit them, `@type` only if `verbose`.
    ///
    /// # Errors
    /// Only those of the serializer behind `map`.
    fn write_members<M: SerializeMap>(&self, map: &mut M, verbose: bool) -> Result<(), M::Error>;

    /// Reads the object from parsed JSON: verbose or not, with short or long names. Unknown members and the object's
    /// own `@type` are ignored.
    ///
    /// # Errors
    /// The code that a peer reports for the same input.
    fn from_value(value: &Value) -> Result<Self, CryptoError>;

    /// Reads the object from JSON text.
    ///
    /// # Errors
    /// As [`CryptoObject::from_value`], [`CryptoError::WrongObject`] if the text is not JSON.
    fn from_json(json: impl AsRef<[u8]>) -> Result<Self, CryptoError> {
        let value = foreign_json::from_slice(json).map_err(|_| CryptoError::WrongObject(Self::TYPE))?;
        Self::from_value(&value)
    }

    /// The JSON text without `@type`, as it appears inside other objects.
    fn to_json(&self) -> String {
        write(&Form { object: self, verbose: false })
    }

    /// The JSON text with `@type`, as it is sent on its own.
    fn to_verbose_json(&self) -> String {
        write(&Form { object: self, verbose: true })
    }

    /// A view that serialises in the verbose form, to embed it in other documents.
    fn verbose(&self) -> Verbose<'_, Self> {
        Verbose(self)
    }
}

/// Serialises the borrowed object in the verbose form.
pub struct Verbose<'a, T>(&'a T);

impl<T: fmt::Debug> fmt::Debug for Verbose<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: CryptoObject> Serialize for Verbose<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(self.0, true, serializer)
    }
}

struct Form<'a, T> {
    object: &'a T,
    verbose: bool,
}

impl<T: CryptoObject> Serialize for Form<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(self.object, self.verbose, serializer)
    }
}

#[expect(clippy::expect_used, reason = "maps with text keys, texts and numbers always have a JSON form")]
fn write(object: &impl Serialize) -> String {
    serde_json::to_string(object).expect("serializable object")
}

pub(crate) fn serialize<T: CryptoObject, S: Serializer>(
    object: &T,
    verbose: bool,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    object.write_members(&mut map, verbose)?;
    map.end()
}

/// Implements serde's traits through [`CryptoObject`].
macro_rules! serde_as_crypto_object {
    ($($object:ty),+) => {$(
        impl serde::Serialize for $object {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::json::serialize(self, false, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $object {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = <serde_json::Value as serde::Deserialize>::deserialize(deserializer)?;
                <Self as $crate::CryptoObject>::from_value(&value).map_err(serde::de::Error::custom)
            }
        }
    )+};
}
pub(crate) use serde_as_crypto_object;

/// Writes `@type` if the form is verbose.
pub(crate) fn write_type<M: SerializeMap>(map: &mut M, type_name: &'static str, verbose: bool) -> Result<(), M::Error> {
    if verbose { map.serialize_entry("@type", type_name) } else { Ok(()) }
}

/// Writes a member unless it is unset.
pub(crate) fn write_optional<M: SerializeMap>(
    map: &mut M,
    name: &'static str,
    value: Option<&impl Serialize>,
) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(name, value))
}

/// A buffer that serialises as base64url without an intermediate copy of its text.
pub(crate) struct Buffer<'a>(pub(crate) &'a [u8]);

impl Serialize for Buffer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Base64Display::new(self.0, &URL_SAFE_NO_PAD))
    }
}

#[derive(Clone, Copy)]
enum Names {
    Short,
    Long,
    LongThenShort,
}

/// The members of a JSON object, addressed by short and long name.
pub(crate) struct Members<'a> {
    map: &'a Map<String, Value>,
    names: Names,
}

impl<'a> Members<'a> {
    /// For classes that read either only short or only long names: short ones if `marker` is present.
    pub(crate) fn with_marker(value: &'a Value, marker: &str, type_name: &'static str) -> Result<Self, CryptoError> {
        let map = object(value, type_name)?;
        let names = if map.get(marker).is_some_and(is_truthy) { Names::Short } else { Names::Long };
        Ok(Self { map, names })
    }

    /// For generically serialised classes: per member the long name takes precedence over the short one.
    pub(crate) fn generic(value: &'a Value, type_name: &'static str) -> Result<Self, CryptoError> {
        Ok(Self { map: object(value, type_name)?, names: Names::LongThenShort })
    }

    pub(crate) fn get(&self, short: &str, long: &str) -> Option<&'a Value> {
        match self.names {
            Names::Short => self.map.get(short),
            Names::Long => self.map.get(long),
            Names::LongThenShort => self.map.get(long).or_else(|| self.map.get(short)),
        }
    }

    /// A number; as in JavaScript, JSON `3` and `3.0` are the same.
    pub(crate) fn number(&self, short: &str, long: &str) -> Option<f64> {
        self.get(short, long).and_then(Value::as_f64)
    }

    /// A buffer with size limits in bytes, which existing implementations apply to the length estimated from the text.
    pub(crate) fn sized_buffer(
        &self,
        short: &str,
        long: &'static str,
        min: usize,
        max: usize,
    ) -> Result<Vec<u8>, CryptoError> {
        let Some(Value::String(text)) = self.get(short, long) else {
            return Err(CryptoError::WrongBuffer(long));
        };
        if !(min..=max).contains(&estimated_length(text)) {
            return Err(CryptoError::WrongSerializedBuffer(long));
        }
        decode(text, long)
    }

    /// A buffer of any size: base64url or an array of byte values.
    pub(crate) fn buffer(&self, short: &str, long: &'static str) -> Result<Vec<u8>, CryptoError> {
        match self.get(short, long) {
            Some(Value::String(text)) => decode(text, long),
            Some(Value::Array(bytes)) => bytes
                .iter()
                .map(|byte| byte.as_u64().and_then(|byte| u8::try_from(byte).ok()))
                .collect::<Option<_>>()
                .ok_or(CryptoError::WrongBuffer(long)),
            _ => Err(CryptoError::WrongBuffer(long)),
        }
    }

    /// A nested object: unlike on the outermost object, an `@type` must be the right one if it is given.
    pub(crate) fn nested<T: CryptoObject>(&self, short: &str, long: &'static str) -> Result<T, CryptoError> {
        let value = self.get(short, long).ok_or(CryptoError::WrongObject(long))?;
        check_nested_type(value, long, &[T::TYPE])?;
        T::from_value(value)
    }

    /// The optional `id`.
    pub(crate) fn id(&self) -> Result<Option<String>, CryptoError> {
        match self.map.get("id") {
            None => Ok(None),
            Some(Value::String(id)) => Ok(Some(id.clone())),
            Some(_) => Err(CryptoError::WrongId),
        }
    }
}

/// Fails if a nested value names a type that is none of `types`.
pub(crate) fn check_nested_type(value: &Value, name: &'static str, types: &[&str]) -> Result<(), CryptoError> {
    match value.get("@type") {
        None => Ok(()),
        Some(Value::String(given)) if types.contains(&given.as_str()) => Ok(()),
        Some(_) => Err(CryptoError::WrongObject(name)),
    }
}

/// The number of bytes that peers expect behind a base64url text.
pub(crate) fn estimated_length(text: &str) -> usize {
    text.len() / 4 * 3 + text.len() % 4 * 3 / 4
}

/// Decodes base64url and names the member on failure.
pub(crate) fn decode(text: &str, name: &'static str) -> Result<Vec<u8>, CryptoError> {
    encoding::base64url_decode(text).map_err(|_| CryptoError::WrongSerializedBuffer(name))
}

/// JavaScript's truthiness: true if a value counts as set.
pub(crate) fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64().is_none_or(|number| number != 0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

fn object<'a>(value: &'a Value, type_name: &'static str) -> Result<&'a Map<String, Value>, CryptoError> {
    let map = value.as_object().ok_or(CryptoError::WrongObject(type_name))?;
    match map.get("@type") {
        None | Some(Value::String(_)) => Ok(map),
        Some(_) => Err(CryptoError::WrongObject(type_name)),
    }
}
