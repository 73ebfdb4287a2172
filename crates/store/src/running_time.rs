//! The time for which a database has been in use; ages are counted in it.
//!
//! A clock may be wrong and be corrected at any time, and while no process runs nothing can be delivered. Anything that
//! is given up because of its age has therefore had that much time in which it could have been delivered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use core_types::Clock;

use crate::StoreError;
use crate::sql::{Session, Statement};

/// Continues where the previous process that had the database open stopped.
#[derive(Debug)]
pub(crate) struct RunningTime {
    clock: Arc<dyn Clock>,
    opened: Instant,
    /// The running time of all previous processes.
    before: Duration,
}

impl RunningTime {
    pub(crate) fn begin(clock: Arc<dyn Clock>, before: Duration) -> Self {
        Self { opened: clock.monotonic(), clock, before }
    }

    pub(crate) fn now(&self) -> Duration {
        self.before.saturating_add(self.clock.monotonic().saturating_duration_since(self.opened))
    }
}

/// The stored running time. After a crash that is the time of the last event, or the last one that was saved.
pub(crate) async fn load(session: &mut Session<'_>) -> Result<Duration, StoreError> {
    let kept = session.fetch_one(Statement::new("SELECT millis FROM running_time WHERE id = 1")).await?.integer(0)?;
    let last = "SELECT e.since FROM event AS e ORDER BY e.sequence DESC LIMIT 1";
    let last = session.fetch_optional(Statement::new(last)).await?.map_or(Ok(0), |row| row.integer(0))?;
    Ok(from_millis(kept.max(last)))
}

pub(crate) async fn keep(session: &mut Session<'_>, time: Duration) -> Result<(), StoreError> {
    let sql = "UPDATE running_time SET millis = $1 WHERE id = 1 AND millis < $1";
    session.execute(Statement::new(sql).bind(to_millis(time))).await.map(|_| ())
}

pub(crate) fn to_millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

pub(crate) fn from_millis(millis: i64) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or_default())
}
