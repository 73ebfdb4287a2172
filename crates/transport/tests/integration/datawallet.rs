//! Synchronisation between the devices of an Identity. The other device is an earlier copy of the account with a login
//! of its own: it has the same keys, and learns everything else from the datawallet.
use std::path::Path;

use axum::http::Method;
use bytes::Bytes;
use core_types::{Clock, PasswordProtectionCreationParameters, SystemClock};
use crypto::SecretKey;
use protocol::{device::DeviceCredentials, secrets::SecretContainer, token::TokenContent};
use serde_json::{Value, json};
use store::{Filter, Query};
use tempfile::TempDir;
use transport::{
    Account, SendDevice, SendFile, SendMessage, SendTemplate, SendToken, TransportConfig,
    documents::{
        AccountInfoEntry, Device, DeviceSecretEntry, File, Message, Relationship, RelationshipTemplate, Secret,
        SyncInfoEntry, Token, UnpushedDatawalletModification,
    },
};

use crate::support::{Fault, TestAccount, TestBackbone, in_one_hour, new_template, open, open_store, relate};

const SYNCHRONISED: &str = "transport.datawalletSynchronized";

async fn enabled(backbone: &TestBackbone, folder: &Path) -> Account {
    open(folder, TransportConfig { datawallet_enabled: true, ..backbone.config() }).await.unwrap()
}

async fn new_account(backbone: &TestBackbone) -> TestAccount {
    let folder = tempfile::tempdir().unwrap();
    TestAccount { account: enabled(backbone, folder.path()).await, folder }
}

/// The account, and another device of it.
async fn two_devices(backbone: &TestBackbone) -> (TestAccount, TestAccount) {
    let folder = new_account(backbone).await.crash().await;
    let copy = copy_of(&folder);
    let one = TestAccount { account: enabled(backbone, folder.path()).await, folder };
    let device = one.devices().send(SendDevice::default()).await.unwrap();
    one.sync().only_datawallet().await.unwrap();
    become_device(copy.path(), device).await;
    let other = TestAccount { account: enabled(backbone, copy.path()).await, folder: copy };
    one.sync().only_datawallet().await.unwrap();
    (one, other)
}

/// Makes the account in a folder log in as another device.
async fn become_device(folder: &Path, mut device: Device) {
    let store = open_store(folder).await;
    let mut transaction = store.begin().await.unwrap();
    let base_key: AccountInfoEntry = transaction.get("baseKey").await.unwrap().unwrap();
    let base_key: SecretKey = serde_json::from_value(base_key.value).unwrap();
    let credentials = DeviceCredentials {
        id: device.id.clone(),
        password: device.initial_password.take().unwrap(),
        username: device.username.to_string(),
    };
    let (rng, name) = (&mut core_types::Randomness::system(), "device_credentials");
    let container = SecretContainer::seal_device(rng, SystemClock.now(), &base_key, name, &credentials.into()).unwrap();
    let secret = DeviceSecretEntry { name: name.to_owned(), value: container.to_document().unwrap() };
    transaction.put(&secret).await.unwrap();
    let info = AccountInfoEntry { name: "device".to_owned(), value: serde_json::to_value(&device).unwrap() };
    transaction.put(&info).await.unwrap();
    transaction.commit().await.unwrap();
    store.close().await.unwrap();
}

fn copy_of(folder: &TempDir) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    copy
}

async fn index(account: &Account) -> i64 {
    let entry: SyncInfoEntry = account.store().get("localDatawalletModificationIndex").await.unwrap().unwrap();
    entry.value.as_i64().unwrap()
}

async fn unpushed(account: &Account) -> u64 {
    account.store().count::<UnpushedDatawalletModification>(&Filter::All).await.unwrap()
}

macro_rules! assert_same_documents {
    ($one:expr, $other:expr, $($document:ty),*) => {$(
        let all = Query::default();
        let (one, other): (Vec<$document>, Vec<$document>) =
            ($one.store().find(&all).await.unwrap(), $other.store().find(&all).await.unwrap());
        assert!(!one.is_empty(), stringify!($document));
        assert!(one == other, "{}: {one:?} differs from {other:?}", stringify!($document));
    )*};
}

fn message_to(recipient: &TestAccount, content: Value) -> SendMessage {
    SendMessage { recipients: vec![recipient.address()], content, attachments: vec![] }
}

#[tokio::test]
async fn is_left_alone_while_it_is_disabled() {
    let backbone = TestBackbone::start().await;
    let account = backbone.account().await;
    account.template().await;
    account.sync().only_datawallet().await.unwrap();
    assert_eq!((unpushed(&account).await, index(&account).await), (0, -1));
    assert_eq!(account.count_events(SYNCHRONISED).await, 0);
}

#[tokio::test]
async fn every_document_reaches_the_other_device() {
    let backbone = TestBackbone::start().await;
    let (one, other) = two_devices(&backbone).await;
    let peer = backbone.account().await;
    let relationship = relate(&one, &peer).await;
    one.relationships().set_metadata(&relationship.id, json!({ "alias": "peer" })).await.unwrap();
    let protected = PasswordProtectionCreationParameters::password("secret", None).unwrap();
    let template = SendTemplate { password_protection: Some(protected), ..new_template() };
    one.templates().send(template).await.unwrap();
    let token = SendToken {
        content: TokenContent::Untyped(json!({ "@type": "X", "a": 1 })),
        expires_at: in_one_hour(),
        ephemeral: false,
        for_identity: None,
        password_protection: None,
    };
    one.tokens().send(token).await.unwrap();
    let file = SendFile {
        content: Bytes::from_static(b"content"),
        filename: "a.txt".to_owned(),
        mimetype: "text/plain".to_owned(),
        expires_at: in_one_hour(),
        title: None,
        description: None,
        filemodified: None,
        tags: Some(vec!["x:a".to_owned()]),
    };
    let file = one.files().send(file).await.unwrap();
    one.messages().send(message_to(&peer, json!({ "to": "peer" }))).await.unwrap();
    let received = peer.messages().send(message_to(&one, json!({ "from": "peer" }))).await.unwrap();
    one.sync().everything().await.unwrap();
    one.messages().mark_as_read(&received.id).await.unwrap();
    one.sync().only_datawallet().await.unwrap();
    assert_eq!(unpushed(&one).await, 0);

    let changed = other.sync().only_datawallet().await.unwrap();
    assert!(changed.changed_object_identifiers_during_datawallet_sync.contains(&received.id.to_string()));
    assert_same_documents!(one, other, Relationship, RelationshipTemplate, Token, File, Message, Secret);
    assert_eq!(index(&one).await, index(&other).await);
    assert_eq!((one.devices().all().await.unwrap().len(), other.devices().all().await.unwrap().len()), (2, 2));
    // They are usable there: keys and all.
    assert_eq!(other.files().download(&file.id).await.unwrap(), Bytes::from_static(b"content"));
    let answer = other.messages().send(message_to(&peer, json!({ "from": "other" }))).await.unwrap();
    other.sync().only_datawallet().await.unwrap();
    peer.sync().everything().await.unwrap();
    assert!(peer.messages().get(&answer.id).await.unwrap().is_some());

    // Deletions are synchronised in the same way, in both directions.
    other.files().delete(&file.id).await.unwrap();
    other.sync().only_datawallet().await.unwrap();
    one.sync().only_datawallet().await.unwrap();
    assert_eq!(one.files().get(&file.id).await.unwrap(), None);
    assert_same_documents!(one, other, Message);
    assert!(one.count_events(SYNCHRONISED).await > 1);
}

#[tokio::test]
async fn what_an_event_brought_travels_with_the_end_of_the_sync_run() {
    let backbone = TestBackbone::start().await;
    let (one, other) = two_devices(&backbone).await;
    let peer = backbone.account().await;
    relate(&peer, &one).await;
    one.sync().only_datawallet().await.unwrap();
    let sent = peer.messages().send(message_to(&one, json!(1))).await.unwrap();
    backbone.network.take_requests();
    one.sync().everything().await.unwrap();
    let requests = backbone.network.take_requests();
    assert!(!requests.iter().any(|request| request == "POST /api/v2/Datawallet/Modifications"), "{requests:?}");
    assert_eq!(unpushed(&one).await, 0);
    other.sync().only_datawallet().await.unwrap();
    assert_eq!(other.messages().get(&sent.id).await.unwrap().unwrap().content, json!(1));
}

#[tokio::test]
async fn a_push_whose_answer_is_lost_is_neither_repeated_nor_undoes_what_came_after() {
    let backbone = TestBackbone::start().await;
    let account = new_account(&backbone).await;
    let template = account.template().await;
    let before = index(&account).await;
    backbone.network.fail_next(Method::POST, "/Datawallet/Modifications", Fault::AnswerLost);
    account.sync().only_datawallet().await.unwrap_err();
    let waiting = i64::try_from(unpushed(&account).await).unwrap();
    assert_eq!(index(&account).await, before);
    let changed = account.templates().set_metadata(&template.id, json!("newer")).await.unwrap();

    let folder = account.crash().await;
    let account = enabled(&backbone, folder.path()).await;
    assert_eq!(account.templates().get(&template.id).await.unwrap(), Some(changed));
    assert_eq!(unpushed(&account).await, 0);
    assert_eq!(index(&account).await, before + waiting + 1);
}

#[tokio::test]
async fn a_push_that_never_arrived_is_repeated() {
    let backbone = TestBackbone::start().await;
    let (one, other) = two_devices(&backbone).await;
    let template = one.template().await;
    backbone.network.fail_next(Method::POST, "/Datawallet/Modifications", Fault::Unreachable);
    one.sync().only_datawallet().await.unwrap_err();
    one.sync().only_datawallet().await.unwrap();
    assert_eq!(unpushed(&one).await, 0);
    other.sync().only_datawallet().await.unwrap();
    assert_eq!(other.templates().get(&template.id).await.unwrap(), Some(template));
}

#[tokio::test]
async fn who_is_overtaken_pulls_again_before_it_pushes() {
    let backbone = TestBackbone::start().await;
    let (one, other) = two_devices(&backbone).await;
    let (of_one, of_other) = (one.template().await, other.template().await);
    let answer = backbone.network.delay_next_answer(Method::GET, "/Datawallet/Modifications");
    let slow = tokio::spawn({
        let one = one.account.clone();
        async move { one.sync().only_datawallet().await }
    });
    answer.served().await;
    other.sync().only_datawallet().await.unwrap();
    answer.go();
    let changed = slow.await.unwrap().unwrap();
    assert!(changed.changed_object_identifiers_during_datawallet_sync.contains(&of_other.id.to_string()));
    other.sync().only_datawallet().await.unwrap();
    for (device, template) in [(&one, &of_other), (&other, &of_one)] {
        assert_eq!(device.templates().get(&template.id).await.unwrap().as_ref(), Some(template));
    }
}

#[tokio::test]
async fn many_changes_travel_in_several_requests() {
    let backbone = TestBackbone::start().await;
    let (one, other) = two_devices(&backbone).await;
    let template = one.template().await;
    for number in 0..450 {
        one.templates().set_metadata(&template.id, json!(number)).await.unwrap();
    }
    backbone.network.take_requests();
    one.sync().only_datawallet().await.unwrap();
    let pushes = backbone.network.take_requests();
    assert_eq!(pushes.iter().filter(|request| *request == "POST /api/v2/Datawallet/Modifications").count(), 3);
    other.sync().only_datawallet().await.unwrap();
    assert_eq!(other.templates().get(&template.id).await.unwrap().unwrap().metadata, Some(json!(449)));
}

#[tokio::test]
async fn a_newer_datawallet_is_not_touched() {
    let backbone = TestBackbone::start().await;
    let account = new_account(&backbone).await;
    account.template().await;
    let told = account.count_events(SYNCHRONISED).await;
    let newer = |body: &mut Value| body["result"]["version"] = json!(2);
    backbone.network.fail_next(Method::GET, "/Datawallet", Fault::Tampered(Box::new(newer)));
    let error = account.sync().only_datawallet().await.unwrap_err();
    assert_eq!(error.code(), "error.transport.datawallet.insufficientSupportedDatawalletVersion");
    assert_eq!(account.count_events(SYNCHRONISED).await, told + 1);
    assert!(unpushed(&account).await > 0);
}

#[tokio::test]
async fn a_device_without_a_version_gets_one() {
    let backbone = TestBackbone::start().await;
    let folder = new_account(&backbone).await.crash().await;
    let store = open_store(folder.path()).await;
    let mut transaction = store.begin().await.unwrap();
    let mut info: AccountInfoEntry = transaction.get("device").await.unwrap().unwrap();
    info.value.as_object_mut().unwrap().remove("datawalletVersion");
    transaction.put(&info).await.unwrap();
    transaction.commit().await.unwrap();
    store.close().await.unwrap();
    let account = enabled(&backbone, folder.path()).await;
    assert_eq!(account.device().await.unwrap().datawallet_version, Some(1));
}

#[tokio::test]
async fn modifications_that_make_no_sense_change_nothing_and_hold_nothing_up() {
    let backbone = TestBackbone::start().await;
    let (one, other) = two_devices(&backbone).await;
    let template = one.template().await;
    one.sync().only_datawallet().await.unwrap();
    let forge = |body: &mut Value| {
        let items = body["result"].as_array_mut().unwrap();
        let of_template =
            |item: &Value| item["collection"] == "Templates" && item["payloadCategory"] == "TechnicalData";
        let technical = items.iter().position(of_template).unwrap();
        // The template lacks its mandatory members.
        let removed = items.remove(technical);
        for (index, change) in [
            json!({ "collection": "AccountInfo", "objectIdentifier": "identity", "type": "Delete" }),
            json!({ "collection": "DeviceSecrets", "objectIdentifier": "device_credentials", "type": "Delete" }),
            json!({ "collection": "Messages", "objectIdentifier": "MSG1" }),
            json!({ "collection": "Messages", "objectIdentifier": "MSG2", "encryptedPayload": "AAAA" }),
            json!({ "collection": "Messages", "objectIdentifier": "MSG3", "encryptedPayload": null }),
            json!({ "collection": "Tokens", "objectIdentifier": "", "encryptedPayload": null }),
            json!({ "collection": "Tokens", "objectIdentifier": "x".repeat(5000), "encryptedPayload": null }),
            json!({ "collection": "Tokens", "objectIdentifier": "TOK1", "type": "CacheChanged" }),
        ]
        .into_iter()
        .enumerate()
        {
            let mut item = removed.clone();
            item["index"] = json!(100 + index);
            item.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            items.push(item);
        }
    };
    backbone.network.fail_next(Method::GET, "/Datawallet/Modifications", Fault::Tampered(Box::new(forge)));
    let changed = other.sync().only_datawallet().await.unwrap();
    // Only the key of the template arrives.
    let changed = changed.changed_object_identifiers_during_datawallet_sync;
    assert!(changed.len() == 1 && changed[0].starts_with("TRPSEC"), "{changed:?}");
    assert!(other.templates().find(&Query::default()).await.unwrap().is_empty());
    assert!(other.messages().find(&Query::default()).await.unwrap().is_empty());
    assert!(other.store().get::<AccountInfoEntry>("identity").await.unwrap().is_some());
    assert!(other.store().get::<DeviceSecretEntry>("device_credentials").await.unwrap().is_some());
    assert!(one.templates().get(&template.id).await.unwrap().is_some());
    other.backbone().log_in().await.unwrap();
}
