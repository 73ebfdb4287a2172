//! Adds a device to the Identity in a database that no Connector has open, and prints what the device needs to join the
//! Identity: a `DeviceSharedSecret`. For tests of the datawallet with other implementations.
//!
//! ```text
//! device_secret CONNECTION_STRING DATABASE_NAME BACKBONE_URL
//! ```
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a tool for tests that may stop at the first mistake")]

use std::sync::Arc;

use core_types::SystemClock;
use store::{Store, StoreConfig};
use transport::{Account, AccountOptions, SendDevice, TransportConfig};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut argument = || arguments.next().unwrap();
    let store = StoreConfig { connection_string: argument(), db_name: argument() };
    let config = TransportConfig {
        base_url: argument(),
        platform_client_id: "test".to_owned(),
        platform_client_secret: "test".into(),
        allow_identity_creation: false,
        datawallet_enabled: true,
        ..TransportConfig::default()
    };
    let store = Store::open(&store).await.unwrap();
    let options = AccountOptions {
        store: store.clone(),
        config,
        clock: Arc::new(SystemClock),
        randomness: core_types::Randomness::system(),
        recorder: Arc::new(()),
        causes: Arc::new(()),
        collections: Vec::new(),
    };
    let account = Account::open(options).await.unwrap();
    let new = SendDevice { name: Some("another device".to_owned()), is_admin: Some(true), ..SendDevice::default() };
    let device = account.devices().send(new).await.unwrap();
    account.sync().only_datawallet().await.unwrap();
    let secret = account.devices().shared_secret(&device.id, None).await.unwrap();
    println!("{}", secret.to_verbose_json().unwrap());
    account.close().await;
    store.close().await.unwrap();
}
