//! The push registration that stands for an open stream.

use core_types::DevicePushIdentifier;

use crate::context::Context;
use crate::http::{ApiError, Caller};
use crate::resources::devices::storage as devices;
use crate::unit::Unit;

const PLATFORM: &str = "sse";

/// The registration of a device whose stream is open replaces any other one it has.
pub(super) async fn register(context: &Context, caller: &Caller) -> Result<(), ApiError> {
    let mut unit = Unit::write(context).await?;
    let result = store_registration(&mut unit, caller).await;
    unit.finish(result).await
}

async fn store_registration(unit: &mut Unit, caller: &Caller) -> Result<(), ApiError> {
    let identifier = match devices::push_identifier(unit.db(), &caller.device).await? {
        Some(identifier) => identifier,
        None => DevicePushIdentifier::generate(&mut unit.randomness()),
    };
    devices::set_push_registration(unit.db(), &caller.device, Some((&identifier, PLATFORM))).await?;
    Ok(())
}

/// Removes the registration unless another stream of the device is open or another platform has taken its place.
pub(super) async fn unregister(context: &Context, caller: &Caller) -> Result<(), ApiError> {
    let mut unit = Unit::write(context).await?;
    // Looked up inside the writing transaction: a later stream registers after it.
    if context.hub().has_listener(&caller.address, &caller.device) {
        return Ok(());
    }
    let result = devices::delete_push_registrations(unit.db(), PLATFORM, Some(&caller.device)).await;
    unit.finish(result.map_err(ApiError::from)).await
}

/// Removes the registrations of streams that a previous process has not closed.
pub(crate) async fn forget_former(context: &Context) -> Result<(), ApiError> {
    let mut unit = Unit::write(context).await?;
    let result = devices::delete_push_registrations(unit.db(), PLATFORM, None).await;
    unit.finish(result.map_err(ApiError::from)).await
}
