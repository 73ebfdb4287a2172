//! Turns for work so costly that only a few may do it at a time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot::{self, Sender};

use crate::http::{ApiError, Source};

/// Longest wait for a turn.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Number of sources that share the waiting places if each takes all it can get.
const SOURCES: usize = 5;

/// The caller that wants a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asker {
    /// None for those who have logged in.
    source: Option<Source>,
    username: String,
}

impl Asker {
    pub(crate) const LOGGED_IN: Self = Self { source: None, username: String::new() };

    /// A caller that gives this username, which need not exist.
    pub(crate) fn anonymous(source: Source, username: impl Into<String>) -> Self {
        Self { source: Some(source), username: username.into() }
    }
}

/// The turns. They rotate among the sources of the waiting callers, and within a source among its names, so that many
/// callers of one kind do not delay one of another kind.
#[derive(Debug, Clone)]
pub(crate) struct Turns(Arc<Mutex<Queue>>);

#[derive(Debug)]
struct Queue {
    free: usize,
    /// Number of callers that may wait.
    places: usize,
    sources: VecDeque<(Option<Source>, Names)>,
}

type Names = VecDeque<(String, VecDeque<Sender<Turn>>)>;

/// A turn, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn(Turns);

impl Turns {
    pub(crate) fn new(at_a_time: usize, places: usize) -> Self {
        Self(Arc::new(Mutex::new(Queue { free: at_a_time, places, sources: VecDeque::new() })))
    }

    /// Waits for a turn.
    pub(crate) async fn take(&self, asker: Asker) -> Result<Turn, ApiError> {
        let turn = {
            let mut queue = self.lock();
            if queue.free > 0 {
                queue.free -= 1;
                return Ok(Turn(self.clone()));
            }
            queue.make_room(asker.source);
            let (sender, turn) = oneshot::channel();
            queue.push(asker, sender);
            turn
        };
        // The sender is dropped when another caller needs the place.
        tokio::time::timeout(LONGEST_WAIT, turn).await.ok().and_then(Result::ok).ok_or(ApiError::Overloaded)
    }

    /// The guarded data is consistent between any two statements, so a panic elsewhere spoils nothing.
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let next = {
            let mut queue = self.0.lock();
            let next = queue.pop();
            if next.is_none() {
                queue.free += 1;
            }
            next
        };
        if let Some(next) = next {
            // A caller that has just stopped waiting drops the turn, which then goes to the next one.
            drop(next.send(Self(self.0.clone())));
        }
    }
}

impl Queue {
    fn push(&mut self, asker: Asker, waiting: Sender<Turn>) {
        let names = entry(&mut self.sources, asker.source);
        entry(names, asker.username).push_back(waiting);
    }

    /// The next one that still waits.
    fn pop(&mut self) -> Option<Sender<Turn>> {
        while let Some((source, mut names)) = self.sources.pop_front() {
            let next = names.pop_front().and_then(|(name, mut waiting)| {
                let next = waiting.pop_front();
                if !waiting.is_empty() {
                    names.push_back((name, waiting));
                }
                next
            });
            if !names.is_empty() {
                self.sources.push_back((source, names));
            }
            if let Some(next) = next.filter(|next| !next.is_closed()) {
                return Some(next);
            }
        }
        None
    }

    /// When a source has as many waiting as it may, the last one under its most frequent name gives up its place; when
    /// all places are taken, one of the source that has the most.
    fn make_room(&mut self, source: Option<Source>) {
        let size = |names: &Names| names.iter().map(|(_, waiting)| waiting.len()).sum::<usize>();
        let give_up = |names: &mut Names| {
            let most = names.iter_mut().max_by_key(|(_, waiting)| waiting.len());
            most.and_then(|(_, waiting)| waiting.pop_back())
        };
        if let Some((_, own)) = self.sources.iter_mut().find(|(known, _)| *known == source)
            && size(own) >= self.places.div_ceil(SOURCES)
        {
            give_up(own);
        } else if self.sources.iter().map(|(_, names)| size(names)).sum::<usize>() >= self.places
            && let Some((_, most)) = self.sources.iter_mut().max_by_key(|(_, names)| size(names))
        {
            give_up(most);
        }
    }
}

/// The value of a key, created if missing.
fn entry<K: PartialEq, V: Default>(entries: &mut VecDeque<(K, V)>, key: K) -> &mut V {
    let place = entries.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
        entries.push_back((key, V::default()));
        entries.len() - 1
    });
    &mut entries[place].1
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::pin::pin;

    use super::*;

    const ONE: Source = Source::V4([192, 0, 2, 1]);
    const OTHER: Source = Source::V4([192, 0, 2, 2]);

    async fn wait(turns: &Turns, source: Source, name: &str, log: &Mutex<Vec<String>>) {
        let turn = turns.take(Asker::anonymous(source, name)).await.unwrap();
        log.lock().unwrap().push(name.to_owned());
        drop(turn);
    }

    #[tokio::test]
    async fn turns_go_round_among_sources_and_names() {
        let (turns, log) = (Turns::new(1, 100), Mutex::default());
        let first = turns.take(Asker::LOGGED_IN).await.unwrap();
        let flood = async {
            let a = (wait(&turns, ONE, "a", &log), wait(&turns, ONE, "a", &log), wait(&turns, ONE, "a", &log));
            let others = (wait(&turns, ONE, "b", &log), wait(&turns, OTHER, "c", &log), wait(&turns, OTHER, "c", &log));
            tokio::join!(a.0, a.1, a.2, others.0, others.1, others.2);
        };
        tokio::join!(flood, async { drop(first) });
        assert_eq!(log.into_inner().unwrap(), ["a", "c", "b", "c", "a", "a"]);
    }

    #[tokio::test]
    async fn callers_that_stopped_waiting_are_skipped() {
        let turns = Turns::new(1, 100);
        let first = turns.take(Asker::LOGGED_IN).await.unwrap();
        {
            let mut gone = pin!(turns.take(Asker::anonymous(ONE, "gone")));
            assert!(futures_util::poll!(&mut gone).is_pending());
        }
        let mut next = pin!(turns.take(Asker::anonymous(ONE, "next")));
        assert!(futures_util::poll!(&mut next).is_pending());
        drop(first);
        drop(next.await.unwrap());
        assert_eq!(turns.lock().free, 1);
    }

    #[tokio::test]
    async fn those_with_the_most_make_room() {
        let turns = Turns::new(1, 3 * SOURCES);
        let _first = turns.take(Asker::LOGGED_IN).await.unwrap();
        let sources: Vec<Source> = (0..SOURCES as u8).map(|number| Source::V4([10, 0, 0, number])).collect();
        let mut many = Vec::new();
        for source in &sources {
            for _ in 0..3 {
                many.push(Box::pin(turns.take(Asker::anonymous(*source, "a"))));
            }
        }
        for waiting in &mut many {
            assert!(futures_util::poll!(waiting).is_pending());
        }
        // One of another source, and a name that is a minority.
        let mut other = pin!(turns.take(Asker::anonymous(OTHER, "b")));
        assert!(futures_util::poll!(&mut other).is_pending());
        let mut name = pin!(turns.take(Asker::anonymous(sources[0], "b")));
        assert!(futures_util::poll!(&mut name).is_pending());
        let mut given_up = Vec::new();
        for (index, waiting) in many.iter_mut().enumerate() {
            if let std::task::Poll::Ready(Err(ApiError::Overloaded)) = futures_util::poll!(waiting) {
                given_up.push(index);
            }
        }
        assert_eq!(given_up, [2, 3 * SOURCES - 1]);
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_has_a_limit() {
        let turns = Turns::new(1, 3);
        let _first = turns.take(Asker::LOGGED_IN).await.unwrap();
        assert!(matches!(turns.take(Asker::LOGGED_IN).await, Err(ApiError::Overloaded)));
    }
}
