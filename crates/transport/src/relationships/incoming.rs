//! Changes of relationships that the Backbone reports (`docs/protocol/02 §9.7.3, §10.8`).

use backbone_api::{
    codes, paths,
    relationships::{Relationship as BackboneRelationship, RelationshipStatus},
};
use core_types::{RelationshipId, RelationshipSecretId};
use crypto::RelationshipSecrets;
use protocol::secrets::SecretContent;

use super::{
    Relationships,
    audit_log::{event_of_own_change, sorted_audit_log, take_over},
    lock_name,
    news::RelationshipNews,
    not_found, pending,
};
use crate::{
    backbone::Call,
    documents::{PeerDeletionInfo, PeerDeletionStatus, PendingRelationship, ProcessedExternalEvent, Relationship},
    error::{Result, TransportError},
    events::TransportEvent,
    sync::ChangedItem,
    templates::Templates,
    unit_of_work::UnitOfWork,
};

/// The origin of a relationship that is not stored yet.
enum Origin {
    /// A peer requested it.
    Incoming(Box<(Relationship, RelationshipSecrets)>),
    /// This Identity requested it, but never learned of its success.
    Requested(Box<PendingRelationship>),
}

impl Relationships {
    /// Brings the stored relationship to the Backbone's state; an unknown one is stored.
    pub(crate) async fn apply_change(
        &self,
        id: &RelationshipId,
        news: RelationshipNews,
        mark: &ProcessedExternalEvent,
    ) -> Result<ChangedItem> {
        let _order = self.context.lock(&lock_name(id)).await;
        self.bring_up_to_date(id, news, Some(mark)).await
    }

    /// Brings the stored relationship to the Backbone's state, even if no event reports a change.
    pub(crate) async fn refresh(&self, id: &RelationshipId) -> Result<()> {
        let _order = self.context.lock(&lock_name(id)).await;
        // Boxed, because it is rare and large.
        Box::pin(self.bring_up_to_date(id, RelationshipNews::StatusChanged, None)).await.map(drop)
    }

    /// [`apply_change`](Self::apply_change) for a caller that holds the relationship's lock.
    pub(super) async fn bring_up_to_date(
        &self,
        id: &RelationshipId,
        news: RelationshipNews,
        mark: Option<&ProcessedExternalEvent>,
    ) -> Result<ChangedItem> {
        let is_known = self.get(id).await?.is_some();
        let fetched = match self.fetch(id).await {
            // This side has decomposed the relationship in the meantime.
            Err(TransportError::Request(error))
                if !is_known && error.code == codes::RELATIONSHIP_ALREADY_DECOMPOSED =>
            {
                return Ok(ChangedItem::Nothing);
            }
            other => other?,
        };
        let origin = if is_known { None } else { Some(self.origin(&fetched).await?) };
        let mut unit = self.context.unit_of_work().await?;
        let (relationship, is_changed) = match origin {
            None => self.update(&mut unit, fetched).await?,
            Some(origin) => (self.create(&mut unit, origin, fetched).await?, true),
        };
        if let Some(event) = news.event(&relationship) {
            unit.publish(&event).await?;
        }
        if is_changed {
            unit.publish(&TransportEvent::RelationshipChanged(relationship.clone())).await?;
            // A change by this Identity whose answer was lost.
            let last = relationship.audit_log.last().filter(|entry| self.context.is_me(&entry.created_by));
            if let Some(event) = last.and_then(|entry| event_of_own_change(entry.reason, &relationship)) {
                unit.publish(&event).await?;
            }
        }
        self.conclude_change(&mut unit, id, is_changed).await?;
        if let Some(mark) = mark {
            unit.processed(mark).await?;
        }
        unit.commit().await?;
        Ok(ChangedItem::Relationship(Box::new(relationship)))
    }

    /// Stores, or removes, the data about the deletion of the peer.
    pub(crate) async fn apply_peer_deletion(
        &self,
        id: &RelationshipId,
        info: Option<PeerDeletionInfo>,
        mark: &ProcessedExternalEvent,
    ) -> Result<ChangedItem> {
        let mut unit = self.context.unit_of_work().await?;
        let mut relationship: Relationship = unit.get(id.as_str()).await?.ok_or_else(|| not_found(id))?;
        let status = info.as_ref().map(|info| info.deletion_status);
        relationship.peer_deletion_info = info;
        unit.replace(&relationship).await?;
        let event = match status {
            Some(PeerDeletionStatus::ToBeDeleted) => TransportEvent::PeerToBeDeleted(relationship.clone()),
            Some(PeerDeletionStatus::Deleted) => TransportEvent::PeerDeleted(relationship.clone()),
            None => TransportEvent::PeerDeletionCancelled(relationship.clone()),
        };
        unit.publish(&event).await?;
        unit.processed(mark).await?;
        unit.commit().await?;
        Ok(ChangedItem::Relationship(Box::new(relationship)))
    }

    pub(super) async fn fetch(&self, id: &RelationshipId) -> Result<BackboneRelationship> {
        let call = Call::get(paths::with_id(paths::RELATIONSHIP, id.as_str()));
        let fetched: BackboneRelationship = self.context.backbone().result(call).await?;
        if fetched.metadata.id != *id {
            return Err(TransportError::invariant(format!("the Backbone sent another Relationship than '{id}'")));
        }
        Ok(fetched)
    }

    async fn update(&self, unit: &mut UnitOfWork, fetched: BackboneRelationship) -> Result<(Relationship, bool)> {
        let id = &fetched.metadata.id;
        let mut relationship: Relationship = unit.get(id.as_str()).await?.ok_or_else(|| not_found(id))?;
        let (from, to) = (&fetched.metadata.from, &fetched.metadata.to);
        let peer = if self.context.is_me(from) { to } else { from };
        // The Backbone replaces the name of a deleted Identity in its relationships.
        let is_peer = *peer == relationship.peer.address
            || self.context.identity().address.hostname().is_some_and(|hostname| peer.is_pseudonym(hostname));
        if !is_peer || !(self.context.is_me(from) || self.context.is_me(to)) {
            return Err(TransportError::invariant(format!(
                "the Relationship '{id}' has other participants than before"
            )));
        }
        let before = (relationship.status, relationship.audit_log.len());
        self.complete_secrets(unit, &relationship.relationship_secret_id, &fetched).await?;
        take_over(&mut relationship, fetched.metadata);
        unit.replace(&relationship).await?;
        let is_changed = before != (relationship.status, relationship.audit_log.len());
        Ok((relationship, is_changed))
    }

    async fn create(
        &self,
        unit: &mut UnitOfWork,
        origin: Origin,
        fetched: BackboneRelationship,
    ) -> Result<Relationship> {
        let relationship = match origin {
            Origin::Incoming(incoming) => {
                let (relationship, secrets) = *incoming;
                let name = relationship.relationship_secret_id.as_str();
                self.context.store_secret(unit, name, &SecretContent::RelationshipSecrets(Box::new(secrets))).await?;
                relationship
            }
            Origin::Requested(pending) => {
                let secret = pending.id.clone();
                unit.delete::<PendingRelationship>(secret.as_str()).await?;
                self.complete_secrets(unit, &secret, &fetched).await?;
                let cause = pending.cause.clone();
                let mut relationship = pending.into_relationship(&fetched.metadata);
                take_over(&mut relationship, fetched.metadata);
                self.complete(unit, cause, &relationship).await?;
                relationship
            }
        };
        unit.insert(&relationship).await?;
        Ok(relationship)
    }

    async fn origin(&self, fetched: &BackboneRelationship) -> Result<Origin> {
        if self.context.is_me(&fetched.metadata.from) {
            let pending = pending::find(&self.context, fetched).await?;
            return pending.map(|pending| Origin::Requested(Box::new(pending))).ok_or_else(|| {
                TransportError::invariant("a Relationship requested by the own Identity is not stored")
            });
        }
        Ok(Origin::Incoming(Box::new(self.open_request(fetched).await?)))
    }

    /// Opens a peer's request for a relationship and checks that it is what the Backbone says it is.
    async fn open_request(&self, fetched: &BackboneRelationship) -> Result<(Relationship, RelationshipSecrets)> {
        let metadata = &fetched.metadata;
        let invalid = |what: &str| TransportError::invariant(format!("the Relationship '{}' {what}", metadata.id));
        if !self.context.is_me(&metadata.to) {
            return Err(invalid("is addressed to another Identity"));
        }
        let template_id =
            metadata.relationship_template_id.as_ref().ok_or_else(|| invalid("names no RelationshipTemplate"))?;
        let content = fetched
            .creation_content
            .as_ref()
            .filter(|content| !content.is_empty())
            .ok_or_else(|| invalid("has no creation content"))?;
        let template = Templates::new(&self.context)
            .get(template_id)
            .await?
            .filter(|template| template.is_own)
            .ok_or_else(|| TransportError::record_not_found("RelationshipTemplate", template_id))?;
        let keypair = self.context.active_secret(&template.template_key.id).await?.into_exchange_keypair()?;
        // Checks the signature, and that it was made by the sender that the Backbone names for this very template.
        let opened = protocol::relationship::open_creation_content(
            &mut self.context.randomness(),
            content.as_slice(),
            &keypair,
            template_id,
            &metadata.from,
        )?;
        let relationship = Relationship {
            audit_log: sorted_audit_log(metadata.audit_log.clone()),
            creation_content: opened.content,
            id: metadata.id.clone(),
            last_message_received_at: None,
            last_message_sent_at: None,
            metadata: None,
            metadata_modified_at: None,
            peer: opened.identity,
            peer_deletion_info: None,
            received_text: opened.received_text.map(Into::into),
            relationship_secret_id: RelationshipSecretId::generate(&mut self.context.randomness()),
            // The event about any later change brings the real status.
            status: RelationshipStatus::Pending,
            template_id: template_id.clone(),
        };
        Ok((relationship, opened.secrets))
    }

    /// Turns the secrets of a request into those of a relationship, once the templator's answer is there.
    async fn complete_secrets(
        &self,
        unit: &mut UnitOfWork,
        name: &RelationshipSecretId,
        fetched: &BackboneRelationship,
    ) -> Result<()> {
        let Some(response) = fetched.creation_response_content.as_ref().filter(|content| !content.is_empty()) else {
            return Ok(());
        };
        let SecretContent::RelationshipRequestSecrets(request) =
            self.context.active_secret_in(unit, name.as_str()).await?
        else {
            return Ok(());
        };
        let secrets = protocol::relationship::complete_request(&request, response.as_slice(), &fetched.metadata.id)?;
        self.context.succeed_secret(unit, name.as_str(), &SecretContent::RelationshipSecrets(Box::new(secrets))).await
    }
}
