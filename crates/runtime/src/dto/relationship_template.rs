use core_types::Timestamp;
use serde::Serialize;
use serde_json::Value;
use transport::documents::RelationshipTemplate;
use utoipa::ToSchema;

use super::{PasswordProtectionDto, ReferenceDto};
use crate::content_check;

/// An invitation to a Relationship.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RelationshipTemplateDto {
    /// Id.
    pub id: String,
    /// True if it was created by the own Identity.
    pub is_own: bool,
    /// Address of the Identity that created it.
    pub created_by: String,
    /// The device that created it.
    pub created_by_device: String,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// The only Identity that may load it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub for_identity: Option<String>,
    /// Its password.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub password_protection: Option<PasswordProtectionDto>,
    /// A RelationshipTemplateContent or ArbitraryRelationshipTemplateContent.
    #[schema(value_type = Object)]
    pub content: Value,
    /// End of its life.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, nullable = false)]
    pub expires_at: Option<Timestamp>,
    /// How many Identities may load it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub max_number_of_allocations: Option<i64>,
    /// How to hand it over.
    pub reference: ReferenceDto,
}

impl RelationshipTemplateDto {
    /// `base_url` is the configured base URL of the Backbone, part of references.
    pub(crate) fn new(template: &RelationshipTemplate, base_url: &str) -> Self {
        Self {
            id: template.id.as_str().to_owned(),
            is_own: template.is_own,
            created_by: template.created_by.as_str().to_owned(),
            created_by_device: template.created_by_device.as_str().to_owned(),
            created_at: template.created_at,
            for_identity: template.for_identity.as_ref().map(|address| address.as_str().to_owned()),
            password_protection: template.password_protection.as_ref().map(PasswordProtectionDto::from),
            content: content_check::presentable_template_content(&template.content),
            expires_at: template.expires_at,
            max_number_of_allocations: template.max_number_of_allocations,
            reference: ReferenceDto::from(&template.reference(base_url)),
        }
    }
}
