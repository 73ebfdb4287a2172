use backbone_api::codes;
use backbone_api::devices::CreateDeviceResponse;
use backbone_api::identities::{CreateIdentityRequest, CreateIdentityResponse, FirstDevice, IsDeletedResponse};
use core_types::{DeviceId, Username, identity_address};
use crypto::SignaturePublicKey;

use super::storage;
use crate::clients::Client;
use crate::context::Context;
use crate::http::{ApiError, Source};
use crate::language;
use crate::password::{Asker, PasswordHash};
use crate::resources::challenges;
use crate::resources::challenges::signature::VerifiedChallenge;
use crate::resources::devices;
use crate::resources::devices::storage::NewDevice;
use crate::unit::Unit;

/// The parts of a new Identity that are checked and computed without the database.
pub(super) struct Prepared {
    key: SignaturePublicKey,
    challenge: VerifiedChallenge,
    /// Missing when the password is too weak, which is reported last.
    password: Option<PasswordHash>,
    client: Client,
}

pub(super) async fn prepare(
    context: &Context,
    request: &CreateIdentityRequest,
    source: Source,
) -> Result<Prepared, ApiError> {
    let config = context.config();
    let client = context
        .authenticate_client(&request.client_id, request.client_secret.expose(), source)?
        .ok_or_else(|| ApiError::rule(codes::UNAUTHORIZED, "The client id or secret is wrong."))?;
    let device_password = request.device_password.expose();
    if device_password.is_empty() {
        return Err(ApiError::invalid_property("'devicePassword' must not be empty."));
    }
    if let Some(code) = &request.device_communication_language {
        devices::rules::require_known_language(code)?;
    }
    let key = challenges::signature::parse_public_key(&request.identity_public_key)?;
    let challenge = challenges::signature::verify(&request.signed_challenge, &key)?;
    let password = if config.password_rules.allow(device_password) {
        Some(context.passwords().hash_for(Asker::anonymous(source, ""), device_password).await?)
    } else {
        None
    };
    Ok(Prepared { key, challenge, password, client })
}

pub(super) async fn create(
    unit: &mut Unit,
    request: &CreateIdentityRequest,
    prepared: Prepared,
) -> Result<CreateIdentityResponse, ApiError> {
    let now = unit.now;
    challenges::rules::require_valid(unit, &prepared.challenge).await?;
    let address = identity_address::compute(&prepared.key, &unit.config().did_domain);
    if storage::find(unit.db(), &address).await?.is_some() {
        return Err(ApiError::rule(
            codes::DEVICE_ADDRESS_ALREADY_EXISTS,
            "There is an Identity with this key already.",
        ));
    }
    if let Some(limit) = prepared.client.max_identities
        && storage::count_of_client(unit.db(), &request.client_id).await? >= limit
    {
        let message = "The client can not create more Identities.";
        return Err(ApiError::rule(codes::DEVICE_CLIENT_REACHED_IDENTITIES_LIMIT, message));
    }
    let password = prepared
        .password
        .ok_or_else(|| ApiError::rule(codes::DEVICE_REGISTRATION_FAILED, "The password is too weak."))?;
    let id = DeviceId::generate(&mut unit.randomness());
    let device = CreateDeviceResponse {
        id: id.clone(),
        username: Username::generate(&mut unit.randomness()),
        created_at: now,
        created_by_device: id,
        is_backup_device: false,
    };
    storage::insert(unit.db(), &address, &prepared.key, &prepared.client, request.identity_version, now).await?;
    let new = NewDevice {
        device: &device,
        identity: &address,
        communication_language: request.device_communication_language.as_deref().unwrap_or(language::DEFAULT),
        password: &password,
    };
    devices::storage::insert(unit.db(), &new).await?;
    Ok(CreateIdentityResponse {
        address,
        created_at: now,
        device: FirstDevice { id: device.id, username: device.username, created_at: now },
    })
}

pub(super) async fn is_deleted(unit: &mut Unit, username: &Username) -> Result<IsDeletedResponse, ApiError> {
    let now = unit.now;
    let deletion_date = match storage::grace_period_end_of_user(unit.db(), username).await? {
        Some(end) => end.filter(|end| end.is_expired(now)),
        None => storage::deleted_at(unit.db(), username).await?,
    };
    Ok(IsDeletedResponse { is_deleted: deletion_date.is_some(), deletion_date })
}
