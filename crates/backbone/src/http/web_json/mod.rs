//! Reads JSON bodies as the reference does, which uses the defaults of ASP.NET (`docs/protocol/03 §1.3a`): names of
//! members in any case, the last of several members of one name, unknown members ignored, numbers also as text.
//!
//! Only the members that the target type knows are looked at, so keys of dictionaries stay as they are, and unknown
//! members cost no memory. A value is kept as its text until its type is known.

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::vec;

use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IgnoredAny, IntoDeserializer as _, MapAccess,
    SeqAccess, Visitor,
};
use serde_json::value::RawValue;
use serde_json::{Error, Number};

/// A mistake in a text, and the member that has it.
#[derive(Debug)]
pub(crate) struct Problem {
    member: String,
    reason: Reason,
}

impl Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}': {}", self.member, self.reason)
    }
}

/// Reads a JSON object.
///
/// # Errors The first member that does not fit the type, or the place where the text is not JSON.
pub(crate) fn read_object<T: DeserializeOwned>(text: &[u8]) -> Result<T, Problem> {
    let whole = |reason| Problem { member: ".".to_owned(), reason };
    let text: &RawValue = serde_json::from_slice(text).map_err(|error| whole(Reason(error.to_string())))?;
    if !text.get().starts_with('{') {
        return Err(whole(Reason("a JSON object is expected".to_owned())));
    }
    serde_path_to_error::deserialize(Json(text.get())).map_err(|error| {
        let member = error.path().to_string();
        Problem { member, reason: error.into_inner() }
    })
}

/// Recognises the JSON value `null`.
pub(crate) fn is_null(text: &[u8]) -> bool {
    serde_json::from_slice::<()>(text).is_ok()
}

/// The mistake in a value.
#[derive(Debug)]
struct Reason(String);

impl Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Reason {}

impl de::Error for Reason {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl From<Error> for Reason {
    fn from(error: Error) -> Self {
        let reason = error.to_string();
        // It would be a place in the member, whose path is more precise.
        let place = format!(" at line {} column {}", error.line(), error.column());
        Self(reason.strip_suffix(&place).unwrap_or(&reason).to_owned())
    }
}

/// The text of one value, which is well-formed.
#[derive(Clone, Copy)]
struct Json<'de>(&'de str);

impl<'de> Json<'de> {
    fn plain(self) -> serde_json::Deserializer<serde_json::de::StrRead<'de>> {
        serde_json::Deserializer::from_str(self.0)
    }

    /// A number, which may stand in quotation marks.
    fn number<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Reason> {
        if let Ok(text) = serde_json::from_str::<Cow<'_, str>>(self.0)
            && let Ok(number) = text.parse::<Number>()
        {
            return number.deserialize_any(visitor).map_err(Reason::from);
        }
        self.plain().deserialize_any(visitor).map_err(Reason::from)
    }
}

macro_rules! as_numbers {
    ($($method:ident)+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Reason> {
            self.number(visitor)
        })+
    };
}

macro_rules! as_they_are {
    ($($method:ident)+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Reason> {
            self.plain().$method(visitor).map_err(Reason::from)
        })+
    };
}

impl<'de> Deserializer<'de> for Json<'de> {
    type Error = Reason;

    as_numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_f32 deserialize_f64
    }

    as_they_are! {
        deserialize_any deserialize_bool deserialize_char deserialize_str deserialize_string deserialize_bytes
        deserialize_byte_buf deserialize_unit deserialize_identifier deserialize_ignored_any
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Reason> {
        if self.0 == "null" { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Self::Error> {
        self.plain().deserialize_unit_struct(name, visitor).map_err(Reason::from)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Reason> {
        self.plain().deserialize_seq(Inside(visitor)).map_err(Reason::from)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Reason> {
        self.plain().deserialize_tuple(length, Inside(visitor)).map_err(Reason::from)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.plain().deserialize_tuple_struct(name, length, Inside(visitor)).map_err(Reason::from)
    }

    /// A dictionary: its keys are data.
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Reason> {
        self.plain().deserialize_map(Inside(visitor)).map_err(Reason::from)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        let members = self.plain().deserialize_map(KnownMembers(fields)).map_err(Reason::from)?;
        visitor.visit_map(Members { rest: members.into_iter(), value: None })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.plain().deserialize_enum(name, variants, visitor).map_err(Reason::from)
    }
}

/// Collects the members that a type knows, under its names for them.
struct KnownMembers(&'static [&'static str]);

type Member<'de> = (&'static str, &'de str);

impl<'de> Visitor<'de> for KnownMembers {
    type Value = Vec<Member<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members: Vec<Member<'de>> = Vec::with_capacity(self.0.len());
        while let Some(given) = map.next_key::<Cow<'_, str>>()? {
            let Some(name) = self.0.iter().copied().find(|name| name.eq_ignore_ascii_case(&given)) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let value = map.next_value::<&'de RawValue>()?.get();
            match members.iter_mut().find(|(known, _)| *known == name) {
                Some(member) => member.1 = value,
                None => members.push((name, value)),
            }
        }
        Ok(members)
    }
}

struct Members<'de> {
    rest: vec::IntoIter<Member<'de>>,
    value: Option<&'de str>,
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = Reason;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Reason> {
        let Some((name, value)) = self.rest.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(name.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Reason> {
        let value = self.value.take().ok_or_else(|| Reason::custom("a value without a name"))?;
        seed.deserialize(Json(value))
    }
}

/// Hands the elements of a list and the values of a dictionary on as [`Json`].
struct Inside<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for Inside<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Inside(seq))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Inside(map))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Inside<A> {
    type Error = A::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, A::Error> {
        let Some(element) = self.0.next_element::<&'de RawValue>()? else { return Ok(None) };
        seed.deserialize(Json(element.get())).map(Some).map_err(A::Error::custom)
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Inside<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        let value = self.0.next_value::<&'de RawValue>()?;
        seed.deserialize(Json(value.get())).map_err(A::Error::custom)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests;
