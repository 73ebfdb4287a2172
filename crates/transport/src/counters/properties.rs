//! Many copies of one database, forked, restored, copied while they run and idle for months, against a Backbone that
//! forgets its sync runs: no (key, counter) pair is used twice.
#![expect(clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use core_types::Timestamp;
use proptest::{collection::vec, prelude::*};

use super::{
    block::{Knowledge, KnownRun, Run, block_of, start_of},
    permit::{Moment, Permit},
};

const RELATIONSHIPS: usize = 3;
const DAY: u64 = 24 * 3600;

/// The database of a copy.
#[derive(Debug, Clone)]
struct Database {
    known: Option<KnownRun>,
    next: [u64; RELATIONSHIPS],
    last_activity: Timestamp,
}

/// One process with its database.
#[derive(Debug, Clone)]
struct Copy {
    database: Database,
    permit: Option<Permit>,
    /// The lead of its wall clock, in milliseconds.
    ahead: i64,
    /// The time it has slept, in seconds.
    slept: u64,
}

#[derive(Debug, Clone)]
enum Step {
    Send {
        copy: usize,
        relationship: usize,
        is_taken: bool,
    },
    Synchronise(usize),
    SendMany {
        copy: usize,
        relationship: usize,
        count: usize,
    },
    Restart(usize),
    Backup(usize),
    /// A backup becomes the database of a copy.
    Restore {
        copy: usize,
        backup: usize,
    },
    /// A backup becomes one more copy.
    Start {
        backup: usize,
    },
    /// The memory of the running copy is saved, too.
    Snapshot(usize),
    Wake {
        snapshot: usize,
    },
    SetClock {
        copy: usize,
        seconds: i64,
    },
    Wait(u64),
    /// Nobody uses the Identity for a while.
    Idle(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let copy = 0..6usize;
    prop_oneof![
        8 => (copy.clone(), 0..RELATIONSHIPS, any::<bool>())
            .prop_map(|(copy, relationship, is_taken)| Step::Send { copy, relationship, is_taken }),
        2 => (copy.clone(), 0..RELATIONSHIPS, 20..80usize)
            .prop_map(|(copy, relationship, count)| Step::SendMany { copy, relationship, count }),
        4 => copy.clone().prop_map(Step::Synchronise),
        1 => copy.clone().prop_map(Step::Restart),
        2 => copy.clone().prop_map(Step::Backup),
        1 => (copy.clone(), any::<usize>()).prop_map(|(copy, backup)| Step::Restore { copy, backup }),
        1 => any::<usize>().prop_map(|backup| Step::Start { backup }),
        1 => copy.clone().prop_map(Step::Snapshot),
        1 => any::<usize>().prop_map(|snapshot| Step::Wake { snapshot }),
        1 => (copy, -200_000..200_000i64).prop_map(|(copy, seconds)| Step::SetClock { copy, seconds }),
        3 => (0..90u64).prop_map(Step::Wait),
    ]
}

struct World {
    now: u64,
    /// Index and time of the newest run that the Backbone remembers.
    newest: Option<(u64, u64)>,
    /// The ciphers that the Backbone has: block and time.
    taken: Vec<(u64, u64)>,
    used: HashSet<(usize, u64)>,
    copies: Vec<Copy>,
    backups: Vec<Database>,
    snapshots: Vec<(Copy, u64)>,
    started: Instant,
    forgets: bool,
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + i64::try_from(seconds).unwrap() * 1000)
}

impl World {
    fn new(forgets: bool) -> Self {
        let database = Database { known: None, next: [0; RELATIONSHIPS], last_activity: at(0) };
        Self {
            now: 0,
            newest: None,
            taken: Vec::new(),
            used: HashSet::new(),
            copies: vec![Copy { database, permit: None, ahead: 0, slept: 0 }],
            backups: Vec::new(),
            snapshots: Vec::new(),
            started: Instant::now(),
            forgets,
        }
    }

    fn moment(&self, copy: usize) -> Moment {
        let copy = &self.copies[copy];
        Moment {
            wall: Timestamp::from_millis(at(self.now).as_millis() + copy.ahead),
            monotonic: self.started + Duration::from_secs(self.now - copy.slept),
        }
    }

    /// As `counters::note` and, if `is_needed`, `counters::renewal`.
    fn start_run(&mut self, copy: usize, is_needed: bool) {
        let since = self.moment(copy);
        let newest = self.newest.filter(|(_, at)| !self.forgets || self.now - at < 30 * DAY);
        let index = newest.map_or(0, |(index, _)| index + 1);
        self.newest = Some((index, self.now));
        let run = Run { index, created_at: at(self.now) };
        let database = &self.copies[copy].database;
        let spent = database.next.iter().filter_map(|next| block_of(next.saturating_sub(1))).max();
        let known_at = database.known.map_or(database.last_activity, |known| known.created_at());
        let knowledge = Knowledge { run: database.known, spent, at: known_at };
        let placed = knowledge.place(run).or_else(|| {
            let seen =
                self.taken.iter().filter(|(_, when)| at(*when + 3600) >= known_at).map(|(block, _)| *block).max();
            is_needed.then(|| knowledge.place_anew(run, seen))
        });
        let Some(placed) = placed else { return };
        let now = self.moment(copy);
        let copy = &mut self.copies[copy];
        copy.database.known = Some(placed);
        copy.permit = Some(Permit::after(copy.permit, placed.block(), since, now));
    }

    fn send(&mut self, copy: usize, relationship: usize, is_taken: bool) {
        for _ in 0..3 {
            let now = self.moment(copy);
            let valid = self.copies[copy].permit.filter(|permit| permit.is_valid(now));
            self.copies[copy].permit = valid;
            let next = self.copies[copy].database.next[relationship];
            let Some(counter) = valid.and_then(|permit| permit.counter(next)) else {
                self.start_run(copy, true);
                continue;
            };
            self.copies[copy].database.next[relationship] = counter + 1;
            self.copies[copy].database.last_activity = at(self.now);
            if is_taken {
                self.taken.push((block_of(counter).unwrap(), self.now));
            }
            // A cipher that no Backbone has kept cannot be compared after it has forgotten everything else as well.
            if is_taken || !self.forgets {
                assert!(self.used.insert((relationship, counter)), "counter {counter} is used again");
            }
            return;
        }
        panic!("a fresh run must permit a counter");
    }

    fn take(&mut self, step: Step) {
        let count = self.copies.len();
        match step {
            Step::Send { copy, relationship, is_taken } => self.send(copy % count, relationship, is_taken),
            Step::SendMany { copy, relationship, count: many } => {
                (0..many).for_each(|_| self.send(copy % count, relationship, true));
            }
            Step::Synchronise(copy) => self.start_run(copy % count, false),
            Step::Restart(copy) => self.copies[copy % count].permit = None,
            Step::Backup(copy) => self.backups.push(self.copies[copy % count].database.clone()),
            Step::Restore { copy, backup } => {
                if let Some(database) = pick(&self.backups, backup) {
                    self.copies[copy % count] = Copy { database, permit: None, ahead: 0, slept: 0 };
                }
            }
            Step::Start { backup } => {
                if let Some(database) = pick(&self.backups, backup) {
                    self.copies.push(Copy { database, permit: None, ahead: 0, slept: 0 });
                }
            }
            Step::Snapshot(copy) => self.snapshots.push((self.copies[copy % count].clone(), self.now)),
            Step::Wake { snapshot } => {
                if let Some((copy, since)) = pick(&self.snapshots, snapshot)
                    && self.now - since >= 60
                {
                    let slept = copy.slept + self.now - since;
                    self.copies.push(Copy { slept, ..copy });
                }
            }
            Step::SetClock { copy, seconds } => {
                let copy = copy % count;
                // Noticed before anything else happens; a sleeper whose clock is set back meanwhile does not notice.
                let now = self.moment(copy);
                self.copies[copy].permit = self.copies[copy].permit.filter(|permit| permit.is_valid(now));
                self.copies[copy].ahead = seconds * 1000;
            }
            Step::Wait(seconds) => self.now += seconds,
            Step::Idle(days) => self.now += days * DAY,
        }
    }
}

fn pick<T: Clone>(all: &[T], at: usize) -> Option<T> {
    all.get(at.checked_rem(all.len())?).cloned()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_pair_is_used_twice(steps in vec(step(), 1..120)) {
        let mut world = World::new(false);
        steps.into_iter().for_each(|step| world.take(step));
    }

    #[test]
    fn no_pair_the_backbone_has_is_used_twice_although_it_forgets_its_runs(
        steps in vec(prop_oneof![20 => step(), 1 => (20..70u64).prop_map(Step::Idle)], 1..160),
    ) {
        let mut world = World::new(true);
        steps.into_iter().for_each(|step| world.take(step));
    }
}

fn run(index: u64, seconds: u64) -> Run {
    Run { index, created_at: at(seconds) }
}

fn knowing(index: u64, offset: u64, seconds: u64) -> Knowledge {
    let known = KnownRun { index, offset, created_at: at(seconds) };
    Knowledge { run: Some(known), spent: None, at: at(seconds) }
}

#[test]
fn blocks_lie_side_by_side_above_everything_earlier_versions_used() {
    assert_eq!((start_of(0), start_of(1)), (1 << 24, (1 << 24) + 32));
    assert_eq!(block_of((1 << 24) - 1), None);
    assert_eq!((block_of(1 << 24), block_of((1 << 24) + 31), block_of((1 << 24) + 32)), (Some(0), Some(0), Some(1)));
}

#[test]
fn an_index_that_does_not_grow_or_comes_late_is_not_relied_upon() {
    let known = knowing(7, 100, DAY);
    assert_eq!(known.place(run(8, DAY + 1)).unwrap().block(), 108);
    assert_eq!(known.place(run(20, 2 * DAY)).unwrap().block(), 120);
    assert_eq!(known.place(run(7, DAY + 1)), None, "given twice");
    assert_eq!(known.place(run(0, DAY + 1)), None, "counted anew");
    assert_eq!(known.place(run(8, 27 * DAY)), None, "may have been counted anew");
    assert_eq!(known.place(run(8, 0)), None, "before the last one");
    let spent = Knowledge { spent: Some(200), ..known };
    assert_eq!(spent.place(run(8, DAY + 1)), None, "below what was spent");
}

#[test]
fn a_new_place_is_above_all_that_is_known_and_the_same_for_everybody() {
    let known = knowing(7, 0, 0);
    assert_eq!(known.place_anew(run(0, 40 * DAY), Some(300)).block(), 1 << 19);
    assert_eq!(known.place_anew(run(301, 40 * DAY), Some(300)).block(), 301, "nothing says that it was counted anew");
    let seen = Some((1 << 19) + 5);
    assert_eq!(known.place_anew(run(6, 40 * DAY), seen).block(), (1 << 19) + 6, "somebody has begun the new count");
    assert_eq!(known.place_anew(run(5, 40 * DAY), seen).block(), (2 << 19) + 5);
}

#[test]
fn a_permit_ends_with_either_clock_and_does_not_reach_back_after_a_gap() {
    let since = Moment { wall: at(1000), monotonic: Instant::now() };
    let later = |wall: u64, monotonic: u64| Moment {
        wall: at(1000 + wall),
        monotonic: since.monotonic + Duration::from_secs(monotonic),
    };
    let permit = Permit::after(None, 5, since, since);
    assert!(permit.is_valid(later(59, 59)));
    assert!(!permit.is_valid(later(60, 0)), "the machine slept");
    assert!(!permit.is_valid(later(0, 60)), "the clock was set back by as much");
    assert!(!permit.is_valid(Moment { wall: at(999), ..since }), "the clock was set back");
    assert_eq!((permit.counter(0), permit.counter(start_of(6) - 1)), (Some(start_of(5)), Some(start_of(6) - 1)));
    assert_eq!(permit.counter(start_of(6)), None);

    let next = Permit::after(Some(permit), 6, later(1, 1), later(2, 2));
    assert_eq!(next.counter(0), Some(start_of(5)), "what is left is used up first");
    let behind_gap = Permit::after(Some(permit), 7, later(1, 1), later(2, 2));
    assert_eq!(behind_gap.counter(0), Some(start_of(7)));
    let too_late = Permit::after(Some(permit), 6, later(1, 1), later(60, 60));
    assert_eq!(too_late.counter(0), Some(start_of(6)), "a copy may have used what is left");
}
