//! `POST /Notifications` (`docs/protocol/03 §9`): validated only, because the embedded Backbone has no push service.

use axum::extract::State;
use backbone_api::codes;
use backbone_api::notifications::SendNotificationRequest;
use backbone_api::relationships::RelationshipStatus;

use crate::context::Context;
use crate::http::{ApiError, Caller, Json, NoContent};
use crate::resources::relationships;
use crate::unit::Unit;
use crate::validation;

const MAX_RECIPIENTS: usize = 100;

pub(crate) async fn send(
    State(context): State<Context>,
    caller: Caller,
    Json(request): Json<SendNotificationRequest>,
) -> Result<NoContent, ApiError> {
    if !(1..=MAX_RECIPIENTS).contains(&request.recipients.len()) {
        return Err(ApiError::invalid_property(format!(
            "'recipients' must have between 1 and {MAX_RECIPIENTS} entries."
        )));
    }
    for recipient in &request.recipients {
        validation::address("recipients", recipient)?;
    }
    let mut unit = Unit::read(&context).await?;
    let mut statuses = Vec::with_capacity(request.recipients.len());
    for recipient in &request.recipients {
        let youngest = relationships::storage::youngest(unit.db(), &caller.address, recipient).await?;
        let (_, status) = youngest.ok_or_else(|| {
            let code = codes::NOTIFICATION_NO_RELATIONSHIP_TO_ONE_OR_MORE_RECIPIENTS_EXISTS;
            ApiError::rule(code, "There is no relationship to a recipient.")
        })?;
        statuses.push(status);
    }
    let has_ended = |status: &RelationshipStatus| {
        !matches!(status, RelationshipStatus::Pending | RelationshipStatus::Active | RelationshipStatus::Terminated)
    };
    if statuses.iter().any(has_ended) {
        let code = codes::NOTIFICATION_RELATIONSHIP_TO_RECIPIENT_IS_NOT_IN_CORRECT_STATUS;
        return Err(ApiError::rule(code, "The relationship to a recipient has ended."));
    }
    if !unit.settings.notification_codes.contains(&request.code) {
        return Err(ApiError::rule(codes::NOTIFICATION_CODE_DOES_NOT_EXIST, "The code does not exist."));
    }
    Ok(NoContent)
}
