//! The log messages about targets that do not accept messages.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use delivery::{DeliveryError, DeliveryOptions};
use tracing::Level;
use tracing::subscriber::DefaultGuard;

use crate::support::{Reply, Running, Scripted, World, quick, refused, spec_with};
use testing::TestDatabase;

/// Lines of the log.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// The log of the test's own thread, on which its tasks run as well.
    fn of_this_thread() -> (Self, DefaultGuard) {
        let lines = Self::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt().with_max_level(Level::DEBUG).with_ansi(false);
        let subscriber = subscriber.with_writer(move || writer.clone()).finish();
        (lines, tracing::subscriber::set_default(subscriber))
    }

    /// The lines of this level about deliveries, since the last call.
    fn take(&self, level: Level) -> Vec<String> {
        let text = String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap();
        let is_asked_for = |line: &&str| line.contains(&format!(" {level} delivery::"));
        text.lines().filter(is_asked_for).map(str::to_owned).collect()
    }
}

/// An engine whose target gives prepared answers, and then accepts everything.
struct Prepared {
    world: World,
    _database: TestDatabase,
    answers: Arc<Mutex<VecDeque<Reply>>>,
    running: Running,
    appended: u64,
}

impl Prepared {
    async fn new() -> Self {
        let database = TestDatabase::sqlite();
        let world = World::open(&database).await;
        let answers: Arc<Mutex<VecDeque<Reply>>> = Arc::default();
        let next = Arc::clone(&answers);
        let target = Scripted::new(move |_| next.lock().unwrap().pop_front().unwrap_or(Reply::Take));
        let millisecond = Duration::from_millis(1);
        let options = DeliveryOptions { retry_delay: millisecond, max_retry_delay: millisecond, ..quick() };
        let running = world.start(vec![spec_with("t", &target, options)]);
        Self { world, _database: database, answers, running, appended: 0 }
    }

    /// Makes the target give these answers to this many events, and waits until all are accepted.
    async fn deliver(&mut self, events: usize, answers: impl IntoIterator<Item = Reply>) {
        self.answers.lock().unwrap().extend(answers);
        self.world.append(&vec![("a", None); events]).await;
        self.appended += events as u64;
        self.world.until("test/t", |state| state.delivered >= self.appended).await;
    }
}

fn unreachable(reason: &str) -> Reply {
    Reply::Fail(DeliveryError::Unreachable(reason.to_owned()))
}

#[tokio::test]
async fn an_outage_is_one_warning_for_each_reason_and_not_one_for_each_attempt() {
    let (lines, _guard) = Lines::of_this_thread();
    let mut prepared = Prepared::new().await;
    prepared.deliver(20, vec![unreachable("there is no exchange 'e'"); 60]).await;
    let warnings = lines.take(Level::WARN);
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert!(warnings[0].contains("there is no exchange 'e'") && warnings[0].contains("target.name=\"t\""));

    // The next outage is a new one.
    let reasons = ["refused", "silent"].map(unreachable);
    prepared.deliver(20, reasons.iter().cloned().cycle().take(60)).await;
    assert_eq!(lines.take(Level::WARN).len(), 2);
    prepared.running.stop().await;
}

#[tokio::test]
async fn a_refused_message_is_one_warning() {
    let (lines, _guard) = Lines::of_this_thread();
    let mut prepared = Prepared::new().await;
    prepared.deliver(1, vec![refused(); 10]).await;
    assert_eq!(lines.take(Level::WARN).len(), 1);
    prepared.running.stop().await;
}

#[tokio::test]
async fn what_reaches_nobody_is_one_warning_with_the_name_of_the_event() {
    let (lines, _guard) = Lines::of_this_thread();
    let mut prepared = Prepared::new().await;
    prepared.deliver(50, vec![Reply::Drop; 50]).await;
    let warnings = lines.take(Level::WARN);
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert!(warnings[0].contains("event.name=\"test.a\"") && warnings[0].contains("nobody listens"), "{warnings:?}");
    let unroutable = Reply::Fail(DeliveryError::Unroutable("nobody listens".to_owned()));
    prepared.deliver(1, vec![unroutable; 10]).await;
    assert_eq!(lines.take(Level::WARN), Vec::<String>::new(), "it was logged before");
    prepared.running.stop().await;
}
