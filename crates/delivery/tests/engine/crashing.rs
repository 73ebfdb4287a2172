use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use delivery::{DeliveryError, DeliveryOptions};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::support::{Reply, Scripted, TestDatabase, World, name, quick, spec_with};

/// What a target does with attempts, by chance.
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
    /// After how many attempts the process ends, again and again.
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

/// A number from the seed and a counter, as good as random.
fn mixed(seed: u64, number: u64) -> u64 {
    let mut value = seed ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// The model: every event is taken, those about one object for the first time in their order, and none twice unless the
/// process ended in between.
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

async fn run(database: &TestDatabase, chances: &Chances) {
    let world = World::open(database).await;
    let attempts = Arc::new(AtomicU64::new(0));
    let chance = chances.clone();
    let counter = Arc::clone(&attempts);
    let target = Scripted::new(move |_| {
        let number = counter.fetch_add(1, Ordering::SeqCst);
        let random = mixed(chance.seed, number) % 100;
        if random < chance.refused {
            Reply::Fail(DeliveryError::Refused("no".to_owned()))
        } else if random < chance.refused + chance.unreachable {
            Reply::Fail(DeliveryError::Unreachable("away".to_owned()))
        } else if random < chance.refused + chance.unreachable + chance.slow {
            Reply::TakeAfter(Duration::from_millis(mixed(chance.seed, number + 1) % 20))
        } else {
            Reply::Take
        }
    });
    let options = DeliveryOptions {
        max_in_flight: chances.max_in_flight,
        retry_delay: Duration::from_millis(1),
        max_retry_delay: Duration::from_millis(5),
        ..quick()
    };
    let subscriber = "test/t";
    let mut world = world;
    let mut first = true;
    for crash_after in chances.crashes.iter().map(Some).chain([None]) {
        let before = target.got.lock().unwrap().len();
        // The engine lives in a runtime of its own, which ends in the middle of whatever is going on.
        let (store, clock, deliveries) = (world.store.clone(), Arc::clone(&world.clock), world.deliveries.clone());
        let process = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let spec = spec_with("t", &target, options.clone());
        let shutdown = tokio_util::sync::CancellationToken::new();
        let token = shutdown.clone();
        let engine = process
            .spawn(async move { delivery::Engine::start(store, clock, &deliveries, vec![spec], token, |_| {}) })
            .await
            .unwrap();
        if first {
            world
                .append_many(chances.events, |number| {
                    (number % chances.objects != 0).then(|| format!("O{}", number % chances.objects))
                })
                .await;
            first = false;
        }
        match crash_after {
            Some(attempts) => {
                let enough = async {
                    let _ = target.attempts(before + attempts).await;
                };
                let done = async {
                    world.until(subscriber, |state| state.waiting == 0).await;
                };
                tokio::select! {
                    () = enough => {}
                    () = done => {}
                }
                process.shutdown_background();
                // As a new process would find it. What the former one had begun to write is undone.
                world.store.close().await.ok();
                drop(engine);
                drop(world);
                world = World::open(database).await;
            }
            None => {
                world.until(subscriber, |state| state.waiting == 0 && state.parked == 0).await;
                shutdown.cancel();
                engine.stopped().await;
                process.shutdown_background();
            }
        }
    }
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

/// The messages taken that were not recorded yet are few, however many are waiting.
pub(crate) async fn a_crash_repeats_few_messages(database: TestDatabase) {
    let mut world = World::open(&database).await;
    let target = Scripted::new(|_| Reply::TakeAfter(Duration::from_micros(200)));
    let mut first = true;
    let mut repeated = 0;
    for round in 1..=6 {
        let before = target.got.lock().unwrap().len();
        let (store, clock, deliveries) = (world.store.clone(), Arc::clone(&world.clock), world.deliveries.clone());
        let process = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let spec = spec_with("t", &target, quick());
        let token = tokio_util::sync::CancellationToken::new();
        let starting =
            process.spawn(async move { delivery::Engine::start(store, clock, &deliveries, vec![spec], token, |_| {}) });
        let engine = starting.await.unwrap();
        if first {
            world.append_many(5000, |number| Some(format!("O{}", number % 100))).await;
            first = false;
        }
        if round < 6 {
            target.attempts(before + 700).await;
            process.shutdown_background();
            world.store.close().await.ok();
            drop(engine);
            drop(world);
            world = World::open(&database).await;
            let unique: HashSet<_> = target.taken().into_iter().collect();
            let now = target.got.lock().unwrap().len() - unique.len();
            assert!(now - repeated < 100, "{} repeated by one crash", now - repeated);
            repeated = now;
        } else {
            world.until("test/t", |state| state.waiting == 0).await;
            process.shutdown_background();
        }
    }
    let names: Vec<String> = target.got.lock().unwrap().iter().map(|got| name(&got.message).to_owned()).collect();
    let unique: HashSet<&String> = names.iter().collect();
    assert_eq!(unique.len(), 5000);
    assert!(names.len() - unique.len() < 5 * 100, "{} repeated", names.len() - unique.len());
}
