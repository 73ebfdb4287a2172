use core_types::{RelationshipId, RelationshipTemplateId};
use serde_json::Value;
use transport::documents::{Relationship, RelationshipTemplate};
use transport::{Account, Sending};

use super::{found, push_datawallet};
use crate::content_check;
use crate::dto::{CanCreateRelationshipResultDto, RelationshipDto};
use crate::error::{ApplicationError, RuntimeError};
use crate::input::{CanCreateRelationshipRequest, CreateRelationshipRequest};
use crate::listing::Listing;
use crate::query::{self, Ownership, Resource};
use crate::validation::check_id;
use crate::validation::pattern::Pattern;

/// Use cases on Relationships (`docs/protocol/06-rest-api.md` §5.9).
#[derive(Debug, Clone)]
pub struct RelationshipsService {
    pub(super) account: Account,
}

impl RelationshipsService {
    /// Checks if a Relationship could be requested. A documented refusal is a result, not an error.
    ///
    /// # Errors
    /// Failures of the Backbone and the store.
    pub async fn can_create(
        &self,
        request: CanCreateRelationshipRequest,
    ) -> Result<CanCreateRelationshipResultDto, ApplicationError> {
        let refusal = match self.template(&request.template_id).await? {
            None => Some(ApplicationError::from(RuntimeError::RecordNotFound("RelationshipTemplate"))),
            Some(template) => match self.account.relationships().can_send(&template).await? {
                Some(refusal) => Some(refusal.into()),
                None => {
                    request.creation_content.and_then(|content| self.check_creation_content(&content, &template).err())
                }
            },
        };
        Ok(match refusal {
            None => CanCreateRelationshipResultDto { is_success: true, code: None, message: None },
            Some(refusal) => CanCreateRelationshipResultDto {
                is_success: false,
                code: Some(refusal.code().to_owned()),
                message: Some(refusal.message().to_owned()),
            },
        })
    }

    /// Requests a Relationship with the template of a peer.
    ///
    /// # Errors
    /// `error.runtime.recordNotFound`, `error.transport.relationships.*` if the transport layer refuses, those of the
    /// content check, failures of the Backbone and the store.
    pub async fn create(&self, request: CreateRelationshipRequest) -> Result<RelationshipDto, ApplicationError> {
        let template = found(self.template(&request.template_id).await?, "RelationshipTemplate")?;
        if let Some(refusal) = self.account.relationships().can_send(&template).await? {
            return Err(refusal.into());
        }
        let content = self.check_creation_content(&request.creation_content, &template)?;
        let relationship = self.account.relationships().send(&template, content).await?;
        Ok(self.changed(&relationship).await)
    }

    /// Requests a Relationship for a cause ([`transport::Causes`]), once however often this is called.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub async fn create_for(
        &self,
        cause: &str,
        request: CreateRelationshipRequest,
    ) -> Result<Sending<RelationshipDto>, ApplicationError> {
        let template = found(self.template(&request.template_id).await?, "RelationshipTemplate")?;
        let content = self.check_creation_content(&request.creation_content, &template)?;
        Ok(match self.account.relationships().send_for(cause, &template, content).await? {
            Sending::Sent(relationship) => Sending::Sent(self.changed(&relationship).await),
            Sending::Completed => Sending::Completed,
        })
    }

    /// Lists Relationships.
    ///
    /// # Errors
    /// `error.runtime.validation.invalidPropertyValue` for an invalid query, a failure of the store.
    pub async fn list(&self, query: &[(String, String)]) -> Result<Listing<RelationshipDto>, ApplicationError> {
        let query = query::parse_list(Resource::Relationships, Ownership::Any, query)?;
        Listing::new(self.account.relationships().scan(&query).await, |found| found.into())
    }

    /// One Relationship.
    ///
    /// # Errors
    /// `error.runtime.recordNotFound`.
    pub async fn get(&self, id: &str) -> Result<RelationshipDto, ApplicationError> {
        Ok(RelationshipDto::from(&self.relationship("id", id).await?))
    }

    /// Accepts a requested Relationship.
    ///
    /// # Errors
    /// `error.runtime.recordNotFound`, `error.transport.relationships.*`, failures of the Backbone and the store.
    pub async fn accept(&self, id: &str) -> Result<RelationshipDto, ApplicationError> {
        let id = self.relationship("relationshipId", id).await?.id;
        Ok(self.changed(&self.account.relationships().accept(&id).await?).await)
    }

    /// As [`Self::accept`], with a content for the peer, which current peers do not read.
    ///
    /// # Errors
    /// As [`Self::accept`].
    pub async fn accept_with(&self, id: &str, content: Value) -> Result<RelationshipDto, ApplicationError> {
        let id = self.relationship("relationshipId", id).await?.id;
        Ok(self.changed(&self.account.relationships().accept_with(&id, content).await?).await)
    }

    /// Rejects a requested Relationship.
    ///
    /// # Errors
    /// As [`Self::accept`].
    pub async fn reject(&self, id: &str) -> Result<RelationshipDto, ApplicationError> {
        let id = self.relationship("relationshipId", id).await?.id;
        Ok(self.changed(&self.account.relationships().reject(&id).await?).await)
    }

    /// Revokes an own request.
    ///
    /// # Errors
    /// As [`Self::accept`].
    pub async fn revoke(&self, id: &str) -> Result<RelationshipDto, ApplicationError> {
        let id = self.relationship("relationshipId", id).await?.id;
        Ok(self.changed(&self.account.relationships().revoke(&id).await?).await)
    }

    /// Ends an active Relationship; it can be reactivated.
    ///
    /// # Errors
    /// As [`Self::accept`].
    pub async fn terminate(&self, id: &str) -> Result<RelationshipDto, ApplicationError> {
        let id = self.relationship("relationshipId", id).await?.id;
        Ok(self.changed(&self.account.relationships().terminate(&id).await?).await)
    }

    /// Asks the peer to reactivate a terminated Relationship.
    ///
    /// # Errors
    /// As [`Self::accept`].
    pub async fn request_reactivation(&self, id: &str) -> Result<RelationshipDto, ApplicationError> {
        let id = self.relationship("relationshipId", id).await?.id;
        Ok(self.changed(&self.account.relationships().request_reactivation(&id).await?).await)
    }

    /// Accepts the reactivation that the peer requested.
    ///
    /// # Errors
    /// As [`Self::accept`].
    pub async fn accept_reactivation(&self, id: &str) -> Result<RelationshipDto, ApplicationError> {
        let id = self.relationship("relationshipId", id).await?.id;
        Ok(self.changed(&self.account.relationships().accept_reactivation(&id).await?).await)
    }

    /// Rejects the reactivation that the peer requested.
    ///
    /// # Errors
    /// As [`Self::accept`].
    pub async fn reject_reactivation(&self, id: &str) -> Result<RelationshipDto, ApplicationError> {
        let id = self.relationship("relationshipId", id).await?.id;
        Ok(self.changed(&self.account.relationships().reject_reactivation(&id).await?).await)
    }

    /// Revokes the own request for reactivation.
    ///
    /// # Errors
    /// As [`Self::accept`].
    pub async fn revoke_reactivation(&self, id: &str) -> Result<RelationshipDto, ApplicationError> {
        let id = self.relationship("relationshipId", id).await?.id;
        Ok(self.changed(&self.account.relationships().revoke_reactivation(&id).await?).await)
    }

    /// Decomposes a terminated Relationship: it and everything exchanged through it are deleted.
    ///
    /// # Errors
    /// As [`Self::accept`].
    pub async fn decompose(&self, id: &str) -> Result<(), ApplicationError> {
        let relationship = self.relationship("relationshipId", id).await?;
        self.account.relationships().decompose(&relationship.id).await?;
        push_datawallet(&self.account).await;
        Ok(())
    }

    fn check_creation_content(
        &self,
        content: &Value,
        template: &RelationshipTemplate,
    ) -> Result<Value, ApplicationError> {
        content_check::check_creation_content(content, &template.content, self.account.clock().now())
    }

    async fn template(&self, id: &RelationshipTemplateId) -> Result<Option<RelationshipTemplate>, ApplicationError> {
        Ok(self.account.templates().get(id).await?)
    }

    /// `name` is the name of the id in an error.
    async fn relationship(&self, name: &str, id: &str) -> Result<Relationship, ApplicationError> {
        check_id(name, Pattern::RelationshipId, id)?;
        found(self.account.relationships().get(&RelationshipId::new(id)).await?, "Relationship")
    }

    async fn changed(&self, relationship: &Relationship) -> RelationshipDto {
        push_datawallet(&self.account).await;
        RelationshipDto::from(relationship)
    }
}
