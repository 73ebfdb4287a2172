//! The operator's overview of the inbox.

use metrics::gauge;
use store::{Filter, Query, Store};

use super::{Inbox, noting::in_state};
use crate::{
    documents::{InboxEntry, InboxState},
    error::Result,
};

/// The contents of the inbox, in figures.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct InboxOverview {
    /// External events, and attached Files, that are waiting because of failures that may pass.
    pub waiting: u64,
    /// The oldest of them.
    pub oldest_waiting: Option<InboxEntry>,
    /// External events that cannot be applied as they are: they are faulty, or another object is missing.
    pub refused: u64,
    /// The oldest of them.
    pub oldest_refused: Option<InboxEntry>,
    /// Attached Files that the Backbone does not have, or not yet.
    pub attachments: u64,
    /// Entries that are no longer tried.
    pub given_up: u64,
}

impl InboxOverview {
    pub(crate) async fn of(store: &Store) -> Result<Self> {
        let waiting = |is_refused: Filter| vec![in_state(InboxState::Waiting), is_refused];
        let refused_of = |kind: &str| {
            let kind = vec![Filter::eq("subject.kind", kind)];
            Filter::And([waiting(Filter::eq("lastFailure.mayPass", false)), kind].concat())
        };
        let (refused, attachments) = (refused_of("externalEvent"), refused_of("attachment"));
        let waiting = Filter::And(waiting(Filter::ne("lastFailure.mayPass", false)));
        Ok(Self {
            waiting: store.count::<InboxEntry>(&waiting).await?,
            oldest_waiting: store.find_one(&Query::new(waiting)).await?,
            refused: store.count::<InboxEntry>(&refused).await?,
            oldest_refused: store.find_one(&Query::new(refused)).await?,
            attachments: store.count::<InboxEntry>(&attachments).await?,
            given_up: store.count::<InboxEntry>(&in_state(InboxState::GivenUp)).await?,
        })
    }
}

impl Inbox {
    /// The overview of the current entries. Updates the gauges (`docs/metrics.md`).
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn overview(&self) -> Result<InboxOverview> {
        let overview = InboxOverview::of(self.context.store()).await?;
        self.measure(&overview);
        Ok(overview)
    }

    fn measure(&self, overview: &InboxOverview) {
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
        let set = |state: &'static str, count: u64| {
            gauge!("connector_inbox_entries", "state" => state).set(count as f64);
        };
        set("waiting", overview.waiting);
        set("refused", overview.refused);
        set("attachment", overview.attachments);
        set("given_up", overview.given_up);
        let now = self.context.clock().now();
        let age = |entry: &Option<InboxEntry>| {
            entry.as_ref().map_or(0.0, |entry| now.duration_since(entry.received_at).as_secs_f64())
        };
        gauge!("connector_inbox_oldest_seconds", "state" => "waiting").set(age(&overview.oldest_waiting));
        gauge!("connector_inbox_oldest_seconds", "state" => "refused").set(age(&overview.oldest_refused));
    }
}
