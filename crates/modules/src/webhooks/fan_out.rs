//! From events to deliveries.

use std::time::Duration;

use runtime::events::Subscription;
use store::{Event, NewDelivery, Store, StoreError};
use tokio_util::sync::CancellationToken;

use super::routes::Route;

/// Events that become deliveries in one transaction, at most.
const BATCH: u32 = 100;
/// Pause after a failure of the store.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// Writes the deliveries every event causes.
#[derive(Debug)]
pub(super) struct FanOut {
    store: Store,
    subscription: Subscription,
    routes: Vec<Route>,
}

impl FanOut {
    pub(super) fn new(store: Store, subscription: Subscription, routes: Vec<Route>) -> Self {
        Self { store, subscription, routes }
    }

    pub(super) async fn run(mut self, shutdown: CancellationToken) {
        loop {
            let result = tokio::select! {
                () = shutdown.cancelled() => return,
                result = self.step() => result,
            };
            if let Err(error) = result {
                tracing::error!(%error, "events could not be handed to webhooks; trying again");
                // A commit whose confirmation was lost may have made deliveries.
                self.routes.iter().flat_map(|route| &route.lanes).for_each(|lane| lane.wake.notify_one());
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    () = tokio::time::sleep(STORE_PAUSE) => {}
                }
            }
        }
    }

    /// Deliveries and the progress of the subscription become visible together, or not at all.
    async fn step(&mut self) -> Result<(), StoreError> {
        // What was read before a failure, or before this was dropped, was not confirmed.
        self.subscription.rewind().await?;
        let events = self.subscription.next_batch(BATCH).await?;
        let mut transaction = self.store.begin().await?;
        for event in &events {
            for delivery in deliveries(&self.routes, event) {
                transaction.enqueue_delivery(delivery).await?;
            }
        }
        self.subscription.confirm_in(&mut transaction).await?;
        transaction.commit().await?;
        for event in &events {
            for lane in self.routes.iter().flat_map(|route| route.lanes_of(&event.namespace)) {
                lane.wake.notify_one();
            }
        }
        Ok(())
    }
}

fn deliveries<'a>(routes: &'a [Route], event: &'a Event) -> impl Iterator<Item = NewDelivery> + 'a {
    routes.iter().flat_map(|route| route.lanes_of(&event.namespace)).map(|lane| NewDelivery {
        subscriber: lane.subscriber.to_string(),
        event_sequence: event.sequence,
        object_id: event.object_id.clone(),
    })
}
