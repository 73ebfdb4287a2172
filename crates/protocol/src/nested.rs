//! Reading of members with a declared class: an `@type` may be absent but must not name another class
//! (`docs/protocol/01 §4`).

use core_types::json::{declared, type_name};
use crypto::CryptoObject;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::identity::Identity;

pub(crate) fn object<'de, D: Deserializer<'de>, T: CryptoObject>(deserializer: D) -> Result<T, D::Error> {
    read(&Value::deserialize(deserializer)?)
}

/// For members that may be absent or `null`; use together with `default`.
pub(crate) fn optional<'de, D: Deserializer<'de>, T: CryptoObject>(deserializer: D) -> Result<Option<T>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        value => read(&value).map(Some),
    }
}

fn read<T: CryptoObject, E: serde::de::Error>(value: &Value) -> Result<T, E> {
    match type_name(value).map_err(E::custom)? {
        Some(other) if other != T::TYPE => Err(E::custom(format_args!("expected an object of type {}", T::TYPE))),
        _ => T::from_value(value).map_err(E::custom),
    }
}

/// For members that hold an identity.
pub(crate) fn identity<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Identity, D::Error> {
    declared(deserializer, Identity::TYPE)
}
