use std::path::Path;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Map;

use super::messages::{INBOX, receive, send_batch};
use crate::bare;
use crate::clock::{median, milliseconds};
use crate::fill::{self, Filled, PAGE};
use crate::generator::{self, Target, latencies, requests_per_second};
use crate::pair::{Pair, Party, Place};
use crate::report::Row;

/// Connections of the load generator.
const CONNECTIONS: usize = 16;
/// The number of different requests that are sent in turn.
const VARIETY: usize = 1000;

/// The cost of one operation at different sizes of the store, in milliseconds.
#[derive(Debug, Default)]
struct Costs {
    send: Vec<f64>,
    receive: Vec<f64>,
    get: Vec<f64>,
    page_of_peer: Vec<f64>,
    page_of_time: Vec<f64>,
}

/// The cost of operations on stores of different sizes, and the rate of reads from the largest one.
pub(crate) async fn sizes(place: &Place<'_>) -> anyhow::Result<Vec<Row>> {
    let sizes = if place.quick { [400, 800, 1_200] } else { [1_000, 10_000, 100_000] };
    let mut pair = Pair::start(place, "sizes", Map::new()).await?;
    send_batch(&pair, 1).await?;
    receive(&pair).await?;
    let mut filled = Filled { ids: Vec::new(), peers: Vec::new() };
    let mut costs = Costs::default();
    let largest = sizes.into_iter().max().unwrap_or_default();
    let mut rows = Vec::new();
    for size in sizes {
        grow(&mut pair.b, size).await?;
        let more = grow(&mut pair.a, size).await?;
        filled.ids.extend(more.ids);
        filled.peers.extend(more.peers);
        let reads = Reads::new(&pair.a, &filled)?;
        measure_costs(&pair, &reads, place, &mut costs).await?;
        if size == largest {
            rows = rates(place, &reads, pair.folder(), size).await?;
        }
    }
    pair.end().await?;
    let row = |what: &str, values: &[f64]| {
        let figures: Vec<String> = values.iter().map(|value| format!("{value:.2}")).collect();
        let sizes = sizes.map(|size| size.to_string()).join(" / ");
        Row::new(what, place.name, format!("{} ms", figures.join(" / "))).beside(format!("at {sizes} messages"))
    };
    rows.push(row("cost of sending a message", &costs.send));
    rows.push(row("cost of receiving a message", &costs.receive));
    rows.push(row("cost of GET of one message", &costs.get));
    rows.push(row("cost of a list of 100, by recipient", &costs.page_of_peer));
    rows.push(row("cost of a list of 100, by time", &costs.page_of_time));
    Ok(rows)
}

async fn grow(party: &mut Party, size: usize) -> anyhow::Result<Filled> {
    party.connector.stop().await?;
    let filled = fill::messages(party, size).await?;
    party.connector.run().await?;
    Ok(filled)
}

/// Requests for random parts of the stored data. The interface has no pages; filters select as many as a page would
/// hold.
struct Reads {
    get: Target,
    page_of_peer: Target,
    page_of_time: Target,
}

impl Reads {
    fn new(party: &Party, filled: &Filled) -> anyhow::Result<Self> {
        let mut rng = StdRng::seed_from_u64(1);
        let mut draw = |texts: &[String]| -> Vec<String> {
            (0..VARIETY).filter_map(|_| texts.get(rng.random_range(0..texts.len().max(1))).cloned()).collect()
        };
        let ids = draw(&filled.ids);
        // The last peer may have less than a page.
        let peers = draw(filled.peers.split_last().map_or(&[], |(_, peers)| peers));
        let pages = filled.ids.len() / PAGE;
        let times = (0..VARIETY).map(|_| {
            let first = rng.random_range(0..pages.saturating_sub(1).max(1)) * PAGE + PAGE;
            format!(
                "/Messages?createdAt=%3E%3D{}&createdAt=%3C{}",
                fill::created_at(first),
                fill::created_at(first + PAGE)
            )
        });
        Ok(Self {
            get: party.target(ids.into_iter().map(|id| format!("/Messages/{id}")))?,
            page_of_peer: party.target(peers.into_iter().map(|peer| format!("/Messages?recipients.address={peer}")))?,
            page_of_time: party.target(times)?,
        })
    }
}

async fn measure_costs(pair: &Pair, reads: &Reads, place: &Place<'_>, costs: &mut Costs) -> anyhow::Result<()> {
    let (mut send, mut received) = (Vec::new(), Vec::new());
    for _ in 0..place.count(7, 1) {
        send.push(each(send_batch(pair, 1).await?));
        received.push(each(receive(pair).await?));
    }
    costs.send.push(median(send));
    costs.receive.push(median(received));
    costs.get.push(median_of(latencies(&reads.get, place.count(1000, 10)).await?));
    costs.page_of_peer.push(median_of(latencies(&reads.page_of_peer, place.count(100, 5)).await?));
    costs.page_of_time.push(median_of(latencies(&reads.page_of_time, place.count(20, 5)).await?));
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a small constant")]
fn each(batch: Duration) -> f64 {
    milliseconds(batch) / INBOX as f64
}

fn median_of(durations: Vec<Duration>) -> f64 {
    median(durations.into_iter().map(milliseconds).collect())
}

/// Reads per second, compared with a server that answers the same bytes and does nothing else.
async fn rates(place: &Place<'_>, reads: &Reads, folder: &Path, size: usize) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (what, target) in [
        (format!("GET of one message out of {size}"), &reads.get),
        (format!("GET of 100 messages out of {size}, by recipient"), &reads.page_of_peer),
        (format!("GET of 100 messages out of {size}, by time"), &reads.page_of_time),
    ] {
        let body = generator::body(target).await?;
        let file = folder.join("answer");
        std::fs::write(&file, &body)?;
        let (_server, port) = bare::start(&file).await?;
        let bare_target = Target { port, ..target.clone() };
        let (mut ours, mut bare) = (Vec::new(), Vec::new());
        let time = Duration::from_millis(if place.quick { 200 } else { 3000 });
        for _ in 0..place.count(3, 1) {
            ours.push(requests_per_second(target, CONNECTIONS, time).await?);
            bare.push(requests_per_second(&bare_target, CONNECTIONS, time).await?);
        }
        let (ours, bare) = (median(ours), median(bare));
        rows.push(Row::new(what, place.name, format!("{ours:.0} /s")).beside(format!(
            "bare axum, the same {:.1} KiB: {bare:.0} /s, so {:.0} %; aim: half",
            kibibytes(body.len()),
            100.0 * ours / bare
        )));
    }
    Ok(rows)
}

#[expect(clippy::cast_precision_loss, reason = "a size far below 2^52 bytes")]
fn kibibytes(bytes: usize) -> f64 {
    bytes as f64 / 1024.0
}
