//! Marking attributes as viewed (`docs/protocol/05 §2.5`).

use crate::documents::LocalAttribute;
use crate::{Changes, ConsumptionEvent, Facts};

/// Notes that an attribute was viewed, the first time. Needs nothing.
#[must_use]
pub fn mark_as_viewed(attribute: &LocalAttribute, facts: &Facts) -> Changes {
    let mut changes = Changes::none();
    if attribute.was_viewed_at.is_none() {
        let viewed = LocalAttribute { was_viewed_at: Some(facts.now()), ..attribute.clone() };
        changes.replace(viewed.clone());
        changes.publish(ConsumptionEvent::AttributeWasViewedAtChanged(viewed));
    }
    changes
}
