use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::bail;
use serde_json::Map;
use system_tests::Answer;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::clock::{median, per_second};
use crate::pair::{Pair, Place};
use crate::report::Row;

/// The Backbone accepts no more messages from one sender before the recipient has fetched these.
pub(crate) const INBOX: usize = 20;
/// A typical text of a customer.
const BODY: &str = "Dear Sir or Madam, attached you will find what you asked for. Kind regards";

/// Messages from one Connector to the other.
pub(crate) async fn messages(place: &Place<'_>) -> anyhow::Result<Vec<Row>> {
    let pair = Pair::start(place, "messages", Map::new()).await?;
    let batches = place.count(15, 2);
    let (mut alone, mut together, mut received) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..batches {
        for (clients, rates) in [(1, &mut alone), (8, &mut together)] {
            let sent = send_batch(&pair, clients).await?;
            rates.push(per_second(INBOX, sent));
            received.push(per_second(INBOX, receive(&pair).await?));
        }
    }
    let sustained = sustained(&pair, Duration::from_secs(if place.quick { 1 } else { 10 })).await?;
    pair.end().await?;
    let rate = |what: &str, value: f64| Row::new(what, place.name, format!("{value:.0} /s"));
    Ok(vec![
        rate("messages sent, one client", median(alone)),
        rate("messages sent, eight clients", median(together)),
        rate("messages received (synchronisation)", median(received)),
        rate("messages sent and received at the same time", sustained),
    ])
}

/// Sends as many messages as the Backbone accepts, from several clients at the same time.
pub(crate) async fn send_batch(pair: &Pair, clients: usize) -> anyhow::Result<Duration> {
    let left = Arc::new(AtomicUsize::new(INBOX));
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..clients {
        let (client, to, left) = (pair.a.client.clone(), pair.b.address.clone(), Arc::clone(&left));
        tasks.spawn(async move {
            while take_one(&left) {
                client.send_mail(&to, "measured", BODY).await?.result(201)?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(result) = tasks.join_next().await {
        result??;
    }
    Ok(started.elapsed())
}

/// Fetches the sent messages.
pub(crate) async fn receive(pair: &Pair) -> anyhow::Result<Duration> {
    let started = Instant::now();
    pair.b.client.sync().await?;
    Ok(started.elapsed())
}

fn take_one(left: &AtomicUsize) -> bool {
    left.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
}

/// Both at once: eight clients send, the recipient synchronises continuously. Returns messages received per second.
async fn sustained(pair: &Pair, time: Duration) -> anyhow::Result<f64> {
    let fetched = Arc::new(Notify::new());
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let mut senders = JoinSet::new();
    for _ in 0..8 {
        let (client, to) = (pair.a.client.clone(), pair.b.address.clone());
        let (fetched, acknowledged) = (Arc::clone(&fetched), Arc::clone(&acknowledged));
        senders.spawn(async move {
            while started.elapsed() < time {
                let next_fetch = fetched.notified();
                match client.send_mail(&to, "measured", BODY).await? {
                    Answer::Answered { status: 201, .. } => {
                        acknowledged.fetch_add(1, Ordering::Relaxed);
                    }
                    // Full: the next synchronisation makes room.
                    Answer::Answered { status: 400, .. } => next_fetch.await,
                    other => bail!("{other:?}"),
                }
            }
            Ok(())
        });
    }
    while !senders.is_empty() {
        pair.b.client.sync().await?;
        fetched.notify_waiters();
        while let Some(result) = senders.try_join_next() {
            result??;
        }
    }
    // All sent messages have arrived.
    pair.b.client.sync().await?;
    Ok(per_second(acknowledged.load(Ordering::Relaxed), started.elapsed()))
}
