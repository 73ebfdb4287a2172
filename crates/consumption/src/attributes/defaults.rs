//! Default attributes: of the OwnIdentityAttributes of a value type, the one to be proposed (`docs/protocol/05 §2.4`).

use super::create::needs_of_value_type;
use crate::documents::{AttributeDetails, LocalAttribute};
use crate::{Changes, ConsumptionError, ConsumptionSettings, Facts, Need};

/// The needs of [`set_as_default`].
#[must_use]
pub fn needs(attribute: &LocalAttribute) -> Vec<Need> {
    vec![needs_of_value_type(attribute.value_type())]
}

/// Makes it the default of its value type instead of another.
///
/// # Errors
/// `setDefaultOwnIdentityAttributesIsDisabled`, `isNotOwnIdentityAttribute`, `hasSuccessor`; if there are several defaults.
pub fn set_as_default(attribute: &LocalAttribute, facts: &Facts) -> Result<Changes, ConsumptionError> {
    if !are_set(facts) {
        return Err(ConsumptionError::SetDefaultOwnIdentityAttributesIsDisabled);
    }
    if !matches!(attribute.details, AttributeDetails::OwnIdentity { .. }) {
        return Err(ConsumptionError::IsNotOwnIdentityAttribute(attribute.id.clone()));
    }
    if let Some(successor_id) = &attribute.succeeded_by {
        let (attribute_id, successor_id) = (attribute.id.clone(), successor_id.clone());
        return Err(ConsumptionError::HasSuccessor { attribute_id, successor_id });
    }
    let mut changes = Changes::none();
    if attribute.is_default() {
        return Ok(changes);
    }
    match defaults(attribute.value_type(), facts).as_slice() {
        [] => {}
        [current] => changes.replace(with_default(current, false)),
        _ => {
            let value_type = attribute.value_type();
            return Err(ConsumptionError::Invalid(format!(
                "there are several default Attributes of type {value_type}"
            )));
        }
    }
    changes.replace(with_default(attribute, true));
    Ok(changes)
}

/// The same attribute, as the default or not.
pub(super) fn with_default(attribute: &LocalAttribute, is_default: bool) -> LocalAttribute {
    LocalAttribute { details: AttributeDetails::OwnIdentity { is_default }, ..attribute.clone() }
}

/// Returns whether a new attribute of that value type becomes the default.
pub(super) fn is_first(value_type: &str, facts: &Facts) -> bool {
    are_set(facts) && defaults(value_type, facts).is_empty()
}

/// Makes the attribute that was created last the default, if the one that goes is.
pub(super) fn transfer(gone: &LocalAttribute, facts: &Facts, changes: &mut Changes) {
    if !are_set(facts) || !gone.is_default() {
        return;
    }
    let candidates = facts.attributes_where(|attribute| {
        matches!(attribute.details, AttributeDetails::OwnIdentity { .. })
            && attribute.value_type() == gone.value_type()
            && attribute.succeeded_by.is_none()
            && attribute.id != gone.id
    });
    if let Some(last) = candidates.last() {
        changes.replace(with_default(last, true));
    }
}

/// The needs of [`transfer`].
pub(super) fn needs_for_transfer(gone: &LocalAttribute, settings: ConsumptionSettings) -> Option<Need> {
    let is_transferred = settings.sets_default_own_identity_attributes && gone.is_default();
    is_transferred.then(|| needs_of_value_type(gone.value_type()))
}

const fn are_set(facts: &Facts) -> bool {
    facts.settings().sets_default_own_identity_attributes
}

fn defaults<'f>(value_type: &str, facts: &'f Facts) -> Vec<&'f LocalAttribute> {
    facts.attributes_where(|attribute| attribute.is_default() && attribute.value_type() == value_type)
}
