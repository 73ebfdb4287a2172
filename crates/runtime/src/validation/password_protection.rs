//! Password protection in requests (`docs/protocol/06-rest-api.md` §4.4).

use core_types::{LocationIndicator, PasswordProtectionCreationParameters};
use serde_json::{Map, Value};

use super::schema::{Object, Property, Schema};
use crate::error::{ApplicationError, RuntimeError};

/// Schema of the member `passwordProtection`.
pub(crate) static PASSWORD_PROTECTION: Object = Object {
    name: "PasswordProtectionCreationParameters",
    description: "The password that is needed to load an object, and where its receiver finds it.",
    required: &["password"],
    properties: &[
        Property::new("password", Schema::NonEmptyText, "The password. A PIN has 4 to 16 digits."),
        Property::new("passwordIsPin", Schema::True, "`true` if the password is a PIN.")
            .absence("Absent for any other password."),
        Property::new("passwordLocationIndicator", Schema::LocationIndicator, "Where the receiver finds the password."),
    ],
    open: false,
};

/// The member `passwordProtection` of a body.
pub(crate) const MEMBER: Property = Property::new(
    "passwordProtection",
    Schema::Object(&PASSWORD_PROTECTION),
    "The password that is needed to load it.",
)
.absence("Without it, none is needed.");

/// Reads the member `passwordProtection` of a body that has passed its schema.
///
/// # Errors
/// `error.runtime.validation.invalidPropertyValue` for an invalid PIN or an indicator that is not permitted,
/// `error.runtime.requestDeserialization` for an indicator that is not an integer.
pub(crate) fn parse(
    body: &Map<String, Value>,
) -> Result<Option<PasswordProtectionCreationParameters>, ApplicationError> {
    let Some(Value::Object(members)) = body.get("passwordProtection") else { return Ok(None) };
    let password = members.get("password").and_then(Value::as_str).unwrap_or_default();
    let is_pin = members.contains_key("passwordIsPin");
    if is_pin && core_types::PasswordType::of_pin(password).is_none() {
        return Err(RuntimeError::property(
            "'passwordProtection.passwordIsPin' is true, hence 'passwordProtection.password' must consist of 4 to 16 digits from 0 to 9.",
        ).into());
    }
    let indicator = members.get("passwordLocationIndicator").map(location_indicator).transpose()?;
    let parameters = if is_pin {
        PasswordProtectionCreationParameters::pin(password, indicator)
    } else {
        PasswordProtectionCreationParameters::password(password, indicator)
    };
    Ok(Some(parameters?))
}

fn location_indicator(value: &Value) -> Result<LocationIndicator, ApplicationError> {
    let not_allowed = || {
        ApplicationError::from(RuntimeError::property(
            "must be a number from 50 to 99 or one of the following strings: Self, Letter, RegistrationLetter, Email, SMS, Website",
        ))
    };
    let not_an_integer = || {
        ApplicationError::from(RuntimeError::RequestDeserialization(
            "PasswordProtectionCreationParameters.passwordLocationIndicator:Number :: This value must be an integer."
                .to_owned(),
        ))
    };
    match value {
        Value::Number(number) => {
            let number = number.as_f64().filter(|number| (50.0..=99.0).contains(number)).ok_or_else(not_allowed)?;
            if number.fract() != 0.0 {
                return Err(not_an_integer());
            }
            #[expect(clippy::cast_possible_truncation, reason = "50 to 99")]
            LocationIndicator::new(number as i64).map_err(|_| not_allowed())
        }
        // The reference implementation looks the text up in an enumeration that also has its numbers as names, and
        // fails on them later.
        Value::String(text) if matches!(text.as_str(), "0" | "1" | "2" | "3" | "4" | "5" | "6") => {
            Err(not_an_integer())
        }
        Value::String(name) => LocationIndicator::from_name(name)
            .filter(|indicator| *indicator != LocationIndicator::RECOVERY_KIT)
            .ok_or_else(not_allowed),
        _ => Err(not_allowed()),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse_value(value: &Value) -> Result<Option<PasswordProtectionCreationParameters>, ApplicationError> {
        parse(json!({ "passwordProtection": value }).as_object().unwrap())
    }

    #[test]
    fn accepted() {
        assert_eq!(parse(&Map::new()).unwrap(), None);
        assert!(parse_value(&json!({ "password": "a" })).unwrap().is_some());
        assert!(parse_value(&json!({ "password": "1234", "passwordIsPin": true })).unwrap().is_some());
        for indicator in [json!(50), json!(99), json!(99.0), json!("Self"), json!("Website")] {
            let value = json!({ "password": "a", "passwordLocationIndicator": indicator });
            assert!(parse_value(&value).is_ok(), "{value}");
        }
    }

    #[test]
    fn refused() {
        for (value, code) in [
            (json!({ "password": "123", "passwordIsPin": true }), "error.runtime.validation.invalidPropertyValue"),
            (
                json!({ "password": "12345678901234567", "passwordIsPin": true }),
                "error.runtime.validation.invalidPropertyValue",
            ),
            (
                json!({ "password": "a", "passwordLocationIndicator": 49 }),
                "error.runtime.validation.invalidPropertyValue",
            ),
            (
                json!({ "password": "a", "passwordLocationIndicator": 100 }),
                "error.runtime.validation.invalidPropertyValue",
            ),
            (
                json!({ "password": "a", "passwordLocationIndicator": "RecoveryKit" }),
                "error.runtime.validation.invalidPropertyValue",
            ),
            (
                json!({ "password": "a", "passwordLocationIndicator": null }),
                "error.runtime.validation.invalidPropertyValue",
            ),
            (json!({ "password": "a", "passwordLocationIndicator": 50.5 }), "error.runtime.requestDeserialization"),
            (json!({ "password": "a", "passwordLocationIndicator": "6" }), "error.runtime.requestDeserialization"),
        ] {
            assert_eq!(parse_value(&value).unwrap_err().code(), code, "{value}");
        }
    }
}
