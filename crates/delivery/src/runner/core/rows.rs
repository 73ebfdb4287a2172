//! The state of a target's rows in the store, as far as it is known.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::queue::Key;

#[derive(Debug)]
pub(super) struct Rows {
    /// Rows in memory, and those whose result is not written yet.
    pub(super) loaded: HashSet<i64>,
    /// Rows that are not dead.
    pub(super) live: u64,
    /// Dead letters.
    pub(super) dead: u64,
    /// The running time at which the next row is due; `None` if nothing has to be searched for.
    pub(super) next_at: Option<Duration>,
    pub(super) search: SearchState,
    /// Objects with added rows that a running read may not see, each with its first row.
    pub(super) unseen: HashMap<String, Key>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SearchState {
    Idle,
    Running,
    /// Running, and rows may have become due that it does not find.
    Outdated,
}

impl Rows {
    pub(super) fn new(live: u64, dead: u64, now: Duration) -> Self {
        Self {
            loaded: HashSet::new(),
            live,
            dead,
            next_at: (live > 0).then_some(now),
            search: SearchState::Idle,
            unseen: HashMap::new(),
        }
    }

    /// Rows may have become due, which a running search need not find.
    pub(super) fn search_again(&mut self, now: Duration) {
        self.next_at = (self.live > 0).then_some(now);
        if self.search == SearchState::Running {
            self.search = SearchState::Outdated;
        }
    }

    /// A search has ended, and the next row is due at `next`.
    pub(super) fn searched(&mut self, next: Option<Duration>, was: SearchState, now: Duration) {
        self.next_at = next;
        if was == SearchState::Outdated {
            self.search_again(now);
        }
    }

    pub(super) fn added(&mut self, object: &str, key: Key) {
        match self.unseen.get_mut(object) {
            Some(first) => *first = key.min(*first),
            None => {
                self.unseen.insert(object.to_owned(), key);
            }
        }
    }

    /// True if a row about the object that comes before this one was added and may not have been seen.
    pub(super) fn comes_after_unseen(&self, object: Option<&str>, key: Key) -> bool {
        object.and_then(|object| self.unseen.get(object)).is_some_and(|first| *first < key)
    }
}
