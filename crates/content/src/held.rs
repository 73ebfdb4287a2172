//! The Rust types members of checked content are read as.

use core_types::Timestamp;
use serde_json::Value;

use crate::checked::ContentRef;

/// A type members are read as. `None` is for JSON that no reader has written.
pub(crate) trait Held<'c>: Sized {
    /// It can be `null` in a list. All others leave that out, because it says nothing.
    const CAN_BE_NULL: bool = false;

    fn read(json: &'c Value) -> Option<Self>;
}

/// A member that may be absent, which `null` means as well.
pub(crate) fn optional<'c, T: Held<'c>>(json: Option<&'c Value>) -> Option<Option<T>> {
    json.map_or(Some(None), |json| T::read(json).map(Some))
}

impl<'c> Held<'c> for &'c Value {
    fn read(json: &'c Value) -> Option<Self> {
        Some(json)
    }
}

impl<'c> Held<'c> for &'c str {
    fn read(json: &'c Value) -> Option<Self> {
        json.as_str()
    }
}

impl<'c> Held<'c> for bool {
    fn read(json: &'c Value) -> Option<Self> {
        json.as_bool()
    }
}

impl<'c> Held<'c> for f64 {
    fn read(json: &'c Value) -> Option<Self> {
        json.as_f64()
    }
}

impl<'c> Held<'c> for Timestamp {
    fn read(json: &'c Value) -> Option<Self> {
        json.as_str()?.parse().ok()
    }
}

impl<'c> Held<'c> for ContentRef<'c> {
    const CAN_BE_NULL: bool = true;

    fn read(json: &'c Value) -> Option<Self> {
        Some(Self::checked(json))
    }
}

impl<'c, T: Held<'c>> Held<'c> for Box<T> {
    fn read(json: &'c Value) -> Option<Self> {
        T::read(json).map(Self::new)
    }
}

impl<'c, T: Held<'c>> Held<'c> for Vec<T> {
    fn read(json: &'c Value) -> Option<Self> {
        json.as_array()?.iter().filter(|item| T::CAN_BE_NULL || !item.is_null()).map(T::read).collect()
    }
}
