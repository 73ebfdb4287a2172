//! Finding attributes: what queries select, and the lists of what was exchanged with a peer (`docs/protocol/05 §2.5, §2.6`).
//!
//! The meaning of queries is in [`content::queries`]. What is a condition there is one for the store as well; here it is decided
//! over loaded attributes.

use content::Query;
use content::queries::{Condition, selection};
use core_types::IdentityAddress;
use serde_json::Value;

use super::forward::is_forwarded;
use super::versions::successors;
use crate::documents::{AttributeKind, LocalAttribute};
use crate::{ConsumptionError, Facts, Need};

type Result<T, E = ConsumptionError> = std::result::Result<T, E>;

/// The needs of [`execute`].
///
/// # Errors
/// As [`execute`].
pub fn needs(query: &Query<'_>, own_address: &IdentityAddress) -> Result<Vec<Need>> {
    let selection =
        selection(query, own_address.as_str()).map_err(|error| ConsumptionError::Invalid(error.to_string()))?;
    Ok(vec![Need::Attributes(selection.condition)])
}

/// The attributes a query selects, ascending by the time of their creation, older versions included. Of a RelationshipAttributeQuery
/// it is the first, if there is one.
///
/// # Errors
/// An error without a code for an IQL query that is none, which no reader lets through.
pub fn execute<'f>(query: &Query<'_>, facts: &'f Facts) -> Result<Vec<&'f LocalAttribute>> {
    let selection =
        selection(query, facts.own_address().as_str()).map_err(|error| ConsumptionError::Invalid(error.to_string()))?;
    let mut found = facts.attributes_where(|attribute| {
        holds(&selection.condition, attribute)
            && selection.iql.as_ref().is_none_or(|iql| iql.matches(&attribute.content))
    });
    if matches!(query, Query::Relationship(_)) {
        found.truncate(1);
    }
    Ok(found)
}

/// Returns whether a condition on a stored attribute holds for this one.
#[must_use]
pub fn holds(condition: &Condition, attribute: &LocalAttribute) -> bool {
    match condition {
        Condition::All(conditions) => conditions.iter().all(|condition| holds(condition, attribute)),
        Condition::Any(conditions) => conditions.iter().any(|condition| holds(condition, attribute)),
        Condition::Equals(path, text) => member(path, attribute).is_some_and(|found| found.is(text)),
        Condition::Differs(path, text) => !member(path, attribute).is_some_and(|found| found.is(text)),
        Condition::OneOf(path, texts) => {
            member(path, attribute).is_some_and(|found| texts.iter().any(|text| found.is(text)))
        }
        Condition::Exists(path) => member(path, attribute).is_some(),
    }
}

/// A member of a stored attribute.
enum Member<'a> {
    Text(&'a str),
    Json(&'a Value),
}

impl Member<'_> {
    /// It is the text, or a list that contains it.
    fn is(&self, text: &str) -> bool {
        match self {
            Self::Text(found) => *found == text,
            Self::Json(Value::Array(items)) => items.iter().any(|item| item == text),
            Self::Json(found) => **found == text,
        }
    }
}

fn member<'a>(path: &str, attribute: &'a LocalAttribute) -> Option<Member<'a>> {
    if let Some(path) = path.strip_prefix("content.") {
        return path.split('.').try_fold(&attribute.content, |value, name| value.get(name)).map(Member::Json);
    }
    let details = &attribute.details;
    match path {
        "@type" => Some(attribute.kind().as_str()),
        "id" => Some(attribute.id.as_str()),
        "succeeds" => attribute.succeeds.as_ref().map(|id| id.as_str()),
        "succeededBy" => attribute.succeeded_by.as_ref().map(|id| id.as_str()),
        "peer" => details.peer().map(IdentityAddress::as_str),
        "sourceReference" => details.source_reference().map(|reference| reference.as_str()),
        "initialAttributePeer" => details.initial_attribute_peer().map(IdentityAddress::as_str),
        "deletionInfo.deletionStatus" => details.deletion_status(),
        _ => None,
    }
    .map(Member::Text)
}

/// Which attributes of a list are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// Technical RelationshipAttributes are not shown.
    pub hides_technical: bool,
    /// Only the newest version is shown: of what was forwarded, the newest the peer has.
    pub only_latest_versions: bool,
}

impl Default for Shown {
    fn default() -> Self {
        Self { hides_technical: false, only_latest_versions: true }
    }
}

impl Shown {
    fn shows(self, attribute: &LocalAttribute) -> bool {
        !(self.hides_technical && attribute.is_technical())
    }
}

/// The needs of the lists in this module; [`own_identity_attributes`] needs only the last.
#[must_use]
pub fn needs_for_lists(peer: &IdentityAddress) -> Vec<Need> {
    let own = Condition::Equals("@type", AttributeKind::OwnIdentityAttribute.as_str().to_owned());
    vec![Need::ForwardedTo(peer.clone()), Need::OfPeer(peer.clone()), Need::Attributes(own)]
}

/// The OwnIdentityAttributes.
#[must_use]
pub fn own_identity_attributes(shown: Shown, facts: &Facts) -> Vec<&LocalAttribute> {
    facts.attributes_where(|attribute| {
        attribute.kind() == AttributeKind::OwnIdentityAttribute
            && !(shown.only_latest_versions && attribute.succeeded_by.is_some())
    })
}

/// The attributes that came from a peer.
#[must_use]
pub fn peer_attributes<'f>(peer: &IdentityAddress, shown: Shown, facts: &'f Facts) -> Vec<&'f LocalAttribute> {
    facts.attributes_where(|attribute| {
        attribute.kind().is_received()
            && attribute.details.peer() == Some(peer)
            && shown.shows(attribute)
            && !(shown.only_latest_versions && attribute.succeeded_by.is_some())
    })
}

/// The own attributes that a peer has: OwnIdentityAttributes and OwnRelationshipAttributes.
///
/// # Errors
/// As [`exchanged_with_peer`].
pub fn own_attributes_shared_with_peer<'f>(
    peer: &IdentityAddress,
    shown: Shown,
    facts: &'f Facts,
) -> Result<Vec<&'f LocalAttribute>> {
    let mut found = exchanged_with_peer(peer, shown, facts)?;
    found.retain(|attribute| {
        matches!(attribute.kind(), AttributeKind::OwnIdentityAttribute | AttributeKind::OwnRelationshipAttribute)
    });
    Ok(found)
}

/// The attributes exchanged with a peer: first those it has from here, then those whose peer it is. Further filters, on
/// attributes or on forwarding details, can be applied to the result.
///
/// # Errors
/// `recordNotFound` if a version of one is missing.
pub fn exchanged_with_peer<'f>(
    peer: &IdentityAddress,
    shown: Shown,
    facts: &'f Facts,
) -> Result<Vec<&'f LocalAttribute>> {
    let mut found = forwarded_to_peer(peer, shown, facts)?;
    found.extend(with_peer(peer, shown, facts)?);
    Ok(found)
}

/// The attributes forwarded to a peer, even if it has deleted them.
///
/// # Errors
/// `recordNotFound` if a version of one is missing.
pub fn forwarded_to_peer<'f>(
    peer: &IdentityAddress,
    shown: Shown,
    facts: &'f Facts,
) -> Result<Vec<&'f LocalAttribute>> {
    let details = facts.forwarding_details_for(peer);
    let ids: std::collections::BTreeSet<_> = details.iter().map(|details| &details.attribute_id).collect();
    let found = facts.attributes_where(|attribute| ids.contains(&attribute.id) && shown.shows(attribute));
    without(found, |attribute| {
        let newer = successors(attribute, facts)?;
        let is_shared = |version: &&LocalAttribute| is_forwarded(&version.id, peer, false, facts);
        Ok(shown.only_latest_versions && newer.iter().any(is_shared))
    })
}

/// The attributes whose peer that is.
///
/// # Errors
/// `recordNotFound` if a version of one is missing.
pub fn with_peer<'f>(peer: &IdentityAddress, shown: Shown, facts: &'f Facts) -> Result<Vec<&'f LocalAttribute>> {
    let found = facts.attributes_where(|attribute| attribute.details.peer() == Some(peer) && shown.shows(attribute));
    without(found, |attribute| Ok(shown.only_latest_versions && !successors(attribute, facts)?.is_empty()))
}

fn without(
    attributes: Vec<&LocalAttribute>,
    is_left_out: impl Fn(&LocalAttribute) -> Result<bool>,
) -> Result<Vec<&LocalAttribute>> {
    let mut kept = Vec::with_capacity(attributes.len());
    for attribute in attributes {
        if !is_left_out(attribute)? {
            kept.push(attribute);
        }
    }
    Ok(kept)
}
