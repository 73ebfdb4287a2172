//! A Relationship that is repeatedly terminated and reactivated.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use reqwest::Method;
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::PROGRESS_LIMIT;
use super::arena::Arena;
use crate::RestClient;

/// Pause between checks of the Relationship.
const BREATH: Duration = Duration::from_millis(10);

/// Makes the first and the third Connector change their Relationship `count` times; does nothing if there is no third.
pub(super) fn start(
    arena: &Arena,
    stop: &CancellationToken,
    count: usize,
) -> anyhow::Result<Option<JoinHandle<anyhow::Result<usize>>>> {
    let Some(third) = &arena.third else { return Ok(None) };
    let [first, _] = &arena.sides;
    let pair = Pair { id: third.relationship.clone(), one: first.client.clone(), other: third.side.client.clone() };
    let stop = stop.clone();
    Ok(Some(tokio::spawn(async move { pair.change(count, &stop).await })))
}

struct Pair {
    id: String,
    one: RestClient,
    other: RestClient,
}

impl Pair {
    /// Only the entries of the audit log count as changes: the success of a call is not always known.
    async fn change(self, count: usize, stop: &CancellationToken) -> anyhow::Result<usize> {
        let (mut done, mut since, mut last) = (0, Instant::now(), None);
        while done < count && !stop.is_cancelled() {
            ensure!(
                since.elapsed() < PROGRESS_LIMIT,
                "the Relationship was changed {done} times of {count}, and not within {PROGRESS_LIMIT:?}; last: {last:?}"
            );
            drop(self.other.sync().await);
            let Ok(relationship) = self.other.get(&format!("/Relationships/{}", self.id)).await else {
                tokio::time::sleep(BREATH).await;
                continue;
            };
            let log = relationship["auditLog"].as_array().context("a Relationship without audit log")?;
            if log.len() > done {
                (done, since) = (log.len(), Instant::now());
            }
            let requested = log.last().is_some_and(|entry| entry["reason"] == "ReactivationRequested");
            let (actor, action) = match (relationship["status"].as_str(), requested) {
                (Some("Active"), _) => (&self.one, "Terminate"),
                (Some("Terminated"), false) => (&self.one, "Reactivate"),
                (Some("Terminated"), true) => (&self.other, "Reactivate/Accept"),
                (status, _) => bail!("the Relationship is {status:?}"),
            };
            drop(actor.sync().await);
            last =
                Some((action, actor.call(Method::PUT, &format!("/Relationships/{}/{action}", self.id), None).await?));
        }
        Ok(done)
    }
}

/// A side's view of the Relationship: its status, and the order of its changes.
pub(super) fn told(relationship: &Value) -> (Value, Vec<Value>) {
    let log = relationship["auditLog"].as_array().cloned().unwrap_or_default();
    (relationship["status"].clone(), log.into_iter().map(|mut entry| entry["reason"].take()).collect())
}
