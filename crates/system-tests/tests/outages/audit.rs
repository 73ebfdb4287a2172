//! Comparison of the arrived events with those that happened.

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};
use store::{NewEvent, Store, StoreConfig};

/// Events of one test.
pub(crate) const EVENTS: usize = 10_000;
/// The number of objects that they are about, in turn.
const OBJECTS: usize = 500;
/// Events that may arrive more than once: below 1 %.
const MOST_REPEATED: usize = EVENTS / 100 - 1;

/// Writes the events into the log of a Connector that is not running.
pub(crate) async fn write_events(store: &StoreConfig) -> anyhow::Result<()> {
    let store = Store::open(store).await?;
    let mut transaction = store.begin().await?;
    for number in 0..EVENTS {
        let object = number % OBJECTS;
        let event = NewEvent {
            namespace: "transport.messageReceived".to_owned(),
            object_id: Some(format!("OBJ{object}")),
            data: Some(json!({ "number": number, "object": object })),
            correlation_id: None,
        };
        transaction.append_event(event).await?;
    }
    transaction.commit().await?;
    store.close().await?;
    Ok(())
}

/// The events that a target has received so far.
#[derive(Debug)]
pub(crate) struct Audit {
    /// The next expected number for each object.
    next: Vec<usize>,
    arrived: usize,
    repeated: usize,
}

impl Audit {
    pub(crate) fn new() -> Self {
        Self { next: (0..OBJECTS).collect(), arrived: 0, repeated: 0 }
    }

    /// Takes an arrived event; those of other origin are ignored.
    pub(crate) fn take(&mut self, data: &Value) -> anyhow::Result<()> {
        let Some(number) = data["number"].as_u64() else { return Ok(()) };
        let number = usize::try_from(number)?;
        let next = self.next.get_mut(number % OBJECTS).context("an object nobody knows")?;
        if number == *next {
            *next += OBJECTS;
            self.arrived += 1;
        } else if number < *next {
            self.repeated += 1;
        } else {
            bail!("number {number} arrived before {next}, which is about the same object");
        }
        Ok(())
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.arrived == EVENTS
    }

    pub(crate) fn repeated(&self) -> usize {
        self.repeated
    }

    pub(crate) fn accept(&self) -> anyhow::Result<()> {
        ensure!(self.is_complete(), "{} of {EVENTS} events arrived", self.arrived);
        ensure!(self.repeated <= MOST_REPEATED, "{} events arrived more than once", self.repeated);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(audit: &mut Audit, number: usize) -> anyhow::Result<()> {
        audit.take(&json!({ "number": number }))
    }

    #[test]
    fn repetitions_are_counted_and_disorder_is_found() -> anyhow::Result<()> {
        let mut audit = Audit::new();
        take(&mut audit, 1)?;
        take(&mut audit, 0)?;
        take(&mut audit, 0)?;
        take(&mut audit, OBJECTS)?;
        assert_eq!((audit.arrived, audit.repeated), (3, 1));
        assert!(take(&mut audit, 1 + 2 * OBJECTS).is_err());
        assert!(audit.accept().is_err());
        Ok(())
    }
}
