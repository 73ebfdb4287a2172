use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use core_types::IdentityAddress;
use tokio_util::sync::CancellationToken;

use crate::config::Connections as Limits;
use crate::http::{LoggedIn, Source};

/// One place in this many is reserved for callers who have logged in.
const KEPT: usize = 4;

/// Number of stalled bodies an Identity may have before one of them is closed to make room for others.
const SLOW: usize = 16;

/// The open connections.
#[derive(Debug, Clone)]
pub(super) struct Connections {
    limits: Limits,
    open: Arc<Mutex<Open>>,
    /// Counts steps, to order events.
    steps: Arc<AtomicU64>,
}

#[derive(Debug)]
struct Connection {
    state: Mutex<State>,
    displaced: CancellationToken,
}

#[derive(Debug)]
struct State {
    /// The source of its requests. It is unknown for a connection of a proxy before its first request.
    source: Option<Source>,
    /// The caller of the last request.
    logged_in: LoggedIn,
    /// Requests without an answer, or with one that the HTTP library has not taken.
    under_way: usize,
    /// Part of an answer may still be on its way to the client.
    is_sending: bool,
    /// The step at which it was idle last.
    idle_since: u64,
    has_had_request: bool,
    /// The body of a request has not arrived yet.
    is_waiting: bool,
    /// The step at which the client was first waited for during this request.
    waiting_since: Option<u64>,
}

impl State {
    fn new(source: Option<Source>, step: u64) -> Self {
        Self {
            source,
            logged_in: LoggedIn::default(),
            under_way: 0,
            is_sending: false,
            idle_since: step,
            has_had_request: false,
            is_waiting: false,
            waiting_since: None,
        }
    }

    fn is_idle(&self) -> bool {
        self.under_way == 0 && !self.is_sending
    }

    fn is_anonymous(&self) -> bool {
        self.logged_in.identity().is_none()
    }

    /// The step at which the wait for the client began, while it lasts.
    fn waiting_since(&self) -> Option<u64> {
        self.waiting_since.filter(|_| self.is_waiting)
    }

    /// The rank of the connection among those that may be closed; none while it is needed.
    fn dispensable(&self) -> Option<Dispensable> {
        match self.waiting_since() {
            _ if self.is_idle() => Some(Dispensable::Idle(self.idle_since)),
            Some(since) if self.is_anonymous() => Some(Dispensable::Waiting(since)),
            _ => None,
        }
    }
}

/// Connections that may be closed, in the order of their closing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Dispensable {
    Idle(u64),
    /// A caller who has not logged in has begun a request and stalls.
    Waiting(u64),
}

type Open = HashMap<u64, Arc<Connection>>;

impl Connections {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, open: Arc::default(), steps: Arc::default() }
    }

    /// A place for a new connection, if necessary that of another one: first one of the same source, if the source has
    /// reached its limit. There is none if all are busy.
    pub(super) fn admit(&self, source: Option<Source>) -> Option<Place> {
        let mut open = lock(&self.open);
        if source.is_some() && count(&open, |state| state.source == source) >= self.limits.per_source {
            displace(&mut open, |state| state.source == source)?;
        }
        if open.len() >= self.limits.in_all {
            displace(&mut open, |_| true)?;
        }
        let id = self.step();
        let state = Mutex::new(State::new(source, id));
        let connection = Arc::new(Connection { state, displaced: CancellationToken::new() });
        open.insert(id, Arc::clone(&connection));
        Some(Place(Arc::new(Taken { id, connection, connections: self.clone() })))
    }

    /// Checks for room for one more request of a source, closing a stalled one if necessary.
    fn has_room(&self, source: Source, is_modest: bool) -> bool {
        let mut open = lock(&self.open);
        let source = Some(source);
        // The source of a proxy's connection is that of its last request.
        let of_source = |state: &State| state.source == source && !state.is_idle();
        if count(&open, of_source) >= self.limits.per_source && displace(&mut open, of_source).is_none() {
            return false;
        }
        if is_modest {
            return true;
        }
        let is_anonymous = |state: &State| !state.is_idle() && state.is_anonymous();
        let of_source = |state: &State| of_source(state) && is_anonymous(state);
        let shared = |limit: usize| limit - limit / KEPT;
        (count(&open, of_source) < shared(self.limits.per_source) || displace(&mut open, of_source).is_some())
            && (count(&open, is_anonymous) < shared(self.limits.in_all) || displace(&mut open, is_anonymous).is_some())
    }

    fn step(&self) -> u64 {
        self.steps.fetch_add(1, Ordering::Relaxed)
    }
}

fn count(open: &Open, among: impl Fn(&State) -> bool) -> usize {
    open.values().filter(|connection| among(&lock(&connection.state))).count()
}

/// Ends the most dispensable connection among some, if one is.
fn displace(open: &mut Open, among: impl Fn(&State) -> bool) -> Option<()> {
    let dispensable = open.iter().filter_map(|(id, connection)| {
        let state = lock(&connection.state);
        state.dispensable().filter(|_| among(&state)).map(|dispensable| (dispensable, *id))
    });
    let id = dispensable.min().map(|(_, id)| id).or_else(|| slow_of_one_identity(open, among))?;
    open.remove(&id)?.displaced.cancel();
    Some(())
}

/// The oldest stalled request among some, of the Identity that has the most of them, if they are many.
fn slow_of_one_identity(open: &Open, among: impl Fn(&State) -> bool) -> Option<u64> {
    let mut slow: HashMap<IdentityAddress, Vec<(u64, u64)>> = HashMap::new();
    for (id, connection) in open {
        let state = lock(&connection.state);
        if let (Some(since), Some(identity)) = (state.waiting_since(), state.logged_in.identity())
            && among(&state)
        {
            slow.entry(identity.clone()).or_default().push((since, *id));
        }
    }
    let most = slow.into_values().max_by_key(Vec::len).filter(|slow| slow.len() > SLOW)?;
    most.into_iter().min().map(|(_, id)| id)
}

/// The place of a connection, until its last clone is dropped.
#[derive(Debug, Clone)]
pub(super) struct Place(Arc<Taken>);

#[derive(Debug)]
struct Taken {
    id: u64,
    connection: Arc<Connection>,
    connections: Connections,
}

impl Drop for Taken {
    fn drop(&mut self) {
        lock(&self.connections.open).remove(&self.id);
    }
}

impl Place {
    /// Waits until the place is needed for another connection.
    pub(super) async fn displaced(&self) {
        self.0.connection.displaced.cancelled().await;
    }

    /// Begins a request and returns whether there is room for it: each source, and all callers who have not logged in
    /// together, have a limit. A modest request, which is answered at once or has a bearer token, may use the reserved
    /// room.
    pub(super) fn begin_request(&self, source: Source, logged_in: LoggedIn, is_modest: bool) -> (UnderWay, bool) {
        let has_room = self.0.connections.has_room(source, is_modest);
        let mut state = lock(&self.0.connection.state);
        state.source = Some(source);
        state.logged_in = logged_in;
        state.under_way += 1;
        state.has_had_request = true;
        (state.is_waiting, state.waiting_since) = (false, None);
        (UnderWay(self.clone()), has_room)
    }

    /// Records whether the server waits for the body of the request.
    pub(super) fn set_waiting(&self, is_waiting: bool) {
        let mut state = lock(&self.0.connection.state);
        state.is_waiting = is_waiting;
        if is_waiting && state.waiting_since.is_none() {
            state.waiting_since = Some(self.0.connections.step());
        }
    }

    pub(super) fn has_request(&self) -> bool {
        !lock(&self.0.connection.state).is_idle()
    }

    /// Notes that everything written has left. The HTTP library flushes each time its buffer is empty, and takes the
    /// whole of an answer long before a slow client has it.
    pub(super) fn flushed(&self) {
        let mut state = lock(&self.0.connection.state);
        if std::mem::take(&mut state.is_sending) {
            state.idle_since = self.0.connections.step();
        }
    }

    pub(super) fn has_had_request(&self) -> bool {
        lock(&self.0.connection.state).has_had_request
    }
}

/// A request, until its answer has been taken by the HTTP library, which then has to send it.
#[derive(Debug)]
pub(super) struct UnderWay(Place);

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut state = lock(&self.0.0.connection.state);
        state.under_way = state.under_way.saturating_sub(1);
        state.is_sending = true;
    }
}

/// The guarded data is consistent between any two statements, so a panic elsewhere spoils nothing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const ONE: Source = Source::V4([192, 0, 2, 1]);
    const OTHER: Source = Source::V4([192, 0, 2, 2]);

    fn connections(in_all: usize, per_source: usize) -> Connections {
        Connections::new(Limits { in_all, per_source })
    }

    fn begin(place: &Place, source: Source) -> UnderWay {
        let (request, has_room) = place.begin_request(source, LoggedIn::default(), false);
        assert!(has_room);
        request
    }

    fn is_displaced(place: &Place) -> bool {
        place.0.connection.displaced.is_cancelled()
    }

    #[test]
    fn the_longest_idle_of_a_source_makes_room_for_it() {
        let connections = connections(10, 2);
        let first = connections.admit(Some(ONE)).unwrap();
        let second = connections.admit(Some(ONE)).unwrap();
        let other = connections.admit(Some(OTHER)).unwrap();
        drop(begin(&first, ONE));
        first.flushed();
        let third = connections.admit(Some(ONE)).unwrap();
        assert!(is_displaced(&second));
        for place in [&first, &other, &third] {
            assert!(!is_displaced(place));
        }
    }

    #[test]
    fn connections_at_work_stay() {
        let connections = connections(3, 2);
        let (first, second) = (connections.admit(Some(ONE)).unwrap(), connections.admit(Some(ONE)).unwrap());
        let (one_request, _other_request) = (begin(&first, ONE), begin(&second, ONE));
        assert!(connections.admit(Some(ONE)).is_none());
        let other = connections.admit(Some(OTHER)).unwrap();
        let _request = begin(&other, OTHER);
        assert!(connections.admit(Some(OTHER)).is_none());
        drop(one_request);
        assert!(connections.admit(Some(OTHER)).is_none(), "the answer is still on its way");
        first.flushed();
        connections.admit(Some(OTHER)).unwrap();
        assert!(is_displaced(&first));
        assert!(!is_displaced(&second));
    }

    #[test]
    fn places_are_given_back() {
        let connections = connections(1, 1);
        for _ in 0..3 {
            let place = connections.admit(Some(ONE)).unwrap();
            let request = begin(&place, ONE);
            assert!(connections.admit(Some(ONE)).is_none());
            drop((place, request));
            assert_eq!(lock(&connections.open).len(), 0);
        }
    }

    #[test]
    fn a_stalled_request_makes_room() {
        let connections = connections(3, 2);
        let (first, second) = (connections.admit(Some(ONE)).unwrap(), connections.admit(Some(ONE)).unwrap());
        let (request, _other_request) = (begin(&first, ONE), begin(&second, ONE));
        second.set_waiting(true);
        first.set_waiting(true);
        // A single byte now and then makes no difference.
        second.set_waiting(false);
        second.set_waiting(true);
        let third = connections.admit(Some(ONE)).unwrap();
        assert!(is_displaced(&second) && !is_displaced(&first));
        let _request = begin(&third, ONE);
        first.set_waiting(false);
        assert!(connections.admit(Some(ONE)).is_none(), "both are at work");
        drop(request);
        first.flushed();
        // A caller who has logged in may take its time.
        let logged_in = LoggedIn::default();
        let (_request, has_room) = first.begin_request(ONE, logged_in.clone(), true);
        assert!(has_room);
        logged_in.set(IdentityAddress::new("a"));
        first.set_waiting(true);
        assert!(connections.admit(Some(ONE)).is_none());
    }

    #[test]
    fn an_identity_does_not_take_all_places_by_being_slow() {
        let connections = connections(100, SLOW + 3);
        let known = |name: &str| {
            let logged_in = LoggedIn::default();
            logged_in.set(IdentityAddress::new(name));
            logged_in
        };
        let places: Vec<_> = (0..SLOW + 3).map(|_| connections.admit(Some(ONE)).unwrap()).collect();
        let _requests: Vec<_> = places
            .iter()
            .enumerate()
            .map(|(index, place)| {
                let request = place.begin_request(ONE, known(if index < 2 { "a" } else { "b" }), true);
                place.set_waiting(true);
                request
            })
            .collect();
        let further = connections.admit(Some(ONE)).unwrap();
        assert!(is_displaced(&places[2]));
        let _request = further.begin_request(ONE, known("a"), true);
        assert!(connections.admit(Some(ONE)).is_none(), "no Identity has many");
        assert_eq!(places.iter().filter(|place| is_displaced(place)).count(), 1);
    }

    #[test]
    fn some_room_is_reserved_for_callers_who_have_logged_in() {
        let connections = connections(16, 8);
        let places: Vec<_> = (0..8).map(|_| connections.admit(Some(ONE)).unwrap()).collect();
        let _requests: Vec<_> = places[..6].iter().map(|place| begin(place, ONE)).collect();
        assert!(!places[6].begin_request(ONE, LoggedIn::default(), false).1);
        assert!(places[7].begin_request(ONE, LoggedIn::default(), true).1);
        places[6].flushed();
        places[7].flushed();
        let known = || {
            let logged_in = LoggedIn::default();
            logged_in.set(IdentityAddress::new("a"));
            logged_in
        };
        let _further_requests: Vec<_> =
            places[6..].iter().map(|place| place.begin_request(ONE, known(), true)).collect();
        places[3].set_waiting(true);
        let further = connections.admit(Some(ONE)).unwrap();
        assert!(is_displaced(&places[3]));
        begin(&further, ONE);
    }

    #[test]
    fn connections_of_a_proxy_count_for_whom_they_are_used() {
        let connections = connections(100, 2);
        let places: Vec<_> = (0..50).map(|_| connections.admit(None).unwrap()).collect();
        let _requests = (begin(&places[0], ONE), begin(&places[1], OTHER), begin(&places[2], OTHER));
        assert!(!places[3].begin_request(OTHER, LoggedIn::default(), true).1);
        assert!(places[4].begin_request(ONE, LoggedIn::default(), true).1);
    }
}
