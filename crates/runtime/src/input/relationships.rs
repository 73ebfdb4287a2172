//! Relationships (`docs/protocol/06-rest-api.md` §5.9).

use core_types::RelationshipTemplateId;
use serde_json::Value;

use super::{required_text, value};
use crate::error::ApplicationError;
use crate::validation::pattern::Pattern;
use crate::validation::schema::{Object, Schema};

const PROPERTIES: &[(&str, Schema)] =
    &[("templateId", Schema::Matching(Pattern::RelationshipTemplateId)), ("creationContent", Schema::Any)];
static CAN_CREATE: Object = Object { required: &["templateId"], properties: PROPERTIES, open: false };
static CREATE: Object = Object { required: &["templateId", "creationContent"], properties: PROPERTIES, open: false };

/// `PUT /Relationships/CanCreate`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanCreateRelationshipRequest {
    /// The template of the peer.
    pub template_id: RelationshipTemplateId,
    /// The content that would be sent to the peer.
    pub creation_content: Option<Value>,
}

impl CanCreateRelationshipRequest {
    /// # Errors
    /// `error.runtime.validation.invalidPropertyValue`.
    pub fn parse(body: &Value) -> Result<Self, ApplicationError> {
        let members = CAN_CREATE.check(body)?;
        Ok(Self {
            template_id: RelationshipTemplateId::new(required_text(members, "templateId")),
            creation_content: members.get("creationContent").cloned(),
        })
    }
}

/// `POST /Relationships`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateRelationshipRequest {
    /// The template of the peer.
    pub template_id: RelationshipTemplateId,
    /// The content that is sent to the peer.
    pub creation_content: Value,
}

impl CreateRelationshipRequest {
    /// # Errors
    /// `error.runtime.validation.invalidPropertyValue`.
    pub fn parse(body: &Value) -> Result<Self, ApplicationError> {
        let members = CREATE.check(body)?;
        Ok(Self {
            template_id: RelationshipTemplateId::new(required_text(members, "templateId")),
            creation_content: value(members, "creationContent"),
        })
    }
}
