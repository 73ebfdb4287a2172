use backbone_api::codes;
use backbone_api::devices::{
    ChangePasswordRequest, CreateDeviceRequest, CreateDeviceResponse, RegisterPushNotificationsRequest,
    RegisterPushNotificationsResponse,
};
use core_types::{DeviceId, DevicePushIdentifier, Username};

use super::storage::{self, NewDevice};
use crate::context::Context;
use crate::http::{ApiError, Caller};
use crate::language;
use crate::password::PasswordHash;
use crate::resources::{challenges, identities};
use crate::unit::Unit;

const MIN_HANDLE: usize = 10;
const MAX_HANDLE: usize = 500;

pub(crate) fn require_known_language(code: &str) -> Result<(), ApiError> {
    if language::is_known(code) {
        return Ok(());
    }
    let message = "The device communication language must be a two-letter code of ISO 639-1.";
    Err(ApiError::rule(codes::INVALID_DEVICE_COMMUNICATION_LANGUAGE, message))
}

/// The hash of the new device's password, or nothing if it is too weak. The broken rule to report is chosen later;
/// hashing must happen outside the transaction.
pub(super) async fn prepare_password(
    context: &Context,
    request: &CreateDeviceRequest,
) -> Result<Option<PasswordHash>, ApiError> {
    let password = request.device_password.expose();
    if password.is_empty() {
        return Err(ApiError::invalid_property("'devicePassword' must not be empty."));
    }
    if let Some(code) = &request.communication_language {
        require_known_language(code)?;
    }
    if context.config().password_rules.allow(password) {
        context.passwords().hash(password).await.map(Some)
    } else {
        Ok(None)
    }
}

pub(super) async fn create(
    unit: &mut Unit,
    caller: &Caller,
    request: &CreateDeviceRequest,
    password: Option<PasswordHash>,
) -> Result<CreateDeviceResponse, ApiError> {
    let is_backup_device = request.is_backup_device.unwrap_or(false);
    if is_backup_device && storage::has_backup_device(unit.db(), &caller.address).await? {
        return Err(ApiError::rule(
            codes::DEVICE_ONLY_ONE_BACKUP_DEVICE_CAN_EXIST,
            "There is a backup device already.",
        ));
    }
    let key =
        identities::storage::public_key(unit.db(), &caller.address).await?.ok_or(ApiError::NotFound("Identity"))?;
    let challenge = challenges::signature::verify(&request.signed_challenge, &key)?;
    challenges::rules::require_valid(unit, &challenge).await?;
    let password =
        password.ok_or_else(|| ApiError::rule(codes::DEVICE_REGISTRATION_FAILED, "The password is too weak."))?;
    let device = CreateDeviceResponse {
        id: DeviceId::generate(&mut unit.randomness()),
        username: Username::generate(&mut unit.randomness()),
        created_at: unit.now,
        created_by_device: caller.device.clone(),
        is_backup_device,
    };
    let new = NewDevice {
        device: &device,
        identity: &caller.address,
        communication_language: request.communication_language.as_deref().unwrap_or(language::DEFAULT),
        password: &password,
    };
    storage::insert(unit.db(), &new).await?;
    Ok(device)
}

/// Checks the old password and hashes the new one.
pub(super) async fn prepare_new_password(
    context: &Context,
    caller: &Caller,
    request: &ChangePasswordRequest,
) -> Result<PasswordHash, ApiError> {
    let (old, new) = (request.old_password.expose(), request.new_password.expose());
    if old.is_empty() || new.is_empty() {
        return Err(ApiError::invalid_property("'oldPassword' and 'newPassword' must not be empty."));
    }
    let (guesses, device) = (context.guesses(), caller.device.as_str());
    guesses.count(device, device, context.config().clock.monotonic())?;
    let verified = is_password_of(context, caller, old).await;
    guesses.settle(device, device, &verified);
    if !verified? {
        return Err(ApiError::rule(codes::DEVICE_CHANGE_PASSWORD_FAILED, "The old password is wrong."));
    }
    if !context.config().password_rules.allow(new) {
        return Err(ApiError::rule(codes::DEVICE_CHANGE_PASSWORD_FAILED, "The new password is too weak."));
    }
    context.passwords().hash(new).await
}

async fn is_password_of(context: &Context, caller: &Caller, password: &str) -> Result<bool, ApiError> {
    let stored = storage::password(&context.database().readers, &caller.device).await?;
    context.passwords().verify(password, stored).await
}

pub(super) async fn delete(unit: &mut Unit, caller: &Caller, id: &DeviceId) -> Result<(), ApiError> {
    let stored = storage::find(unit.db(), id).await?.ok_or(ApiError::NotFound("Device"))?;
    if stored.device.last_login.is_some() || stored.identity != caller.address {
        let message = "Only an own device that has never logged in can be deleted.";
        return Err(ApiError::rule(codes::DEVICE_CANNOT_BE_DELETED, message));
    }
    storage::delete(unit.db(), id).await?;
    Ok(())
}

/// Registers for push notifications, which are never sent: Connectors poll or listen, and need only the identifier.
pub(super) async fn register_push(
    unit: &mut Unit,
    caller: &Caller,
    request: &RegisterPushNotificationsRequest,
) -> Result<RegisterPushNotificationsResponse, ApiError> {
    let platform = request.platform.to_ascii_lowercase();
    if !["fcm", "apns", "dummy", "sse"].contains(&platform.as_str()) {
        return Err(ApiError::rule(
            codes::INVALID_PNS_PLATFORM,
            "The platform must be 'fcm', 'apns', 'dummy' or 'sse'.",
        ));
    }
    if !(MIN_HANDLE..=MAX_HANDLE).contains(&request.handle.chars().count()) {
        return Err(ApiError::invalid_property(format!("'handle' must have {MIN_HANDLE} to {MAX_HANDLE} characters.")));
    }
    if request.app_id.is_empty() {
        return Err(ApiError::invalid_property("'appId' must not be empty."));
    }
    if matches!(platform.as_str(), "fcm" | "apns") {
        return Err(ApiError::rule(codes::UNSUPPORTED_APP_ID, "No push service is configured for the app."));
    }
    let identifier = match storage::push_identifier(unit.db(), &caller.device).await? {
        Some(identifier) => identifier,
        None => DevicePushIdentifier::generate(&mut unit.randomness()),
    };
    storage::set_push_registration(unit.db(), &caller.device, Some((&identifier, &platform))).await?;
    Ok(RegisterPushNotificationsResponse { device_push_identifier: identifier })
}
