//! Challenges and the signatures over them (`docs/protocol/03 §3.1, §3.2`).

mod rates;
mod signature;
pub(crate) mod storage;

use std::time::Duration;

use axum::extract::State;
use backbone_api::challenges::Challenge;
use backbone_api::codes;
use core_types::ChallengeId;

use crate::context::Context;
use crate::http::{Answer, ApiError, Caller, Holder, PathId, Source};
use crate::unit::Unit;

pub(crate) use rates::ChallengeRates;
pub(crate) use signature::{VerifiedChallenge, parse_public_key, verify};

const LIFETIME: Duration = Duration::from_secs(600);
/// How long an expired challenge can still be read.
const READABLE_AFTER_EXPIRY: Duration = Duration::from_secs(3600);
/// How long an expired challenge is kept.
const KEPT_AFTER_EXPIRY: Duration = Duration::from_secs(30 * 24 * 3600);
/// How many are kept, whoever asked for them, and of one Identity.
const MAX_KEPT: i64 = 100_000;
const MAX_KEPT_OF_IDENTITY: i64 = 1000;

pub(crate) async fn create(
    State(context): State<Context>,
    caller: Option<Caller>,
    source: Source,
) -> Result<Answer<Challenge>, ApiError> {
    let holder = caller.as_ref().map_or(Holder::Source(source), |caller| Holder::Identity(caller.address.clone()));
    context.challenge_rates().require(&holder)?;
    let mut unit = Unit::write(&context).await?;
    let result = insert(&mut unit, caller).await;
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

async fn insert(unit: &mut Unit, caller: Option<Caller>) -> Result<Challenge, ApiError> {
    let now = unit.now;
    let (created_by, created_by_device) = caller.map(|caller| (caller.address, caller.device)).unzip();
    let challenge = Challenge {
        id: ChallengeId::generate(&mut rand::rng()),
        expires_at: now.saturating_add(LIFETIME),
        created_by,
        created_by_device,
    };
    // Anybody may ask for challenges, so old ones make room here instead of waiting for a cleaning job. One is used within
    // seconds, so a flood is what pushes out itself.
    storage::delete_expired_before(unit.db(), now.saturating_sub(KEPT_AFTER_EXPIRY)).await?;
    storage::insert(unit.db(), &challenge).await?;
    storage::delete_all_but_newest(unit.db(), MAX_KEPT).await?;
    if let Some(identity) = &challenge.created_by {
        storage::delete_all_but_newest_of(unit.db(), identity, MAX_KEPT_OF_IDENTITY).await?;
    }
    Ok(challenge)
}

/// The challenge behind a signature must be the server's own and not too old; what the signed text says does not count.
pub(crate) async fn require_valid(unit: &mut Unit, challenge: &VerifiedChallenge) -> Result<(), ApiError> {
    let now = unit.now;
    let stored = storage::find(unit.db(), &challenge.id).await?.ok_or(ApiError::NotFound("Challenge"))?;
    if stored.expires_at < now {
        return Err(ApiError::rule(codes::DEVICE_CHALLENGE_HAS_EXPIRED, "The challenge has expired."));
    }
    Ok(())
}
