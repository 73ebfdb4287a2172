//! Whatever is sent, the answer is never a server error.

use axum::body::Body;
use axum::http::{Method, Request};
use backbone_api::paths;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::support::{Client, Device, ENCRYPTED_KEY, Server};

const PATHS: &[&str] = &[
    paths::CONNECT_TOKEN,
    paths::HEALTH,
    paths::VERSION,
    paths::CHALLENGES,
    paths::CHALLENGE,
    paths::IDENTITIES,
    paths::IDENTITY_SELF,
    paths::IDENTITY_IS_DELETED,
    paths::DELETION_PROCESS,
    paths::DELETION_PROCESS_CANCEL,
    paths::DEVICES,
    paths::DEVICE,
    paths::DEVICE_SELF,
    paths::DEVICE_PASSWORD,
    paths::DEVICE_PUSH_NOTIFICATIONS,
    paths::TEMPLATES,
    paths::TEMPLATE,
    paths::TOKENS,
    paths::TOKEN,
    paths::TOKEN_UPDATE_CONTENT,
    paths::FILES,
    paths::FILE,
    paths::FILE_METADATA,
    paths::FILE_REGENERATE_OWNERSHIP_TOKEN,
    paths::FILE_CLAIM_OWNERSHIP,
    paths::FILE_VALIDATE_OWNERSHIP_TOKEN,
    paths::RELATIONSHIPS,
    paths::RELATIONSHIPS_CAN_CREATE,
    paths::RELATIONSHIP,
    paths::RELATIONSHIP_ACCEPT,
    paths::RELATIONSHIP_REJECT,
    paths::RELATIONSHIP_REVOKE,
    paths::RELATIONSHIP_TERMINATE,
    paths::RELATIONSHIP_DECOMPOSE,
    paths::RELATIONSHIP_REACTIVATE,
    paths::RELATIONSHIP_REACTIVATE_ACCEPT,
    paths::RELATIONSHIP_REACTIVATE_REJECT,
    paths::RELATIONSHIP_REACTIVATE_REVOKE,
    paths::MESSAGES,
    paths::MESSAGE,
    paths::SYNC_RUNS,
    paths::SYNC_RUN,
    paths::SYNC_RUN_EXTERNAL_EVENTS,
    paths::SYNC_RUN_FINALIZE_EXTERNAL_EVENT_SYNC,
    paths::SYNC_RUN_FINALIZE_DATAWALLET_VERSION_UPGRADE,
    paths::SYNC_RUN_REFRESH_EXPIRATION_TIME,
    paths::DATAWALLET,
    paths::DATAWALLET_MODIFICATIONS,
    paths::TAGS,
    paths::ANNOUNCEMENTS,
    paths::QUOTAS,
    paths::NOTIFICATIONS,
    paths::IDENTITY_SELF_FEATURE_FLAGS,
    paths::IDENTITY_FEATURE_FLAGS,
    paths::PUBLIC_RELATIONSHIP_TEMPLATE_REFERENCES,
    paths::SSE,
    paths::SSE_V2,
];

/// Every member of every request, so that random bodies get far.
const MEMBERS: &[&str] = &[
    "clientId",
    "clientSecret",
    "identityPublicKey",
    "devicePassword",
    "identityVersion",
    "signedChallenge",
    "challenge",
    "signature",
    "deviceCommunicationLanguage",
    "isBackupDevice",
    "communicationLanguage",
    "oldPassword",
    "newPassword",
    "platform",
    "handle",
    "appId",
    "environment",
    "lengthOfGracePeriodInDays",
    "content",
    "expiresAt",
    "maxNumberOfAllocations",
    "forIdentity",
    "password",
    "newContent",
    "ownershipToken",
    "relationshipTemplateId",
    "creationContent",
    "creationResponseContent",
    "recipients",
    "address",
    "encryptedKey",
    "body",
    "attachments",
    "id",
    "code",
    "type",
    "duration",
    "externalEventResults",
    "externalEventId",
    "errorCode",
    "datawalletModifications",
    "newDatawalletVersion",
    "localIndex",
    "modifications",
    "objectIdentifier",
    "collection",
    "payloadCategory",
    "encryptedPayload",
    "datawalletVersion",
];

/// Real ids and values of a small world, and odd ones.
fn texts(world: &[String]) -> BoxedStrategy<String> {
    prop_oneof![
        3 => select(world.to_vec()),
        2 => select(vec![
            "", "AAAA", "-_8", ENCRYPTED_KEY, "2030-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "en", "dummy", "Create",
            "ExternalEventSync", "DatawalletVersionUpgrade", "test", "client-secret", "\u{0}", "%00", "'; DROP TABLE tokens; --",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,30}",
    ]
    .boxed()
}

fn values(world: &[String]) -> impl Strategy<Value = Value> + use<> {
    let leaf = prop_oneof![
        4 => texts(world).prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => (-2..300_i64).prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(4, 40, 12, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(select(MEMBERS.to_vec()), inner, 0..12).prop_map(|members| Value::Object(
                members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
            )),
        ]
    })
}

/// Ids and addresses of objects of every kind.
async fn world(server: &Server, device: &Device) -> Vec<String> {
    let other = server.identity().await;
    let relationship = crate::support::pending(&other, device).await;
    other.put(&format!("/Relationships/{relationship}/Accept"), json!({})).await.result(200);
    device.create_datawallet().await;
    let template = other.template(server).await;
    let token = device.post("/Tokens", json!({"expiresAt": server.in_minutes(60), "content": "AAAA"})).await.id(201);
    let message = other.send_message(device).await.id(201);
    let challenge = device.post("/Challenges", json!({})).await.id(201);
    let run =
        device.start_sync_run("ExternalEventSync").await.result(201)["syncRun"]["id"].as_str().unwrap().to_owned();
    let own = [device.address.clone(), device.id.clone(), device.username.clone()];
    let ids = [other.address.clone(), other.id.clone(), relationship, template, token, message, challenge, run];
    own.into_iter().chain(ids).collect()
}

async fn status(client: &Client, method: Method, uri: &str, body: Vec<u8>, content_type: &str) -> Option<u16> {
    let request = Request::builder()
        .method(method)
        .uri(uri)
        .header("content-type", content_type)
        .header("x-supported-datawallet-version", "1")
        .body(Body::from(body))
        .ok()?;
    Some(client.send(request).await.status)
}

#[test]
fn random_requests_are_never_the_servers_fault() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (_server, device, world) = runtime.block_on(async {
        let server = Server::start().await;
        let device = server.identity().await;
        let world = world(&server, &device).await;
        (server, device, world)
    });
    let methods = select(vec![Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE]);
    let members = select(vec![
        "ids",
        "password",
        "peer",
        "username",
        "language",
        "localIndex",
        "pageNumber",
        "pageSize",
        "tokens.0.id",
    ]);
    let query = prop::collection::vec((members, texts(&world)), 0..4);
    let content_types = select(vec![
        "application/json",
        "multipart/form-data; boundary=x",
        "text/plain",
        "application/x-www-form-urlencoded",
    ]);
    let requests = (methods, select(PATHS.to_vec()), texts(&world), query, values(&world), content_types);
    let mut runner = TestRunner::new(Config { cases: 1500, failure_persistence: None, ..Config::default() });
    runner
        .run(&requests, |(method, path, id, query, body, content_type)| {
            let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
            let uri = format!("{}?{query}", paths::with_id(path, &id));
            let answer = runtime.block_on(status(&device, method, &uri, body.to_string().into_bytes(), content_type));
            prop_assert!(answer.is_none_or(|status| status < 500), "{answer:?}");
            Ok(())
        })
        .unwrap();
}

fn modification() -> Value {
    json!({
        "objectIdentifier": "A", "type": "Create", "payloadCategory": "Content", "collection": "Files",
        "encryptedPayload": "AAAA", "datawalletVersion": 1,
    })
}

/// Requests that are right, from which random ones are made by changing a member.
fn right_requests(server: &Server, device: &Device, world: &[String]) -> Vec<(Method, String, Value)> {
    let [address, _, _, peer, _, relationship, template, token, message, challenge, run] = world else {
        unreachable!("the world has one object of each kind")
    };
    let item = modification();
    let text = format!(r#"{{"id":"{challenge}","expiresAt":"2026-01-01T00:10:00.000Z"}}"#);
    let signed = crate::support::sign(&device.key, &text);
    let expires_at = json!(server.in_minutes(60));
    let put = |path, id: &str, body| (Method::PUT, paths::with_id(path, id), body);
    let post = |path, id: &str, body| (Method::POST, paths::with_id(path, id), body);
    vec![
        post(paths::DEVICES, "", json!({"devicePassword": "Secret-Passw0rd", "signedChallenge": signed})),
        post(
            paths::IDENTITIES,
            "",
            json!({
                "clientId": "test", "clientSecret": "client-secret", "identityPublicKey": "e30", "devicePassword": "x",
                "identityVersion": 1, "signedChallenge": signed,
            }),
        ),
        post(
            paths::TEMPLATES,
            "",
            json!({
                "content": "AAAA", "expiresAt": expires_at, "maxNumberOfAllocations": 1, "forIdentity": address, "password": "AAAA",
            }),
        ),
        post(
            paths::TOKENS,
            "",
            json!({"content": "AAAA", "expiresAt": expires_at, "forIdentity": peer, "password": "AAAA"}),
        ),
        post(paths::TOKEN_UPDATE_CONTENT, token, json!({"newContent": "AAAA", "password": "AAAA"})),
        post(paths::RELATIONSHIPS, "", json!({"relationshipTemplateId": template, "creationContent": "AAAA"})),
        put(paths::RELATIONSHIP_TERMINATE, relationship, json!({})),
        put(paths::RELATIONSHIP_ACCEPT, relationship, json!({"creationResponseContent": "AAAA"})),
        post(
            paths::MESSAGES,
            "",
            json!({
                "recipients": [{"address": peer, "encryptedKey": ENCRYPTED_KEY}], "body": "AAAA", "attachments": [{"id": "FIL1"}],
            }),
        ),
        (Method::GET, paths::with_id(paths::MESSAGE, message), Value::Null),
        put(
            paths::SYNC_RUN_FINALIZE_EXTERNAL_EVENT_SYNC,
            run,
            json!({
                "externalEventResults": [{"externalEventId": "SYI1", "errorCode": "x"}], "datawalletModifications": [item],
            }),
        ),
        post(paths::DATAWALLET_MODIFICATIONS, "", json!({"localIndex": 0, "modifications": [item]})),
        post(paths::SYNC_RUNS, "", json!({"type": "ExternalEventSync", "duration": 1})),
        post(paths::NOTIFICATIONS, "", json!({"recipients": [peer], "code": "x"})),
        put(paths::DEVICE_PASSWORD, "", json!({"oldPassword": "Secret-Passw0rd", "newPassword": "Other-Passw0rd"})),
        (Method::PATCH, paths::IDENTITY_SELF_FEATURE_FLAGS.to_owned(), json!({"feature": true, "x": false})),
        (Method::GET, paths::with_id(paths::IDENTITY_FEATURE_FLAGS, peer), Value::Null),
        put(paths::DEVICE_PUSH_NOTIFICATIONS, "", json!({"platform": "dummy", "handle": "0123456789", "appId": "x"})),
    ]
}

/// Every place of a value: itself, its members, their members.
fn places(value: &Value, path: &str, found: &mut Vec<String>) {
    found.push(path.to_owned());
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, member)| places(member, &format!("{path}/{name}"), found))
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| places(item, &format!("{path}/{index}"), found));
        }
        _ => {}
    }
}

#[test]
fn slightly_wrong_requests_are_never_the_servers_fault() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (server, device, world) = runtime.block_on(async {
        let server = Server::start().await;
        let device = server.identity().await;
        let world = world(&server, &device).await;
        (server, device, world)
    });
    let requests = right_requests(&server, &device, &world);
    let changed = (select(requests), any::<prop::sample::Index>(), values(&world));
    let mut runner = TestRunner::new(Config { cases: 1500, failure_persistence: None, ..Config::default() });
    runner
        .run(&changed, |((method, uri, mut body), place, value)| {
            let mut found = Vec::new();
            places(&body, "", &mut found);
            let place = place.get(&found);
            *body.pointer_mut(place).unwrap() = value;
            let answer =
                runtime.block_on(status(&device, method, &uri, body.to_string().into_bytes(), "application/json"));
            prop_assert!(answer.is_some_and(|status| status < 500), "{answer:?} {place}");
            Ok(())
        })
        .unwrap();
}

#[test]
fn random_bytes_are_never_the_servers_fault() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (_server, device) = runtime.block_on(async {
        let server = Server::start().await;
        let device = server.identity().await;
        (server, device)
    });
    let body = prop_oneof![
        any::<Vec<u8>>(),
        "--x\r\nContent-Disposition: form-data; name=\"(content|cipherHash|expiresAt)\"\r\n\r\n\\PC{0,9}(\r\n--x--)?"
            .prop_map(String::into_bytes),
    ];
    let content_types =
        select(vec!["application/json", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"]);
    let requests = (select(vec![Method::POST, Method::PUT]), select(PATHS.to_vec()), body, content_types);
    let mut runner = TestRunner::new(Config { cases: 500, failure_persistence: None, ..Config::default() });
    runner
        .run(&requests, |(method, path, body, content_type)| {
            let uri = paths::with_id(path, "FIL00000000000000000");
            let answer = runtime.block_on(status(&device, method, &uri, body, content_type));
            prop_assert!(answer.is_some_and(|status| status < 500), "{answer:?}");
            Ok(())
        })
        .unwrap();
}

/// A client that goes away drops its request wherever it stands.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn abandoned_requests_do_not_stand_in_the_way() {
    let server = Server::start().await;
    let device = server.identity().await;
    for steps in 0..200_u32 {
        let abandoned = tokio::spawn({
            let device = device.clone();
            async move { device.post("/RelationshipTemplates", json!({"content": "AAAA"})).await.status }
        });
        for _ in 0..steps {
            tokio::task::yield_now().await;
        }
        abandoned.abort();
        // Joined, so that the next round does not queue behind it by chance.
        let _ = abandoned.await;
        if steps % 20 == 0 {
            device.post("/RelationshipTemplates", json!({"content": "AAAA"})).await.result(201);
            device.get("/Devices/Self").await.result(200);
        }
    }
    device.post("/RelationshipTemplates", json!({"content": "AAAA"})).await.result(201);
}
