use std::collections::BTreeMap;

use backbone_api::codes;
use backbone_api::external_events::ExternalEventPayload;

use super::storage;
use crate::http::{ApiError, Caller};
use crate::resources::external_events;
use crate::unit::Unit;
use crate::validation;

const MAX_NAME: usize = 200;
const MAX_FLAGS: u64 = 200;

/// Sets the named flags and notifies the peers, even if no value changes.
pub(super) async fn change(unit: &mut Unit, caller: &Caller, flags: &BTreeMap<String, bool>) -> Result<(), ApiError> {
    for name in flags.keys() {
        validation::max_characters("name", name, MAX_NAME)?;
    }
    storage::set(unit.db(), &caller.address, flags).await?;
    if storage::count(unit.db(), &caller.address).await? > MAX_FLAGS {
        let message = format!("An Identity can not have more than {MAX_FLAGS} feature flags.");
        return Err(ApiError::rule(codes::FEATURE_FLAG_MAX_NUMBER_EXCEEDED, message));
    }
    for peer in storage::list_interested(unit.db(), &caller.address).await? {
        let payload = ExternalEventPayload::PeerFeatureFlagsChanged { peer_address: caller.address.clone() };
        external_events::rules::create(unit, &peer, &payload).await?;
    }
    Ok(())
}
