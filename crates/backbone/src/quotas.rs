//! Quotas (`docs/protocol/03 §15`). An embedded Backbone knows one only: an Identity in deletion creates nothing new.

use backbone_api::identities::IdentityStatus;
use serde_json::Value;

use crate::http::{Answer, ApiError, Caller};
use crate::unit::Unit;
use crate::{identities, validation};

pub(crate) const SENT_MESSAGES: &str = "NumberOfSentMessages";
pub(crate) const RELATIONSHIPS: &str = "NumberOfRelationships";
pub(crate) const TEMPLATES: &str = "NumberOfRelationshipTemplates";
pub(crate) const TOKENS: &str = "NumberOfTokens";
pub(crate) const FILES: &str = "NumberOfFiles";

pub(crate) async fn list(_: Caller) -> Answer<Vec<Value>> {
    Answer::ok(Vec::new())
}

pub(crate) async fn require(unit: &mut Unit, caller: &Caller, metric: &'static str) -> Result<(), ApiError> {
    let identity =
        identities::storage::find(unit.db(), &caller.address).await?.ok_or(ApiError::NotFound("Identity"))?;
    if identity.status == IdentityStatus::Active {
        return Ok(());
    }
    Err(ApiError::QuotaExhausted { metric, until: validation::LAST_INSTANT })
}
