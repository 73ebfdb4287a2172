//! Checks that the settings of a form field make sense, and that a response fits them (`docs/protocol/04 §9.3`).
//!
//! The first is checked when a request is created, the second when it is accepted; neither while content is read. A limit of 0
//! counts as none, because the peers take it for absent.

use core_types::Timestamp;
use serde_json::Value;

use crate::{FormFieldSettings, SelectionFormFieldSettings, utf16};

/// Why settings or a response are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FormFieldError {
    /// The settings leave nothing between their limits.
    #[error("The max cannot be smaller than the min.")]
    MaxBelowMin,
    /// There is nothing to choose from.
    #[error("The settings need at least one option.")]
    NoOptions,
    /// An option is there twice, or was chosen twice.
    #[error("The options must differ.")]
    RepeatedOption,
    /// The response is of another type than the field.
    #[error("The response must be {0}.")]
    WrongType(&'static str),
    /// The response is beyond a limit.
    #[error("The response is beyond the limits of the field.")]
    OutOfLimits,
    /// The response is none of the options.
    #[error("The response is none of the options.")]
    NotAnOption,
    /// Nothing was chosen.
    #[error("At least one option must be chosen.")]
    NothingChosen,
}

/// Checks settings when a request is created.
///
/// # Errors
/// [`FormFieldError`] if no response could fit them.
pub fn check_settings(settings: &FormFieldSettings<'_>) -> Result<(), FormFieldError> {
    let (min, max) = match settings {
        FormFieldSettings::Selection(settings) if settings.options().is_empty() => {
            return Err(FormFieldError::NoOptions);
        }
        FormFieldSettings::Selection(settings) if has_repetition(settings.options()) => {
            return Err(FormFieldError::RepeatedOption);
        }
        FormFieldSettings::Double(settings) => (settings.min(), settings.max()),
        FormFieldSettings::Integer(settings) => (settings.min(), settings.max()),
        FormFieldSettings::String(settings) => (settings.min(), settings.max()),
        FormFieldSettings::Boolean(_)
        | FormFieldSettings::Date(_)
        | FormFieldSettings::Rating(_)
        | FormFieldSettings::Selection(_) => (None, None),
    };
    match (limit(min), limit(max)) {
        (Some(min), Some(max)) if max < min => Err(FormFieldError::MaxBelowMin),
        _ => Ok(()),
    }
}

/// Checks a response when a request is accepted.
///
/// # Errors
/// [`FormFieldError`] if it does not fit the settings.
pub fn check_response(settings: &FormFieldSettings<'_>, response: &Value) -> Result<(), FormFieldError> {
    match settings {
        FormFieldSettings::String(settings) => {
            let text = response.as_str().ok_or(FormFieldError::WrongType("a text"))?;
            // No text is long enough to be inexact.
            let length = f64::from(u32::try_from(utf16::length(text)).unwrap_or(u32::MAX));
            within_limits(settings.min(), settings.max(), length)
        }
        FormFieldSettings::Integer(settings) => within_limits(settings.min(), settings.max(), integer(response)?),
        FormFieldSettings::Double(settings) => {
            let number = response.as_f64().ok_or(FormFieldError::WrongType("a number"))?;
            within_limits(settings.min(), settings.max(), number)
        }
        FormFieldSettings::Boolean(_) if response.is_boolean() => Ok(()),
        FormFieldSettings::Boolean(_) => Err(FormFieldError::WrongType("true or false")),
        FormFieldSettings::Date(_) => {
            let date = response.as_str().and_then(|text| text.parse::<Timestamp>().ok());
            date.map(|_| ()).ok_or(FormFieldError::WrongType("a date"))
        }
        FormFieldSettings::Selection(settings) => check_selection(settings, response),
        FormFieldSettings::Rating(settings) => {
            let is_allowed = (1.0..=settings.max_rating()).contains(&integer(response)?);
            if is_allowed { Ok(()) } else { Err(FormFieldError::OutOfLimits) }
        }
    }
}

fn check_selection(settings: &SelectionFormFieldSettings<'_>, response: &Value) -> Result<(), FormFieldError> {
    let options = settings.options();
    if !settings.allow_multiple_selection().unwrap_or_default() {
        let chosen = response.as_str().ok_or(FormFieldError::WrongType("a text"))?;
        return if options.contains(&chosen) { Ok(()) } else { Err(FormFieldError::NotAnOption) };
    }
    let wrong_type = FormFieldError::WrongType("a list of texts");
    let chosen: Option<Vec<&str>> = response.as_array().ok_or(wrong_type)?.iter().map(Value::as_str).collect();
    let chosen = chosen.ok_or(wrong_type)?;
    if chosen.is_empty() {
        Err(FormFieldError::NothingChosen)
    } else if has_repetition(&chosen) {
        Err(FormFieldError::RepeatedOption)
    } else if chosen.iter().all(|option| options.contains(option)) {
        Ok(())
    } else {
        Err(FormFieldError::NotAnOption)
    }
}

fn limit(limit: Option<f64>) -> Option<f64> {
    limit.filter(|limit| *limit != 0.0)
}

fn within_limits(min: Option<f64>, max: Option<f64>, found: f64) -> Result<(), FormFieldError> {
    let too_large = limit(max).is_some_and(|max| found > max);
    let too_small = limit(min).is_some_and(|min| found < min);
    if too_large || too_small { Err(FormFieldError::OutOfLimits) } else { Ok(()) }
}

fn integer(response: &Value) -> Result<f64, FormFieldError> {
    response.as_f64().filter(|number| number.fract() == 0.0).ok_or(FormFieldError::WrongType("an integer"))
}

fn has_repetition(texts: &[&str]) -> bool {
    let mut sorted = texts.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).any(|pair| matches!(pair, [left, right] if left == right))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Reader;

    fn check(settings: Value, response: Value) -> Result<(), FormFieldError> {
        let settings = Reader::new(Timestamp::from_millis(0)).read(&settings).unwrap();
        let settings = FormFieldSettings::of(&settings).unwrap();
        check_settings(&settings)?;
        check_response(&settings, &response)
    }

    #[test]
    fn limits_of_zero_are_none() {
        let text = |min, max| json!({"@type": "StringFormFieldSettings", "min": min, "max": max});
        assert_eq!(check(text(0, 0), json!("anything")), Ok(()));
        assert_eq!(check(text(2, 0), json!("a")), Err(FormFieldError::OutOfLimits));
        assert_eq!(check(text(0, 2), json!("\u{1f600}")), Ok(()));
        assert_eq!(check(text(0, 2), json!("\u{1f600}a")), Err(FormFieldError::OutOfLimits));
        assert_eq!(check(text(3, 2), json!("aaa")), Err(FormFieldError::MaxBelowMin));
        assert_eq!(check(text(0, 2), json!(5)), Err(FormFieldError::WrongType("a text")));
    }

    #[test]
    fn numbers_dates_and_booleans() {
        let integer = json!({"@type": "IntegerFormFieldSettings", "min": -5, "max": 5});
        assert_eq!(check(integer.clone(), json!(5.0)), Ok(()));
        assert_eq!(check(integer.clone(), json!(5.5)), Err(FormFieldError::WrongType("an integer")));
        assert_eq!(check(integer, json!(-6)), Err(FormFieldError::OutOfLimits));
        assert_eq!(check(json!({"@type": "DoubleFormFieldSettings", "max": 0.5}), json!(0.25)), Ok(()));
        assert_eq!(check(json!({"@type": "BooleanFormFieldSettings"}), json!(false)), Ok(()));
        assert_eq!(check(json!({"@type": "DateFormFieldSettings"}), json!("2024-W09-4")), Ok(()));
        assert_eq!(
            check(json!({"@type": "DateFormFieldSettings"}), json!("")),
            Err(FormFieldError::WrongType("a date"))
        );
        let rating = json!({"@type": "RatingFormFieldSettings", "maxRating": 5});
        assert_eq!(check(rating.clone(), json!(5)), Ok(()));
        assert_eq!(check(rating, json!(0)), Err(FormFieldError::OutOfLimits));
    }

    #[test]
    fn selections() {
        let options = |options: Value, multiple| json!({"@type": "SelectionFormFieldSettings", "options": options, "allowMultipleSelection": multiple});
        assert_eq!(check(options(json!([]), false), json!("a")), Err(FormFieldError::NoOptions));
        assert_eq!(check(options(json!(["a", "a"]), false), json!("a")), Err(FormFieldError::RepeatedOption));
        assert_eq!(check(options(json!(["a", "b"]), false), json!("b")), Ok(()));
        assert_eq!(check(options(json!(["a", "b"]), false), json!("c")), Err(FormFieldError::NotAnOption));
        assert_eq!(check(options(json!(["a", "b"]), true), json!(["b", "a"])), Ok(()));
        assert_eq!(check(options(json!(["a", "b"]), true), json!([])), Err(FormFieldError::NothingChosen));
        assert_eq!(check(options(json!(["a", "b"]), true), json!(["a", "a"])), Err(FormFieldError::RepeatedOption));
        assert_eq!(
            check(options(json!(["a", "b"]), true), json!(["a", 1])),
            Err(FormFieldError::WrongType("a list of texts"))
        );
    }
}
