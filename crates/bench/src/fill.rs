//! Fills a store without the protocol: data that would take days of sending is written in seconds.

use anyhow::Context as _;
use serde_json::{Value, json};
use store::{CollectionSpec, NewEvent, Query, Store};

use crate::pair::Party;

/// Messages per peer; a page.
pub(crate) const PAGE: usize = 100;

/// The collection as the program registers it; its indexes were built when the Connector was opened.
const MESSAGES: CollectionSpec = CollectionSpec::with_id("Messages");

/// Messages in one transaction.
const BATCH: usize = 5000;

/// The written data.
#[derive(Debug, Clone)]
pub(crate) struct Filled {
    pub(crate) ids: Vec<String>,
    pub(crate) peers: Vec<String>,
}

/// Adds copies of an existing message until the store of a stopped Connector holds `total`. Each [`PAGE`] of them has a
/// peer of its own, and each has its own time.
pub(crate) async fn messages(party: &Party, total: usize) -> anyhow::Result<Filled> {
    let store = Store::open(party.connector.store()).await?;
    let sample = store.find_raw(&MESSAGES, &Query::default().limit(1)).await?;
    let sample = sample.into_iter().next().context("there is no message to copy")?;
    let present = usize::try_from(store.count_raw(&MESSAGES, &store::Filter::All).await?)?;
    let mut filled = Filled { ids: Vec::new(), peers: Vec::new() };
    let numbers: Vec<usize> = (present..total).collect();
    for batch in numbers.chunks(BATCH) {
        let mut transaction = store.begin().await?;
        for number in batch {
            let (document, id, peer) = copy(&sample, *number)?;
            transaction.insert_raw(&MESSAGES, &document).await?;
            filled.ids.push(id);
            if number % PAGE == 0 {
                filled.peers.push(peer);
            }
        }
        transaction.commit().await?;
    }
    store.close().await?;
    Ok(filled)
}

fn copy(sample: &Value, number: usize) -> anyhow::Result<(Value, String, String)> {
    let id = format!("MSG{number:017}");
    // An address of the right form; it belongs to nobody.
    let peer = format!("did:e:localhost:dids:{:020x}00", number / PAGE);
    let time = created_at(number);
    let mut document = sample.clone();
    let recipient = document.pointer_mut("/recipients/0").context("a message without recipient")?;
    recipient["address"] = json!(peer);
    recipient["relationshipId"] = json!(format!("REL{:017}", number / PAGE));
    document["content"]["subject"] = json!(format!("message {number}"));
    document["id"] = json!(id);
    document["createdAt"] = json!(time);
    Ok((document, id, peer))
}

/// One second after the other.
pub(crate) fn created_at(number: usize) -> String {
    let (day, hour, minute, second) = (number / 86_400, number / 3600 % 24, number / 60 % 60, number % 60);
    format!("2020-01-{:02}T{hour:02}:{minute:02}:{second:02}.000Z", day + 1)
}

/// Adds events to the log of a stopped Connector.
pub(crate) async fn events(party: &Party, count: usize, data: &Value) -> anyhow::Result<()> {
    let store = Store::open(party.connector.store()).await?;
    let mut transaction = store.begin().await?;
    for number in 0..count {
        let event = NewEvent {
            namespace: "transport.messageReceived".to_owned(),
            object_id: Some(format!("MSG{number:017}")),
            data: Some(data.clone()),
            correlation_id: None,
        };
        transaction.append_event(event).await?;
    }
    transaction.commit().await?;
    store.close().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::created_at;

    #[test]
    fn every_message_has_a_time_of_its_own() {
        assert_eq!(created_at(0), "2020-01-01T00:00:00.000Z");
        assert_eq!(created_at(99_999), "2020-01-02T03:46:39.000Z");
    }
}
