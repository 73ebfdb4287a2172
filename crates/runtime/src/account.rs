//! What an account needs from this layer.

use core_types::Randomness;
use std::sync::Arc;

use core_types::Clock;
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

/// The account in a store, as this layer works with it.
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
