//! The inbox: external events that were received and could not be applied yet.
//!
//! The Backbone offers an external event three times and then never again (`docs/protocol/03 §12`). Events that cannot
//! be applied are therefore recorded here before the sync run is finalised, and retried by our own schedule, for as
//! long as it takes. An entry holds up nothing but the later ones about the same object.

mod attempt;
mod noting;
mod overview;
mod signal;
mod worker;

use serde_json::Value;
use store::{Filter, Query};

pub use attempt::InboxAttempt;
pub(crate) use attempt::OfferedAgain;
pub(crate) use attempt::Selection;
pub(crate) use noting::{Found, InboxNotes, Waiting, object_of};
pub use overview::InboxOverview;
pub(crate) use signal::InboxSignal;

use crate::{
    backbone::Call,
    context::Context,
    documents::{InboxEntry, InboxState, InboxSubject},
    error::Result,
};

/// The outcome of a request to give up an entry.
#[derive(Debug, Clone, PartialEq)]
pub enum GivingUp {
    /// It is no longer tried.
    GivenUp(Box<InboxEntry>),
    /// It is not waiting (any more).
    NotWaiting,
}

/// External events that were received and could not be applied yet.
#[derive(Debug, Clone)]
pub struct Inbox {
    context: Context,
}

impl Inbox {
    pub(crate) fn new(context: &Context) -> Self {
        Self { context: context.clone() }
    }

    /// The entry with this id.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn get(&self, id: &str) -> Result<Option<InboxEntry>> {
        Ok(self.context.store().get(id).await?)
    }

    /// Entries in the order in which they were received: of one state if one is given, without the first `offset`, at
    /// most `limit`.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn list(&self, state: Option<InboxState>, limit: u64, offset: u64) -> Result<Vec<InboxEntry>> {
        let filter = state.map_or(Filter::All, noting::in_state);
        Ok(self.context.store().find(&Query::new(filter).limit(limit).offset(offset)).await?)
    }

    /// Tries an entry now, even one that was given up; `None` if there is no such entry.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn try_now(&self, id: &str) -> Result<Option<InboxAttempt>> {
        if self.get(id).await?.is_none() {
            return Ok(None);
        }
        self.attempt(id).await.map(Some)
    }

    /// Tries all entries about an object now.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn try_object(&self, object_id: &str) -> Result<()> {
        let entries: Vec<InboxEntry> =
            self.context.store().find(&Query::new(Filter::eq("objectId", object_id))).await?;
        for entry in entries {
            self.attempt(&entry.id).await?;
        }
        Ok(())
    }

    /// Gives up an entry. The Backbone's state of its object is kept with it.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn give_up(&self, id: &str) -> Result<GivingUp> {
        let Some(entry) = self.get(id).await?.filter(|entry| entry.state == InboxState::Waiting) else {
            return Ok(GivingUp::NotWaiting);
        };
        let raw = self.raw_object(&entry).await;
        let mut unit = self.context.unit_of_work().await?;
        let Some(mut entry) = unit.get::<InboxEntry>(id).await?.filter(|entry| entry.state == InboxState::Waiting)
        else {
            return Ok(GivingUp::NotWaiting);
        };
        entry.raw = raw;
        entry.state = InboxState::GivenUp;
        unit.replace(&entry).await?;
        unit.commit().await?;
        self.release(&entry.object_id).await?;
        Ok(GivingUp::GivenUp(Box::new(entry)))
    }

    /// Removes an entry that was given up; returns true if there was one.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn discard(&self, id: &str) -> Result<bool> {
        let mut unit = self.context.unit_of_work().await?;
        if unit.get::<InboxEntry>(id).await?.is_none_or(|entry| entry.state != InboxState::GivenUp) {
            return Ok(false);
        }
        unit.delete::<InboxEntry>(id).await?;
        unit.commit().await?;
        Ok(true)
    }

    /// The object of an entry, as the Backbone has it.
    async fn raw_object(&self, entry: &InboxEntry) -> Option<Value> {
        let InboxSubject::ExternalEvent { event } = &entry.subject else { return None };
        let path = noting::path_of_object(event)?;
        match self.context.backbone().result(Call::get(path)).await {
            Ok(raw) => Some(raw),
            Err(error) => {
                tracing::warn!(entry = %entry.id, error.code = error.code(), %error, "the object could not be kept");
                None
            }
        }
    }
}
