//! The worker that retries inbox entries when they are due.

use std::time::Duration;

use store::{Query, Sort};

use super::{
    Inbox,
    attempt::{PassEnd, Selection},
    noting::in_state,
};
use crate::{
    documents::{InboxEntry, InboxState, LONGEST_PAUSE_ASKED_FOR},
    error::Result,
    relationships::Relationships,
    sync::ChangedItems,
};

/// The worker's longest sleep. A clock that jumps, or an entry written by another handle, causes no longer delay.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);

/// The pause of the worker after it had been broken off this many times in a row.
fn pause_after(broken_off: u32, asked: Option<Duration>) -> Duration {
    let doubled = Duration::from_secs(1).saturating_mul(1_u32.checked_shl(broken_off).unwrap_or(u32::MAX));
    doubled.min(LONGEST_SLEEP).max(asked.unwrap_or_default().min(LONGEST_PAUSE_ASKED_FOR))
}

impl Inbox {
    /// Tries entries whenever they are due. Never returns by itself; an attempt that has begun is finished even if this
    /// is dropped.
    pub async fn work(&self) {
        // The previous process may have been interrupted in the middle of an operation.
        if let Err(error) = Relationships::new(&self.context).recover_changes().await {
            tracing::error!(error.code = error.code(), %error, "interrupted changes of relationships are looked at later");
        }
        let mut broken_off = 0;
        loop {
            let pause = match self.due_in().await {
                Ok(pause) if pause.is_zero() => match self.try_due().await {
                    Ok(PassEnd::Done) => {
                        broken_off = 0;
                        continue;
                    }
                    // An entry recorded in the meantime would fail in the same way.
                    Ok(PassEnd::BrokenOff(asked)) => {
                        tokio::time::sleep(pause_after(broken_off, asked)).await;
                        broken_off += 1;
                        continue;
                    }
                    Err(error) => {
                        tracing::error!(error.code = error.code(), %error, "the inbox could not be worked on");
                        LONGEST_SLEEP
                    }
                },
                Ok(pause) => pause,
                Err(error) => {
                    tracing::error!(error.code = error.code(), %error, "the inbox could not be read");
                    LONGEST_SLEEP
                }
            };
            // A new entry wakes the worker, or has done so since it looked.
            self.context.inbox_signal().noted(pause).await;
        }
    }

    async fn try_due(&self) -> Result<PassEnd> {
        self.pass(&self.select(Selection::Due).await?, &mut ChangedItems::default()).await
    }

    /// The time until the next entry is due.
    async fn due_in(&self) -> Result<Duration> {
        let waiting = Query::new(in_state(InboxState::Waiting));
        let next: Option<InboxEntry> =
            self.context.store().find_one(&waiting.sort_by(Sort::ascending("nextAttemptAt"))).await?;
        let now = self.context.clock().now();
        Ok(match next {
            Some(entry) if entry.is_due(now) => Duration::ZERO,
            Some(entry) => entry.next_attempt_at.duration_since(now).min(LONGEST_SLEEP),
            None => LONGEST_SLEEP,
        })
    }
}
