//! Creating an Identity in an order that survives a crash at any point.
//!
//! The reference stores the keys after the Backbone has created the Identity, and loses the Identity if it dies in
//! between (`docs/protocol/02 §6.2`). Here keys and password are stored first, as a *pending* Identity. If the
//! Backbone's answer is lost all the same, the next start meets `addressAlreadyExists`: the user name of the device was
//! in the lost answer, so nobody can ever log in to that Identity, and new keys are generated.

use backbone_api::{
    Bytes, SecretText,
    challenges::Challenge,
    codes,
    identities::{CreateIdentityRequest, CreateIdentityResponse},
    paths,
};
use core_types::{Randomness, Timestamp};
use crypto::{CryptoObject, SecretKey, SignatureKeypair};
use protocol::{device::DeviceCredentials, identity::NewIdentity};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Document, Store};
use zeroize::Zeroizing;

use super::AccountOptions;
use crate::{
    account_info as info,
    backbone::{Call, HttpClient},
    config::{SUPPORTED_DATAWALLET_VERSION, SUPPORTED_IDENTITY_VERSION},
    datawallet::{self, SynchronisedCollections},
    documents::{AccountInfoEntry, Device, Identity},
    error::{Result, TransportError},
    keys::AccountKeys,
};

/// If fresh keys meet an existing address this often, something else is wrong.
const MAX_ATTEMPTS: usize = 3;

/// Creates an Identity and stores it; the store holds it completely or not at all.
pub(super) async fn create(options: &AccountOptions, http: &HttpClient) -> Result<Identity> {
    let mut refused = None;
    for _ in 0..MAX_ATTEMPTS {
        let keys = pending_or_new(&options.store, options.randomness.clone()).await?;
        match register(options, http, &keys).await {
            Ok(response) => return store_identity(options, keys, response).await,
            Err(TransportError::Request(error)) if error.code == codes::DEVICE_ADDRESS_ALREADY_EXISTS => {
                tracing::warn!("an Identity was lost during its creation; another one is created");
                forget_pending(&options.store).await?;
                refused = Some(TransportError::Request(error));
            }
            Err(TransportError::Request(error)) if error.code == codes::UNAUTHORIZED => {
                return Err(TransportError::PlatformClientInvalid);
            }
            Err(error) => return Err(error),
        }
    }
    Err(refused.unwrap_or_else(|| TransportError::invariant("no Identity could be created")))
}

async fn register(options: &AccountOptions, http: &HttpClient, keys: &NewIdentity) -> Result<CreateIdentityResponse> {
    let config = &options.config;
    let challenge: Challenge = http.result(Call::post(paths::CHALLENGES, &json!({}))?).await?;
    let creation = keys.creation(&challenge.id, challenge.expires_at)?;
    let request = CreateIdentityRequest {
        device_password: SecretText::from(keys.device_password.as_str()),
        identity_public_key: Bytes(creation.identity_public_key),
        signed_challenge: backbone_api::challenges::SignedChallenge {
            signature: Bytes(creation.signed_challenge.signature_wire()),
            challenge: creation.signed_challenge.challenge,
        },
        client_id: config.platform_client_id.clone(),
        client_secret: SecretText::from(config.platform_client_secret.expose_secret()),
        identity_version: SUPPORTED_IDENTITY_VERSION,
        device_communication_language: None,
    };
    http.result(Call::post(paths::IDENTITIES, &request)?).await
}

async fn store_identity(
    options: &AccountOptions,
    new: NewIdentity,
    response: CreateIdentityResponse,
) -> Result<Identity> {
    let address = new.address(&options.config.address_hostname()?);
    if address != response.address {
        return Err(TransportError::invariant(format!(
            "the Backbone created the address '{}' instead of '{address}'; the host name in its addresses differs from \
             the one of baseUrl: set addressGenerationHostnameOverride",
            response.address
        )));
    }
    let now = options.clock.now();
    let identity = Identity { address, public_key: new.identity_keypair.public_key.clone() };
    let device = first_device(&response, &new.device_keypair, now);
    let credentials = DeviceCredentials {
        id: response.device.id,
        password: new.device_password.as_str().to_owned(),
        username: response.device.username.into_string(),
    };
    let keys = AccountKeys {
        identity_signature: new.identity_keypair.private_key.clone(),
        device_signature: new.device_keypair.private_key.clone(),
        shared_base_key: new.shared_base_key.clone(),
        synchronization_key: new.synchronization_key.clone(),
    };
    let mut transaction = options.store.begin().await?;
    transaction.insert(&info::entry(info::IDENTITY, info::identity_value(&identity)?)).await?;
    transaction.insert(&info::entry(info::DEVICE, info::to_value(&device)?)).await?;
    let base_key = info::to_value(&new.device_base_key.verbose())?;
    transaction.insert(&info::entry(info::BASE_KEY, base_key)).await?;
    for secret in keys.seal(now, options.randomness.clone(), &new.device_base_key, credentials)? {
        transaction.insert(&secret).await?;
    }
    transaction.insert(&device).await?;
    if options.config.datawallet_enabled
        && let Some(devices) = SynchronisedCollections::with(&options.collections).get(Device::COLLECTION.name)
    {
        let mut randomness = options.randomness.clone();
        for modification in datawallet::created(devices, &info::to_value(&device)?, &mut randomness) {
            transaction.insert(&modification).await?;
        }
    }
    transaction.delete::<AccountInfoEntry>(info::PENDING_IDENTITY).await?;
    transaction.commit().await?;
    tracing::info!(address = %identity.address, "a new Identity was created");
    Ok(identity)
}

/// The device that the Identity was created with.
fn first_device(response: &CreateIdentityResponse, keypair: &SignatureKeypair, now: Timestamp) -> Device {
    Device {
        created_at: response.created_at,
        created_by_device: response.device.id.clone(),
        datawallet_version: Some(SUPPORTED_DATAWALLET_VERSION.into()),
        description: None,
        id: response.device.id.clone(),
        initial_password: None,
        is_admin: None,
        is_backup_device: false,
        is_offboarded: None,
        last_login_at: Some(now),
        name: None,
        operating_system: Some(String::new()),
        public_key: Some(keypair.public_key.clone()),
        device_type: 0,
        username: response.device.username.clone(),
    }
}

/// The stored data of an Identity that the Backbone does not know yet.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PendingIdentity {
    device_base_key: SecretKey,
    device_keypair: SignatureKeypair,
    device_password: SecretText,
    identity_keypair: SignatureKeypair,
    shared_base_key: SecretKey,
    synchronization_key: SecretKey,
}

async fn pending_or_new(store: &Store, mut randomness: Randomness) -> Result<NewIdentity> {
    if let Some(pending) = info::read::<PendingIdentity>(store, info::PENDING_IDENTITY).await? {
        return Ok(pending.into());
    }
    let new = NewIdentity::generate(&mut randomness);
    let pending = info::to_value(&PendingIdentity::from(&new))?;
    let mut transaction = store.begin().await?;
    transaction.insert(&info::entry(info::PENDING_IDENTITY, pending)).await?;
    transaction.commit().await?;
    Ok(new)
}

async fn forget_pending(store: &Store) -> Result<()> {
    let mut transaction = store.begin().await?;
    transaction.delete::<AccountInfoEntry>(info::PENDING_IDENTITY).await?;
    transaction.commit().await?;
    Ok(())
}

impl From<&NewIdentity> for PendingIdentity {
    fn from(new: &NewIdentity) -> Self {
        let new = new.clone();
        Self {
            device_base_key: new.device_base_key,
            device_keypair: new.device_keypair,
            device_password: SecretText::from(new.device_password.as_str()),
            identity_keypair: new.identity_keypair,
            shared_base_key: new.shared_base_key,
            synchronization_key: new.synchronization_key,
        }
    }
}

impl From<PendingIdentity> for NewIdentity {
    fn from(pending: PendingIdentity) -> Self {
        Self {
            device_base_key: pending.device_base_key,
            device_keypair: pending.device_keypair,
            device_password: Zeroizing::new(pending.device_password.expose().to_owned()),
            identity_keypair: pending.identity_keypair,
            shared_base_key: pending.shared_base_key,
            synchronization_key: pending.synchronization_key,
        }
    }
}
