use axum::http::Method;
use bytes::Bytes;
use core_types::{DeviceId, PasswordProtectionCreationParameters, Reference, SystemClock};
use protocol::{challenge::ChallengeType, token::TokenContent};
use serde_json::{Value, json};
use transport::{AnonymousTokens, SendFile, SendToken, documents::File};

use super::{Shown, messages::wire};
use crate::support::{Fault, TestAccount, TestBackbone, in_one_hour, relate, request};

pub(super) async fn shown(area: &str, name: &str, backbone: &TestBackbone) -> Option<Shown> {
    let (account, other) = (backbone.account().await, backbone.account().await);
    match area {
        "files" => of_files(name, backbone, &account, &other).await,
        "tokens" => of_tokens(name, backbone, &account, &other).await,
        "devices" => of_devices(name, &account).await,
        "challenges" => {
            let pending = request(&account, &other).await;
            let challenge = other.challenges().create(ChallengeType::Relationship, Some(&pending)).await;
            (name == "challengeTypeRequiresActiveRelationship").then(|| challenge.into())
        }
        _ => of_notifications(name, &account, &other).await,
    }
}

async fn of_files(name: &str, backbone: &TestBackbone, account: &TestAccount, other: &TestAccount) -> Option<Shown> {
    let limit = usize::try_from(account.config().platform_max_unencrypted_file_size).unwrap();
    if name == "maxFileSizeExceeded" {
        return Some(account.files().send(file(vec![0; limit + 1])).await.into());
    }
    let mut file = account.files().send(file(b"content".to_vec())).await.unwrap();
    let wrong_hash = "z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg_SpIdNs6c5H0NE8XYXysP-DGNKHfuwvY7kxvUdBeoGlODJ6-SfaPg";
    match name {
        "plaintextHashMismatch" => wrong_hash.clone_into(&mut file.plaintext_hash),
        "cipherMismatch" => wrong_hash.clone_into(&mut file.cipher_hash),
        "invalidMetadata" => {
            let properties = wire(
                &file.secret_key.encrypt(&mut core_types::Randomness::system(), b"{\"@type\":\"Other\"}").unwrap(),
            );
            let forged = move |answer: &mut Value| {
                answer["result"]["encryptedProperties"] = properties.clone().into();
            };
            backbone.network.fail_next(Method::GET, "/Files/", Fault::Tampered(Box::new(forged)));
            return Some(other.files().load(&file.id, &file.secret_key).await.into());
        }
        _ => return None,
    }
    replace(account, &file).await;
    Some(account.files().download(&file.id).await.into())
}

fn file(content: Vec<u8>) -> SendFile {
    SendFile {
        content: Bytes::from(content),
        filename: "a".to_owned(),
        mimetype: "text/plain".to_owned(),
        expires_at: in_one_hour(),
        title: None,
        description: None,
        filemodified: None,
        tags: None,
    }
}

async fn replace(account: &TestAccount, file: &File) {
    let mut transaction = account.store().begin().await.unwrap();
    transaction.replace(file).await.unwrap();
    transaction.commit().await.unwrap();
}

pub(super) async fn token(
    account: &TestAccount,
    for_identity: Option<&TestAccount>,
    password: Option<&str>,
) -> Reference {
    let token = SendToken {
        content: TokenContent::Untyped(json!({ "a": 1 })),
        expires_at: in_one_hour(),
        ephemeral: false,
        for_identity: for_identity.map(TestAccount::address),
        password_protection: password.map(|text| PasswordProtectionCreationParameters::password(text, None).unwrap()),
    };
    let token = account.tokens().send(token).await.unwrap();
    Reference::parse(&token.reference(&account.config().base_url).to_truncated()).unwrap()
}

async fn of_tokens(name: &str, backbone: &TestBackbone, account: &TestAccount, other: &TestAccount) -> Option<Shown> {
    match name {
        "emptyToken" => {
            let tokens = AnonymousTokens::new(&backbone.config()).unwrap();
            let empty = tokens.create_empty(&SystemClock, core_types::Randomness::system()).await.unwrap();
            Some(tokens.load_by_reference(&empty.reference(tokens.base_url()), None).await.into())
        }
        "invalidTokenContent" => {
            let reference = token(account, None, None).await;
            let content = wire(&reference.key.encrypt(&mut core_types::Randomness::system(), b"\"text\"").unwrap());
            let forged = move |answer: &mut Value| answer["result"]["content"] = content.clone().into();
            backbone.network.fail_next(Method::GET, "/Tokens/", Fault::Tampered(Box::new(forged)));
            Some(other.tokens().load_by_reference(&reference, None, true).await.into())
        }
        _ => None,
    }
}

async fn of_devices(name: &str, account: &TestAccount) -> Option<Shown> {
    let own: DeviceId = account.device().await.unwrap().id;
    match name {
        "alreadyOnboarded" => Some(account.devices().shared_secret(&own, None).await.into()),
        "couldNotDeleteDevice" => Some(account.devices().delete(&own).await.into()),
        _ => None,
    }
}

async fn of_notifications(name: &str, account: &TestAccount, other: &TestAccount) -> Option<Shown> {
    let notifications = account.backbone_notifications();
    match name {
        "atLeastOneRecipientRequired" => Some(notifications.send(vec![], "TestCode").await.into()),
        "codeMustNotBeEmpty" => {
            relate(account, other).await;
            Some(notifications.send(vec![other.address()], "").await.into())
        }
        "noActiveRelationshipFoundForRecipients" => {
            Some(notifications.send(vec![other.address()], "TestCode").await.into())
        }
        _ => None,
    }
}
