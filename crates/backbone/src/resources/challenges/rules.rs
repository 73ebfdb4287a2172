use std::time::Duration;

use backbone_api::challenges::Challenge;
use backbone_api::codes;
use core_types::ChallengeId;

use super::signature::VerifiedChallenge;
use super::storage;
use crate::http::{ApiError, Caller};
use crate::unit::Unit;

const LIFETIME: Duration = Duration::from_secs(600);
/// Time for which an expired challenge is kept.
const KEPT_AFTER_EXPIRY: Duration = Duration::from_secs(30 * 24 * 3600);
/// Maximum number of challenges kept in total, and for one Identity.
const MAX_KEPT: i64 = 100_000;
const MAX_KEPT_OF_IDENTITY: i64 = 1000;

pub(super) async fn create(unit: &mut Unit, caller: Option<Caller>) -> Result<Challenge, ApiError> {
    let now = unit.now;
    let (created_by, created_by_device) = caller.map(|caller| (caller.address, caller.device)).unzip();
    let challenge = Challenge {
        id: ChallengeId::generate(&mut unit.randomness()),
        expires_at: now.saturating_add(LIFETIME),
        created_by,
        created_by_device,
    };
    // Any caller may request challenges, so old ones are removed here instead of by maintenance. A challenge is used
    // within seconds, so a flood only displaces itself.
    storage::delete_expired_before(unit.db(), now.saturating_sub(KEPT_AFTER_EXPIRY)).await?;
    storage::insert(unit.db(), &challenge).await?;
    storage::delete_all_but_newest(unit.db(), MAX_KEPT).await?;
    if let Some(identity) = &challenge.created_by {
        storage::delete_all_but_newest_of(unit.db(), identity, MAX_KEPT_OF_IDENTITY).await?;
    }
    Ok(challenge)
}

/// The challenge behind a signature must be the server's own and still valid by the server's record; the expiry in the
/// signed text does not count.
pub(crate) async fn require_valid(unit: &mut Unit, challenge: &VerifiedChallenge) -> Result<(), ApiError> {
    let now = unit.now;
    let stored = storage::find(unit.db(), &challenge.id).await?.ok_or(ApiError::NotFound("Challenge"))?;
    if stored.expires_at < now {
        return Err(ApiError::rule(codes::DEVICE_CHALLENGE_HAS_EXPIRED, "The challenge has expired."));
    }
    Ok(())
}
