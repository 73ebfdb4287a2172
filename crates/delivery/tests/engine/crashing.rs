use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use delivery::DeliveryOptions;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::support::{Reply, Scripted, World, name, quick, refused, spec, spec_with, unreachable};
use testing::TestDatabase;

/// The outcomes of attempts, by chance.
#[derive(Debug, Clone)]
struct Chances {
    seed: u64,
    events: usize,
    objects: usize,
    /// Of 100 attempts.
    refused: u64,
    unreachable: u64,
    slow: u64,
    max_in_flight: usize,
    /// The process ends after this many attempts, repeatedly.
    crashes: Vec<usize>,
}

fn chances() -> impl Strategy<Value = Chances> {
    let crashes = proptest::collection::vec(1_usize..300, 0..5);
    (any::<u64>(), 1_usize..400, 1_usize..40, 0_u64..40, 0_u64..20, 0_u64..20, 1_usize..80, crashes).prop_map(
        |(seed, events, objects, refused, unreachable, slow, max_in_flight, crashes)| Chances {
            seed,
            events,
            objects,
            refused,
            unreachable,
            slow,
            max_in_flight,
            crashes,
        },
    )
}

/// A pseudo-random number from the seed and a counter.
fn mixed(seed: u64, number: u64) -> u64 {
    let mut value = seed ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// The model: every event is accepted, those about one object for the first time in their order, and none twice unless
/// the process ended in between.
fn check(chances: &Chances, taken: &[usize]) {
    let mut seen: HashSet<usize> = HashSet::new();
    let mut first: HashMap<usize, Vec<usize>> = HashMap::new();
    for number in taken {
        if seen.insert(*number) {
            first.entry(number % chances.objects).or_default().push(*number);
        }
    }
    assert_eq!(seen.len(), chances.events, "at least once: {chances:?}");
    // Number 0 stands for no object, which has no order.
    for (object, numbers) in first.iter().filter(|(object, _)| **object != 0) {
        assert!(numbers.is_sorted(), "{object}: {numbers:?} of {chances:?}");
    }
    assert!(!chances.crashes.is_empty() || taken.len() == seen.len(), "none twice: {chances:?}");
}

/// A target that follows the chances.
fn target(chances: &Chances) -> Arc<Scripted> {
    let attempts = AtomicU64::new(0);
    let chance = chances.clone();
    Scripted::new(move |_| {
        let number = attempts.fetch_add(1, Ordering::SeqCst);
        let random = mixed(chance.seed, number) % 100;
        if random < chance.refused {
            refused()
        } else if random < chance.refused + chance.unreachable {
            unreachable()
        } else if random < chance.refused + chance.unreachable + chance.slow {
            Reply::TakeAfter(Duration::from_millis(mixed(chance.seed, number + 1) % 20))
        } else {
            Reply::Take
        }
    })
}

async fn run(database: &TestDatabase, chances: &Chances) {
    let target = target(chances);
    let options = DeliveryOptions {
        max_in_flight: chances.max_in_flight,
        retry_delay: Duration::from_millis(1),
        max_retry_delay: Duration::from_millis(5),
        ..quick()
    };
    let mut world = World::open(database).await;
    let mut process = world.start_process(spec_with("t", &target, options.clone())).await;
    let object =
        |number: usize| (!number.is_multiple_of(chances.objects)).then(|| format!("O{}", number % chances.objects));
    world.append_many(chances.events, object).await;
    for crash_after in &chances.crashes {
        let attempts = target.got.lock().unwrap().len() + crash_after;
        tokio::select! {
            _ = target.attempts(attempts) => {}
            _ = world.until("test/t", |state| state.waiting == 0) => {}
        }
        world = world.crash(process, database).await;
        process = world.start_process(spec_with("t", &target, options.clone())).await;
    }
    world.until("test/t", |state| state.waiting == 0 && state.parked == 0).await;
    process.stop().await;
    let taken: Vec<usize> = target.taken().iter().map(|name| name.parse().unwrap()).collect();
    check(chances, &taken);
    world.store.close().await.unwrap();
}

pub(crate) async fn order_is_kept_under_random_failures_and_crashes(database: TestDatabase) {
    let mut runner = TestRunner::default();
    for _ in 0..12 {
        let chances = chances().new_tree(&mut runner).unwrap().current();
        run(&database.another(), &chances).await;
    }
}

/// The messages that were accepted and not recorded yet are few, however many are waiting.
pub(crate) async fn a_crash_repeats_few_messages(database: TestDatabase) {
    let target = Scripted::new(|_| Reply::TakeAfter(Duration::from_micros(200)));
    let mut world = World::open(&database).await;
    let mut process = world.start_process(spec("t", &target)).await;
    world.append_many(5000, |number| Some(format!("O{}", number % 100))).await;
    let mut repeated = 0;
    for _ in 0..5 {
        let before = target.got.lock().unwrap().len();
        target.attempts(before + 700).await;
        world = world.crash(process, &database).await;
        let unique: HashSet<_> = target.taken().into_iter().collect();
        let now = target.got.lock().unwrap().len() - unique.len();
        assert!(now - repeated < 100, "{} repeated by one crash", now - repeated);
        repeated = now;
        process = world.start_process(spec("t", &target)).await;
    }
    world.until("test/t", |state| state.waiting == 0).await;
    process.stop().await;
    let names: Vec<String> = target.got.lock().unwrap().iter().map(|got| name(&got.message).to_owned()).collect();
    let unique: HashSet<&String> = names.iter().collect();
    assert_eq!(unique.len(), 5000);
    assert!(names.len() - unique.len() < 5 * 100, "{} repeated", names.len() - unique.len());
}
