//! Tokens and their contents (`docs/protocol/01 §9.7, 02 §8`). Tokens are encrypted but not signed.

use std::fmt;

use core_types::json::type_name;
use core_types::{FileId, IdentityAddress, RelationshipTemplateId, SharedPasswordProtection};
use crypto::SecretKey;
use rand::CryptoRng;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};
use serde_json::{Map, Value};

use crate::device::DeviceSharedSecret;
use crate::{ProtocolError, Received, nested, wire};

/// Access to a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenContentFile {
    /// The file.
    pub file_id: FileId,
    /// Decrypts the file's metadata.
    #[serde(deserialize_with = "nested::object")]
    pub secret_key: SecretKey,
}

/// Access to a relationship template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenContentRelationshipTemplate {
    /// The only identity that may load the template; full address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_identity: Option<IdentityAddress>,
    /// The protection of the template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_protection: Option<SharedPasswordProtection>,
    /// Decrypts the template.
    #[serde(deserialize_with = "nested::object")]
    pub secret_key: SecretKey,
    /// The template.
    pub template_id: RelationshipTemplateId,
}

/// Onboarding of another device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenContentDeviceSharedSecret {
    /// Everything that the new device needs.
    #[serde(deserialize_with = "shared_secret")]
    pub shared_secret: DeviceSharedSecret,
}

fn shared_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DeviceSharedSecret, D::Error> {
    core_types::json::declared(deserializer, DeviceSharedSecret::TYPE)
}

/// Content of a token. Serialises as it is encrypted and stored: with `@type` where it has one.
#[derive(Clone, PartialEq)]
pub enum TokenContent {
    /// `TokenContentFile`.
    File(TokenContentFile),
    /// `TokenContentRelationshipTemplate`.
    RelationshipTemplate(TokenContentRelationshipTemplate),
    /// `TokenContentDeviceSharedSecret`.
    DeviceSharedSecret(Box<TokenContentDeviceSharedSecret>),
    /// Any other object. If it has an `@type`, it is content between identities, which higher layers interpret.
    Untyped(Value),
}

/// An untyped content may hold anything, even keys.
impl fmt::Debug for TokenContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(content) => content.fmt(f),
            Self::RelationshipTemplate(content) => content.fmt(f),
            Self::DeviceSharedSecret(content) => content.fmt(f),
            Self::Untyped(_) => f.write_str("Untyped(…)"),
        }
    }
}

const FILE: &str = "TokenContentFile";
const RELATIONSHIP_TEMPLATE: &str = "TokenContentRelationshipTemplate";
const DEVICE_SHARED_SECRET: &str = "TokenContentDeviceSharedSecret";
/// The wire name for untyped JSON, which is removed on reading.
const JSON_WRAPPER: &str = "JSONWrapper";

impl TokenContent {
    /// Reads a content by its `@type`.
    ///
    /// # Errors
    /// [`ProtocolError::InvalidTokenContent`] if it is not an object, or its members do not fit its type or version.
    pub fn from_value(value: Value) -> Result<Self, ProtocolError> {
        let members = match value {
            Value::Object(members) => members,
            // In JavaScript an array is an object with numbers as names.
            Value::Array(items) => {
                items.into_iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect()
            }
            _ => return Err(ProtocolError::InvalidTokenContent),
        };
        let value = Value::Object(members);
        match type_name(&value).map_err(|_| ProtocolError::InvalidTokenContent)? {
            Some(FILE) => read_typed(value).map(Self::File),
            Some(RELATIONSHIP_TEMPLATE) => read_typed(value).map(Self::RelationshipTemplate),
            Some(DEVICE_SHARED_SECRET) => read_typed(value).map(Box::new).map(Self::DeviceSharedSecret),
            Some(JSON_WRAPPER) | None => Ok(Self::Untyped(without_type(value))),
            Some(_) => Ok(Self::Untyped(value)),
        }
    }

    /// The JSON value that is encrypted and stored.
    ///
    /// # Errors
    /// [`ProtocolError::InvalidTokenContent`] if an untyped content is not an object.
    pub fn to_value(&self) -> Result<Value, ProtocolError> {
        match self {
            Self::File(content) => wire::verbose(FILE, content),
            Self::RelationshipTemplate(content) => wire::verbose(RELATIONSHIP_TEMPLATE, content),
            Self::DeviceSharedSecret(content) => wire::verbose(DEVICE_SHARED_SECRET, content),
            Self::Untyped(value) if value.is_object() => Ok(value.clone()),
            Self::Untyped(_) => Err(ProtocolError::InvalidTokenContent),
        }
    }

    /// The text that is encrypted.
    ///
    /// # Errors
    /// As [`Self::to_value`].
    pub fn to_json(&self) -> Result<String, ProtocolError> {
        self.to_value().map(|value| core_types::json::stringify(&value))
    }
}

impl Serialize for TokenContent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_value().map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for TokenContent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_value(Value::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Reads a content of known type, of which only version 1 exists.
fn read_typed<T: DeserializeOwned>(value: Value) -> Result<T, ProtocolError> {
    let is_first_version = match value.get("@version") {
        None => true,
        Some(Value::String(version)) => version == "1",
        Some(version) => version.as_f64() == Some(1.0),
    };
    if !is_first_version {
        return Err(ProtocolError::InvalidTokenContent);
    }
    serde_json::from_value(value).map_err(|_| ProtocolError::InvalidTokenContent)
}

fn without_type(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            members.into_iter().filter(|(name, _)| name != "@type" && name != "@version").collect::<Map<_, _>>().into()
        }
        other => other,
    }
}

/// A token ready to be posted.
#[derive(Debug, Clone)]
pub struct SealedToken {
    /// Decrypts the token; part of references.
    pub secret_key: SecretKey,
    /// Wire bytes of `content`.
    pub wire: Vec<u8>,
}

/// Encrypts a content with a fresh key.
///
/// # Errors
/// [`ProtocolError::InvalidTokenContent`] if the content is not an object, [`ProtocolError::Crypto`] if encryption
/// fails.
pub fn seal_token(rng: &mut (impl CryptoRng + ?Sized), content: &TokenContent) -> Result<SealedToken, ProtocolError> {
    let secret_key = SecretKey::generate(rng);
    let wire = fill_token(rng, content, &secret_key)?;
    Ok(SealedToken { secret_key, wire })
}

/// Encrypts a content for an empty token, whose key already exists. The result is the wire form of `newContent`.
///
/// # Errors
/// As [`seal_token`].
pub fn fill_token(
    rng: &mut (impl CryptoRng + ?Sized),
    content: &TokenContent,
    secret_key: &SecretKey,
) -> Result<Vec<u8>, ProtocolError> {
    wire::seal(rng, secret_key, content.to_json()?)
}

/// Decrypts a token.
///
/// # Errors
/// [`ProtocolError::Crypto`] if it cannot be decrypted, [`ProtocolError::InvalidTokenContent`] if the content is not
/// one.
pub fn open_token(wire: &[u8], secret_key: &SecretKey) -> Result<Received<TokenContent>, ProtocolError> {
    let plaintext = wire::open(secret_key, wire)?;
    let content = wire::received("token", &plaintext).map_err(|_| ProtocolError::InvalidTokenContent)?;
    content.try_map(TokenContent::from_value)
}
