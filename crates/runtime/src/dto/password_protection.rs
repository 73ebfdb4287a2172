use core_types::{LocationIndicator, PasswordProtection, PasswordType};
use serde::Serialize;
use utoipa::ToSchema;

/// The password of an object and where its receiver finds it.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PasswordProtectionDto {
    /// The password. A PIN has 4 to 16 digits.
    #[schema(min_length = 1)]
    pub password: String,
    /// `true` if the password is a PIN, else absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub password_is_pin: Option<bool>,
    /// Where the receiver finds the password.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub password_location_indicator: Option<LocationIndicatorDto>,
}

impl std::fmt::Debug for PasswordProtectionDto {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PasswordProtectionDto").field("password_is_pin", &self.password_is_pin).finish_non_exhaustive()
    }
}

/// A place with a name (`Self`, `Letter`, `RegistrationLetter`, `Email`, `SMS`, `Website`), or a number from 50 to 99 whose meaning the
/// applications agree on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum LocationIndicatorDto {
    /// 0 to 6.
    Name(String),
    /// Others.
    Number(u8),
}

impl From<&PasswordProtection> for PasswordProtectionDto {
    fn from(protection: &PasswordProtection) -> Self {
        Self {
            password: protection.password.clone(),
            password_is_pin: matches!(protection.password_type, PasswordType::Pin(_)).then_some(true),
            password_location_indicator: protection.password_location_indicator.map(LocationIndicatorDto::from),
        }
    }
}

impl From<LocationIndicator> for LocationIndicatorDto {
    fn from(indicator: LocationIndicator) -> Self {
        match indicator.name() {
            Some(name) => Self::Name(name.to_owned()),
            None => Self::Number(indicator.number()),
        }
    }
}
