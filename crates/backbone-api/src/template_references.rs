//! `GET /api/poc/PublicRelationshipTemplateReferences` (`docs/protocol/03 §9`).

use serde::{Deserialize, Serialize};

/// A relationship template that the operator recommends to all users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PublicRelationshipTemplateReference {
    /// Headline.
    pub title: String,
    /// The purpose of the template.
    pub description: String,
    /// The truncated reference of the template.
    pub truncated_reference: String,
}
