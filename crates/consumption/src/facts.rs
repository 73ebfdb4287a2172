//! The facts a rule needs, loaded before it runs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use content::Reader;
use content::tags::TagCollection;
use core_types::{
    AttributeId, ForwardingDetailsId, IdentityAddress, NotificationId, RelationshipId, RequestId, Timestamp,
};

use crate::documents::{Document, ForwardingDetails, LocalAttribute, LocalNotification, LocalRequest, words};
use crate::{AnyDocument, Changes, DocumentRef, Write};

/// Documents and circumstances, as far as a rule needs them: what is not loaded is not there for it. Each rule names its
/// [`Need`](crate::Need)s. A copy shares the documents.
#[derive(Debug, Clone)]
pub struct Facts {
    own_address: IdentityAddress,
    now: Timestamp,
    settings: ConsumptionSettings,
    tag_collection: Arc<TagCollection>,
    attributes: BTreeMap<AttributeId, Arc<LocalAttribute>>,
    forwarding_details: BTreeMap<ForwardingDetailsId, Arc<ForwardingDetails>>,
    forwardings: BTreeMap<AttributeId, BTreeSet<ForwardingDetailsId>>,
    requests: BTreeMap<RequestId, Arc<LocalRequest>>,
    notifications: BTreeMap<NotificationId, Arc<LocalNotification>>,
    relationships: BTreeMap<IdentityAddress, PeerRelationship>,
    files: BTreeMap<String, Arc<ReferencedFile>>,
}

/// The settings of this layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConsumptionSettings {
    /// `setDefaultOwnIdentityAttributes`: of the OwnIdentityAttributes of a value type, one is the default. Off in a Connector.
    pub sets_default_own_identity_attributes: bool,
}

/// A Relationship as far as this layer is concerned with it. If there are several to a peer, it is the one stored last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerRelationship {
    /// Id.
    pub id: RelationshipId,
    /// The peer.
    pub peer: IdentityAddress,
    /// Its status.
    pub status: RelationshipStatus,
    /// Since when: the time of the last entry of its audit log.
    pub changed_at: Timestamp,
    /// Set if the peer is about to be deleted or has been deleted.
    pub peer_deletion: Option<PeerDeletion>,
}

words! {
    /// The status of a Relationship.
    RelationshipStatus {
        /// Requested, not answered.
        Pending,
        /// Accepted.
        Active,
        /// Refused by the templator.
        Rejected,
        /// Taken back by the requestor.
        Revoked,
        /// Ended by one side; can be reactivated.
        Terminated,
        /// Decomposed by the peer.
        DeletionProposed,
        /// Decomposed by both sides.
        ReadyForDeletion,
    }
}

words! {
    /// The state of a peer's deletion.
    PeerDeletion {
        /// A deletion process is running.
        ToBeDeleted,
        /// The Identity is gone.
        Deleted,
    }
}

/// A File as far as this layer is concerned with it.
#[derive(Clone, PartialEq, Eq)]
pub struct ReferencedFile {
    /// The truncated reference by which an item names it.
    pub reference: String,
    /// The truncated reference by which its owner names it.
    pub own_reference: String,
    /// Its owner, if the Backbone names one.
    pub owner: Option<IdentityAddress>,
    /// It belongs to this Identity.
    pub is_own: bool,
    /// When the Backbone deletes it.
    pub expires_at: Timestamp,
    /// Its tags.
    pub tags: Vec<String>,
    /// The Backbone would take the ownership token of the item for it.
    pub takes_ownership_token: bool,
}

/// References hold keys, which get into no log.
impl std::fmt::Debug for ReferencedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReferencedFile")
            .field("owner", &self.owner)
            .field("is_own", &self.is_own)
            .finish_non_exhaustive()
    }
}

impl Facts {
    /// No documents, no tags of the Backbone, and the settings of a Connector.
    #[must_use]
    pub fn new(own_address: IdentityAddress, now: Timestamp) -> Self {
        Self {
            own_address,
            now,
            settings: ConsumptionSettings::default(),
            tag_collection: Arc::default(),
            attributes: BTreeMap::new(),
            forwarding_details: BTreeMap::new(),
            forwardings: BTreeMap::new(),
            requests: BTreeMap::new(),
            notifications: BTreeMap::new(),
            relationships: BTreeMap::new(),
            files: BTreeMap::new(),
        }
    }

    /// With these settings.
    #[must_use]
    pub const fn with_settings(mut self, settings: ConsumptionSettings) -> Self {
        self.settings = settings;
        self
    }

    /// With these tags of the Backbone.
    #[must_use]
    pub fn with_tag_collection(mut self, tag_collection: impl Into<Arc<TagCollection>>) -> Self {
        self.tag_collection = tag_collection.into();
        self
    }

    /// With these attributes as well.
    #[must_use]
    pub fn with_attributes(mut self, attributes: impl IntoIterator<Item = LocalAttribute>) -> Self {
        attributes.into_iter().for_each(|attribute| self.put_attribute(attribute));
        self
    }

    /// With these forwarding details as well.
    #[must_use]
    pub fn with_forwarding_details(mut self, details: impl IntoIterator<Item = ForwardingDetails>) -> Self {
        details.into_iter().for_each(|details| self.put_forwarding_details(details));
        self
    }

    /// With these Requests as well.
    #[must_use]
    pub fn with_requests(mut self, requests: impl IntoIterator<Item = LocalRequest>) -> Self {
        self.requests.extend(requests.into_iter().map(|request| (request.id.clone(), Arc::new(request))));
        self
    }

    /// With these Notifications as well.
    #[must_use]
    pub fn with_notifications(mut self, notifications: impl IntoIterator<Item = LocalNotification>) -> Self {
        let entry = |notification: LocalNotification| (notification.id.clone(), Arc::new(notification));
        self.notifications.extend(notifications.into_iter().map(entry));
        self
    }

    /// With these Relationships as well, one a peer.
    #[must_use]
    pub fn with_relationships(mut self, relationships: impl IntoIterator<Item = PeerRelationship>) -> Self {
        self.relationships
            .extend(relationships.into_iter().map(|relationship| (relationship.peer.clone(), relationship)));
        self
    }

    /// With these Files as well.
    #[must_use]
    pub fn with_files(mut self, files: impl IntoIterator<Item = ReferencedFile>) -> Self {
        self.files.extend(files.into_iter().map(|file| (file.reference.clone(), Arc::new(file))));
        self
    }

    /// This Identity's address.
    #[must_use]
    pub const fn own_address(&self) -> &IdentityAddress {
        &self.own_address
    }

    /// The current time.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// A reader of content at this time.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader::new(self.now)
    }

    /// The settings.
    #[must_use]
    pub const fn settings(&self) -> ConsumptionSettings {
        self.settings
    }

    /// The tags of the Backbone.
    #[must_use]
    pub fn tag_collection(&self) -> &TagCollection {
        &self.tag_collection
    }

    /// The attribute with this id.
    #[must_use]
    pub fn attribute(&self, id: &AttributeId) -> Option<&LocalAttribute> {
        self.attributes.get(id).map(AsRef::as_ref)
    }

    /// The attributes for which that holds, ascending by the time of their creation.
    #[must_use]
    pub fn attributes_where(&self, holds: impl Fn(&LocalAttribute) -> bool) -> Vec<&LocalAttribute> {
        let mut found: Vec<_> =
            self.attributes.values().map(AsRef::as_ref).filter(|attribute| holds(attribute)).collect();
        found.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
        found
    }

    /// Forwarding details of this version, ascending by time.
    #[must_use]
    pub fn forwarding_details_of(&self, attribute: &AttributeId) -> Vec<&ForwardingDetails> {
        let ids = self.forwardings.get(attribute).into_iter().flatten();
        in_order(ids.filter_map(|id| self.forwarding_details.get(id)).map(AsRef::as_ref))
    }

    /// Forwarding details for this peer, ascending by time.
    #[must_use]
    pub fn forwarding_details_for(&self, peer: &IdentityAddress) -> Vec<&ForwardingDetails> {
        in_order(self.forwarding_details.values().map(AsRef::as_ref).filter(|details| details.peer == *peer))
    }

    /// The Request with this id.
    #[must_use]
    pub fn request(&self, id: &RequestId) -> Option<&LocalRequest> {
        self.requests.get(id).map(AsRef::as_ref)
    }

    /// All loaded Requests.
    pub fn requests(&self) -> impl Iterator<Item = &LocalRequest> {
        self.requests.values().map(AsRef::as_ref)
    }

    /// The Notification with this id.
    #[must_use]
    pub fn notification(&self, id: &NotificationId) -> Option<&LocalNotification> {
        self.notifications.get(id).map(AsRef::as_ref)
    }

    /// All loaded Notifications.
    pub fn notifications(&self) -> impl Iterator<Item = &LocalNotification> {
        self.notifications.values().map(AsRef::as_ref)
    }

    /// The Relationship with this peer.
    #[must_use]
    pub fn relationship(&self, peer: &IdentityAddress) -> Option<&PeerRelationship> {
        self.relationships.get(peer)
    }

    /// The File with this truncated reference.
    #[must_use]
    pub fn file(&self, reference: &str) -> Option<&ReferencedFile> {
        self.files.get(reference).map(AsRef::as_ref)
    }

    /// As it will be when the changes are written.
    pub fn apply(&mut self, changes: &Changes) {
        for write in changes.writes() {
            match write {
                Write::Insert(document) | Write::Replace(document) => match document {
                    AnyDocument::LocalAttribute(attribute) => self.put_attribute((**attribute).clone()),
                    AnyDocument::ForwardingDetails(details) => self.put_forwarding_details((**details).clone()),
                    AnyDocument::LocalRequest(request) => {
                        self.requests.insert(request.id.clone(), Arc::new((**request).clone()));
                    }
                    AnyDocument::LocalNotification(notification) => {
                        self.notifications.insert(notification.id.clone(), Arc::new((**notification).clone()));
                    }
                    AnyDocument::Setting(_) | AnyDocument::Draft(_) | AnyDocument::IdentityMetadata(_) => {}
                },
                Write::Delete(place) => self.remove(place),
            }
        }
    }

    fn remove(&mut self, place: &DocumentRef) {
        match place.collection {
            LocalAttribute::COLLECTION => {
                self.attributes.remove(&AttributeId::new(place.key.as_str()));
            }
            ForwardingDetails::COLLECTION => {
                let id = ForwardingDetailsId::new(place.key.as_str());
                let details = self.forwarding_details.remove(&id);
                if let Some(ids) = details.and_then(|details| self.forwardings.get_mut(&details.attribute_id)) {
                    ids.remove(&id);
                }
            }
            LocalRequest::COLLECTION => {
                self.requests.remove(&RequestId::new(place.key.as_str()));
            }
            LocalNotification::COLLECTION => {
                self.notifications.remove(&NotificationId::new(place.key.as_str()));
            }
            _ => {}
        }
    }

    fn put_attribute(&mut self, attribute: LocalAttribute) {
        self.attributes.insert(attribute.id.clone(), Arc::new(attribute));
    }

    fn put_forwarding_details(&mut self, details: ForwardingDetails) {
        self.forwardings.entry(details.attribute_id.clone()).or_default().insert(details.id.clone());
        self.forwarding_details.insert(details.id.clone(), Arc::new(details));
    }
}

fn in_order<'a>(details: impl Iterator<Item = &'a ForwardingDetails>) -> Vec<&'a ForwardingDetails> {
    let mut details: Vec<_> = details.collect();
    details.sort_by(|one, other| (one.shared_at, &one.id).cmp(&(other.shared_at, &other.id)));
    details
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Work;
    use crate::documents::AttributeDetails;

    fn attribute(id: &str, created_at: i64) -> LocalAttribute {
        let details = AttributeDetails::OwnIdentity { is_default: false };
        LocalAttribute::new(id.into(), json!({}), Timestamp::from_millis(created_at), details)
    }

    fn forwarded(id: &str, attribute: &str, peer: &str, shared_at: i64) -> ForwardingDetails {
        let source = core_types::RequestId::new("REQ1").into();
        ForwardingDetails::new(id.into(), attribute.into(), peer.into(), source, Timestamp::from_millis(shared_at))
    }

    fn ids<'a>(details: &[&'a ForwardingDetails]) -> Vec<&'a str> {
        details.iter().map(|details| details.id.as_str()).collect()
    }

    #[test]
    fn lookups_are_in_the_order_of_time() {
        let facts = Facts::new("me".into(), Timestamp::from_millis(0))
            .with_attributes([attribute("ATT2", 1), attribute("ATT1", 2), attribute("ATT3", 1)])
            .with_forwarding_details([forwarded("ATTFD1", "ATT1", "a", 2), forwarded("ATTFD2", "ATT1", "b", 1)]);
        let found = facts.attributes_where(|attribute| attribute.id != AttributeId::new("ATT4"));
        assert_eq!(found.iter().map(|attribute| attribute.id.as_str()).collect::<Vec<_>>(), ["ATT2", "ATT3", "ATT1"]);
        assert_eq!(ids(&facts.forwarding_details_of(&"ATT1".into())), ["ATTFD2", "ATTFD1"]);
        assert_eq!(ids(&facts.forwarding_details_for(&"a".into())), ["ATTFD1"]);
    }

    #[test]
    fn a_rule_sees_what_those_before_it_have_changed() {
        let facts = Facts::new("me".into(), Timestamp::from_millis(0))
            .with_attributes([attribute("ATT1", 1)])
            .with_forwarding_details([forwarded("ATTFD1", "ATT1", "a", 1)]);
        let mut work = Work::new(&facts);
        let mut changes = Changes::none();
        changes.insert(attribute("ATT2", 2));
        changes.insert(forwarded("ATTFD2", "ATT2", "a", 2));
        changes.delete::<ForwardingDetails>("ATTFD1");
        work.add(changes);
        assert!(work.facts().attribute(&"ATT2".into()).is_some());
        assert!(work.facts().forwarding_details_of(&"ATT1".into()).is_empty());
        assert_eq!(ids(&work.facts().forwarding_details_for(&"a".into())), ["ATTFD2"]);
        let mut changes = Changes::none();
        changes.delete::<LocalAttribute>("ATT2");
        work.add(changes);
        assert_eq!(work.facts().attribute(&"ATT2".into()), None);
        assert_eq!(facts.forwarding_details_of(&"ATT1".into()).len(), 1, "the facts themselves stay");
        let (writes, events, outgoing) = work.finish().into_parts();
        assert_eq!((writes.len(), events.len(), outgoing.len()), (2, 0, 0));
        assert!(matches!(writes.last().unwrap(), Write::Delete(place) if place.key == "ATTFD1"));
    }
}
