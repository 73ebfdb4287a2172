//! The devices of this Identity, and adding another one (`docs/protocol/02 §9.4`).

use backbone_api::{SecretText, devices::CreateDeviceResponse, paths};
use core_types::{DeviceId, random};
use protocol::{challenge::ChallengeType, device::DeviceSharedSecret};
use serde::Serialize;
use serde_json::Value;
use store::{Filter, Query};

use crate::{
    backbone::Call,
    challenges::Challenges,
    context::Context,
    documents::Device,
    error::{Result, TransportError},
};

/// The devices of this Identity.
#[derive(Debug, Clone)]
pub struct Devices {
    context: Context,
}

/// A device to be added.
#[derive(Debug, Clone, Default)]
pub struct SendDevice {
    /// Its name.
    pub name: Option<String>,
    /// Description given by the user.
    pub description: Option<String>,
    /// Gives it the private key of the Identity, with which it can add further devices.
    pub is_admin: Option<bool>,
    /// Restricts it to recovery; only one such device may exist.
    pub is_backup_device: Option<bool>,
}

/// `backbone_api::devices::CreateDeviceRequest` as the library writes it: here, and only here, with the type of the
/// challenge (`docs/protocol/02 §15`).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreateDevice {
    signed_challenge: Value,
    device_password: SecretText,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_backup_device: Option<bool>,
}

impl Devices {
    pub(crate) fn new(context: &Context) -> Self {
        Self { context: context.clone() }
    }

    /// Registers a further device at the Backbone. It joins the Identity when it receives its
    /// [`shared_secret`](Self::shared_secret).
    ///
    /// # Errors
    /// A failed call, such as `error.platform.validation.device.onlyOneBackupDeviceCanExist`, or a failure of the
    /// store.
    pub async fn send(&self, new: SendDevice) -> Result<Device> {
        let devices = self.clone();
        self.context.finish(async move { devices.send_now(new).await }).await
    }

    /// The device with this id.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn get(&self, id: &DeviceId) -> Result<Option<Device>> {
        Ok(self.context.store().get(id.as_str()).await?)
    }

    /// All devices, including this one.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn all(&self) -> Result<Vec<Device>> {
        Ok(self.context.store().find(&Query::default()).await?)
    }

    /// Everything that a device needs to join the Identity. Anyone who obtains it can act for the Identity.
    ///
    /// # Errors
    /// `error.transport.recordNotFound`, `error.transport.devices.alreadyOnboarded`,
    /// `error.transport.secrets.secretNotFound` if the device has no password yet or no longer, or a failure of the
    /// store.
    pub async fn shared_secret(&self, id: &DeviceId, profile_name: Option<String>) -> Result<DeviceSharedSecret> {
        let device = self.stored(id).await?;
        if device.public_key.is_some() {
            return Err(TransportError::DeviceAlreadyOnboarded(id.to_string()));
        }
        let password =
            device.initial_password.ok_or_else(|| TransportError::SecretNotFound("initialPassword".to_owned()))?;
        let keys = self.context.keys();
        Ok(DeviceSharedSecret {
            created_at: device.created_at,
            created_by_device: device.created_by_device,
            description: device.description,
            device_index: self.context.store().count::<Device>(&Filter::All).await?,
            id: device.id,
            identity: self.context.identity().clone(),
            identity_private_key: (device.is_admin == Some(true)).then(|| keys.identity_signature.clone()),
            is_backup_device: device.is_backup_device,
            name: device.name,
            password,
            profile_name,
            secret_base_key: keys.shared_base_key.clone(),
            synchronization_key: keys.synchronization_key.clone(),
            username: device.username.into_string(),
        })
    }

    /// Deletes a device that has not joined the Identity yet.
    ///
    /// # Errors
    /// `error.transport.recordNotFound`, `error.transport.devices.couldNotDeleteDevice` if it has joined or the
    /// Backbone refuses, or a failure of the store.
    pub async fn delete(&self, id: &DeviceId) -> Result<()> {
        let (devices, id) = (self.clone(), id.clone());
        self.context.finish(async move { devices.delete_now(&id).await }).await
    }

    async fn send_now(&self, new: SendDevice) -> Result<Device> {
        let signed = Challenges::new(&self.context).create(ChallengeType::Identity, None).await?;
        let password = random::device_password(&mut self.context.randomness());
        let request = CreateDevice {
            signed_challenge: serde_json::from_str(&signed.to_verbose_json())
                .map_err(|_| TransportError::invariant("the challenge cannot be written"))?,
            device_password: SecretText::from(password.as_str()),
            is_backup_device: new.is_backup_device,
        };
        let created: CreateDeviceResponse =
            self.context.backbone().result(Call::post(paths::DEVICES, &request)?).await?;
        let device = Device {
            created_at: created.created_at,
            created_by_device: created.created_by_device,
            datawallet_version: None,
            description: new.description,
            id: created.id,
            initial_password: Some(password),
            is_admin: new.is_admin,
            is_backup_device: created.is_backup_device,
            is_offboarded: None,
            last_login_at: None,
            name: new.name,
            operating_system: None,
            public_key: None,
            device_type: 0,
            username: created.username,
        };
        let mut unit = self.context.unit_of_work().await?;
        unit.insert(&device).await?;
        unit.commit().await?;
        Ok(device)
    }

    async fn delete_now(&self, id: &DeviceId) -> Result<()> {
        let failed = |reason: String| TransportError::CouldNotDeleteDevice { id: id.to_string(), reason };
        if self.stored(id).await?.public_key.is_some() {
            return Err(failed("it is onboarded already".to_owned()));
        }
        let call = Call::delete(paths::with_id(paths::DEVICE, id.as_str()));
        self.context.backbone().deleted(call).await.map_err(|error| failed(error.to_string()))?;
        let mut unit = self.context.unit_of_work().await?;
        unit.delete::<Device>(id.as_str()).await?;
        unit.commit().await
    }

    async fn stored(&self, id: &DeviceId) -> Result<Device> {
        self.get(id).await?.ok_or_else(|| TransportError::record_not_found("Device", id))
    }
}
