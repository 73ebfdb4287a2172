use serde_json::{Map, json};

use crate::support::{Server, pending};

const OWN: &str = "/Identities/Self/FeatureFlags";

#[tokio::test]
async fn flags_are_merged_and_peers_and_readers_of_templates_are_notified() {
    let server = Server::start().await;
    let (device, peer, _) = server.related().await;
    let (reader, requestor) = (server.identity().await, server.identity().await);
    for identity in [&peer, &reader, &requestor] {
        identity.create_datawallet().await;
    }
    let template = device.template(&server).await;
    reader.get(&format!("/RelationshipTemplates/{template}")).await.result(200);
    // An Identity with both a relationship and a template is notified once.
    peer.get(&format!("/RelationshipTemplates/{template}")).await.result(200);
    pending(&requestor, &device).await;
    for identity in [&peer, &requestor] {
        identity.sync().await;
    }

    device.patch(OWN, json!({"First": true, "URLPreview": false})).await.is_empty_with(204);
    device.patch(OWN, json!({"First": true, "second": true})).await.is_empty_with(204);
    let path = format!("/Identities/{}/FeatureFlags", device.address);
    let expected = json!({"first": true, "second": true, "urlPreview": false});
    for identity in [&device, &peer, &reader, &requestor] {
        assert_eq!(identity.get(&path).await.result(200), expected);
    }
    let notified = ("PeerFeatureFlagsChanged".to_owned(), json!({"peerAddress": device.address}));
    for identity in [&peer, &reader, &requestor] {
        assert_eq!(identity.sync().await, [notified.clone(), notified.clone()]);
    }
}

#[tokio::test]
async fn flags_of_strangers_stay_hidden() {
    let server = Server::start().await;
    let (device, stranger) = (server.identity().await, server.identity().await);
    device.patch(OWN, json!({"a": true})).await.is_empty_with(204);
    let path = format!("/Identities/{}/FeatureFlags", device.address);
    stranger.get(&path).await.fails(404, "recordNotFound");
    server.anonymous().get(&path).await.is_empty_with(401);
    stranger.get("/Identities/nobody/FeatureFlags").await.fails(400, "validation.invalidPropertyValue");
    let unknown = core_types::identity_address::compute_from_bytes(b"x", "localhost");
    stranger.get(&format!("/Identities/{unknown}/FeatureFlags")).await.fails(404, "recordNotFound");
}

#[tokio::test]
async fn a_former_peer_still_sees_flags_but_is_not_notified() {
    let server = Server::start().await;
    let (peer, device, relationship) = server.related().await;
    peer.create_datawallet().await;
    peer.put(&format!("/Relationships/{relationship}/Terminate"), json!({})).await.result(200);
    peer.sync().await;
    device.patch(OWN, json!({"a": true})).await.is_empty_with(204);
    assert!(peer.sync().await.is_empty());
    assert_eq!(peer.get(&format!("/Identities/{}/FeatureFlags", device.address)).await.result(200), json!({"a": true}));
}

#[tokio::test]
async fn names_and_numbers_of_flags_are_limited() {
    let server = Server::start().await;
    let device = server.identity().await;
    device.patch(OWN, json!({"x".repeat(200): true})).await.is_empty_with(204);
    device.patch(OWN, json!({"x".repeat(201): true})).await.fails(400, "validation.invalidPropertyValue");
    let flags = |numbers: std::ops::Range<u32>| {
        json!(numbers.map(|number| (number.to_string(), true.into())).collect::<Map<_, _>>())
    };
    device.patch(OWN, flags(0..199)).await.is_empty_with(204);
    device.patch(OWN, flags(0..199)).await.is_empty_with(204);
    let too_many = "validation.featureFlag.maxNumberOfFeatureFlagsExceeded";
    device.patch(OWN, flags(199..200)).await.fails(400, too_many);
    let own = device.get(&format!("/Identities/{}/FeatureFlags", device.address)).await.result(200);
    assert_eq!(own.as_object().unwrap().len(), 200);
    for body in [json!({"a": 1}), json!({"a": null}), json!([]), json!("a")] {
        device.patch(OWN, body).await.fails(400, "inputCannotBeParsed");
    }
}
