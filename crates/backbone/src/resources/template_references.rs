//! `GET /api/poc/PublicRelationshipTemplateReferences` (`docs/protocol/03 §9`).

use axum::extract::State;
use backbone_api::template_references::PublicRelationshipTemplateReference;

use crate::context::Context;
use crate::http::{Answer, ApiError, Caller};
use crate::resources::identities;
use crate::unit::Unit;

/// The references for the client that created the caller's Identity.
pub(crate) async fn list(
    State(context): State<Context>,
    caller: Caller,
) -> Result<Answer<Vec<PublicRelationshipTemplateReference>>, ApiError> {
    let mut unit = Unit::read(&context).await?;
    let client_id = identities::storage::client_id(unit.db(), &caller.address).await?;
    let references = client_id.map(|client_id| unit.settings.template_references(&client_id).to_vec());
    Ok(Answer::ok(references.unwrap_or_default()))
}
