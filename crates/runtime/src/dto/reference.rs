use core_types::Reference;
use serde::Serialize;
use utoipa::ToSchema;

/// How to hand an object over.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReferenceDto {
    /// The short form.
    pub truncated: String,
    /// The form for people with an app, also in QR codes.
    pub url: String,
}

/// A reference holds the key of the object.
impl std::fmt::Debug for ReferenceDto {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReferenceDto").finish_non_exhaustive()
    }
}

impl From<&Reference> for ReferenceDto {
    fn from(reference: &Reference) -> Self {
        // References of stored objects always name the Backbone.
        Self { truncated: reference.to_truncated(), url: reference.to_url(None).unwrap_or_default() }
    }
}
