use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use backbone_api::SecretText;
use core_types::TierId;
use subtle::ConstantTimeEq as _;

use crate::http::{ApiError, Source};

/// Period over which wrong secrets are counted, from the first one on.
const PERIOD: Duration = Duration::from_secs(3600);
/// Limit of different wrong secrets of one source for one client in that time.
const MOST_WRONG: usize = 10;
/// Number of sources kept before the oldest are dropped.
const REMEMBERED: usize = 10_000;

type Digest = [u8; 32];

/// An application that may use the Backbone (`docs/protocol/03 §2`).
#[derive(Debug, Clone)]
pub struct OAuthClient {
    /// Its public name.
    pub id: String,
    /// Its secret.
    pub secret: SecretText,
    /// Maximum number of Identities it may create; no limit when absent.
    pub max_identities: Option<u64>,
}

impl OAuthClient {
    /// A client without limit.
    #[must_use]
    pub fn new(id: impl Into<String>, secret: impl Into<SecretText>) -> Self {
        Self { id: id.into(), secret: secret.into(), max_identities: None }
    }
}

/// A client as it is in force: the configured one with the overrides of the administrator's file.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) secret: SecretText,
    pub(crate) max_identities: Option<u64>,
    /// The tier of Identities it creates.
    pub(crate) default_tier: TierId,
}

/// Checks client secrets and limits wrong attempts.
///
/// The same wrong secret counts once, however often it is sent: a Connector with a mistake in its configuration retries
/// endlessly, guesses nothing by it, and must not lock out others at its address. Each source is counted by itself;
/// otherwise an unknown caller could lock a client for everyone.
#[derive(Debug, Default)]
pub(crate) struct ClientSecrets(Mutex<HashMap<(String, Source), Wrong>>);

/// The recent wrong secrets of one source for one client.
#[derive(Debug)]
struct Wrong {
    since: Instant,
    given: Vec<Digest>,
}

impl ClientSecrets {
    /// The client of this name, if the secret is its own.
    ///
    /// # Errors After too many wrong secrets; then the right one is refused as well, or guessing would go on.
    pub(crate) fn authenticate<'a>(
        &self,
        clients: &'a [Client],
        (id, secret): (&str, &str),
        source: Source,
        now: Instant,
    ) -> Result<Option<&'a Client>, ApiError> {
        let Some(client) = clients.iter().find(|client| client.id == id) else { return Ok(None) };
        // The comparison needs equal lengths, and hashes hide the length of the secret.
        let (given, expected) = (crypto::hash::sha256(secret), crypto::hash::sha256(client.secret.expose()));
        let is_right = bool::from(given.ct_eq(&expected));
        // The guarded data is consistent between any two statements, so a panic elsewhere spoils nothing.
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (id.to_owned(), source);
        if let Some(wrong) = counts.get(&key)
            && wrong.since + PERIOD <= now
        {
            counts.remove(&key);
        }
        match counts.get_mut(&key) {
            // The administrator may have made it the right one in the meantime.
            Some(wrong) if !is_right && wrong.given.contains(&given) => Ok(None),
            Some(wrong) if wrong.given.len() >= MOST_WRONG => {
                Err(ApiError::TooManyRequests { retry_after: (wrong.since + PERIOD).duration_since(now) })
            }
            _ if is_right => Ok(Some(client)),
            Some(wrong) => {
                wrong.given.push(given);
                Ok(None)
            }
            None => {
                make_room(&mut counts, now);
                counts.insert(key, Wrong { since: now, given: vec![given] });
                Ok(None)
            }
        }
    }
}

fn make_room(counts: &mut HashMap<(String, Source), Wrong>, now: Instant) {
    if counts.len() >= REMEMBERED {
        counts.retain(|_, wrong| wrong.since + PERIOD > now);
    }
    if counts.len() >= REMEMBERED {
        let mut times: Vec<Instant> = counts.values().map(|wrong| wrong.since).collect();
        times.sort_unstable();
        if let Some(middle) = times.get(times.len() / 2).copied() {
            counts.retain(|_, wrong| wrong.since > middle);
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn client(id: &str, secret: &str) -> Client {
        Client { id: id.to_owned(), secret: secret.into(), max_identities: None, default_tier: TierId::new("TIR1") }
    }

    const SOURCE: Source = Source::V4([192, 0, 2, 1]);
    const OTHER: Source = Source::V4([192, 0, 2, 2]);

    #[test]
    fn only_the_right_pair_is_authenticated() {
        let clients = [client("one", "first"), client("two", "second")];
        let (secrets, now) = (ClientSecrets::default(), Instant::now());
        let ask = |id, secret| secrets.authenticate(&clients, (id, secret), SOURCE, now).unwrap();
        assert_eq!(ask("two", "second").map(|client| client.id.as_str()), Some("two"));
        for (id, secret) in [("two", "first"), ("three", "first"), ("", ""), ("one", "first ")] {
            assert!(ask(id, secret).is_none(), "{id} {secret}");
        }
    }

    #[test]
    fn secrets_cannot_be_guessed_without_end_and_a_mistake_is_no_guess() {
        let clients = [client("one", "first"), client("two", "second")];
        let (secrets, now) = (ClientSecrets::default(), Instant::now());
        let ask = |id, secret: &str, source, now| {
            secrets.authenticate(&clients, (id, secret), source, now).map(|client| client.is_some())
        };
        for _ in 0..10 * MOST_WRONG {
            assert!(!ask("one", "mistake", SOURCE, now).unwrap());
        }
        for number in 1..MOST_WRONG {
            assert!(ask("one", "first", SOURCE, now).unwrap());
            assert!(!ask("one", &number.to_string(), SOURCE, now).unwrap());
        }
        let later = now + Duration::from_secs(600);
        for secret in ["another", "first"] {
            let error = ask("one", secret, SOURCE, later).unwrap_err();
            assert!(matches!(error, ApiError::TooManyRequests { retry_after } if retry_after.as_secs() == 3000));
        }
        assert!(!ask("one", "mistake", SOURCE, later).unwrap());
        assert!(ask("two", "second", SOURCE, later).unwrap());
        assert!(ask("one", "first", OTHER, later).unwrap());
        assert!(ask("one", "first", SOURCE, now + PERIOD).unwrap());
    }

    #[test]
    fn the_memory_has_an_end() {
        let clients = [client("one", "first")];
        let (secrets, now) = (ClientSecrets::default(), Instant::now());
        for number in 0..=REMEMBERED {
            let [.., a, b] = number.to_be_bytes();
            let at = now + Duration::from_millis(number as u64);
            secrets.authenticate(&clients, ("one", "wrong"), Source::V4([10, 0, a, b]), at).unwrap();
        }
        assert!(secrets.0.lock().unwrap().len() <= REMEMBERED / 2 + 1);
    }
}
