//! Reading what is no object: texts, numbers, identifiers, dates, keys.

use core_types::json::stringify;
use core_types::{CoreError, Reference, ReferenceKind, Timestamp};
use crypto::{SecretKey, SignaturePrivateKey, SignaturePublicKey};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Place, Reading, Result};
use crate::error::{ErrorKind, Violation};
use crate::kind::{Format, Key, Kind, Numeric, Text, Union};
use crate::{bank, code_lists, iql, patterns, registry, utf16};

/// Most characters of a key of a value to choose.
const MAX_KEY: usize = 100;
/// Most characters of a text that fills in a form field.
const MAX_RESPONSE: usize = 4096;

impl<'v> Reading<'_, 'v> {
    pub(super) fn scalar(&mut self, place: Place, value: &'v Value) -> Result<Value> {
        match place.property.kind {
            Kind::Text(text) => {
                let found = value.as_str().ok_or_else(|| self.wrong_type(place, "must be a text"))?;
                self.text(place, text, found)?;
                Ok(value.clone())
            }
            Kind::Number(numeric) => self.number(place, numeric, value),
            Kind::Boolean if value.is_boolean() => Ok(value.clone()),
            Kind::Boolean => Err(self.wrong_type(place, "must be true or false")),
            Kind::Union(union) => self.union(place, union, value),
            Kind::Json { max_length, .. } => {
                if max_length.is_some_and(|max| utf16::length(&stringify(value)) > max) {
                    return Err(self.validation(place, Violation::Rule, "its JSON text is too long"));
                }
                Ok(value.clone())
            }
            Kind::Metadata if value.is_object() || value.is_array() => Ok(value.clone()),
            Kind::Metadata => Err(self.wrong_type(place, "an object is needed")),
            Kind::Id => self.wrapped_text(place, "CoreId", "id", value),
            Kind::Address => self.address(place, value),
            Kind::Date => self.date(place, value),
            Kind::FileReference => self.file_reference(place, value),
            Kind::Key(Key::Secret) => self.key::<SecretKey>(place, value),
            Kind::Key(Key::SignaturePrivate) => self.key::<SignaturePrivateKey>(place, value),
            Kind::Key(Key::SignaturePublic) => self.key::<SignaturePublicKey>(place, value),
            Kind::Salt => self.salt(place, value),
            Kind::Child(_) | Kind::Component(_) | Kind::OneOf(_) | Kind::List(_) | Kind::PropertyHints(_) => {
                Err(self.wrong_type(place, "an object is needed"))
            }
        }
    }

    fn wrong_type(&self, place: Place, reason: &str) -> crate::ContentError {
        self.parsing(place.owner, place.property.name, Violation::WrongJsonType, reason)
    }

    fn text(&self, place: Place, text: Text, found: &str) -> Result<()> {
        let at = |violation, reason: String| Err(self.parsing(place.owner, place.property.name, violation, reason));
        if text.min > 0 && utf16::length(found) < text.min {
            return at(Violation::TooShort, format!("at least {} characters are needed", text.min));
        }
        if let Some(max) = text.max
            && utf16::is_longer_than(found, max)
        {
            return at(Violation::TooLong, format!("at most {max} characters are allowed"));
        }
        if !matches_pattern(text.format, found) {
            return at(Violation::Pattern, "does not match the pattern of such texts".to_owned());
        }
        match text.format {
            Format::FixedEnumeration(words) if !words.contains(&found) => {
                at(Violation::NotInEnumeration, one_of(words))
            }
            Format::PasswordType if !is_password_type(found) => {
                at(Violation::Pattern, "must be 'pw' or 'pin' with a length of 4 to 16".to_owned())
            }
            _ => match self.broken_text_rule(text.format, found) {
                Some((violation, reason)) => Err(self.validation(place, violation, reason)),
                None => Ok(()),
            },
        }
    }

    /// The rule beyond the structure that a text breaks.
    fn broken_text_rule(&self, format: Format, found: &str) -> Option<(Violation, String)> {
        let (is_allowed, violation, reason) = match format {
            Format::Enumeration(words, _) => (words.contains(&found), Violation::NotInEnumeration, one_of(words)),
            Format::Country => {
                (code_lists::is_country(found), Violation::NotInEnumeration, "must be a country code".to_owned())
            }
            Format::Language => {
                (code_lists::is_language(found), Violation::NotInEnumeration, "must be a language code".to_owned())
            }
            Format::Predicate => (
                ["hasAttribute", "relatesTo", "isRelatedTo"].contains(&found) || found.starts_with("z-"),
                Violation::NotInEnumeration,
                "must be hasAttribute, relatesTo, isRelatedTo or start with 'z-'".to_owned(),
            ),
            Format::ValueType(category) => (
                registry::named(found, self.reader.profile).is_some_and(|found| found.category == category),
                Violation::NotInEnumeration,
                "must be the name of a value type".to_owned(),
            ),
            Format::Iban => (bank::is_iban(found), Violation::Rule, "must be an IBAN".to_owned()),
            Format::Bic => (bank::is_bic(found), Violation::Rule, "must be a BIC".to_owned()),
            Format::Iql => {
                // The peers call the column an offset, and clients have learned to read it.
                let reason =
                    |error: iql::IqlError| format!("{} (character offset {})", error.message(), error.start.column);
                return iql::Query::parse(found).err().map(|error| (Violation::InvalidIql, reason(error)));
            }
            _ => return None,
        };
        (!is_allowed).then_some((violation, reason))
    }

    fn number(&self, place: Place, numeric: Numeric, value: &Value) -> Result<Value> {
        let found = value.as_f64().ok_or_else(|| self.wrong_type(place, "must be a number"))?;
        let at = |violation, reason: String| Err(self.parsing(place.owner, place.property.name, violation, reason));
        if let Some((min, max)) = numeric.limits {
            if found < min {
                return at(Violation::BelowMinimum, format!("must be at least {min}"));
            }
            if found > max {
                return at(Violation::AboveMaximum, format!("must be at most {max}"));
            }
        }
        if numeric.integral && found.fract() != 0.0 {
            return Err(self.validation(place, Violation::Rule, "must be an integer"));
        }
        if let Some((min, max)) = numeric.range
            && !(min..=max).contains(&found)
        {
            return Err(self.validation(place, Violation::Rule, format!("must be from {min} to {max}")));
        }
        Ok(value.clone())
    }

    fn union(&self, place: Place, union: Union, value: &Value) -> Result<Value> {
        let broken = match (union, value) {
            (Union::Scalar, Value::String(_)) | (_, Value::Number(_) | Value::Bool(_)) => None,
            (Union::Key, Value::String(text)) => {
                utf16::is_longer_than(text, MAX_KEY).then_some("at most 100 characters are allowed")
            }
            (Union::Response, Value::String(text)) => (text.is_empty() || utf16::is_longer_than(text, MAX_RESPONSE))
                .then_some("a text has 1 to 4096 characters"),
            (Union::Response, Value::Array(items)) => {
                (!items.iter().all(Value::is_string)).then_some("a list holds texts only")
            }
            _ => return Err(self.wrong_type(place, "this type is not allowed")),
        };
        broken.map_or_else(|| Ok(value.clone()), |reason| Err(self.validation(place, Violation::Rule, reason)))
    }

    pub(super) fn address(&mut self, place: Place, value: &'v Value) -> Result<Value> {
        self.wrapped_text(place, "CoreAddress", "address", value)
    }

    /// A text, or an object of that class with the text in one member.
    fn wrapped_text(
        &mut self,
        place: Place,
        class: &'static str,
        member: &'static str,
        value: &'v Value,
    ) -> Result<Value> {
        if value.is_string() {
            return Ok(value.clone());
        }
        // A list counts as an object without members.
        if !value.is_object() && !value.is_array() {
            return Err(self.parsing(class, "from()", Violation::WrongJsonType, "a text is needed"));
        }
        self.check_class(place, class, value)?;
        match value.get(member) {
            Some(text @ Value::String(_)) => Ok(text.clone()),
            None | Some(Value::Null) => Err(self.parsing(class, member, Violation::Missing, "Value is not defined")),
            Some(_) => Err(self.parsing(class, member, Violation::WrongJsonType, "must be a text")),
        }
    }

    /// An object in the place of a scalar may name the class of that scalar and no other.
    fn check_class(&mut self, place: Place, class: &'static str, value: &'v Value) -> Result<()> {
        match value.get("@type") {
            None | Some(Value::Null | Value::Bool(false)) => Ok(()),
            Some(Value::String(name)) if name == class || name.is_empty() => Ok(()),
            Some(Value::String(name)) if registry::named(name, self.reader.profile).is_none() => {
                Err(self.unknown_type(name))
            }
            Some(Value::String(name)) => Err(self.not_allowed(place, name)),
            Some(_) => Err(self.error(ErrorKind::Malformed, Violation::WrongJsonType, "'@type' must be a text")),
        }
    }

    fn date(&mut self, place: Place, value: &'v Value) -> Result<Value> {
        self.check_class(place, "CoreDate", value)?;
        let date: Option<Timestamp> = serde_json::from_value(value.clone()).ok();
        match date {
            Some(date) => Ok(Value::from(date.to_string())),
            None => Err(self.error(ErrorKind::UnusableDate, Violation::Rule, "this is no date")),
        }
    }

    fn file_reference(&self, place: Place, value: &Value) -> Result<Value> {
        let class = ReferenceKind::File.type_name();
        let Some(text) = value.as_str() else {
            let is_object = value.is_object() || value.is_array();
            let (property, violation) =
                if is_object { ("id", Violation::Missing) } else { ("from()", Violation::WrongJsonType) };
            return Err(self.parsing(class, property, violation, "a text is needed"));
        };
        match Reference::parse_kind(ReferenceKind::File, text) {
            Ok(reference) => Ok(Value::from(reference.to_truncated())),
            Err(CoreError::Validation { member: "id", .. }) => {
                let mut error = self.error(ErrorKind::Validation, Violation::Rule, "must be the id of a file");
                error.type_name = Some(class);
                error.property = Some("id".to_owned());
                Err(error)
            }
            Err(_) => Err(self.validation(place, Violation::Rule, "must be a reference to a file")),
        }
    }

    fn key<K: DeserializeOwned + Serialize>(&self, place: Place, value: &Value) -> Result<Value> {
        let key: Option<K> = serde_json::from_value(value.clone()).ok();
        key.and_then(|key| serde_json::to_value(key).ok()).ok_or_else(|| self.wrong_type(place, "must be a key"))
    }

    fn salt(&self, place: Place, value: &Value) -> Result<Value> {
        let text = value.as_str().ok_or_else(|| self.wrong_type(place, "must be a text"))?;
        let url_safe: String = text
            .trim_end_matches('=')
            .chars()
            .map(|character| match character {
                '+' => '-',
                '/' => '_',
                other => other,
            })
            .collect();
        match crypto::encoding::base64url_decode(&url_safe) {
            Ok(bytes) if bytes.len() == 16 => Ok(Value::from(url_safe)),
            _ => Err(self.validation(place, Violation::Rule, "must be 16 bytes in base64")),
        }
    }
}

fn matches_pattern(format: Format, text: &str) -> bool {
    match format {
        Format::EMailAddress => patterns::is_e_mail(text),
        Format::PhoneNumber => patterns::is_phone(text),
        Format::Url => patterns::is_url(text),
        Format::HexColor => patterns::is_hex_color(text),
        Format::SchemaUrl => patterns::is_schema_url(text),
        Format::ConsentLink => patterns::is_consent_link(text),
        _ => true,
    }
}

fn one_of(words: &[&str]) -> String {
    format!("must be one of {}", words.join(", "))
}

fn is_password_type(text: &str) -> bool {
    text == "pw" || (4..=16).any(|length| text.strip_prefix("pin").is_some_and(|rest| rest == length.to_string()))
}
