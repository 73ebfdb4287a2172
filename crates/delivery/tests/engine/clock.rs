//! Clocks that are wrong and get corrected, and programs that were off for long.

use std::time::Duration;

use delivery::{Activity, DeliveryOptions, DeliveryQuery, DeliveryState};

use crate::support::{Reply, START, Scripted, World, quick, refused, spec_with, unreachable};
use testing::TestDatabase;

const DAY: Duration = Duration::from_hours(24);
const LONG: Duration = Duration::from_hours(95 * 24);

fn options() -> DeliveryOptions {
    DeliveryOptions { dead_letter_after: DAY, ..quick() }
}

/// One message is refused, or the whole target is unreachable: nothing is given up, and the next attempt comes as
/// soon as if the clock had not been touched.
pub(crate) async fn a_clock_that_is_put_gives_up_nothing_and_delays_nothing(database: TestDatabase) {
    for (reply, events) in [(refused as fn() -> Reply, 1), (unreachable, 50)] {
        let database = database.another();
        let world = World::manual(&database).await;
        let target = Scripted::new(move |_| reply());
        let running = world.start(vec![spec_with("t", &target, options())]);
        world.append_many(events, |number| Some(format!("O{}", number % 7))).await;
        for instant in [START.saturating_add(LONG), START.saturating_sub(LONG), START] {
            let failed = world.state("test/t").await.failed;
            world.advance_until("test/t", |state| state.failed >= failed + 3).await;
            world.put_clock(instant);
        }
        let state = world.state("test/t").await;
        assert_eq!((state.dead_letters, state.waiting), (0, events as u64));
        assert!(state.lag < Some(DAY), "{:?}", state.lag);
        // Set back at the very end: the next attempt does not wait until the clock shows that time again.
        world.put_clock(START.saturating_sub(LONG));
        target.now_does(|_| Reply::Take);
        let state = world.advance_until("test/t", |state| state.waiting == 0).await;
        assert_eq!((state.dead_letters, state.delivered), (0, events as u64));
        running.stop().await;
        world.store.close().await.unwrap();
    }
}

/// Waiting messages were not tried in the meantime, so that the time does not count.
pub(crate) async fn a_program_that_was_off_for_long_gives_up_nothing(database: TestDatabase) {
    let world = World::manual(&database).await;
    let target = Scripted::new(|_| unreachable());
    let running = world.start(vec![spec_with("t", &target, options())]);
    world.append_many(20, |number| Some(format!("O{}", number % 3))).await;
    world.advance_until("test/t", |state| matches!(state.activity, Activity::Failing { .. })).await;
    running.stop().await;

    let world = world.after(LONG, &database).await;
    let running = world.start(vec![spec_with("t", &target, options())]);
    world.advance_until("test/t", |state| state.failed >= 8).await;
    assert_eq!(world.state("test/t").await.dead_letters, 0, "it is tried before it is given up");
    target.now_does(|_| Reply::Take);
    let state = world.advance_until("test/t", |state| state.waiting == 0).await;
    assert_eq!((state.dead_letters, state.delivered), (0, 20));
    running.stop().await;

    // The age continues where it was: most of it passes before a restart, the rest after it.
    target.now_does(|_| unreachable());
    let running = world.start(vec![spec_with("t", &target, options())]);
    world.append(&[("old", None)]).await;
    world.advance_until("test/t", |state| state.waiting == 1 && state.failed >= 1).await;
    world.advance(DAY * 3 / 4);
    running.stop().await;
    let world = world.after(LONG, &database).await;
    let running = world.start(vec![spec_with("t", &target, options())]);
    world.advance_until("test/t", |state| state.failed >= 1).await;
    world.advance(DAY / 4);
    world.advance_until("test/t", |state| state.dead_letters == 1 && state.waiting == 0).await;
    running.stop().await;
}

/// Operators see times of their clock.
pub(crate) async fn the_time_of_the_next_attempt_is_shown_as_the_clock_will_show_it(database: TestDatabase) {
    let world = World::manual(&database).await;
    let target = Scripted::new(|_| refused());
    let hour = Duration::from_hours(1);
    let options = DeliveryOptions { retry_delay: hour, max_retry_delay: hour, ..quick() };
    let running = world.start(vec![spec_with("t", &target, options)]);
    world.advance(Duration::from_secs(5));
    world.append(&[("a", None)]).await;
    world.until("test/t", |state| state.parked == 1).await;
    let query = DeliveryQuery { state: Some(DeliveryState::Waiting), ..DeliveryQuery::default() };
    for instant in [START, START.saturating_add(LONG), START.saturating_sub(LONG)] {
        world.put_clock(instant);
        let next = world.deliveries.list(&query).await.unwrap()[0].next_attempt_at.unwrap();
        assert!(next > instant && next <= instant.saturating_add(hour), "{next} at {instant}");
    }
    running.stop().await;
}
