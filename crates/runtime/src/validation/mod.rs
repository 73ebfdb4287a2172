//! Input validation: the schema checks of `docs/protocol/06-rest-api.md` §4.
//!
//! Every request is checked against a small schema. Only the first failure is reported, in the order and wording that
//! clients know, always under the code `error.runtime.validation.invalidPropertyValue`. The schemas of bodies are also
//! what the OpenAPI document says about them.

pub(crate) mod body;
pub(crate) mod password_protection;
pub(crate) mod pattern;
pub(crate) mod schema;

use core_types::Timestamp;

use crate::error::{ApplicationError, RuntimeError};
use pattern::Pattern;

/// Checks a single identifier, such as a path segment called `name`.
///
/// # Errors
/// `error.runtime.validation.invalidPropertyValue`, text `<name> must match pattern …`.
pub(crate) fn check_id(name: &str, pattern: Pattern, value: &str) -> Result<(), ApplicationError> {
    if pattern.is_match(value) {
        Ok(())
    } else {
        Err(RuntimeError::property(format!("{name} {}", pattern.failure())).into())
    }
}

/// Refuses an expiry that is not after `now`.
///
/// # Errors
/// `error.runtime.validation.invalidPropertyValue`.
pub(crate) fn check_expiry(expires_at: Option<Timestamp>, now: Timestamp) -> Result<(), ApplicationError> {
    match expires_at {
        Some(expires_at) if expires_at.is_expired(now) => {
            Err(RuntimeError::property("'expiresAt' must be in the future").into())
        }
        _ => Ok(()),
    }
}
