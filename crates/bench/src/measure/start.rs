use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::{Map, json};
use system_tests::WebhookReceiver;

use crate::clock::{median, milliseconds, range};
use crate::machine::resident_mebibytes;
use crate::pair::{Pair, Place};
use crate::report::Row;

/// The time that a Connector may rest before its memory is read.
const REST: Duration = Duration::from_secs(2);

/// The time from the start of the process to the first healthy answer, with an existing Identity; and the memory
/// afterwards.
pub(crate) async fn start(place: &Place<'_>) -> anyhow::Result<Vec<Row>> {
    let receiver = WebhookReceiver::start().await?;
    let mut modules = Map::new();
    modules.insert("sync".to_owned(), json!({ "enabled": true }));
    let webhook = json!({ "triggers": ["**"], "target": { "url": receiver.url() } });
    modules.insert("webhooks".to_owned(), json!({ "enabled": true, "webhooks": [webhook] }));
    let mut pair = Pair::start(place, "start", modules).await?;
    let (mut durations, mut memory, mut own_memory) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..place.count(21, 3) {
        pair.a.connector.stop().await?;
        let started = Instant::now();
        pair.a.connector.run().await?;
        while !pair.a.client.is_healthy().await? {}
        durations.push(milliseconds(started.elapsed()));
        if run % 4 == 0 {
            tokio::time::sleep(REST).await;
            let process = pair.a.connector.process().and_then(system_tests::ServerProcess::id);
            let (all, own) = resident_mebibytes(process.context("the Connector is down")?)?;
            memory.push(all);
            own_memory.push(own);
        }
    }
    pair.end().await?;
    let (fastest, slowest) = range(&durations);
    Ok(vec![
        Row::new("start to healthy, existing Identity", place.name, format!("{:.0} ms", median(durations)))
            .beside(format!("{fastest:.0} to {slowest:.0} ms; aim: below 50 ms")),
        Row::new("resident memory, idle after the start", place.name, format!("{:.1} MiB", median(memory))).beside(
            format!(
                "{:.1} MiB of it its own, the rest pages of the program file; aim: below 14 MiB",
                median(own_memory)
            ),
        ),
    ])
}
