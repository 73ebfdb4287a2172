//! The configuration of an account for this layer.

use std::sync::Arc;

use core_types::{Clock, Randomness};
use store::Store;
use transport::{AccountOptions, SynchronisedCollection, TransportConfig};

use crate::events::DtoRecorder;

/// Collections of the consumption layer. They are kept for the other devices of the Identity (`docs/protocol/02 §7.1`).
const OF_CONSUMPTION: [SynchronisedCollection; 7] = [
    SynchronisedCollection::kept("Attributes"),
    SynchronisedCollection::kept("AttributeForwardingDetails"),
    SynchronisedCollection::kept("Requests"),
    SynchronisedCollection::kept("Notifications"),
    SynchronisedCollection::kept("Settings"),
    SynchronisedCollection::kept("Drafts"),
    SynchronisedCollection::kept("IdentityMetadata"),
];

/// The options of an account in `store`, with the event recorder and the collections of this layer.
#[must_use]
pub fn account_options(
    store: Store,
    config: TransportConfig,
    clock: Arc<dyn Clock>,
    randomness: Randomness,
) -> AccountOptions {
    AccountOptions {
        store,
        recorder: Arc::new(DtoRecorder::new(config.base_url.clone())),
        config,
        clock,
        randomness,
        causes: Arc::new(()),
        collections: OF_CONSUMPTION.to_vec(),
    }
}
