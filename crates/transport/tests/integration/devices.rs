//! Adding another device to the Identity.
use core_types::DeviceId;
use protocol::device::DeviceSharedSecret;
use serde_json::Value;
use transport::{
    SendDevice,
    documents::{AccountInfoEntry, Device},
};

use crate::support::TestBackbone;

#[tokio::test]
async fn another_device_gets_everything_it_needs_to_join() {
    let backbone = TestBackbone::start().await;
    let account = backbone.account().await;
    let name = Some("desk".to_owned());
    let new = SendDevice { name: name.clone(), is_admin: Some(true), ..SendDevice::default() };
    let sent = account.devices().send(new).await.unwrap();
    assert_eq!(account.devices().get(&sent.id).await.unwrap().as_ref(), Some(&sent));
    assert_eq!(account.devices().all().await.unwrap().len(), 2);
    let secret = account.devices().shared_secret(&sent.id, Some("profile".to_owned())).await.unwrap();
    assert_eq!((secret.name.clone(), secret.device_index), (name, 2));
    assert_eq!(secret.identity, *account.identity());
    assert_eq!(secret.created_by_device, account.device().await.unwrap().id);
    let private_key = secret.identity_private_key.clone().unwrap();
    assert_eq!(private_key.public_key().unwrap(), account.identity().public_key);
    let json: Value = serde_json::from_str(&secret.to_verbose_json().unwrap()).unwrap();
    assert_eq!(json["@type"], "DeviceSharedSecret");
    assert_eq!(serde_json::from_value::<DeviceSharedSecret>(json).unwrap(), secret);

    // Without the permission to add devices, there is no key of the Identity.
    let plain = account.devices().send(SendDevice::default()).await.unwrap();
    assert!(account.devices().shared_secret(&plain.id, None).await.unwrap().identity_private_key.is_none());
    account.devices().delete(&plain.id).await.unwrap();
    assert_eq!(account.devices().get(&plain.id).await.unwrap(), None);
}

#[tokio::test]
async fn devices_that_have_joined_neither_get_secrets_nor_are_deleted() {
    let backbone = TestBackbone::start().await;
    let account = backbone.account().await;
    let own = account.device().await.unwrap().id;
    let error = account.devices().shared_secret(&own, None).await.unwrap_err();
    assert_eq!(error.code(), "error.transport.devices.alreadyOnboarded");
    let error = account.devices().delete(&own).await.unwrap_err();
    assert_eq!(error.code(), "error.transport.devices.couldNotDeleteDevice");
    let unknown = DeviceId::new("DVC00000000000000000");
    for error in [
        account.devices().shared_secret(&unknown, None).await.unwrap_err(),
        account.devices().delete(&unknown).await.unwrap_err(),
    ] {
        assert_eq!(error.code(), "error.transport.recordNotFound");
    }
    // The Backbone refuses to delete a device that has logged in, although this one does not know of the login.
    let mut transaction = account.store().begin().await.unwrap();
    let mut joined: Device = transaction.get(own.as_str()).await.unwrap().unwrap();
    joined.public_key = None;
    transaction.put(&joined).await.unwrap();
    transaction.commit().await.unwrap();
    account.backbone().log_in().await.unwrap();
    let error = account.devices().delete(&own).await.unwrap_err();
    assert_eq!(error.code(), "error.transport.devices.couldNotDeleteDevice");
    assert!(account.devices().get(&own).await.unwrap().is_some());
    let info: AccountInfoEntry = account.store().get("device").await.unwrap().unwrap();
    assert_eq!(info.value["id"], own.as_str());
}
