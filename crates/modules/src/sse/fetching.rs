//! The schedule of synchronisation.

use std::time::Duration;

use core_types::Randomness;
use rand::Rng as _;
use tokio::time::{Instant, sleep_until};

use super::news::News;
use crate::retry::back_off;

/// Without a connection, changes may happen without notification.
const UNTOLD: Duration = Duration::from_mins(1);

/// The shortest and the longest pause after a failed synchronisation.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));

/// The pauses before the Backbone is asked again for an announced event that it did not have yet. It announces an event
/// as soon as it happens, and some of its parts learn of it later (`docs/protocol/03 §13`).
const NOT_THERE_YET: [Duration; 4] =
    [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(9)];

/// The outcome of a synchronisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fetched {
    /// This number of external events.
    Something(usize),
    Nothing,
    Failed,
}

/// Calls `synchronise` at once and then whenever there is a reason; never twice at the same time. Notifications in the
/// meantime cause one more run. Never returns by itself.
pub(super) async fn fetch<F: Future<Output = Fetched>>(
    news: &News,
    mut randomness: Randomness,
    synchronise: impl Fn() -> F,
) {
    let mut pauses = || back_off(RETRY.0, RETRY.1, randomness.next_u64());
    let mut after_failure = pauses();
    // Announced events, each counted by itself, that were not found yet.
    let mut expected: usize = 0;
    let mut in_vain = 0;
    loop {
        let told = news.take_expected();
        if told > 0 {
            expected = expected.saturating_add(told);
            in_vain = 0;
        }
        let fetched = synchronise().await;
        let retry = if fetched == Fetched::Failed {
            after_failure.next()
        } else {
            after_failure = pauses();
            None
        };
        if let Fetched::Something(found) = fetched {
            expected = expected.saturating_sub(found);
        }
        let pause = NOT_THERE_YET.get(in_vain).filter(|_| expected > 0).copied();
        let again = match fetched {
            Fetched::Failed => None,
            Fetched::Something(_) => pause,
            Fetched::Nothing => {
                in_vain += 1;
                if pause.is_none() {
                    // Another synchronisation has fetched them, or they will never come.
                    expected = 0;
                }
                pause
            }
        };
        wait(news, retry, again).await;
    }
}

/// A failure delays the reaction to news, to spare a failing Backbone; not the catching up, which is rare.
async fn wait(news: &News, retry: Option<Duration>, again: Option<Duration>) {
    let mut from = Instant::now();
    let mut listening = news.listening();
    loop {
        let due = match (retry, again) {
            (Some(pause), _) | (None, Some(pause)) => Some(from + pause),
            (None, None) if *listening.borrow_and_update() => None,
            (None, None) => Some(from + UNTOLD),
        };
        tokio::select! {
            biased;
            () = news.behind() => return,
            () = news.told(), if retry.is_none() => return,
            () = async { match due { Some(due) => sleep_until(due).await, None => std::future::pending().await } } => return,
            // The sender is part of the news.
            _ = listening.changed(), if retry.is_none() && again.is_none() => from = Instant::now(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use tokio::time::sleep;

    use super::Fetched::{Failed, Nothing, Something};
    use super::*;

    /// Runs for a while with these notifications; returns the second at which each run began, counted from the start.
    async fn runs(
        limit: u64,
        news: &News,
        outcome: impl Fn(usize) -> (u64, Fetched),
        happening: impl Future<Output = ()>,
    ) -> Vec<u64> {
        let start = Instant::now();
        let begun = RefCell::new(Vec::new());
        let fetching = fetch(news, Randomness::seeded(1), || async {
            begun.borrow_mut().push(start.elapsed().as_secs());
            let (duration, fetched) = outcome(begun.borrow().len());
            sleep(Duration::from_secs(duration)).await;
            fetched
        });
        tokio::select! {
            () = fetching => {}
            () = async { tokio::join!(happening, sleep(Duration::from_secs(limit))); } => {}
        }
        begun.into_inner()
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_leads_to_one_more_run() {
        let news = News::new();
        news.set_listening(true);
        let burst = async {
            sleep(Duration::from_secs(2)).await;
            for _ in 0..1000 {
                news.tell();
            }
            sleep(Duration::from_secs(100)).await;
            news.tell();
        };
        assert_eq!(runs(1000, &news, |_| (10, Something(1)), burst).await, [0, 10, 102]);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_connection_there_is_a_run_now_and_then() {
        let news = News::new();
        let connection = async {
            sleep(Duration::from_secs(130)).await;
            news.set_listening(true);
            news.catch_up();
            sleep(Duration::from_secs(1000)).await;
            news.set_listening(false);
        };
        assert_eq!(runs(1200, &news, |_| (0, Something(1)), connection).await, [0, 60, 120, 130, 1190]);
    }

    #[tokio::test(start_paused = true)]
    async fn failures_are_repeated_with_growing_pauses_until_there_is_a_connection() {
        let news = News::new();
        let connection = async {
            for _ in 0..100 {
                sleep(Duration::from_secs(2)).await;
                news.tell();
            }
            news.set_listening(true);
            news.catch_up();
        };
        let begun = runs(1000, &news, |run| (0, if run > 4 { Something(1) } else { Failed }), connection).await;
        let pauses: Vec<u64> = begun.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(
            (1..=3).contains(&pauses[0]) && (1..=5).contains(&pauses[1]) && (3..=9).contains(&pauses[2]),
            "{begun:?}"
        );
        assert!(begun.iter().filter(|begun| **begun < 8).count() <= 4, "what is told does not hurry: {begun:?}");

        let news = News::new();
        let connection = async {
            sleep(Duration::from_secs(200)).await;
            news.set_listening(true);
            news.catch_up();
        };
        let begun =
            runs(1000, &news, |_| (0, if *news.listening().borrow() { Something(1) } else { Failed }), connection)
                .await;
        assert_eq!(begun.last(), Some(&200), "{begun:?}");
        assert!((8..=14).contains(&begun.len()), "{begun:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_told_and_is_not_there_yet_is_asked_for_again_within_seconds() {
        let news = News::new();
        news.set_listening(true);
        let announcement = async {
            sleep(Duration::from_secs(100)).await;
            news.expect();
        };
        // The first run at the start finds nothing, as usual; nor does the one after the announcement, nor the next
        // two.
        let begun = runs(1000, &news, |run| (0, if run == 5 { Something(1) } else { Nothing }), announcement).await;
        assert_eq!(begun, [0, 100, 100, 101, 104]);
    }

    #[tokio::test(start_paused = true)]
    async fn of_two_that_were_told_the_second_is_asked_for_as_well() {
        let news = News::new();
        news.set_listening(true);
        let announcements = async {
            sleep(Duration::from_secs(100)).await;
            news.expect();
            news.expect();
        };
        // Each causes a run, but only one of the two is there at once, and the other a second later.
        let found = |run| (0, if matches!(run, 2 | 5) { Something(1) } else { Nothing });
        let begun = runs(1000, &news, found, announcements).await;
        assert_eq!(begun, [0, 100, 100, 100, 101]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_never_comes_is_not_asked_for_without_end() {
        let news = News::new();
        news.set_listening(true);
        let announcement = async {
            sleep(Duration::from_secs(100)).await;
            news.expect();
        };
        let begun = runs(10_000, &news, |_| (0, Nothing), announcement).await;
        assert_eq!(begun, [0, 100, 100, 101, 104, 113]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_announcement_survives_a_failed_synchronisation() {
        let news = News::new();
        news.set_listening(true);
        let announcement = async {
            sleep(Duration::from_secs(100)).await;
            news.expect();
        };
        let outcome = |run| (0, if run == 2 { Failed } else { Nothing });
        let begun = runs(10_000, &news, outcome, announcement).await;
        assert_eq!(begun.len(), 1 + 1 + 1 + NOT_THERE_YET.len(), "{begun:?}");
    }
}
