use std::time::Duration;

use axum::extract::State;
use backbone_api::challenges::Challenge;
use core_types::ChallengeId;

use super::{rules, storage};
use crate::context::Context;
use crate::http::{Answer, ApiError, Caller, Holder, PathId, Source};
use crate::unit::Unit;

/// Time for which an expired challenge can still be read.
const READABLE_AFTER_EXPIRY: Duration = Duration::from_secs(3600);
pub(crate) async fn create(
    State(context): State<Context>,
    caller: Option<Caller>,
    source: Source,
) -> Result<Answer<Challenge>, ApiError> {
    let holder = caller.as_ref().map_or(Holder::Source(source), |caller| Holder::Identity(caller.address.clone()));
    context.challenge_rates().require(&holder)?;
    let mut unit = Unit::write(&context).await?;
    let result = rules::create(&mut unit, caller).await;
    Ok(Answer::created(unit.finish(result).await?))
}

pub(crate) async fn get(
    State(context): State<Context>,
    _: Caller,
    PathId(id): PathId<ChallengeId>,
) -> Result<Answer<Challenge>, ApiError> {
    let mut unit = Unit::read(&context).await?;
    let still_readable = unit.now.saturating_sub(READABLE_AFTER_EXPIRY);
    let challenge = storage::find(unit.db(), &id).await?.filter(|challenge| challenge.expires_at >= still_readable);
    challenge.map(Answer::ok).ok_or(ApiError::NotFound("Challenge"))
}
