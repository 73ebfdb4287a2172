//! The conditions that must hold after a run.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::Value;
use store::{Event, Store};

use super::Report;
use super::arena::{Arena, Side};
use super::ledger::Ledger;
use super::relationship::told;
use crate::{RecordedRequest, ciphers_in};

/// The time limit for the two Connectors to exchange the rest. A sync run that was begun but not recorded delays the
/// next ones for 10 s (`docs/protocol/03 §12`).
const EXCHANGE_LIMIT: Duration = Duration::from_secs(60);
/// The time limit for deliveries and health to be complete.
const SETTLE_LIMIT: Duration = Duration::from_secs(60);
/// Pause before a call is repeated.
const AGAIN: Duration = Duration::from_millis(100);

/// The messages of one side: subject by id.
struct Mailbox {
    sent: BTreeMap<String, String>,
    received: BTreeMap<String, String>,
}

/// Collects violations, so that one does not hide others.
#[derive(Default)]
struct Findings(Vec<String>);

impl Findings {
    fn expect(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.0.push(what());
        }
    }

    fn into_result(self) -> anyhow::Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let shown: Vec<&str> = self.0.iter().map(String::as_str).take(30).collect();
        bail!("{} things are wrong:\n{}", self.0.len(), shown.join("\n"))
    }
}

pub(super) async fn audit(
    arena: &mut Arena,
    ledgers: [Ledger; 2],
    changes: Option<usize>,
    interrupted_seconds: f64,
    started: Instant,
) -> anyhow::Result<Report> {
    let mut findings = Findings::default();
    let mailboxes = exchange_what_is_left(arena).await?;
    let relationship_changes = match changes {
        Some(changes) => changes.max(check_relationship(arena, &mut findings).await?),
        None => 0,
    };
    let [first, second] = &mailboxes;
    let [of_first, of_second] = &ledgers;
    let appeared_late = check_messages(of_first, first, second, &mut findings)
        + check_messages(of_second, second, first, &mut findings);

    let mut ciphers = 0;
    let mut nonces = BTreeMap::new();
    for side in &arena.sides {
        ciphers += check_ciphers(side, &mut nonces, &mut findings);
    }

    let (mut events, mut deliveries) = (0, 0);
    for (side, mailbox) in arena.sides.iter_mut().zip(&mailboxes) {
        let log = event_log(side).await?;
        check_events(&log, mailbox, side.connector.name(), &mut findings);
        let to_deliver: BTreeSet<String> = log.into_iter().map(|event| event.id).collect();
        side.connector.run().await?;
        events += to_deliver.len();
        deliveries += delivered(side, &to_deliver, &mut findings).await;
        becomes_healthy(side, &mut findings).await;
    }
    findings.into_result()?;
    let outcomes = of_first.outcomes + of_second.outcomes;
    let seconds = started.elapsed().as_secs_f64();
    Ok(Report {
        outcomes,
        appeared_late,
        relationship_changes,
        ciphers,
        events,
        deliveries,
        interrupted_seconds,
        seconds,
    })
}

/// Synchronises until both have the other's messages, and know their own.
async fn exchange_what_is_left(arena: &Arena) -> anyhow::Result<[Mailbox; 2]> {
    let [first, second] = &arena.sides;
    let deadline = Instant::now() + EXCHANGE_LIMIT;
    loop {
        let synchronised = (first.client.sync().await, second.client.sync().await);
        let mailboxes = [mailbox(first).await?, mailbox(second).await?];
        let [one, other] = &mailboxes;
        let is_complete = |from: &Mailbox, to: &Mailbox| from.sent.keys().eq(to.received.keys());
        let all_synchronised = synchronised.0.is_ok() && synchronised.1.is_ok();
        // Anything missing after the deadline is a finding of its own.
        if all_synchronised && is_complete(one, other) && is_complete(other, one) || Instant::now() > deadline {
            return Ok(mailboxes);
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Checks that both sides agree on the Relationship that was changed; returns the number of changes.
async fn check_relationship(arena: &Arena, findings: &mut Findings) -> anyhow::Result<usize> {
    let (Some(third), [first, _]) = (&arena.third, &arena.sides) else { return Ok(0) };
    let route = format!("/Relationships/{}", third.relationship);
    let deadline = Instant::now() + EXCHANGE_LIMIT;
    loop {
        let synchronised = (first.client.sync().await.is_ok(), third.side.client.sync().await.is_ok());
        let one = told(&first.client.get(&route).await?);
        let other = told(&third.side.client.get(&route).await?);
        if synchronised == (true, true) && one == other {
            return Ok(one.1.len());
        }
        if Instant::now() > deadline {
            findings.expect(false, || format!("the sides differ about the Relationship: {one:?} and {other:?}"));
            return Ok(one.1.len());
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn mailbox(side: &Side) -> anyhow::Result<Mailbox> {
    let list = side.client.get("/Messages").await?;
    let mut mailbox = Mailbox { sent: BTreeMap::new(), received: BTreeMap::new() };
    for message in list.as_array().context("a list that is none")? {
        let text = |value: &Value| value.as_str().map(str::to_owned).context("a Message that lacks something");
        let (id, subject) = (text(&message["id"])?, text(&message["content"]["subject"])?);
        let is_own = message["isOwn"].as_bool().context("a Message of nobody")?;
        let box_of_it = if is_own { &mut mailbox.sent } else { &mut mailbox.received };
        if box_of_it.insert(id.clone(), subject).is_some() {
            bail!("{}: the Message {id} is in the list twice", side.connector.name());
        }
    }
    Ok(mailbox)
}

/// One direction. Returns the number of messages that were not in their sender's list when the client asked for them.
fn check_messages(ledger: &Ledger, sender: &Mailbox, recipient: &Mailbox, findings: &mut Findings) -> usize {
    for (subject, id) in &ledger.sent {
        findings.expect(sender.sent.get(id) == Some(subject), || format!("{subject} ({id}) was lost by its sender"));
    }
    for (id, subject) in &sender.sent {
        findings.expect(recipient.received.get(id) == Some(subject), || format!("{subject} ({id}) did not arrive"));
        let is_known = ledger.sent.get(subject) == Some(id) || ledger.given_up.contains(subject);
        findings.expect(is_known, || format!("nobody sent {subject} ({id})"));
    }
    let mut arrived: BTreeMap<&str, usize> = BTreeMap::new();
    for subject in recipient.received.values() {
        *arrived.entry(subject).or_default() += 1;
    }
    for (subject, times) in arrived {
        findings.expect(times == 1, || format!("{subject} arrived {times} times"));
        let is_known = ledger.sent.contains_key(subject) || ledger.given_up.contains(subject);
        findings.expect(is_known, || format!("{subject} arrived, but nobody sent it"));
    }
    for (id, subject) in &recipient.received {
        findings.expect(sender.sent.contains_key(id), || {
            format!("{subject} ({id}) arrived, but its sender does not know it")
        });
    }
    sender.sent.values().filter(|subject| ledger.given_up.contains(*subject)).count()
}

/// No counter of this direction of the relationship, and no nonce at all, may be used for two different ciphertexts.
/// The same ciphertext again is a repetition of the same request.
fn check_ciphers(side: &Side, nonces: &mut BTreeMap<String, String>, findings: &mut Findings) -> usize {
    let mut counters: BTreeMap<u64, String> = BTreeMap::new();
    let mut count = 0;
    let requests = side.proxy.recorded();
    for (request, cipher) in requests.iter().flat_map(ciphers_of) {
        count += 1;
        let name = side.connector.name();
        if let Some(counter) = cipher.counter {
            let first = counters.entry(counter).or_insert_with(|| cipher.ciphertext.clone());
            findings.expect(*first == cipher.ciphertext, || {
                format!("{name} used counter {counter} again, for {} {}", request.method, request.path)
            });
        }
        if let Some(nonce) = cipher.nonce {
            let first = nonces.entry(nonce.clone()).or_insert_with(|| cipher.ciphertext.clone());
            findings.expect(*first == cipher.ciphertext, || format!("{name} used the nonce {nonce} again"));
        }
    }
    findings.expect(!counters.is_empty(), || "the proxy has recorded no counter".to_owned());
    count
}

fn ciphers_of(request: &RecordedRequest) -> impl Iterator<Item = (&RecordedRequest, crate::FoundCipher)> {
    ciphers_in(&request.body).into_iter().map(move |cipher| (request, cipher))
}

/// Stops the Connector and reads its log; this also checks that the store opens.
async fn event_log(side: &mut Side) -> anyhow::Result<Vec<Event>> {
    side.connector.stop().await?;
    let store = Store::open(side.connector.store()).await.context("the store does not open")?;
    let mut events: Vec<Event> = Vec::new();
    loop {
        let page = store.events_after(events.last().map_or(0, |event| event.sequence), 1000).await?;
        if page.is_empty() {
            break;
        }
        events.extend(page);
    }
    store.close().await?;
    Ok(events)
}

/// Checks that there is no message without its event, and no event without its message.
fn check_events(log: &[Event], mailbox: &Mailbox, name: &str, findings: &mut Findings) {
    for (namespace, messages) in
        [("transport.messageSent", &mailbox.sent), ("transport.messageReceived", &mailbox.received)]
    {
        let mut told: BTreeMap<String, usize> = BTreeMap::new();
        for event in log.iter().filter(|event| event.namespace == namespace) {
            let data = event.value().ok().flatten().unwrap_or_default();
            *told.entry(data["id"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
        for id in messages.keys() {
            let times = told.remove(id.as_str()).unwrap_or_default();
            findings.expect(times == 1, || format!("{name}: {times} events {namespace} for {id}"));
        }
        findings.expect(told.is_empty(), || format!("{name}: events {namespace} without a Message: {told:?}"));
    }
}

/// Waits for the deliveries of these events, and counts them with their repetitions.
async fn delivered(side: &Side, events: &BTreeSet<String>, findings: &mut Findings) -> usize {
    let mut missing = events.clone();
    let mut seen = 0;
    let complete = side.webhooks.wait_until(SETTLE_LIMIT, |deliveries| {
        for delivery in deliveries.iter().skip(seen) {
            missing.remove(&delivery.event_id);
        }
        seen = deliveries.len();
        missing.is_empty()
    });
    let is_complete = complete.await.is_ok();
    findings
        .expect(is_complete, || format!("{}: {} events were never delivered", side.connector.name(), missing.len()));
    side.webhooks.deliveries().iter().filter(|delivery| events.contains(&delivery.event_id)).count()
}

async fn becomes_healthy(side: &Side, findings: &mut Findings) {
    let deadline = Instant::now() + SETTLE_LIMIT;
    while !side.client.is_healthy().await.unwrap_or(false) {
        if Instant::now() > deadline {
            findings.expect(false, || format!("{} does not become healthy", side.connector.name()));
            return;
        }
        tokio::time::sleep(AGAIN).await;
    }
}
