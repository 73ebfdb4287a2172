//! Properties of the core under all inputs in any order.
#![expect(clippy::panic, reason = "tests")]

mod database;
mod simulation;

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::Index;
use store::DeliveryPhase;

use super::journal::WRITE_AFTER;
use super::{AfterFailure, Change, Input, Key, NewRow, Report};
use crate::{DeliveryError, DeliveryOptions, Receipt};
use simulation::{Call, Simulation};

/// An action of the simulation.
#[derive(Debug, Clone)]
enum Action {
    Append {
        namespace: &'static str,
        object: Option<u8>,
    },
    /// A call of the store is executed, but its answer not received yet.
    Execute(Index),
    Fail(Index),
    Hear(Index),
    /// An attempt ends.
    End(Index, Outcome),
    /// All attempts end at once.
    EndAll(Outcome),
    /// All calls are executed and their answers received.
    Settle,
    Pass(Duration),
    /// An operator requests a redelivery.
    ReplayDeadLetters,
    MakeDue,
    Restart(Outcome),
    Crash,
}

#[derive(Debug, Clone, Copy)]
enum Outcome {
    Accepted,
    Dropped,
    Unreachable,
    Refused,
    Unroutable,
    Permanent,
}

impl Outcome {
    fn result(self) -> Result<Receipt, DeliveryError> {
        let reason = String::new();
        match self {
            Self::Accepted => Ok(Receipt::Accepted),
            Self::Dropped => Ok(Receipt::Unroutable(reason)),
            Self::Unreachable => Err(DeliveryError::Unreachable(reason)),
            Self::Refused => Err(DeliveryError::Refused(reason)),
            Self::Unroutable => Err(DeliveryError::Unroutable(reason)),
            Self::Permanent => Err(DeliveryError::Permanent(reason)),
        }
    }
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        8 => Just(Outcome::Accepted),
        1 => Just(Outcome::Dropped),
        6 => Just(Outcome::Unreachable),
        4 => Just(Outcome::Refused),
        1 => Just(Outcome::Unroutable),
        1 => Just(Outcome::Permanent),
    ]
}

/// The actions without help from operators and without a crash.
fn ordinary() -> impl Strategy<Value = Action> {
    let namespace = prop_oneof![6 => Just("one"), 2 => Just("two"), 1 => Just("other")];
    let object = proptest::option::weighted(0.8, 0_u8..4);
    let millis = prop_oneof![0_u64..20, 50_u64..400, 1_000_u64..40_000];
    prop_oneof![
        12 => (namespace, object).prop_map(|(namespace, object)| Action::Append { namespace, object }),
        8 => any::<Index>().prop_map(Action::Execute),
        1 => any::<Index>().prop_map(Action::Fail),
        8 => any::<Index>().prop_map(Action::Hear),
        10 => (any::<Index>(), outcome()).prop_map(|(index, outcome)| Action::End(index, outcome)),
        2 => outcome().prop_map(Action::EndAll),
        4 => Just(Action::Settle),
        5 => millis.prop_map(|millis| Action::Pass(Duration::from_millis(millis))),
    ]
}

fn anything() -> impl Strategy<Value = Action> {
    prop_oneof![
        40 => ordinary(),
        1 => Just(Action::ReplayDeadLetters),
        1 => Just(Action::MakeDue),
        1 => outcome().prop_map(Action::Restart),
        1 => Just(Action::Crash),
    ]
}

fn options() -> impl Strategy<Value = DeliveryOptions> {
    let age = prop_oneof![Just(Duration::from_hours(72)), Just(Duration::from_secs(60))];
    let attempts = proptest::option::weighted(0.3, 1_u32..4);
    let waiting = prop_oneof![3 => Just(1_000_000_u64), 1 => 5_u64..40];
    (1_usize..6, age, attempts, waiting).prop_map(|(max_in_flight, dead_letter_after, max_attempts, max_waiting)| {
        let max_retry_delay = Duration::from_secs(8);
        DeliveryOptions {
            max_in_flight,
            dead_letter_after,
            max_attempts,
            max_waiting,
            max_retry_delay,
            ..DeliveryOptions::default()
        }
    })
}

fn perform(world: &mut Simulation, action: &Action) {
    match action {
        Action::Append { namespace, object } => {
            let object = object.map(|object| format!("O{object}"));
            world.database.append(namespace, object.as_deref(), world.elapsed);
            world.step(Vec::new());
        }
        Action::Execute(index) if !world.calls.is_empty() => world.execute(index.index(world.calls.len())),
        Action::Fail(index) if !world.calls.is_empty() => world.fail(index.index(world.calls.len())),
        Action::Hear(index) if !world.answers.is_empty() => {
            let answer = world.answers.remove(index.index(world.answers.len()));
            world.step(vec![answer]);
        }
        Action::End(index, outcome) if !world.in_flight.is_empty() => {
            let input = world.end(index.index(world.in_flight.len()), outcome.result());
            world.step(vec![input]);
        }
        Action::Execute(_) | Action::Fail(_) | Action::Hear(_) | Action::End(..) => {}
        Action::EndAll(outcome) => {
            let count = world.in_flight.len();
            let inputs = (0..count).map(|_| world.end(0, outcome.result())).collect();
            world.step(inputs);
        }
        Action::Settle => {
            while !world.calls.is_empty() {
                world.execute(0);
            }
            let answers = std::mem::take(&mut world.answers);
            world.step(answers);
        }
        Action::Pass(time) => {
            world.elapsed += *time;
            world.step(Vec::new());
        }
        Action::ReplayDeadLetters => {
            let count = world.database.replay_dead_letters(world.elapsed);
            world.step(vec![Input::Replayed(count)]);
        }
        Action::MakeDue => {
            let count = world.database.make_due(world.elapsed);
            world.step(vec![Input::Replayed(count)]);
        }
        Action::Restart(outcome) => world.restart(|_| outcome.result()),
        Action::Crash => world.crash(),
    }
}

proptest! {
    /// Order, limits and cursor are checked at every step; afterwards nothing is lost.
    #[test]
    fn whatever_happens_nothing_is_lost_and_the_order_is_kept(
        options in options(),
        seed in any::<u32>(),
        actions in proptest::collection::vec(anything(), 0..400),
    ) {
        let mut world = Simulation::new(options, u64::from(seed));
        for action in &actions {
            perform(&mut world, action);
        }
        world.settle();
        world.check_acceptances();
    }

    #[test]
    fn without_a_crash_nothing_is_delivered_twice(
        options in options(),
        seed in any::<u32>(),
        actions in proptest::collection::vec(ordinary(), 0..400),
        restart in outcome(),
    ) {
        let mut world = Simulation::new(options, u64::from(seed));
        for (number, action) in actions.iter().enumerate() {
            perform(&mut world, action);
            if number % 100 == 99 {
                world.restart(|_| restart.result());
            }
        }
        world.settle();
        prop_assert_eq!(world.repeatable, 0);
        world.check_acceptances();
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, ..ProptestConfig::default() })]

    /// A dead target costs few probes and few rows, however long its backlog, and gets everything once it recovers.
    #[test]
    fn a_dead_target_costs_few_probes(max_in_flight in 1_usize..40, events in 50_usize..500, hours in 1_u64..6) {
        let options = DeliveryOptions { max_in_flight, ..DeliveryOptions::default() };
        let longest = options.max_retry_delay;
        let mut world = Simulation::new(options, 1);
        for number in 0..events {
            let object = (number % 3 != 0).then(|| format!("O{}", number % 50));
            world.database.append("one", object.as_deref(), world.elapsed);
        }
        let outage = Duration::from_hours(hours);
        world.run_until(outage, |_| Err(DeliveryError::Unreachable(String::new())));
        // The pauses are between half the longest and the longest, except for ten that grow.
        let probes = usize::try_from(outage.as_secs() * 2 / longest.as_secs()).unwrap_or(usize::MAX) + 12;
        prop_assert!(world.attempts <= max_in_flight + 5 + probes, "{} attempts", world.attempts);
        prop_assert!(world.database.rows() <= 3 * (max_in_flight + WRITE_AFTER) + probes, "{} rows", world.database.rows());
        let opened = world.reports.iter().filter(|report| matches!(report, Report::CircuitOpened { .. })).count();
        prop_assert_eq!(opened, 1);
        world.settle();
        world.check_acceptances();
        prop_assert_eq!(world.accepted.len(), events);
    }
}

/// A later message about the object had been written before the process ended; the earlier one was in flight.
#[test]
fn after_a_crash_the_log_is_read_before_rows_are_tried() {
    let mut world = Simulation::new(DeliveryOptions::default(), 1);
    let [first, second] = [1, 3].map(|sequence| Key { sequence, copy: 1 });
    for sequence in [first.sequence, second.sequence] {
        world.database.append("one", Some("O"), world.elapsed);
        assert_eq!(world.database.newest(), sequence);
    }
    let row = NewRow {
        key: second,
        object_id: Some("O".to_owned()),
        attempts: 0,
        next_attempt_at: Duration::ZERO,
        last_error: None,
        since: Duration::ZERO,
        phase: DeliveryPhase::Waiting,
    };
    world.database.write(&[Change::Add(row)], 0, world.elapsed);
    world.crash();
    assert!(matches!(world.calls[..], [Call::ReadLog(_)]), "{:?}", world.calls);
    world.settle();
    assert_eq!(world.accepted, [first, second]);
}

/// The messages before one that was accepted get rows, so that the cursor passes them all.
#[test]
fn a_stop_repeats_nothing() {
    let mut world = Simulation::new(DeliveryOptions { max_in_flight: 2, ..DeliveryOptions::default() }, 1);
    for object in ["A", "A", "B"] {
        world.database.append("one", Some(object), world.elapsed);
    }
    world.step(Vec::new());
    world.execute(0);
    let batch = world.answers.remove(0);
    world.step(vec![batch]);
    assert_eq!(world.in_flight.len(), 2, "the second message waits behind the first");
    world.restart(|_| Ok(Receipt::Accepted));
    assert_eq!((world.database.cursor, world.database.live()), (world.database.newest(), 1));
    world.settle();
    world.check_acceptances();
}

#[test]
fn an_event_that_reaches_nobody_is_counted_once() {
    let mut world = Simulation::new(DeliveryOptions::default(), 1);
    world.database.append("one", None, world.elapsed);
    let age = DeliveryOptions::default().dead_letter_after;
    world.run_until(age * 2, |_| Err(DeliveryError::Unroutable(String::new())));
    let count = |wanted: fn(&Report) -> bool| world.reports.iter().filter(|report| wanted(report)).count();
    assert_eq!(count(|report| matches!(report, Report::Unroutable)), 1);
    assert!(count(|report| matches!(report, Report::Failed { .. })) > 100);
    let is_dead = |report: &Report| matches!(report, Report::Failed { then: AfterFailure::DeadLetter, .. });
    assert_eq!(count(is_dead), 1);
}
