//! Builds a value of limited depth.
//!
//! `serde_json` reads 127 levels, and skips any number of them without recursion to return their text. So at intervals
//! the text is extracted and read with a new reader. As that happens at fixed depths, each byte is seen a limited
//! number of times.

use std::cell::Cell;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Error, Map, Number, Value};

/// The number of levels after which a new reader continues.
const LEVELS_OF_A_READER: usize = 100;

/// Reads a text; `is_too_deep` is set if something is nested deeper than `levels`.
pub(crate) fn read(text: &str, levels: usize, is_too_deep: &Cell<bool>) -> Result<Value, Error> {
    Place { depth: 0, levels, is_too_deep }.read(text)
}

/// The position of a value.
#[derive(Clone, Copy)]
struct Place<'c> {
    /// The number of arrays and objects around it.
    depth: usize,
    levels: usize,
    is_too_deep: &'c Cell<bool>,
}

impl Place<'_> {
    fn read(self, text: &str) -> Result<Value, Error> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let value = reader.deserialize_any(self)?;
        reader.end()?;
        Ok(value)
    }

    fn inside(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let is_last = self.depth == self.levels;
        if !is_last && !self.depth.is_multiple_of(LEVELS_OF_A_READER) {
            return deserializer.deserialize_any(self);
        }
        let text = <&RawValue>::deserialize(deserializer)?.get();
        if is_last && text.starts_with(['[', '{']) {
            self.is_too_deep.set(true);
            return Ok(Value::from(text));
        }
        self.read(text).map_err(D::Error::custom)
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(self.inside())? {
            array.push(item);
        }
        Ok(array.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            object.insert(name, members.next_value_seed(self.inside())?);
        }
        Ok(object.into())
    }
}
