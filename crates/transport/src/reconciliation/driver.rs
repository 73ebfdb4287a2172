//! The schedule on which the lists are compared.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use core_types::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{PassLimits, Reconciliation, state};
use crate::{counters, error::Result};

/// The interval between full comparisons.
const INTERVAL: Duration = Duration::from_secs(24 * 3600);
/// The pause after a pass that has used up its budget.
const PAUSE: Duration = Duration::from_secs(60);
/// The pause after a pass that failed, and between two passes that sync runs of others caused.
const LONG_PAUSE: Duration = Duration::from_secs(300);

/// The reasons for the next passes.
struct Reasons {
    /// Everything that happened before this time of the Backbone is in doubt, until it was compared after a
    /// synchronisation that began later: only then is it known what events still report.
    in_doubt_before: Option<Timestamp>,
    /// The previous process was cut off, or somebody else has started sync runs: relationships are in doubt, too.
    is_suspicious: bool,
    /// Since the start; the first synchronisation is a reason to compare again.
    has_synchronised: bool,
    last_gap: Option<Instant>,
}

impl Reconciliation {
    /// Compares at once, after the first synchronisation, when somebody else turns out to work with this Identity,
    /// and every day, until `shutdown`. A comparison that fails is repeated later.
    pub async fn run(&self, shutdown: CancellationToken) {
        let mut reasons = Reasons {
            in_doubt_before: Some(self.now_of_backbone()),
            is_suspicious: self.state().unclean.load(Ordering::Relaxed),
            has_synchronised: false,
            last_gap: None,
        };
        // The index of one of this device's runs shows if this database is older than what was done since, by others or
        // by itself.
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = self.look_for_gaps() => {}
        }
        loop {
            let pause = tokio::select! {
                () = shutdown.cancelled() => return,
                pause = self.turn(&mut reasons) => pause,
            };
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
                () = self.synchronised(&reasons) => reasons.has_synchronised = true,
                () = self.gap(reasons.last_gap) => {
                    tracing::info!("sync runs were started since the last own one: by another device, or by another copy");
                    reasons.is_suspicious = true;
                    reasons.in_doubt_before = Some(self.now_of_backbone());
                    reasons.last_gap = Some(Instant::now());
                }
            }
        }
    }

    /// Waits for a synchronisation after which more is known than before: the first one, or one that settles what is in
    /// doubt.
    async fn synchronised(&self, reasons: &Reasons) {
        loop {
            self.state().synchronised.notified().await;
            if !reasons.has_synchronised || self.settles(reasons.in_doubt_before).await {
                return;
            }
        }
    }

    /// Returns true if the last completed synchronisation began after the time before which something is in doubt.
    async fn settles(&self, in_doubt_before: Option<Timestamp>) -> bool {
        let Some(in_doubt_before) = in_doubt_before else { return false };
        match state::synchronised_until(self.context.store()).await {
            Ok(until) => until.is_some_and(|until| until >= in_doubt_before),
            Err(error) => {
                tracing::debug!(error.code = error.code(), %error, "it is not known when the last synchronisation began");
                false
            }
        }
    }

    async fn look_for_gaps(&self) {
        if let Err(error) = counters::start_run(&self.context).await {
            tracing::debug!(error.code = error.code(), %error, "no sync run could be started");
        }
    }

    fn now_of_backbone(&self) -> Timestamp {
        self.context.backbone().latest_time().unwrap_or_else(|| self.context.clock().now())
    }

    /// Waits until a sync run of somebody else was noticed. Another device causes that all the time.
    async fn gap(&self, last: Option<Instant>) {
        if let Some(last) = last {
            tokio::time::sleep_until((last + LONG_PAUSE).into()).await;
        }
        self.state().gap.notified().await;
    }

    /// One pass; returns the time to wait for the next one.
    async fn turn(&self, reasons: &mut Reasons) -> Duration {
        let settles = self.settles(reasons.in_doubt_before).await;
        match self.compare(reasons).await {
            Ok(true) => {
                if settles {
                    reasons.in_doubt_before = None;
                    reasons.is_suspicious = false;
                }
                INTERVAL
            }
            Ok(false) => PAUSE,
            Err(error) => {
                tracing::warn!(error.code = error.code(), %error, "what is stored could not be compared with the Backbone yet");
                LONG_PAUSE
            }
        }
    }

    async fn compare(&self, reasons: &Reasons) -> Result<bool> {
        let context = &self.context;
        let progress = state::progress(context).await?;
        let now = context.clock().now();
        // A future time was written by a clock that has since been corrected.
        let is_due = |last: Timestamp| last > now || last.saturating_add(INTERVAL).is_expired(now);
        let with_relationships = reasons.is_suspicious
            || progress.relationships_after.is_some()
            || progress.relationships_at.is_none_or(is_due);
        let report = self.pass(PassLimits::default(), with_relationships).await?;
        if report.found > 0 {
            tracing::info!(found = report.found, "what the Backbone has and was not stored here is fetched");
        }
        if let Err(error) = counters::keep_alive(context).await {
            tracing::debug!(error.code = error.code(), %error, "no sync run could be started");
        }
        Ok(report.is_complete)
    }
}
