//! Relationships (`docs/protocol/06-rest-api.md` §5.9).

use core_types::RelationshipTemplateId;
use serde_json::{Value, json};

use super::examples::TEMPLATE_ID;
use super::{required_text, value};
use crate::error::ApplicationError;
use crate::validation::pattern::Pattern;
use crate::validation::schema::{Object, Property, Schema};

const PROPERTIES: &[Property] = &[
    Property::new("templateId", Schema::Matching(Pattern::RelationshipTemplateId), "Id of the template of the peer.")
        .example(|| json!(TEMPLATE_ID)),
    Property::new(
        "creationContent",
        Schema::Content,
        "A RelationshipCreationContent or an ArbitraryRelationshipCreationContent.",
    )
    .example(|| json!({ "@type": "ArbitraryRelationshipCreationContent", "value": { "hello": "world" } })),
];
pub(super) static CAN_CREATE: Object = Object {
    name: "CanCreateRelationshipRequest",
    description: "A Relationship that might be created.",
    required: &["templateId"],
    properties: PROPERTIES,
    open: false,
};
pub(super) static CREATE: Object = Object {
    name: "CreateRelationshipRequest",
    description: "A Relationship to the creator of a template.",
    required: &["templateId", "creationContent"],
    properties: PROPERTIES,
    open: false,
};

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
