//! Owner, key and type of the value name one RelationshipAttribute in a Relationship (`docs/protocol/05 §3.6`).

use std::collections::BTreeSet;

use content::{Attribute, ProposalQuery, Query, RelationshipAttributeQuery, RequestItem};

use crate::ConsumptionError;

/// The name of a RelationshipAttribute that an item would create.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fragment<'c> {
    owner: &'c str,
    key: &'c str,
    value_type: &'c str,
}

impl<'c> Fragment<'c> {
    /// Of an item; an empty owner is the recipient, if that is known. `None` for items that create no RelationshipAttribute.
    fn of(item: &RequestItem<'c>, recipient: Option<&'c str>) -> Option<Self> {
        let queried = |query: &RelationshipAttributeQuery<'c>| Self {
            owner: query.owner().or(recipient.unwrap_or_default()),
            key: query.key(),
            value_type: query.attribute_creation_hints().value_type(),
        };
        match item {
            RequestItem::CreateAttribute(item) => match item.attribute() {
                Attribute::Relationship(attribute) => Some(Self {
                    owner: attribute.owner().or(recipient.unwrap_or_default()),
                    key: attribute.key(),
                    value_type: attribute.value().type_name(),
                }),
                Attribute::Identity(_) => None,
            },
            RequestItem::ReadAttribute(item) => match item.query() {
                Query::Relationship(query) => Some(queried(query)),
                _ => None,
            },
            RequestItem::ProposeAttribute(item) => match item.query() {
                ProposalQuery::Relationship(query) => Some(queried(query)),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Returns whether two of the items would create the same RelationshipAttribute.
pub(super) fn collide<'c: 'r, 'r>(
    items: impl Iterator<Item = &'r RequestItem<'c>>,
    recipient: Option<&'c str>,
) -> bool {
    let mut seen = BTreeSet::new();
    items.filter_map(|item| Fragment::of(item, recipient)).any(|fragment| !seen.insert(fragment))
}

pub(super) fn violated() -> ConsumptionError {
    ConsumptionError::ViolatedKeyUniquenessOfRelationshipAttributes(
        "Two items that must be accepted would create RelationshipAttributes with the same owner, key and value type."
            .to_owned(),
    )
}
