use axum::http::Method;
use core_types::{Clock, IdentityAddress, SystemClock};
use crypto::{CryptoObject, RelationshipSecrets, SecretKey, encoding::base64url_encode};
use protocol::secrets::SecretContainer;
use serde_json::{Value, json};
use store::{Filter, Query};
use transport::{
    SendMessage,
    documents::{AccountInfoEntry, DeviceSecretEntry, PeerDeletionInfo, PeerDeletionStatus, Relationship, Secret},
};

use super::Shown;
use crate::support::{Fault, TestAccount, TestBackbone, relate};

pub(super) async fn shown(name: &str, backbone: &TestBackbone) -> Option<Shown> {
    let (sender, receiver) = (backbone.account().await, backbone.account().await);
    if name == "hasNeitherActiveNorTerminatedRelationship" {
        return Some(sender.messages().send(message_to(&receiver)).await.into());
    }
    let relationship = relate(&sender, &receiver).await;
    if name == "peerIsDeleted" {
        // The relationship is still unchanged if the events of a deletion arrive one by one.
        let info =
            PeerDeletionInfo { deletion_date: Some(SystemClock.now()), deletion_status: PeerDeletionStatus::Deleted };
        sender.relationships().set_peer_deletion_info(&relationship.id, Some(info)).await.unwrap();
        return Some(sender.messages().send(message_to(&receiver)).await.into());
    }
    let (own, other) = (receiver.address(), sender.address());
    let secrets = relationship_secrets(&sender, &sender.relationship_to(&receiver).await).await;
    let wrapper = |recipient: &IdentityAddress| {
        json!({
            "@type": "MessageContentWrapper", "attachments": [], "content": {}, "recipients": [recipient],
            "createdAt": "2026-01-01T00:00:00.000Z",
        })
        .to_string()
    };
    let signed = |message: &str, recipient: &IdentityAddress, signed: &str| {
        let signature = secrets.sign(signed.as_bytes()).unwrap().to_json();
        json!({
            "@type": "MessageSigned", "message": message,
            "signatures": [{ "recipient": recipient, "signature": signature }],
        })
    };
    let body = match name {
        "plaintextMismatch" => signed(&wrapper(&other), &own, &wrapper(&other)),
        "signatureListMismatch" => signed(&wrapper(&own), &other, &wrapper(&own)),
        "signatureNotValid" => signed(&wrapper(&own), &own, "something else"),
        "ownAddressNotInList" => signed(&wrapper(&own), &own, &wrapper(&own)),
        _ => return None,
    };
    let key = SecretKey::generate(&mut core_types::Randomness::system());
    let body = key.encrypt(&mut core_types::Randomness::system(), body.to_string().as_bytes()).unwrap();
    let key = secrets.transmit_state.encrypt_at(77, key.to_json().as_bytes()).unwrap();
    let (body, key) = (wire(&body), wire(&key));
    let is_addressed = name != "ownAddressNotInList";
    sender.messages().send(message_to(&receiver)).await.unwrap();
    let forged = move |answer: &mut Value| {
        let message = &mut answer["result"];
        message["body"] = body.clone().into();
        message["recipients"][0]["encryptedKey"] = key.clone().into();
        if !is_addressed {
            message["recipients"][0]["address"] = other.as_str().into();
        }
    };
    backbone.network.fail_next(Method::GET, "/Messages/", Fault::Tampered(Box::new(forged)));
    backbone.network.take_reported_codes();
    receiver.sync().everything().await.unwrap();
    Some(Shown::Code(backbone.network.take_reported_codes().concat()))
}

fn message_to(recipient: &TestAccount) -> SendMessage {
    SendMessage { recipients: vec![recipient.address()], content: json!({}), attachments: vec![] }
}

pub(super) fn wire(object: &impl CryptoObject) -> String {
    base64url_encode(object.to_verbose_json().as_bytes())
}

/// The keys of a relationship, with which their holder can write anything.
async fn relationship_secrets(account: &TestAccount, relationship: &Relationship) -> RelationshipSecrets {
    let store = account.store();
    let base_key: AccountInfoEntry = store.get("baseKey").await.unwrap().unwrap();
    let base_key: SecretKey = serde_json::from_value(base_key.value).unwrap();
    let shared: DeviceSecretEntry = store.get("shared_basekey").await.unwrap().unwrap();
    let shared: SecretContainer = serde_json::from_value(shared.value).unwrap();
    let shared = shared.open_device(&base_key).unwrap().into_secret_key().unwrap();
    let name = Filter::eq("name", relationship.relationship_secret_id.as_str());
    let active = Filter::And(vec![name, Filter::eq("active", true)]);
    let secret: Secret = store.find_one(&Query::new(active)).await.unwrap().unwrap();
    *secret.container.open(&shared).unwrap().into_relationship_secrets().unwrap()
}
