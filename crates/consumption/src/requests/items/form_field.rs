//! Filling in a field (`docs/protocol/05 §5.6`).

use content::form_fields::{check_response, check_settings};
use content::{Draft, FormFieldAcceptResponseItem, FormFieldRequestItem, FormFieldSettings, ResponseItem};
use serde_json::Value;

use super::refusal::{Checked, Refusal, invalid, parameters, require};
use crate::ConsumptionError;

/// The longest text an answer can hold, in UTF-16 units.
const MAX_LENGTH: usize = 4096;

pub(super) fn can_create(item: &FormFieldRequestItem<'_>) -> Checked {
    check_settings(item.settings()).map_err(|error| invalid(error.to_string()))
}

/// The settings allow texts that no answer can hold. The peers find that out too late, when they accept.
pub(super) fn can_accept(item: &FormFieldRequestItem<'_>, response: &Value) -> Checked {
    // The peers' reader of dates fails for an empty text, where it refuses others.
    if matches!(item.settings(), FormFieldSettings::Date(_)) && *response == "" {
        return Err(Refusal::Failure(ConsumptionError::Invalid("The response is no date.".to_owned())));
    }
    check_response(item.settings(), response).map_err(|error| parameters(error.to_string()))?;
    let texts = response.as_array().map_or(std::slice::from_ref(response), Vec::as_slice);
    let can_hold = |text: &str| (1..=MAX_LENGTH).contains(&text.encode_utf16().count());
    let are_held = texts.iter().filter_map(Value::as_str).all(can_hold);
    require(are_held, || parameters("The response has to have between 1 and 4096 characters."))
}

pub(super) fn accept(response: &Value) -> Draft<ResponseItem<'static>> {
    FormFieldAcceptResponseItem::new(response.clone()).widen()
}
