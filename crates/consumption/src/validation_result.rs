use core_types::Timestamp;
use serde_json::{Value, json};

use crate::ConsumptionError;

/// The findings of a check of a Request, item by item (`docs/protocol/05 §0.4`). A leaf has no items.
#[derive(Debug, Clone, PartialEq)]
pub struct ValidationResult {
    error: Option<ConsumptionError>,
    items: Vec<Self>,
}

impl ValidationResult {
    /// Nothing is wrong.
    #[must_use]
    pub const fn success() -> Self {
        Self { error: None, items: Vec::new() }
    }

    /// That is wrong.
    #[must_use]
    pub const fn error(error: ConsumptionError) -> Self {
        Self { error: Some(error), items: Vec::new() }
    }

    /// The result for something that consists of these: wrong if one of them is.
    #[must_use]
    pub fn from_items(items: Vec<Self>) -> Self {
        let error = items.iter().any(Self::is_error).then_some(ConsumptionError::InheritedFromItem);
        Self { error, items }
    }

    /// Two results for the same: where both are leaves, the error of `self` wins. `None` if they differ in shape.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Option<Self> {
        if self.items.len() != other.items.len() {
            return None;
        }
        if self.items.is_empty() {
            return Some(if self.is_error() { self.clone() } else { other.clone() });
        }
        self.items
            .iter()
            .zip(&other.items)
            .map(|(own, other)| own.merge(other))
            .collect::<Option<_>>()
            .map(Self::from_items)
    }

    /// Returns whether something is wrong.
    #[must_use]
    pub const fn is_error(&self) -> bool {
        self.error.is_some()
    }

    /// The overall error, if any.
    #[must_use]
    pub const fn as_error(&self) -> Option<&ConsumptionError> {
        self.error.as_ref()
    }

    /// The results of the parts.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        &self.items
    }

    /// The result as `Err` with the overall error.
    ///
    /// # Errors
    /// That.
    pub fn into_result(self) -> Result<(), ConsumptionError> {
        self.error.map_or(Ok(()), Err)
    }

    /// The JSON the API shows: `isSuccess`, `code` and `message` of an error, `items`.
    #[must_use]
    pub fn to_json(&self, now: Timestamp) -> Value {
        let items: Vec<_> = self.items.iter().map(|item| item.to_json(now)).collect();
        match &self.error {
            None => json!({ "isSuccess": true, "items": items }),
            Some(error) => {
                json!({ "isSuccess": false, "code": error.code(), "message": error.message(now), "items": items })
            }
        }
    }
}

impl From<Result<(), ConsumptionError>> for ValidationResult {
    fn from(result: Result<(), ConsumptionError>) -> Self {
        result.map_or_else(Self::error, |()| Self::success())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn error() -> ValidationResult {
        ValidationResult::error(ConsumptionError::MustBeAcceptedItemNotAccepted)
    }

    fn other_error() -> ValidationResult {
        ValidationResult::error(ConsumptionError::InvalidRequestItem("no".to_owned()))
    }

    #[test]
    fn errors_are_inherited_and_shown() {
        let group = ValidationResult::from_items(vec![ValidationResult::success(), error()]);
        let result = ValidationResult::from_items(vec![group, ValidationResult::success()]);
        let inherited = "error.consumption.requests.validation.inheritedFromItem";
        assert_eq!(
            result.to_json(Timestamp::from_millis(0)),
            json!({ "isSuccess": false, "code": inherited, "message": "Some child items have errors.", "items": [
                { "isSuccess": false, "code": inherited, "message": "Some child items have errors.", "items": [
                    { "isSuccess": true, "items": [] },
                    { "isSuccess": false, "code": "error.consumption.requests.decide.validation.mustBeAcceptedItemNotAccepted",
                      "message": "The RequestItem is flagged as 'mustBeAccepted', but it was not accepted.", "items": [] },
                ] },
                { "isSuccess": true, "items": [] },
            ] })
        );
        assert_eq!(result.into_result(), Err(ConsumptionError::InheritedFromItem));
        assert_eq!(ValidationResult::from_items(vec![]), ValidationResult::success());
    }

    #[test]
    fn the_first_of_two_results_wins_at_the_leaves() {
        assert_eq!(error().merge(&other_error()), Some(error()));
        assert_eq!(ValidationResult::success().merge(&other_error()), Some(other_error()));
        let one = ValidationResult::from_items(vec![error(), ValidationResult::success()]);
        let two = ValidationResult::from_items(vec![other_error(), other_error()]);
        assert_eq!(one.merge(&two), Some(ValidationResult::from_items(vec![error(), other_error()])));
        assert_eq!(one.merge(&error()), None);
    }

    fn tree() -> impl Strategy<Value = ValidationResult> {
        prop_oneof![Just(ValidationResult::success()), Just(error()), Just(other_error())].prop_recursive(
            3,
            12,
            4,
            |inner| prop::collection::vec(inner, 1..4).prop_map(ValidationResult::from_items),
        )
    }

    proptest! {
        #[test]
        fn a_merged_result_is_wrong_if_either_is(one in tree(), other in tree()) {
            if let Some(merged) = one.merge(&other) {
                prop_assert_eq!(merged.is_error(), one.is_error() || other.is_error());
            }
            prop_assert_eq!(one.merge(&one).unwrap(), one);
        }
    }
}
