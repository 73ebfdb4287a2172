//! The health of an Account (`docs/protocol/07-connector-modules-and-operations.md` §2.7).

use std::time::Duration;

use core_types::Timestamp;
use store::Store;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use transport::{Account, InboxOverview};

use crate::dto::health::{
    BACKBONE_AUTHENTICATION, BACKBONE_CONNECTION, DATABASE, DATABASE_WRITE, INBOX, SYNCHRONISATION,
};
use crate::dto::{ComponentHealthDto, HealthDto, UnknownOwnMessagesDto};

/// Synchronisations that have failed for longer need an operator.
const FAILS_TOO_LONG: Duration = Duration::from_mins(15);
/// Inbox entries that have waited for longer, because of failures that may pass, need an operator (`docs/inbox.md`).
const WAITS_TOO_LONG: Duration = Duration::from_mins(15);

/// After this many attempts, with their pauses, about that time has passed.
const MANY_ATTEMPTS: u32 = 10;

/// A caller gets an answer within this time, whatever is down.
const ANSWER_WITHIN: Duration = Duration::from_millis(1500);
/// A check that takes longer than this has failed, even if the previous one succeeded: something that is slow for a
/// moment, such as a write behind a large transaction, is not down.
const PATIENCE: Duration = Duration::from_secs(5);
/// A check that takes longer is aborted, so that the next one can begin.
const LONGEST: Duration = Duration::from_secs(30);
/// The time for which a successful result is reused, and a failed one.
const REUSE: Duration = Duration::from_secs(5);
const REUSE_FAILURE: Duration = Duration::from_secs(1);

/// Checks an Account. Checks run in the background, each only once at a time, and recent results are reused, so that
/// frequent calls cost nothing and no call takes long.
#[derive(Debug)]
pub struct HealthChecker {
    store: Store,
    account: Account,
    database: Probe,
    database_write: Probe,
    connection: Probe,
    authentication: Probe,
    inbox: Probe,
}

impl HealthChecker {
    pub(crate) fn new(store: Store, account: Account) -> Self {
        Self {
            store,
            account,
            database: Probe::default(),
            database_write: Probe::default(),
            connection: Probe::default(),
            authentication: Probe::default(),
            inbox: Probe::default(),
        }
    }

    /// The state now, or a few seconds ago, in brief.
    pub async fn check(&self) -> HealthDto {
        HealthDto::of(&self.components().await)
    }

    /// The state now, or a few seconds ago: every part that has to work, with the reason if it does not. A further part
    /// is one more entry of this list.
    pub async fn components(&self) -> Vec<ComponentHealthDto> {
        let (database, database_write, connection, authentication, inbox) = tokio::join!(
            self.database.ask(DATABASE, || {
                let store = self.store.clone();
                async move { store.ping().await.map_err(|error| error.to_string()) }
            }),
            self.database_write.ask(DATABASE_WRITE, || {
                let store = self.store.clone();
                async move { store.probe_write().await.map_err(|error| format!("cannot write: {error}")) }
            }),
            self.connection.ask(BACKBONE_CONNECTION, || {
                let (backbone, base_url) = (self.account.backbone(), self.account.config().base_url.clone());
                async move { backbone.compatibility().await.map(drop).map_err(|error| format!("{base_url}: {error}")) }
            }),
            self.authentication.ask(BACKBONE_AUTHENTICATION, || {
                let backbone = self.account.backbone();
                async move { backbone.log_in().await.map_err(|error| error.to_string()) }
            }),
            self.inbox.ask(INBOX, || {
                let account = self.account.clone();
                async move { nothing_waits_for_long(&account).await }
            }),
        );
        vec![
            ComponentHealthDto::new(DATABASE, database),
            ComponentHealthDto::new(DATABASE_WRITE, database_write),
            ComponentHealthDto::new(BACKBONE_CONNECTION, connection),
            ComponentHealthDto::new(BACKBONE_AUTHENTICATION, authentication),
            ComponentHealthDto::new(INBOX, inbox),
            ComponentHealthDto::new(SYNCHRONISATION, synchronises(self.account.sync().fails_for())),
        ]
    }

    /// Evidence that there is, or was, another copy of the Account's database.
    #[must_use]
    pub fn unknown_own_messages(&self) -> Option<UnknownOwnMessagesDto> {
        self.account.reconciliation().unknown_own_messages().map(Into::into)
    }
}

fn synchronises(failing: Option<(Duration, String)>) -> Result<(), String> {
    match failing {
        Some((lasts, why)) if lasts >= FAILS_TOO_LONG => {
            Err(format!("every synchronisation has failed for {} min: {why}", lasts.as_secs() / 60))
        }
        _ => Ok(()),
    }
}

async fn nothing_waits_for_long(account: &Account) -> Result<(), String> {
    let overview = account.inbox().overview().await.map_err(|error| error.to_string())?;
    verdict(&overview, account.clock().now())
}

/// Failures caused by the object itself do not count as unhealthy: any peer could cause them.
fn verdict(inbox: &InboxOverview, now: Timestamp) -> Result<(), String> {
    let Some(oldest) = &inbox.oldest_waiting else { return Ok(()) };
    let age = now.duration_since(oldest.received_at);
    // A time in the future was written by a clock that has since been corrected.
    let has_no_age = oldest.received_at > now && oldest.attempts >= MANY_ATTEMPTS;
    if age < WAITS_TOO_LONG && !has_no_age {
        return Ok(());
    }
    let why = oldest.last_failure.as_ref().map_or("it was not tried yet", |failure| failure.message.as_str());
    Err(format!(
        "{} external events or files wait in the inbox, the oldest ('{}' about '{}') for {} min: {why}",
        inbox.waiting,
        oldest.id,
        oldest.object_id,
        age.as_secs() / 60
    ))
}

/// One part that is checked.
#[derive(Debug, Clone, Default)]
struct Probe(watch::Sender<State>);

#[derive(Debug, Clone, Default)]
struct State {
    /// The start of the running check.
    running: Option<Instant>,
    /// The latest outcome with its time.
    last: Option<(Instant, Result<(), String>)>,
}

impl State {
    fn is_recent(&self) -> bool {
        self.last
            .as_ref()
            .is_some_and(|(at, outcome)| at.elapsed() < if outcome.is_ok() { REUSE } else { REUSE_FAILURE })
    }
}

impl Probe {
    /// The outcome of a check that begins now, or of one that has begun or ended recently.
    async fn ask<F>(&self, name: &'static str, check: impl FnOnce() -> F) -> Result<(), String>
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        let begins = self.0.send_if_modified(|state| {
            let begins = state.running.is_none() && !state.is_recent();
            if begins {
                state.running = Some(Instant::now());
            }
            begins
        });
        if begins {
            let (states, check) = (self.0.clone(), check());
            tokio::spawn(async move {
                // A separate task: if it panics, this one still records that no check is running, so that the next can
                // begin.
                let mut check = tokio::spawn(check);
                let outcome = match timeout(LONGEST, &mut check).await {
                    Ok(outcome) => outcome.unwrap_or_else(|_| Err("the check itself failed".to_owned())),
                    Err(_) => Err(format!("no answer within {} s", LONGEST.as_secs())),
                };
                check.abort();
                states.send_modify(|state| {
                    say(name, state.last.as_ref().map(|(_, outcome)| outcome), &outcome);
                    *state = State { running: None, last: Some((Instant::now(), outcome)) };
                });
            });
        }
        let mut states = self.0.subscribe();
        let ended = timeout(ANSWER_WITHIN, states.wait_for(|state| state.running.is_none())).await;
        drop(ended);
        let state = self.0.borrow().clone();
        match (state.running, state.last) {
            (None, Some((_, outcome))) => outcome,
            (Some(_), Some((_, Err(reason)))) => Err(reason),
            (Some(since), Some((_, Ok(())))) if since.elapsed() < PATIENCE => Ok(()),
            (since, _) => {
                let seconds = since.map_or(0.0, |since| since.elapsed().as_secs_f64());
                Err(format!("no answer for {seconds:.1} s"))
            }
        }
    }
}

/// Logs changes.
fn say(name: &str, before: Option<&Result<(), String>>, now: &Result<(), String>) {
    match (before, now) {
        (Some(Err(before)), Err(reason)) if before == reason => {}
        (_, Err(reason)) => tracing::warn!(health.service = name, health.reason = reason, "a health check failed"),
        (Some(Err(_)), Ok(())) => tracing::info!(health.service = name, "a health check succeeds again"),
        (_, Ok(())) => {}
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use serde_json::json;
    use transport::documents::{InboxEntry, InboxFailure, InboxSubject};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_answer_never_takes_long_and_says_why_there_is_none() {
        let probe = Probe::default();
        let before = Instant::now();
        let hanging = || std::future::pending::<Result<(), String>>();
        assert_eq!(probe.ask("x", hanging).await, Err("no answer for 1.5 s".to_owned()));
        assert_eq!(before.elapsed(), ANSWER_WITHIN);
        tokio::time::advance(LONGEST).await;
        assert_eq!(probe.ask("x", hanging).await, Err("no answer within 30 s".to_owned()));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_slow_for_a_moment_is_not_down() {
        let probe = Probe::default();
        assert_eq!(probe.ask("x", || async { Ok(()) }).await, Ok(()));
        tokio::time::advance(REUSE).await;
        let slow = || async {
            tokio::time::sleep(Duration::from_secs(10)).await;
            Ok(())
        };
        assert_eq!(probe.ask("x", slow).await, Ok(()));
        tokio::time::advance(PATIENCE).await;
        assert!(probe.ask("x", slow).await.is_err());
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(probe.ask("x", slow).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_ask_share_one_check_and_its_result_for_a_while() {
        let probe = Probe::default();
        let checks = Arc::new(AtomicU32::new(0));
        let check = || {
            let checks = Arc::clone(&checks);
            async move {
                checks.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(100)).await;
                Err("broken".to_owned())
            }
        };
        let both = tokio::join!(probe.ask("x", check), probe.ask("x", check));
        assert_eq!(both, (Err("broken".to_owned()), Err("broken".to_owned())));
        assert_eq!(probe.ask("x", check).await, Err("broken".to_owned()));
        assert_eq!(checks.load(Ordering::Relaxed), 1);
        tokio::time::advance(REUSE_FAILURE).await;
        assert_eq!(probe.ask("x", || async { Ok(()) }).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_check_that_panics_is_a_failure_and_the_next_one_begins() {
        let probe = Probe::default();
        let broken = || async { unreachable!("a check that panics") };
        assert_eq!(probe.ask("x", broken).await, Err("the check itself failed".to_owned()));
        tokio::time::advance(REUSE_FAILURE).await;
        assert_eq!(probe.ask("x", || async { Ok(()) }).await, Ok(()));
    }

    #[test]
    fn what_waits_for_long_is_unhealthy_and_says_why() {
        let received = Timestamp::from_millis(1_700_000_000_000);
        let subject = InboxSubject::ExternalEvent { event: json!({ "type": "MessageReceived" }) };
        let failure = InboxFailure { at: received, code: "c".into(), message: "status 521".into(), may_pass: true };
        let entry = InboxEntry::new("SYI1", "MSG1", subject, received).failed(failure);
        let waiting = InboxOverview { waiting: 3, oldest_waiting: Some(entry.clone()), ..InboxOverview::default() };
        let refused = InboxOverview { refused: 3, oldest_refused: Some(entry), ..InboxOverview::default() };
        let after = |minutes| received.saturating_add(Duration::from_mins(minutes));
        assert_eq!(verdict(&waiting, after(14)), Ok(()));
        let reason = verdict(&waiting, after(150)).unwrap_err();
        assert_eq!(
            reason,
            "3 external events or files wait in the inbox, the oldest ('SYI1' about 'MSG1') for 150 min: status 521"
        );
        assert_eq!(verdict(&refused, after(150)), Ok(()));

        // Received while the clock was ahead.
        let mut early = waiting;
        assert_eq!(verdict(&early, received.saturating_sub(Duration::from_mins(1))), Ok(()));
        early.oldest_waiting.as_mut().unwrap().attempts = MANY_ATTEMPTS;
        assert!(verdict(&early, received.saturating_sub(Duration::from_mins(1))).is_err());
    }

    #[test]
    fn synchronisations_that_fail_for_long_are_unhealthy_and_say_why() {
        let failing = |minutes| Some((Duration::from_mins(minutes), "status 500".to_owned()));
        assert_eq!(synchronises(None), Ok(()));
        assert_eq!(synchronises(failing(14)), Ok(()));
        assert_eq!(synchronises(failing(15)).unwrap_err(), "every synchronisation has failed for 15 min: status 500");
    }
}
