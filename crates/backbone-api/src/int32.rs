//! Integers of requests that are 32 bits wide for a Backbone: wider ones cannot be read.

use serde::{Deserialize as _, Deserializer};

pub(crate) fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(Option::<i32>::deserialize(deserializer)?.map(i64::from))
}
