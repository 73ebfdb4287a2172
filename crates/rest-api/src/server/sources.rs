//! Limits the number of connections, in total and per source.

use std::collections::HashMap;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio_util::sync::CancellationToken;

use crate::auth::Source;

/// The usual file limit of a process, assumed if the system does not report it.
const USUAL_FILES: usize = 1024;

/// The maximum number of connections. Each is a file for the system, and without files nothing works, neither other
/// connections nor the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    in_all: usize,
    per_source: usize,
}

impl Limits {
    /// As many as leave a quarter of the files for everything else: the database, the Backbone, targets.
    pub(crate) fn of_process() -> Self {
        Self::of(open_files().unwrap_or(USUAL_FILES))
    }

    fn of(files: usize) -> Self {
        const MOST_PER_SOURCE: usize = 512;
        let in_all = (files - files / 4).max(1);
        // A single source must not take all.
        Self { in_all, per_source: MOST_PER_SOURCE.min((in_all / 3 * 2).max(1)) }
    }
}

/// The number of files this process may have open, if the system reports it.
fn open_files() -> Option<usize> {
    soft_limit(&std::fs::read_to_string("/proc/self/limits").ok()?)
}

/// The first number in the line about files, which is the effective limit.
fn soft_limit(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(usize::MAX),
        number => number.parse().ok(),
    }
}

/// The open connections.
#[derive(Debug, Clone)]
pub(crate) struct Sources {
    limits: Limits,
    open: Arc<Mutex<Open>>,
    /// Orders the events of all connections.
    steps: Arc<AtomicU64>,
}

#[derive(Debug, Default)]
struct Open {
    connections: HashMap<u64, Arc<Connection>>,
    /// Reported once, until there are fewer.
    is_reported: bool,
    of: HashMap<Source, Count>,
}

#[derive(Debug, Default)]
struct Count {
    open: usize,
    /// Reported once, until all of them have ended.
    is_reported: bool,
}

#[derive(Debug)]
struct Connection {
    source: Source,
    state: Mutex<State>,
    displaced: CancellationToken,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// No request has arrived yet, or the last one was answered, since this step.
    Idle(u64),
    Working,
    /// The answer is completely written, but may not have been sent.
    Sending,
}

/// A connection, until the last copy is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Visit(Arc<Entered>);

#[derive(Debug)]
struct Entered {
    sources: Sources,
    id: u64,
    connection: Arc<Connection>,
}

impl Sources {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, open: Arc::default(), steps: Arc::default() }
    }

    /// If the source has reached its limit, or all together have, the connection that has been idle for longest makes
    /// room. `None` if all are busy.
    pub(crate) fn enter(&self, address: IpAddr) -> Option<Visit> {
        let source = Source::of(address);
        let Limits { in_all, per_source } = self.limits;
        let mut open = lock(&self.open);
        if open.of.get(&source).is_some_and(|count| count.open >= per_source) && !open.displace(Some(source)) {
            let count = open.of.entry(source).or_default();
            if !std::mem::replace(&mut count.is_reported, true) {
                tracing::warn!(%address, "a source has {per_source} connections at work, and gets no further one");
            }
            return None;
        }
        if open.connections.len() >= in_all && !open.displace(None) {
            if !std::mem::replace(&mut open.is_reported, true) {
                tracing::warn!(
                    %address,
                    "there are {in_all} connections at work, and no further one is taken: more need a higher limit of open files"
                );
            }
            return None;
        }
        let id = self.step();
        let connection =
            Arc::new(Connection { source, state: Mutex::new(State::Idle(id)), displaced: CancellationToken::new() });
        open.connections.insert(id, Arc::clone(&connection));
        open.of.entry(source).or_default().open += 1;
        Some(Visit(Arc::new(Entered { sources: self.clone(), id, connection })))
    }

    fn step(&self) -> u64 {
        self.steps.fetch_add(1, Ordering::Relaxed)
    }
}

impl Open {
    /// Ends the connection that has been idle for longest, of a source or of all, if any is idle.
    fn displace(&mut self, source: Option<Source>) -> bool {
        let among = |connection: &Connection| source.is_none_or(|source| connection.source == source);
        let idle =
            self.connections.iter().filter(|(_, connection)| among(connection)).filter_map(|(id, connection)| {
                match *lock(&connection.state) {
                    State::Idle(since) => Some((since, *id)),
                    State::Working | State::Sending => None,
                }
            });
        let Some((_, id)) = idle.min() else { return false };
        if let Some(connection) = self.remove(id) {
            connection.displaced.cancel();
        }
        true
    }

    fn remove(&mut self, id: u64) -> Option<Arc<Connection>> {
        let connection = self.connections.remove(&id)?;
        if let Some(count) = self.of.get_mut(&connection.source) {
            count.open = count.open.saturating_sub(1);
            if count.open == 0 {
                self.of.remove(&connection.source);
            }
        }
        Some(connection)
    }
}

impl Visit {
    /// Waits until its place is needed for another connection.
    pub(crate) async fn displaced(&self) {
        self.0.connection.displaced.cancelled().await;
    }

    /// A request has arrived.
    pub(crate) fn begin(&self) {
        *lock(&self.0.connection.state) = State::Working;
    }

    /// The body of its answer, after which the connection is idle again as soon as everything has been sent.
    pub(crate) fn until_taken(&self, body: Body) -> Body {
        Body::new(Taken { body, visit: self.clone() })
    }

    /// Everything written has been sent.
    pub(crate) fn flushed(&self) {
        let mut state = lock(&self.0.connection.state);
        if matches!(*state, State::Sending) {
            *state = State::Idle(self.0.sources.step());
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut open = lock(&self.sources.open);
        open.remove(self.id);
        // So that connections that come and go at the limit do not flood the log.
        if open.connections.len() < self.sources.limits.in_all / 2 {
            open.is_reported = false;
        }
    }
}

/// The body of an answer, which is dropped once its end is written.
#[derive(Debug)]
struct Taken {
    body: Body,
    visit: Visit,
}

impl HttpBody for Taken {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        *lock(&self.visit.0.connection.state) = State::Sending;
    }
}

/// The guarded values are consistent between any two statements, so a panic elsewhere does no harm.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    /// A busy connection.
    fn working(sources: &Sources, address: IpAddr) -> Option<Visit> {
        sources.enter(address).inspect(Visit::begin)
    }

    #[test]
    fn one_source_has_only_so_many_connections() {
        let sources = Sources::new(Limits { in_all: 100, per_source: 10 });
        let one: IpAddr = "10.0.0.1".parse().unwrap();
        let visits: Vec<_> = (0..10).map(|_| working(&sources, one).unwrap()).collect();
        assert!(sources.enter("::ffff:10.0.0.1".parse().unwrap()).is_none());
        let _other = sources.enter("10.0.0.2".parse().unwrap()).unwrap();
        drop(visits);
        assert_eq!(lock(&sources.open).of.len(), 1, "nothing is left of the first");
        sources.enter(one).unwrap();
    }

    #[test]
    fn all_sources_together_leave_files_for_everything_else() {
        let limits = Limits::of(USUAL_FILES);
        let sources = Sources::new(limits);
        let mut visits = Vec::new();
        for source in 1..=3 {
            let address = IpAddr::from([10, 0, 0, source]);
            visits.extend((0..USUAL_FILES).map_while(|_| working(&sources, address)));
        }
        assert_eq!(visits.len(), limits.in_all);
        assert!(visits.len() <= USUAL_FILES - 256);
        visits.pop();
        let last = sources.enter("10.0.0.4".parse().unwrap()).unwrap();
        let _instead = working(&sources, "10.0.0.5".parse().unwrap()).unwrap();
        assert!(last.0.connection.displaced.is_cancelled());
        assert!(sources.enter("10.0.0.6".parse().unwrap()).is_none());
        drop(last);
        assert_eq!(lock(&sources.open).connections.len(), limits.in_all, "it is not counted twice");
    }

    #[test]
    fn the_one_that_has_been_idle_for_longest_makes_room() {
        let sources = Sources::new(Limits { in_all: 100, per_source: 10 });
        let one: IpAddr = "10.0.0.1".parse().unwrap();
        let visits: Vec<_> = (0..10).map(|_| working(&sources, one).unwrap()).collect();
        let is_displaced = |index: usize| visits[index].0.connection.displaced.is_cancelled();
        // A part of the answer may not have been sent.
        for index in [7, 3] {
            drop(visits[index].until_taken(Body::empty()));
        }
        assert!(sources.enter(one).is_none());
        for index in [3, 7, 9] {
            visits[index].flushed();
        }
        let _first = working(&sources, one).unwrap();
        assert!(is_displaced(3) && !is_displaced(7));
        let _second = working(&sources, one).unwrap();
        assert!(is_displaced(7));
        assert!(sources.enter(one).is_none(), "9 is at work");
    }

    #[test]
    fn limits_follow_from_the_files_there_are() {
        assert_eq!(Limits::of(1024), Limits { in_all: 768, per_source: 512 });
        assert_eq!(Limits::of(256), Limits { in_all: 192, per_source: 128 });
        assert_eq!(Limits::of(0), Limits { in_all: 1, per_source: 1 });
        assert_eq!(Limits::of(usize::MAX).per_source, 512);
        let text = "Limit                     Soft Limit           Hard Limit           Units     \n\
                    Max open files            1048               1048576              files     \n";
        assert_eq!(soft_limit(text), Some(1048));
        assert_eq!(soft_limit(&text.replace("1048 ", "unlimited ")), Some(usize::MAX));
        assert_eq!(soft_limit(""), None);
        #[cfg(target_os = "linux")]
        assert!(open_files().is_some());
    }
}
