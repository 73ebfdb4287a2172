//! The database of an existing Connector (`vectors/database.json`), opened as it is, on a scripted Backbone.

use core_types::{RelationshipId, Timestamp};
use crypto::{CryptoObject, SecretKey};
use serde_json::{Value, json};
use store::{CollectionSpec, Filter, Query};
use tempfile::TempDir;
use transport::{
    Account, SendMessage, TransportConfig,
    documents::{Message, Relationship, Secret, SyncInfoEntry},
};
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{method, path, path_regex},
};

use crate::support::{self, TestBackbone};

fn database() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/database.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Writes the collections of the transport layer into a new store.
async fn import() -> TempDir {
    const COLLECTIONS: [(&str, &str); 11] = [
        ("AccountInfo", "name"),
        ("DeviceSecrets", "name"),
        ("SyncInfo", "name"),
        ("Secrets", "id"),
        ("Devices", "id"),
        ("IdentityDeletionProcess", "id"),
        ("Relationships", "id"),
        ("Templates", "id"),
        ("Tokens", "id"),
        ("Files", "id"),
        ("Messages", "id"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let store = support::open_store(folder.path()).await;
    let database = database();
    let mut transaction = store.begin().await.unwrap();
    for case in database["cases"].as_array().unwrap() {
        let Some((name, key)) = COLLECTIONS.iter().find(|(name, _)| case["collection"] == *name) else { continue };
        let spec = CollectionSpec { name, key, indexes: &[] };
        for document in case["documents"].as_array().unwrap() {
            transaction.insert_raw(&spec, document).await.unwrap();
        }
    }
    transaction.commit().await.unwrap();
    store.close().await.unwrap();
    folder
}

async fn open(folder: &TempDir, server: &MockServer) -> Account {
    let config = TransportConfig {
        base_url: server.uri().replace("127.0.0.1", "localhost"),
        platform_client_id: "test".to_owned(),
        platform_client_secret: "test".into(),
        allow_identity_creation: false,
        ..TransportConfig::default()
    };
    support::open(folder.path(), config).await.unwrap()
}

fn result(value: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({ "result": value }))
}

async fn server() -> MockServer {
    let server = MockServer::start().await;
    let token = ResponseTemplate::new(200).set_body_json(json!({ "access_token": "t", "expires_in": 300 }));
    Mock::given(path("/connect/token")).respond_with(token).mount(&server).await;
    server
}

/// A sync run with these events and modifications.
async fn sync_run(server: &MockServer, events: Value, modifications: Value) {
    let run = json!({ "status": "Created", "syncRun": {
        "id": "SYR00000000000000001", "type": "ExternalEventSync", "expiresAt": "2030-01-01T00:00:00.000Z", "index": 1,
        "createdAt": "2026-01-01T00:00:00.000Z", "createdBy": "x", "createdByDevice": "y", "eventCount": 1,
    }});
    Mock::given(method("POST")).and(path("/api/v2/SyncRuns")).respond_with(result(run)).mount(server).await;
    Mock::given(path_regex("ExternalEvents$")).respond_with(result(events)).mount(server).await;
    Mock::given(path("/api/v2/Datawallet/Modifications")).respond_with(result(modifications)).mount(server).await;
    let finalized = json!({ "newUnsyncedExternalEventsExist": false, "datawalletModifications": [] });
    Mock::given(path_regex("FinalizeExternalEventSync$")).respond_with(result(finalized)).mount(server).await;
}

fn event(id: u32, event_type: &str, payload: Value) -> Value {
    json!({
        "id": format!("SYI{id:017}"), "type": event_type, "index": id, "createdAt": "2026-01-01T00:00:00.000Z",
        "syncErrorCount": 0, "payload": payload,
    })
}

async fn request_to<'a>(requests: &'a [Request], ending: &str) -> Vec<&'a Request> {
    requests.iter().filter(|request| request.url.path().ends_with(ending)).collect()
}

#[tokio::test]
async fn is_opened_without_a_call() {
    let (folder, server) = (import().await, server().await);
    let account = open(&folder, &server).await;
    assert_eq!(account.identity().address.as_str(), "did:e:localhost:dids:5e0e3424fc013f6faf76c9");
    assert_eq!(account.device().await.unwrap().username.as_str(), "USR00000000000000002");
    assert_eq!(server.received_requests().await.unwrap().len(), 0);
    assert!(!account.messages().find(&Query::default()).await.unwrap().is_empty());
    let time = account.sync().last_completed_sync_time().await.unwrap();
    assert_eq!(time, Some("2026-11-21T20:16:33.808Z".parse::<Timestamp>().unwrap()));
    account.backbone().log_in().await.unwrap();
    let requests = server.received_requests().await.unwrap();
    let login = String::from_utf8(requests[0].body.clone()).unwrap();
    assert!(login.contains("username=USR00000000000000002"), "{login}");
}

#[tokio::test]
async fn a_damaged_one_is_refused() {
    for (collection, key, code) in [
        ("DeviceSecrets", "identity_signature", "error.transport.secrets.secretNotFound"),
        ("DeviceSecrets", "device_credentials", "error.transport.secrets.secretNotFound"),
        ("AccountInfo", "baseKey", "error.transport.secrets.secretNotFound"),
        ("AccountInfo", "device", "error.transport.unknown"),
    ] {
        let (folder, server) = (import().await, server().await);
        let store = support::open_store(folder.path()).await;
        let mut transaction = store.begin().await.unwrap();
        let spec = CollectionSpec { name: collection, key: "name", indexes: &[] };
        assert!(transaction.delete_raw(&spec, key).await.unwrap());
        transaction.commit().await.unwrap();
        store.close().await.unwrap();
        let config = TransportConfig {
            base_url: server.uri(),
            platform_client_id: "test".to_owned(),
            platform_client_secret: "test".into(),
            ..TransportConfig::default()
        };
        let error = support::open(folder.path(), config).await.unwrap_err();
        assert_eq!(error.code(), code, "{key}");
        assert_eq!(server.received_requests().await.unwrap().len(), 0);
    }
}

#[tokio::test]
async fn counters_begin_above_what_was_spent_in_its_relationships() {
    let (folder, server) = (import().await, server().await);
    let run = json!({
        "id": "SYR00000000000000099", "type": "DatawalletVersionUpgrade", "expiresAt": "2026-11-22T00:00:03.000Z", "index": 7,
        "createdAt": "2026-11-22T00:00:00.000Z", "createdBy": "did:e:localhost:dids:0000000000000000000000",
        "createdByDevice": "DVC00000000000000099", "eventCount": 0,
    });
    let run = json!({ "status": "Created", "syncRun": run });
    Mock::given(method("POST")).and(path("/api/v2/SyncRuns")).respond_with(result(run)).mount(&server).await;
    let nothing = json!({
        "result": [], "pagination": { "pageNumber": 1, "pageSize": 1, "totalPages": 0, "totalRecords": 0 },
    });
    let nothing = ResponseTemplate::new(200).set_body_json(nothing);
    Mock::given(method("GET")).and(path("/api/v2/Messages")).respond_with(nothing).mount(&server).await;
    let sent = json!({ "id": "MSG00000000000000099", "createdAt": "2026-11-22T00:00:00.000Z" });
    Mock::given(method("POST")).and(path("/api/v2/Messages")).respond_with(result(sent)).mount(&server).await;
    let account = open(&folder, &server).await;
    let active = Query::new(Filter::eq("status", "Active"));
    let relationship: Relationship = account.store().find_one(&active).await.unwrap().unwrap();
    let message = SendMessage { recipients: vec![relationship.peer.address], content: json!({}), attachments: vec![] };
    let sent = account.messages().send(message).await.unwrap();
    let counter = sent.recipients[0].encrypted_key.counter().unwrap();
    assert_eq!(counter.to_u32(), (1 << 24) + 7 * 32);
}

#[tokio::test]
async fn new_secrets_get_a_counter_of_their_own() {
    let (folder, server) = (import().await, server().await);
    let created = json!({ "id": "RLT00000000000000099", "createdAt": "2026-11-22T00:00:00.000Z" });
    Mock::given(path("/api/v2/RelationshipTemplates")).respond_with(result(created)).mount(&server).await;
    let account = open(&folder, &server).await;
    let nonces = async || {
        let secrets: Vec<Secret> = account.store().find(&Query::default()).await.unwrap();
        secrets.into_iter().filter_map(|secret| secret.container.nonce).max().unwrap()
    };
    let before = nonces().await;
    account.templates().send(support::new_template()).await.unwrap();
    assert_eq!(nonces().await, before + 1);
}

#[tokio::test]
async fn one_event_that_cannot_be_read_does_not_stop_the_others() {
    let (folder, server) = (import().await, server().await);
    let events = json!([
        event(1, "Unheard", json!({})),
        { "id": "SYI00000000000000002", "type": 5 },
        event(3, "MessageReceived", json!({ "wrong": true })),
        { "type": "MessageReceived" },
        7,
        event(4, "TokenLocked", json!({ "tokenId": "TOK" })),
        event(5, "PeerToBeDeleted", json!({ "relationshipId": "REL00000000000000008", "deletionDate": "2027-01-01T00:00:00.0000000Z" })),
        event(6, "PeerToBeDeleted", json!({ "relationshipId": "REL_unknown", "deletionDate": "2027-01-01T00:00:00Z" })),
        event(7, "FileOwnershipLocked", json!({ "fileId": "FIL_unknown" })),
        event(8, "PeerDeletionCancelled", json!({ "relationshipId": "REL00000000000000008" })),
        event(9, "PeerDeleted", json!({ "relationshipId": "REL00000000000000008", "deletionDate": "2027-01-01T00:00:00Z" })),
    ]);
    sync_run(&server, events, json!([])).await;
    let account = open(&folder, &server).await;
    let changed = account.sync().everything().await.unwrap();
    assert_eq!(changed.relationships.len(), 3);
    let requests = server.received_requests().await.unwrap();
    let finalized = request_to(&requests, "FinalizeExternalEventSync").await;
    let body: Value = serde_json::from_slice(&finalized[0].body).unwrap();
    let unknown = "error.transport.unknown";
    assert_eq!(
        body,
        json!({ "datawalletModifications": [], "externalEventResults": [
            { "externalEventId": "SYI00000000000000001", "errorCode": unknown },
            { "externalEventId": "SYI00000000000000002", "errorCode": unknown },
            { "externalEventId": "SYI00000000000000003", "errorCode": unknown },
            { "externalEventId": "SYI00000000000000004", "errorCode": unknown },
            { "externalEventId": "SYI00000000000000005" },
            { "externalEventId": "SYI00000000000000006", "errorCode": "error.transport.recordNotFound" },
            { "externalEventId": "SYI00000000000000007" },
            { "externalEventId": "SYI00000000000000008" },
            { "externalEventId": "SYI00000000000000009" },
        ]})
    );
    let id = RelationshipId::new("REL00000000000000008");
    let info = account.relationships().get(&id).await.unwrap().unwrap().peer_deletion_info.unwrap();
    assert_eq!(serde_json::to_value(info.deletion_status).unwrap(), "Deleted");
    let events: Vec<_> =
        account.store().events_after(0, 100).await.unwrap().into_iter().map(|event| event.namespace).collect();
    assert_eq!(events, ["transport.peerToBeDeleted", "transport.peerDeletionCancelled", "transport.peerDeleted"]);
    for request in requests.iter().filter(|request| request.url.path().contains("SyncRuns")) {
        assert_eq!(request.headers.get("x-supported-datawallet-version").unwrap(), "1");
    }
}

#[tokio::test]
async fn changes_of_other_devices_are_applied_in_order() {
    let database = database();
    let key = database["decrypted_device_secrets"].as_array().unwrap();
    let key = key.iter().find(|secret| secret["name"] == "identity_synchronization_master").unwrap();
    let key = SecretKey::from_json(key["decrypted_utf8"].as_str().unwrap()).unwrap();
    let modification = |index: u64, collection: &str, id: &str, kind: &str, payload: Option<Value>| {
        let payload = payload.map(|payload| {
            let wire = protocol::datawallet::seal_payload(&mut core_types::Randomness::system(), &key, index, &payload)
                .unwrap();
            crypto::encoding::base64url_encode(wire)
        });
        json!({
            "id": format!("DWM{index:017}"), "index": index, "objectIdentifier": id, "payloadCategory": null,
            "createdAt": "2026-01-01T00:00:00.000Z", "createdByDevice": "DVC", "collection": collection, "type": kind,
            "encryptedPayload": payload, "datawalletVersion": 1,
        })
    };
    let (folder, server) = (import().await, server().await);
    let account = open(&folder, &server).await;
    let stored: Message = account.store().find_one(&Query::default()).await.unwrap().unwrap();
    let relationship: Relationship = account.store().find_one(&Query::default()).await.unwrap().unwrap();
    let modifications = json!([
        modification(4, "Messages", stored.id.as_str(), "Delete", None),
        modification(6, "Relationships", relationship.id.as_str(), "Update", Some(json!({ "metadata": { "x": 1 } }))),
        modification(7, "Settings", "LCLSET1", "Create", Some(json!({ "key": "a", "value": 1 }))),
        modification(9, "Settings", "LCLSET1", "Update", Some(json!({ "value": 2, "id": "other" }))),
        modification(10, "AccountInfo", "identity", "Delete", None),
        modification(11, "Settings", "LCLSET2", "Create", Some(json!({ "key": "b" }))),
        modification(12, "Settings", "LCLSET2", "Delete", None),
        modification(13, "Settings", "LCLSET3", "CacheChanged", None),
    ]);
    sync_run(&server, json!([]), modifications).await;
    account.sync().everything().await.unwrap();

    assert!(account.messages().get(&stored.id).await.unwrap().is_none());
    let updated = account.relationships().get(&relationship.id).await.unwrap().unwrap();
    assert_eq!(updated, Relationship { metadata: Some(json!({ "x": 1 })), ..relationship });
    let settings = CollectionSpec { name: "Settings", key: "id", indexes: &[] };
    let found = account.store().find_raw(&settings, &Query::default()).await.unwrap();
    assert_eq!(found, [json!({ "id": "LCLSET1", "key": "a", "value": 2 })]);
    let index: SyncInfoEntry = account.store().get("localDatawalletModificationIndex").await.unwrap().unwrap();
    assert_eq!(index.value, 13);
    assert!(account.device().await.is_ok(), "AccountInfo is out of reach");
    let requests = server.received_requests().await.unwrap();
    let pulled = request_to(&requests, "/Datawallet/Modifications").await;
    assert_eq!(pulled[0].url.query(), Some("localIndex=-1"));
}

#[tokio::test]
async fn an_identity_knows_whether_it_was_deleted() {
    let backbone = TestBackbone::start().await;
    let account = backbone.account().await;
    let status = account.check_if_identity_is_deleted().await.unwrap();
    assert!(!status.is_deleted && status.deletion_date.is_none());
    assert!(account.backbone().compatibility().await.unwrap().is_compatible);
}
