//! JSON text and ciphers in their wire form.

use core_types::json;
use crypto::{Cipher, CryptoObject, SecretKey};
use foreign_json::Reading;
use rand::CryptoRng;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::{ProtocolError, Received};

/// Text of an object without `@type`.
pub(crate) fn write(what: &'static str, object: &impl Serialize) -> Result<String, ProtocolError> {
    json::to_string(object).map_err(|_| ProtocolError::Malformed(what))
}

/// Text of an object with `@type` in front.
pub(crate) fn write_verbose(type_name: &'static str, object: &impl Serialize) -> Result<String, ProtocolError> {
    verbose(type_name, object).map(|object| json::stringify(&object))
}

/// An object with `@type` in front.
pub(crate) fn verbose(type_name: &'static str, object: &impl Serialize) -> Result<Value, ProtocolError> {
    let Ok(Value::Object(members)) = serde_json::to_value(object) else {
        return Err(ProtocolError::Malformed(type_name));
    };
    let mut verbose = Map::with_capacity(members.len() + 1);
    verbose.insert("@type".to_owned(), Value::from(type_name));
    verbose.extend(members);
    Ok(Value::Object(verbose))
}

pub(crate) fn read<T: DeserializeOwned>(what: &'static str, text: impl AsRef<[u8]>) -> Result<T, ProtocolError> {
    reading(what, text).map(|reading| reading.value)
}

/// Parses, and records if the value covers the whole text.
pub(crate) fn reading<T: DeserializeOwned>(
    what: &'static str,
    text: impl AsRef<[u8]>,
) -> Result<Reading<T>, ProtocolError> {
    foreign_json::read(text).map_err(|_| ProtocolError::Malformed(what))
}

/// Parses, and keeps the text if it says more than the value.
pub(crate) fn received<T: DeserializeOwned>(what: &'static str, text: &[u8]) -> Result<Received<T>, ProtocolError> {
    let reading = reading(what, text)?;
    let is_exact = reading.is_exact();
    Ok(Received::new(reading.value, is_exact, text))
}

/// Encrypts with a random nonce; the result is the verbose JSON of the cipher.
pub(crate) fn seal(
    rng: &mut (impl CryptoRng + ?Sized),
    key: &SecretKey,
    plaintext: impl AsRef<[u8]>,
) -> Result<Vec<u8>, ProtocolError> {
    Ok(key.encrypt(rng, plaintext.as_ref())?.to_verbose_json().into_bytes())
}

/// Decrypts the JSON of a cipher.
pub(crate) fn open(key: &SecretKey, wire: &[u8]) -> Result<Zeroizing<Vec<u8>>, ProtocolError> {
    Ok(Zeroizing::new(key.decrypt(&Cipher::from_json(wire)?)?))
}
