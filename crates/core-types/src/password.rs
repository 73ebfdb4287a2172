//! Password protection of tokens and templates (`docs/protocol/01 §2.7, §8.3`).
//!
//! The password encrypts nothing. Its hash is sent to the Backbone, which returns the object only to callers that know
//! it.

use std::fmt;

use crypto::encoding::{base64_decode, base64_encode, base64url_decode, base64url_encode};
use crypto::password::{MEM_LIMIT, Memory, OPS_LIMIT};
use rand::CryptoRng;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::json::present;
use crate::{CoreError, random};

/// Salt of a password hash.
pub type Salt = [u8; 16];

/// The value that the Backbone compares: Argon2id of the password, as padded standard base64. Takes tens of
/// milliseconds of CPU and 20 MiB; asynchronous callers run it on a blocking thread.
///
/// # Errors
/// [`CoreError::Crypto`] if the derivation fails.
pub fn hash_for_backbone(password: &str, salt: &Salt) -> Result<String, CoreError> {
    let key = crypto::password::derive(password, salt, OPS_LIMIT, MEM_LIMIT)?;
    Ok(base64_encode(key.as_bytes()))
}

/// The form of a secret: a password, or a PIN of a known length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PasswordType {
    /// `pw`: any text.
    Password,
    /// `pin4` to `pin16`: that many digits.
    Pin(PinLength),
}

/// Number of digits of a PIN, 4 to 16.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PinLength(u8);

impl PinLength {
    /// `None` unless `digits` is 4 to 16.
    #[must_use]
    pub fn new(digits: usize) -> Option<Self> {
        u8::try_from(digits).ok().filter(|digits| (4..=16).contains(digits)).map(Self)
    }

    /// The number of digits.
    #[must_use]
    pub fn digits(self) -> usize {
        usize::from(self.0)
    }
}

impl PasswordType {
    /// The type of a PIN that has the length of `pin`; `None` unless it consists of 4 to 16 digits.
    #[must_use]
    pub fn of_pin(pin: &str) -> Option<Self> {
        if pin.bytes().all(|byte| byte.is_ascii_digit()) { PinLength::new(pin.len()).map(Self::Pin) } else { None }
    }

    /// Reads `pw` or `pin4` to `pin16`.
    ///
    /// # Errors
    /// [`CoreError::Validation`] for any other text.
    pub fn parse(text: &str) -> Result<Self, CoreError> {
        if text == "pw" {
            return Ok(Self::Password);
        }
        text.strip_prefix("pin")
            .filter(|digits| !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|digits| PinLength::new(digits.parse().ok()?))
            .map(Self::Pin)
            .ok_or_else(|| CoreError::validation("passwordType", "must be 'pw' or 'pin4' to 'pin16'"))
    }
}

impl fmt::Display for PasswordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password => f.write_str("pw"),
            Self::Pin(length) => write!(f, "pin{}", length.digits()),
        }
    }
}

impl Serialize for PasswordType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PasswordType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// The place where the password can be found: a number 0 to 99, of which 0 to 6 have names and 50 to 99 belong to the
/// applications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct LocationIndicator(u8);

impl LocationIndicator {
    /// In the recovery kit of an identity.
    pub const RECOVERY_KIT: Self = Self(0);

    const NAMES: [&'static str; 7] = ["RecoveryKit", "Self", "Letter", "RegistrationLetter", "Email", "SMS", "Website"];

    /// # Errors
    /// [`CoreError::Validation`] unless `number` is 0 to 99.
    pub fn new(number: i64) -> Result<Self, CoreError> {
        match u8::try_from(number) {
            Ok(number) if number <= 99 => Ok(Self(number)),
            _ => Err(CoreError::validation("passwordLocationIndicator", "must be an integer from 0 to 99")),
        }
    }

    /// The indicator with this name; case-sensitive.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().position(|known| *known == name).and_then(|number| u8::try_from(number).ok()).map(Self)
    }

    /// The name, for 0 to 6.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        Self::NAMES.get(usize::from(self.0)).copied()
    }

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Returns true if applications define the meaning.
    #[must_use]
    pub const fn is_application_defined(self) -> bool {
        self.0 >= 50
    }
}

impl<'de> Deserialize<'de> for LocationIndicator {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(i64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// The public part of a protection: it is contained in references and token contents.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SharedPasswordProtection {
    /// The password itself. Only empty tokens of version 7.0.0 contain it; nothing else sets it.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// The place where the password can be found.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub password_location_indicator: Option<LocationIndicator>,
    /// Password or PIN.
    pub password_type: PasswordType,
    /// Salt of the hash sent to the Backbone.
    #[serde(with = "salt")]
    pub salt: Salt,
}

impl fmt::Debug for SharedPasswordProtection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedPasswordProtection")
            .field("password_type", &self.password_type)
            .field("password_location_indicator", &self.password_location_indicator)
            .finish_non_exhaustive()
    }
}

impl SharedPasswordProtection {
    /// Text form inside references: `type&salt`, then `&indicator` if there is one (empty before a password), then
    /// `&password`.
    pub(crate) fn to_text(&self) -> String {
        let mut text = format!("{}&{}", self.password_type, base64_encode(self.salt));
        if self.password_location_indicator.is_some() || self.password.is_some() {
            text.push('&');
            text.push_str(
                &self.password_location_indicator.map(|indicator| indicator.number().to_string()).unwrap_or_default(),
            );
        }
        if let Some(password) = &self.password {
            text.push('&');
            text.push_str(password);
        }
        text
    }

    /// Reads the text form of any version: 2 to 4 parts.
    pub(crate) fn from_text(text: &str) -> Result<Self, CoreError> {
        let parts: Vec<&str> = text.split('&').collect();
        let (password_type, salt, indicator, password) = match *parts {
            [password_type, salt] => (password_type, salt, "", ""),
            [password_type, salt, indicator] => (password_type, salt, indicator, ""),
            [password_type, salt, indicator, password] => (password_type, salt, indicator, password),
            _ => {
                return Err(CoreError::InvalidTruncatedReference("the password protection needs 2 to 4 parts"));
            }
        };
        let salt = base64_decode(salt).map_err(|_| CoreError::InvalidTruncatedReference("the salt is not base64"))?;
        Ok(Self {
            password: Some(password).filter(|password| !password.is_empty()).map(str::to_owned),
            password_location_indicator: match indicator {
                "" => None,
                // Text that is not a number is out of range too.
                number => Some(LocationIndicator::new(crate::reference::leading_integer(number).unwrap_or(-1))?),
            },
            password_type: PasswordType::parse(password_type)?,
            salt: salt_from(&salt)?,
        })
    }
}

/// A protection with its password, as the owner (and a loader) of the object stores it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PasswordProtection {
    /// The password in clear text; never empty.
    #[serde(deserialize_with = "not_empty")]
    pub password: String,
    /// The place where the password can be found.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub password_location_indicator: Option<LocationIndicator>,
    /// Password or PIN.
    pub password_type: PasswordType,
    /// Salt of the hash sent to the Backbone.
    #[serde(with = "salt")]
    pub salt: Salt,
}

impl fmt::Debug for PasswordProtection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordProtection")
            .field("password_type", &self.password_type)
            .field("password_location_indicator", &self.password_location_indicator)
            .finish_non_exhaustive()
    }
}

impl PasswordProtection {
    /// Protects a new object: generates the salt.
    #[must_use]
    pub fn create(rng: &mut (impl CryptoRng + ?Sized), parameters: PasswordProtectionCreationParameters) -> Self {
        let mut salt = Salt::default();
        rng.fill_bytes(&mut salt);
        Self {
            password: parameters.password,
            password_location_indicator: parameters.password_location_indicator,
            password_type: parameters.password_type,
            salt,
        }
    }

    /// The protection of an empty token of 7.0.0, whose password is part of the reference.
    #[must_use]
    pub fn for_empty_token(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let password = random::string(rng, 16, &format!("{}{}", random::ALPHANUMERIC, random::SPECIAL_CHARACTERS));
        Self::create(
            rng,
            PasswordProtectionCreationParameters {
                password,
                password_location_indicator: None,
                password_type: PasswordType::Password,
            },
        )
    }

    /// Completes the shared part with a password, to load the protected object.
    ///
    /// # Errors
    /// [`CoreError::Validation`] if the password is empty.
    pub fn from_shared(shared: &SharedPasswordProtection, password: impl Into<String>) -> Result<Self, CoreError> {
        let password = password.into();
        if password.is_empty() {
            return Err(CoreError::validation("password", "must not be empty"));
        }
        Ok(Self {
            password,
            password_location_indicator: shared.password_location_indicator,
            password_type: shared.password_type,
            salt: shared.salt,
        })
    }

    /// The shared part: everything but the password.
    #[must_use]
    pub fn to_shared(&self) -> SharedPasswordProtection {
        SharedPasswordProtection {
            password: None,
            password_location_indicator: self.password_location_indicator,
            password_type: self.password_type,
            salt: self.salt,
        }
    }

    /// The shared form including the password, for empty tokens of 7.0.0.
    #[must_use]
    pub fn to_shared_with_password(&self) -> SharedPasswordProtection {
        SharedPasswordProtection { password: Some(self.password.clone()), ..self.to_shared() }
    }

    /// See [`hash_for_backbone`].
    ///
    /// # Errors
    /// [`CoreError::Crypto`] if the derivation fails.
    pub fn hash_for_backbone(&self) -> Result<String, CoreError> {
        hash_for_backbone(&self.password, &self.salt)
    }

    /// Like [`Self::hash_for_backbone`], with memory from an earlier derivation.
    ///
    /// # Errors
    /// [`CoreError::Crypto`] if the derivation fails.
    pub fn hash_for_backbone_in(&self, memory: &mut Memory) -> Result<String, CoreError> {
        let key = crypto::password::derive_in(memory, &self.password, &self.salt, OPS_LIMIT, MEM_LIMIT)?;
        Ok(base64_encode(key.as_bytes()))
    }
}

/// The choices of a protected object's creator.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordProtectionCreationParameters {
    password: String,
    password_location_indicator: Option<LocationIndicator>,
    password_type: PasswordType,
}

impl fmt::Debug for PasswordProtectionCreationParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordProtectionCreationParameters")
            .field("password_type", &self.password_type)
            .field("password_location_indicator", &self.password_location_indicator)
            .finish_non_exhaustive()
    }
}

impl PasswordProtectionCreationParameters {
    /// Protection by a password.
    ///
    /// # Errors
    /// [`CoreError::Validation`] if the password is empty.
    pub fn password(
        password: impl Into<String>,
        password_location_indicator: Option<LocationIndicator>,
    ) -> Result<Self, CoreError> {
        let password = password.into();
        if password.is_empty() {
            return Err(CoreError::validation("password", "must not be empty"));
        }
        Ok(Self { password, password_location_indicator, password_type: PasswordType::Password })
    }

    /// Protection by a PIN.
    ///
    /// # Errors
    /// [`CoreError::Validation`] unless the PIN has 4 to 16 digits.
    pub fn pin(
        pin: impl Into<String>,
        password_location_indicator: Option<LocationIndicator>,
    ) -> Result<Self, CoreError> {
        let password = pin.into();
        let password_type = PasswordType::of_pin(&password)
            .ok_or_else(|| CoreError::validation("password", "a PIN has 4 to 16 digits"))?;
        Ok(Self { password, password_location_indicator, password_type })
    }
}

fn not_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() { Err(D::Error::custom("must not be empty")) } else { Ok(text) }
}

fn salt_from(bytes: &[u8]) -> Result<Salt, CoreError> {
    Salt::try_from(bytes).map_err(|_| CoreError::validation("salt", "must have 16 bytes"))
}

mod salt {
    use super::*;

    pub(super) fn serialize<S: Serializer>(salt: &Salt, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64url_encode(salt))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Salt, D::Error> {
        let bytes = base64url_decode(&String::deserialize(deserializer)?).map_err(D::Error::custom)?;
        salt_from(&bytes).map_err(D::Error::custom)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_and_written() {
        for text in ["pw", "pin4", "pin9", "pin10", "pin16"] {
            assert_eq!(PasswordType::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "pin", "pin3", "pin17", "pin04", "pin+4", "PW", "pw ", "pin256", "pin99999999999999999999"] {
            assert!(PasswordType::parse(text).is_err(), "{text}");
        }
        assert_eq!(PasswordType::of_pin("12345").unwrap().to_string(), "pin5");
        assert_eq!(PasswordType::of_pin("123a5"), None);
        assert_eq!(PasswordType::of_pin("123"), None);
    }

    #[test]
    fn indicators_have_names_up_to_6() {
        assert_eq!(LocationIndicator::from_name("RecoveryKit"), Some(LocationIndicator::RECOVERY_KIT));
        assert_eq!(LocationIndicator::from_name("SMS").unwrap().number(), 5);
        assert_eq!(LocationIndicator::from_name("sms"), None);
        assert_eq!(LocationIndicator::new(6).unwrap().name(), Some("Website"));
        assert_eq!(LocationIndicator::new(7).unwrap().name(), None);
        assert!(
            LocationIndicator::new(50).unwrap().is_application_defined()
                && !LocationIndicator::new(49).unwrap().is_application_defined()
        );
        assert!(
            LocationIndicator::new(100).is_err()
                && LocationIndicator::new(-1).is_err()
                && LocationIndicator::new(256).is_err()
        );
    }

    #[test]
    fn passwords_stay_out_of_debug_output() {
        let parameters = PasswordProtectionCreationParameters::password("hunter2", None).unwrap();
        let protection = PasswordProtection::create(&mut crate::Randomness::system(), parameters.clone());
        let shown = format!("{parameters:?} {protection:?} {:?}", protection.to_shared_with_password());
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn stored_form_needs_a_password() {
        let protection = PasswordProtection::create(
            &mut crate::Randomness::system(),
            PasswordProtectionCreationParameters::pin("1234", None).unwrap(),
        );
        let json = serde_json::to_string(&protection).unwrap();
        assert_eq!(serde_json::from_str::<PasswordProtection>(&json).unwrap(), protection);
        assert!(serde_json::from_str::<PasswordProtection>(&json.replace("1234", "")).is_err());
        assert!(PasswordProtection::from_shared(&protection.to_shared(), "").is_err());
        assert_eq!(PasswordProtection::from_shared(&protection.to_shared(), "1234").unwrap(), protection);
        assert!(
            PasswordProtectionCreationParameters::pin("12", None).is_err()
                && PasswordProtectionCreationParameters::password("", None).is_err()
        );
    }

    #[test]
    fn empty_token_passwords_fit_into_references() {
        let protection = PasswordProtection::for_empty_token(&mut crate::Randomness::system());
        assert_eq!(protection.password.len(), 16);
        let shared = protection.to_shared_with_password();
        assert_eq!(SharedPasswordProtection::from_text(&shared.to_text()).unwrap(), shared);
    }
}
