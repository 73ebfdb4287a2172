//! When to synchronise.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::news::News;
use crate::back_off::BackOff;

/// While there is no connection, something may happen that nobody tells.
const UNTOLD: Duration = Duration::from_mins(1);

/// The pause after a failed synchronisation.
const RETRY: BackOff = BackOff { first: Duration::from_secs(1), longest: Duration::from_mins(1) };

/// Calls `synchronise`, which tells whether it succeeded, at once and then whenever there is reason to; never twice at the
/// same time. What is told meanwhile leads to one more run. Never ends by itself.
pub(super) async fn fetch<F: Future<Output = bool>>(news: &News, synchronise: impl Fn() -> F) {
    let mut failures = 0;
    loop {
        failures = if synchronise().await { 0 } else { failures + 1 };
        wait(news, failures).await;
    }
}

/// A failure delays what is told, so that a Backbone in trouble is spared; not the catching up, which is rare.
async fn wait(news: &News, failures: u32) {
    let mut from = Instant::now();
    let mut listening = news.listening();
    loop {
        let due = match failures {
            0 if *listening.borrow_and_update() => None,
            0 => Some(from + UNTOLD),
            _ => Some(from + RETRY.pause(failures)),
        };
        tokio::select! {
            biased;
            () = news.behind() => return,
            () = news.told(), if failures == 0 => return,
            () = async { match due { Some(due) => sleep_until(due).await, None => std::future::pending().await } } => return,
            // The sender is part of the news.
            _ = listening.changed(), if failures == 0 => from = Instant::now(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use tokio::time::sleep;

    use super::*;

    /// Runs for a while with what happens meanwhile; the second at which each run began, counted from the start.
    async fn runs(
        limit: u64,
        news: &News,
        outcome: impl Fn(usize) -> (u64, bool),
        happening: impl Future<Output = ()>,
    ) -> Vec<u64> {
        let start = Instant::now();
        let begun = RefCell::new(Vec::new());
        let fetching = fetch(news, || async {
            begun.borrow_mut().push(start.elapsed().as_secs());
            let (duration, success) = outcome(begun.borrow().len());
            sleep(Duration::from_secs(duration)).await;
            success
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
        assert_eq!(runs(1000, &news, |_| (10, true), burst).await, [0, 10, 102]);
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
        assert_eq!(runs(1200, &news, |_| (0, true), connection).await, [0, 60, 120, 130, 1190]);
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
        let begun = runs(1000, &news, |run| (0, run > 4), connection).await;
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
        let begun = runs(1000, &news, |_| (0, *news.listening().borrow()), connection).await;
        assert_eq!(begun.last(), Some(&200), "{begun:?}");
        assert!((8..=14).contains(&begun.len()), "{begun:?}");
    }
}
