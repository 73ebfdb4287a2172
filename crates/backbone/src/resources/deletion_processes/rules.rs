use std::time::Duration;

use backbone_api::codes;
use backbone_api::external_events::ExternalEventPayload;
use backbone_api::identities::{DeletionProcess, DeletionProcessStatus, StartDeletionProcessRequest};
use backbone_api::sse::SseEvent;
use core_types::{IdentityDeletionProcessId, Timestamp};

use super::storage::{self, Reminder};
use crate::http::{ApiError, Caller};
use crate::hub::Audience;
use crate::resources::{external_events, identities, relationships};
use crate::unit::Unit;
use crate::validation;

const MILLIS_PER_DAY: f64 = 86_400_000.0;

/// The reminders, last first, and how many days before the end each is sent.
const REMINDERS: [(Reminder, u64); 3] = [(Reminder::Third, 5), (Reminder::Second, 10), (Reminder::First, 12)];

pub(super) async fn start(
    unit: &mut Unit,
    caller: &Caller,
    request: &StartDeletionProcessRequest,
) -> Result<DeletionProcess, ApiError> {
    let now = unit.now;
    let grace_period_ends_at =
        after_days(now, request.length_of_grace_period_in_days.unwrap_or(unit.settings.grace_period_days))?;
    if storage::has_active(unit.db(), &caller.address).await? {
        let message = "There is an active deletion process already.";
        return Err(ApiError::rule(codes::DEVICE_ONLY_ONE_ACTIVE_DELETION_PROCESS_ALLOWED, message));
    }
    let process = DeletionProcess {
        id: IdentityDeletionProcessId::generate(&mut unit.randomness()),
        status: DeletionProcessStatus::Active,
        created_at: now,
        created_by_device: caller.device.clone(),
        approved_at: Some(now),
        approved_by_device: Some(caller.device.clone()),
        grace_period_ends_at: Some(grace_period_ends_at),
        grace_period_reminder1_sent_at: None,
        grace_period_reminder2_sent_at: None,
        grace_period_reminder3_sent_at: None,
    };
    storage::insert(unit.db(), &caller.address, &process).await?;
    identities::storage::set_to_be_deleted(unit.db(), &caller.address, grace_period_ends_at).await?;
    unit.notify(Audience::Identity(caller.address.clone()), SseEvent::DeletionProcessStarted);
    for (relationship_id, peer) in relationships::storage::list_unfinished(unit.db(), &caller.address).await? {
        let payload = ExternalEventPayload::PeerToBeDeleted { relationship_id, deletion_date: grace_period_ends_at };
        external_events::rules::create(unit, &peer, &payload).await?;
    }
    Ok(process)
}

pub(super) async fn cancel(
    unit: &mut Unit,
    caller: &Caller,
    id: &IdentityDeletionProcessId,
) -> Result<DeletionProcess, ApiError> {
    let now = unit.now;
    let process = storage::find(unit.db(), &caller.address, id).await?.ok_or(ApiError::DeletionProcessNotFound)?;
    if process.status != DeletionProcessStatus::Active {
        let message = "The deletion process is not active.";
        return Err(ApiError::rule(codes::DEVICE_DELETION_PROCESS_IS_NOT_IN_REQUIRED_STATUS, message));
    }
    if process.grace_period_ends_at.is_some_and(|end| end.is_expired(now)) {
        return Err(ApiError::rule(codes::DEVICE_GRACE_PERIOD_HAS_ALREADY_EXPIRED, "The grace period is over."));
    }
    storage::set_cancelled(unit.db(), id, now).await?;
    identities::storage::set_active(unit.db(), &caller.address).await?;
    unit.notify(Audience::Identity(caller.address.clone()), SseEvent::DeletionProcessCancelledByOwner);
    for (relationship_id, peer) in relationships::storage::list_unfinished(unit.db(), &caller.address).await? {
        external_events::rules::create(unit, &peer, &ExternalEventPayload::PeerDeletionCancelled { relationship_id })
            .await?;
    }
    Ok(DeletionProcess { status: DeletionProcessStatus::Cancelled, grace_period_ends_at: None, ..process })
}

/// Reminds the owners of processes that end soon, with the last reminder that is due (`docs/protocol/03 §3.6`).
pub(crate) async fn remind(unit: &mut Unit) -> Result<(), ApiError> {
    let now = unit.now;
    // From the last to the first: a later reminder makes the earlier ones superfluous.
    for (reminder, days) in REMINDERS {
        let until = now.saturating_add(Duration::from_secs(days * 24 * 3600));
        for owner in storage::set_reminded(unit.db(), reminder, now, until).await? {
            unit.notify(Audience::Identity(owner), SseEvent::DeletionProcessGracePeriodReminder);
        }
    }
    Ok(())
}

/// A time some days, or fractions of a day, from now; negative numbers lie in the past.
fn after_days(now: Timestamp, days: f64) -> Result<Timestamp, ApiError> {
    // A number beyond the range of the integer becomes its bound, which the check refuses.
    let end = now.as_millis().saturating_add((days * MILLIS_PER_DAY) as i64);
    if (0..=validation::LAST_INSTANT.as_millis()).contains(&end) {
        return Ok(Timestamp::from_millis(end));
    }
    Err(ApiError::invalid_property("'lengthOfGracePeriodInDays' is out of range."))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn grace_periods_may_be_fractions_or_over_but_not_endless() {
        let now = Timestamp::from_millis(1_700_000_000_000);
        assert_eq!(after_days(now, 0.5).unwrap().as_millis(), now.as_millis() + 43_200_000);
        assert_eq!(after_days(now, 0.0).unwrap(), now);
        assert!(after_days(now, -1.0).unwrap() < now);
        for days in [1e300, -1e300, 4e6] {
            assert!(after_days(now, days).is_err(), "{days}");
        }
    }
}
