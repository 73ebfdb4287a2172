use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::Context as _;
use serde_json::{Map, json};
use system_tests::WebhookReceiver;
use tokio::task::JoinSet;

use crate::clock::{median, milliseconds, per_second};
use crate::fill;
use crate::pair::{Pair, Place};
use crate::report::Row;

/// Requests at the same time: the default limit of a target's webhooks.
const PARALLEL: usize = 4;

/// Messages after which they are fetched: a Backbone accepts a limited number for a recipient that does not fetch.
const UNFETCHED: usize = 10;

/// Deliveries of a backlog, and the same requests made by a loop that does nothing else.
pub(crate) async fn webhooks(place: &Place<'_>) -> anyhow::Result<Vec<Row>> {
    let receiver = WebhookReceiver::start().await?;
    let mut modules = Map::new();
    let webhook = json!({ "triggers": ["**"], "target": { "url": receiver.url() } });
    modules.insert("webhooks".to_owned(), json!({ "enabled": true, "webhooks": [webhook] }));
    let mut pair = Pair::start(place, "webhooks", modules).await?;
    let message = pair.a.client.send_mail(&pair.b.address, "measured", "body").await?.result(201)?;
    let events = place.count(30_000, 100);
    let (mut delivered, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..place.count(3, 1) {
        pair.a.connector.stop().await?;
        fill::events(&pair.a, events, &message).await?;
        let before = *receiver.count().borrow();
        pair.a.connector.run().await?;
        let mut count = receiver.count();
        count.wait_for(|count| *count > before).await?;
        let started = Instant::now();
        count.wait_for(|count| *count >= before + events).await?;
        delivered.push(per_second(events, started.elapsed()));

        let body = receiver.deliveries().into_iter().rev().map(|delivery| delivery.body).max_by_key(bytes::Bytes::len);
        let body = body.context("nothing was delivered")?;
        bare.push(post_in_a_loop(receiver.url(), &body, events).await?);
    }
    pair.end().await?;
    Ok(vec![
        Row::new("events delivered to a webhook", place.name, format!("{:.0} /s", median(delivered)))
            .beside(format!("a bare loop of {PARALLEL} clients: {:.0} /s", median(bare))),
    ])
}

async fn post_in_a_loop(url: &str, body: &bytes::Bytes, count: usize) -> anyhow::Result<f64> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let left = Arc::new(AtomicUsize::new(count));
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..PARALLEL {
        let (client, url, body, left) = (client.clone(), url.to_owned(), body.clone(), Arc::clone(&left));
        tasks.spawn(async move {
            while left.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                let request = client.post(&url).header("content-type", "application/json").body(body.clone());
                request.send().await?.error_for_status()?;
            }
            Ok::<_, reqwest::Error>(())
        });
    }
    while let Some(result) = tasks.join_next().await {
        result??;
    }
    Ok(per_second(count, started.elapsed()))
}

/// The latency of an event to a webhook of an otherwise idle Connector.
pub(crate) async fn latency(place: &Place<'_>) -> anyhow::Result<Vec<Row>> {
    let receiver = WebhookReceiver::start().await?;
    let mut modules = Map::new();
    let webhook = json!({ "triggers": ["transport.messageSent"], "target": { "url": receiver.url() } });
    modules.insert("webhooks".to_owned(), json!({ "enabled": true, "webhooks": [webhook] }));
    let pair = Pair::start(place, "latency", modules).await?;
    let mut count = receiver.count();
    let mut durations = Vec::new();
    for number in 1..=place.count(1000, 20) {
        if number % UNFETCHED == 0 {
            pair.b.client.sync().await?;
        }
        count.borrow_and_update();
        let answered = async {
            pair.a.client.send_mail(&pair.b.address, "measured", "body").await?.result(201)?;
            anyhow::Ok(Instant::now())
        };
        let arrived = async {
            count.changed().await?;
            anyhow::Ok(Instant::now())
        };
        let (answered, arrived) = tokio::try_join!(answered, arrived)?;
        durations.push(milliseconds(arrived.saturating_duration_since(answered)));
    }
    pair.end().await?;
    durations.sort_by(f64::total_cmp);
    let at = |percent: usize| durations.get(durations.len() * percent / 100).copied().unwrap_or(f64::NAN);
    Ok(vec![
        Row::new("from the answer that caused an event to its webhook, idle", place.name, format!("{:.1} ms", at(50)))
            .beside(format!("99 of 100: {:.1} ms", at(99))),
    ])
}
