//! Limits how often passwords may be guessed where the protocol itself has no lock.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::http::ApiError;

/// Period over which wrong passwords are counted, from the first one on.
const PERIOD: Duration = Duration::from_secs(3600);
/// Limit of wrong passwords of one guesser for one object in that time.
const PER_GUESSER: u32 = 10;
/// Limit for all guessers together: the number that locks a token.
const PER_OBJECT: u32 = 100;
/// Number of counts kept before expired ones are dropped.
const REMEMBERED: usize = 100_000;

/// An object and the guesser; no guesser stands for all of them together.
type Key = (String, Option<String>);

/// Recent wrong passwords.
#[derive(Debug, Default)]
pub(crate) struct Guesses(Mutex<HashMap<Key, Count>>);

#[derive(Debug, Clone, Copy)]
struct Count {
    since: Instant,
    wrong: u32,
}

impl Count {
    fn end(self) -> Instant {
        self.since + PERIOD
    }
}

impl Guesses {
    /// Counts a password that is about to be compared, unless the limit is reached. The right password is refused then
    /// as well, or guessing would go on. `now` comes from a monotonic clock; otherwise setting the clock back would
    /// prolong a lock.
    pub(crate) fn count(&self, object: &str, guesser: &str, now: Instant) -> Result<(), ApiError> {
        let mut counts = self.counts();
        let own = (object.to_owned(), Some(guesser.to_owned()));
        let all = (object.to_owned(), None);
        for (key, most) in [(own, PER_GUESSER), (all, PER_OBJECT)] {
            if let Some(count) = counts.get(&key)
                && count.wrong >= most
                && count.end() > now
            {
                return Err(ApiError::TooManyRequests { retry_after: count.end().duration_since(now) });
            }
        }
        if counts.len() >= REMEMBERED {
            counts.retain(|_, count| count.end() > now);
        }
        // So many objects at once are a flood; the oldest half is dropped.
        if counts.len() >= REMEMBERED
            && let Some(middle) = middle(counts.values().map(|count| count.since).collect())
        {
            counts.retain(|_, count| count.since > middle);
        }
        for guesser in [Some(guesser.to_owned()), None] {
            let count = counts.entry((object.to_owned(), guesser)).or_insert(Count { since: now, wrong: 0 });
            if count.end() <= now {
                *count = Count { since: now, wrong: 0 };
            }
            count.wrong = count.wrong.saturating_add(1);
        }
        Ok(())
    }

    /// Takes a counted password back, unless it turned out to be wrong: one that could not be compared under load was
    /// no guess.
    pub(crate) fn settle(&self, object: &str, guesser: &str, is_right: &Result<bool, ApiError>) {
        if matches!(is_right, Ok(false)) {
            return;
        }
        let mut counts = self.counts();
        for guesser in [Some(guesser.to_owned()), None] {
            if let Some(count) = counts.get_mut(&(object.to_owned(), guesser)) {
                count.wrong = count.wrong.saturating_sub(1);
            }
        }
    }

    /// The guarded data is consistent between any two statements, so a panic elsewhere spoils nothing.
    fn counts(&self) -> MutexGuard<'_, HashMap<Key, Count>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn middle(mut times: Vec<Instant>) -> Option<Instant> {
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_guesser_is_stopped_for_an_hour_and_others_are_not() {
        let (guesses, start) = (Guesses::default(), Instant::now());
        for _ in 0..PER_GUESSER {
            guesses.count("object", "a", start).unwrap();
        }
        let later = start + Duration::from_secs(600);
        let error = guesses.count("object", "a", later).unwrap_err();
        assert!(matches!(error, ApiError::TooManyRequests { retry_after } if retry_after.as_secs() == 3000));
        guesses.count("object", "b", later).unwrap();
        guesses.count("other", "a", later).unwrap();
        let over = start + PERIOD;
        for _ in 0..PER_GUESSER {
            guesses.count("object", "a", over).unwrap();
        }
        assert!(guesses.count("object", "a", over).is_err());
    }

    #[test]
    fn only_wrong_passwords_use_anything_up() {
        let (guesses, start) = (Guesses::default(), Instant::now());
        for _ in 0..2 * PER_OBJECT {
            guesses.count("object", "a", start).unwrap();
            guesses.settle("object", "a", &Ok(true));
            guesses.count("object", "a", start).unwrap();
            guesses.settle("object", "a", &Err(ApiError::Overloaded));
        }
        for _ in 0..PER_GUESSER {
            guesses.count("object", "a", start).unwrap();
            guesses.settle("object", "a", &Ok(false));
        }
        assert!(guesses.count("object", "a", start).is_err());
    }

    #[test]
    fn many_guessers_together_are_stopped_too() {
        let (guesses, start) = (Guesses::default(), Instant::now());
        for number in 0..PER_OBJECT {
            let guesser = format!("guesser {number}");
            guesses.count("object", &guesser, start).unwrap();
        }
        assert!(guesses.count("object", "one more", start).is_err());
    }

    #[test]
    fn the_memory_has_an_end() {
        let (guesses, start) = (Guesses::default(), Instant::now());
        for number in 0..REMEMBERED {
            let at = start + Duration::from_millis(number as u64);
            guesses.count(&format!("object {number}"), "a", at).unwrap();
        }
        assert!(guesses.counts().len() <= REMEMBERED + 2);
        assert_eq!(guesses.counts().get(&("object 99999".to_owned(), None)).unwrap().wrong, 1);
    }
}
