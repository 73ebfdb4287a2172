use core_types::Reference;
use serde::Serialize;
use utoipa::ToSchema;

/// How to hand an object over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReferenceDto {
    /// The short form.
    pub truncated: String,
    /// The form for people with an app, also in QR codes.
    pub url: String,
}

impl From<&Reference> for ReferenceDto {
    fn from(reference: &Reference) -> Self {
        // References of stored objects always name the Backbone.
        Self { truncated: reference.to_truncated(), url: reference.to_url(None).unwrap_or_default() }
    }
}
