//! The messages: received ones that are not stored, and ones of this Identity that this database has not sent.

use std::{collections::HashSet, time::Duration};

use backbone_api::{messages::Message as BackboneMessage, paths};
use core_types::{DeviceId, MessageId, Timestamp};
use store::Query;

use super::{
    Budget, PassReport, Reconciliation, hand_over,
    signals::UnknownOwnMessages,
    state::{self, NotedMessage, Progress, Unfinished},
};
use crate::{
    backbone::Call,
    documents::{AuditLogReason, Message, PendingMessage, RelationshipStatus},
    error::Result,
    inbox::Found,
    messages::{Backwards, body_hash},
    relationships::Relationships,
};

/// Instances of a Backbone have different clocks, and a message can be stored some time after it got its time stamp.
const OVERLAP: Duration = Duration::from_secs(60);
/// The time for which unknown own messages are reported after the last one was found.
const TOLD_FOR: Duration = Duration::from_secs(24 * 3600);
/// The maximum number of ids that are logged.
const MAX_LOGGED: usize = 5;

/// The differences that one page shows.
#[derive(Default)]
struct Comparison {
    missing: Vec<Found>,
    unknown_own: Vec<NotedMessage>,
}

impl Reconciliation {
    /// Compares from the end of the list down to the start of an earlier pass; returns true if it got there.
    pub(super) async fn compare_messages(&self, budget: &mut Budget, report: &mut PassReport) -> Result<bool> {
        let context = &self.context;
        let mut progress = state::progress(context).await?;
        // An event may still report what was received later.
        let settled = state::synchronised_until(context.store()).await?.unwrap_or(progress.compared_until);
        let resumed = progress.unfinished.take();
        let mut floor = resumed.map_or(progress.compared_until, |resumed| resumed.from).saturating_sub(OVERLAP);
        let mut resume_at = resumed.map(|resumed| resumed.page);
        let mut unknown = Vec::new();
        let mut list = Backwards::open(context).await?;
        let is_complete = loop {
            if !budget.take() {
                break false;
            }
            let Some(page) = list.next().await? else { break true };
            let reached = page.first().is_some_and(|message| message.created_at < floor);
            let comparison = self.compare_page(page, settled, &progress).await?;
            report.found += hand_over(context, comparison.missing).await?;
            unknown.extend(comparison.unknown_own);
            if reached {
                let Some(position) = resume_at.take() else { break true };
                list.skip_to(position);
                floor = progress.compared_until.saturating_sub(OVERLAP);
            }
        };
        if is_complete {
            progress.compared_until = progress.compared_until.max(settled);
        } else {
            progress.unfinished = Some(Unfinished { from: settled, page: list.position() });
        }
        report.unknown_own += unknown.len();
        self.conclude(progress, unknown).await?;
        Ok(is_complete)
    }

    async fn compare_page(
        &self,
        page: Vec<BackboneMessage>,
        settled: Timestamp,
        progress: &Progress,
    ) -> Result<Comparison> {
        let context = &self.context;
        let device = context.device().await?.id;
        // Read before the stored ones: a message that is being sent is in one of the two, and moves from the first to
        // the second.
        let pending: Vec<PendingMessage> = context.store().find(&Query::default()).await?;
        let pending: HashSet<&str> = pending.iter().map(|pending| pending.id.as_str()).collect();
        let mut comparison = Comparison::default();
        for message in page {
            if context.store().get::<Message>(message.id.as_str()).await?.is_some() {
                continue;
            }
            if !context.is_me(&message.created_by) {
                if self.is_lost(&message, settled).await? {
                    comparison.missing.push(Found::Message(message.id));
                }
            } else if self.is_unknown(&message, &device, progress)
                && !pending.contains(&*body_hash(message.body.as_slice()))
            {
                comparison.unknown_own.push(NotedMessage { id: message.id, created_at: message.created_at });
            }
        }
        if !comparison.unknown_own.is_empty() {
            let visible = self.visible(&comparison.unknown_own).await?;
            comparison.unknown_own.retain(|message| visible.contains(&message.id));
        }
        Ok(comparison)
    }

    /// Returns true if a received message is not stored and no event will report it any more.
    async fn is_lost(&self, message: &BackboneMessage, settled: Timestamp) -> Result<bool> {
        if message.created_at >= settled {
            return Ok(false);
        }
        let Some(relationship) = Relationships::new(&self.context).to_identity(&message.created_by, None).await? else {
            // Nothing could be decrypted without its keys.
            tracing::debug!(message = %message.id, "a received message belongs to no stored relationship");
            return Ok(false);
        };
        Ok(match relationship.status {
            RelationshipStatus::Active => true,
            // The Backbone holds back messages sent after the end, and reports them if the relationship is reactivated.
            RelationshipStatus::Terminated => {
                let mut ends =
                    relationship.audit_log.iter().filter(|entry| entry.reason == AuditLogReason::Termination);
                ends.next_back().is_some_and(|end| message.created_at < end.created_at)
            }
            _ => false,
        })
    }

    /// Returns true if a message of this Identity should be stored but is not. Other devices send messages of their
    /// own.
    fn is_unknown(&self, message: &BackboneMessage, device: &DeviceId, progress: &Progress) -> bool {
        message.created_by_device == *device
            && message.created_at >= progress.compared_until.saturating_sub(OVERLAP)
            && progress.noted.iter().all(|noted| noted.id != message.id)
    }

    /// Those that still exist: a relationship may just have been decomposed, and its messages with it.
    async fn visible(&self, messages: &[NotedMessage]) -> Result<HashSet<MessageId>> {
        let call =
            messages.iter().fold(Call::get(paths::MESSAGES), |call, one| call.query("ids", Some(one.id.as_str())));
        let visible: Vec<BackboneMessage> = self.context.backbone().pages(call).await?;
        Ok(visible.into_iter().map(|message| message.id).collect())
    }

    /// Stores the progress of the comparison, and logs the findings.
    async fn conclude(&self, mut progress: Progress, unknown: Vec<NotedMessage>) -> Result<()> {
        let context = &self.context;
        let now = context.clock().now();
        let known = state::unknown(context.store()).await?;
        progress.noted.extend(unknown.iter().cloned());
        let oldest = progress.compared_until.saturating_sub(OVERLAP);
        progress.noted.retain(|noted| noted.created_at >= oldest);
        let mut unit = context.unit_of_work().await?;
        state::set_progress(&mut unit, &progress).await?;
        let told = match (unknown.iter().map(|message| message.created_at).max(), known) {
            (Some(newest), known) => {
                let told = UnknownOwnMessages {
                    count: known.as_ref().map_or(0, |known| known.count) + unknown.len() as u64,
                    newest: known.as_ref().map_or(newest, |known| known.newest.max(newest)),
                    first_found_at: known.map_or(now, |known| known.first_found_at),
                    last_found_at: now,
                };
                state::set_unknown(&mut unit, &told).await?;
                Some(told)
            }
            (None, Some(known)) if known.last_found_at.saturating_add(TOLD_FOR).is_expired(now) => {
                state::clear_unknown(&mut unit).await?;
                tracing::info!("no further message of another copy of this database was found for a day");
                None
            }
            (None, known) => known,
        };
        unit.commit().await?;
        self.unknown_own().clone_from(&told);
        #[expect(clippy::cast_precision_loss, reason = "a gauge")]
        metrics::gauge!("connector_unknown_own_messages").set(told.as_ref().map_or(0.0, |told| told.count as f64));
        if let Some(told) = told.filter(|_| !unknown.is_empty()) {
            let ids: Vec<&str> = unknown.iter().take(MAX_LOGGED).map(|message| message.id.as_str()).collect();
            tracing::error!(
                address = %context.identity().address,
                messages.unknown = unknown.len(),
                messages.newest = %told.newest,
                messages.ids = ids.join(" "),
                "the Backbone has messages of this device that this database has not sent. Either the database was restored \
                 from a backup that is older than they are: then they cannot be read here any more, and there is nothing to \
                 do. Or a second copy of it is in use: then stop one of the two, as each gets only a part of what is received"
            );
        }
        Ok(())
    }
}
