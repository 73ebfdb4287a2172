use axum::http::Method;
use core_types::{RelationshipId, Timestamp};
use crypto::{Cipher, CryptoObject, SecretKey, encoding::base64url_decode};
use protocol::{challenge::ChallengeType, secrets::SecretContainer};
use secrecy::SecretString;
use serde_json::{Value, json};
use transport::{
    TransportConfig,
    documents::{AccountInfoEntry, DeviceSecretEntry, SyncInfoEntry},
};

use super::{Shown, messages::wire, objects::token};
use crate::support::{Fault, TestBackbone, open, relate};

pub(super) async fn shown(area: &str, name: &str, backbone: &TestBackbone) -> Option<Shown> {
    match area {
        "general" => of_general(name, backbone).await,
        "secrets" => of_secrets(name, backbone).await,
        "datawallet" => of_datawallet(name, backbone).await,
        "" => of_nothing(name, backbone).await,
        _ => None,
    }
}

async fn of_general(name: &str, backbone: &TestBackbone) -> Option<Shown> {
    let config = backbone.config();
    let config = match name {
        "noIdentityFound" => TransportConfig { allow_identity_creation: false, ..config },
        "baseUrlNotSet" => TransportConfig { base_url: String::new(), ..config },
        "invalidBaseUrl" => TransportConfig { base_url: "http://localhost|".to_owned(), ..config },
        "platformClientSecretNotSet" => TransportConfig { platform_client_secret: SecretString::default(), ..config },
        "platformClientIdNotSet" => TransportConfig { platform_client_id: String::new(), ..config },
        "platformClientInvalid" => TransportConfig { platform_client_secret: "wrong".into(), ..config },
        "notIntendedForYou" => {
            let (account, other) = (backbone.account().await, backbone.account().await);
            let personalised = token(&account, Some(&account), None).await;
            return Some(other.tokens().load_by_reference(&personalised, None, true).await.into());
        }
        _ => return None,
    };
    let folder = tempfile::tempdir().unwrap();
    Some(open(folder.path(), config).await.into())
}

async fn of_secrets(name: &str, backbone: &TestBackbone) -> Option<Shown> {
    let account = backbone.account().await;
    let secret = "device_signature";
    let mut transaction = account.store().begin().await.unwrap();
    match name {
        "wrongSecretType" => {
            let base_key: AccountInfoEntry = transaction.get("baseKey").await.unwrap().unwrap();
            let base_key: SecretKey = serde_json::from_value(base_key.value).unwrap();
            let (rng, now) = (&mut core_types::Randomness::system(), Timestamp::from_millis(0));
            let other = SecretKey::generate(rng).into();
            let container = SecretContainer::seal_device(rng, now, &base_key, secret, &other).unwrap();
            let value = container.to_document().unwrap();
            transaction.put(&DeviceSecretEntry { name: secret.to_owned(), value }).await.unwrap();
        }
        "secretNotFound" => assert!(transaction.delete::<DeviceSecretEntry>(secret).await.unwrap()),
        _ => return None,
    }
    transaction.commit().await.unwrap();
    Some(backbone.open(account.crash().await.path()).await.into())
}

async fn of_datawallet(name: &str, backbone: &TestBackbone) -> Option<Shown> {
    let folder = backbone.account().await.crash().await;
    let config = TransportConfig { datawallet_enabled: true, ..backbone.config() };
    let account = open(folder.path(), config).await.unwrap();
    let newer = |answer: &mut Value| answer["result"]["version"] = 2.into();
    match name {
        "insufficientSupportedDatawalletVersion" => {
            backbone.network.fail_next(Method::GET, "/Datawallet", Fault::Tampered(Box::new(newer)));
        }
        // A database without the position in its Identity's datawallet.
        "currentBiggerThanTarget" => {
            let mut transaction = account.store().begin().await.unwrap();
            assert!(transaction.delete::<SyncInfoEntry>("localDatawalletModificationIndex").await.unwrap());
            transaction.commit().await.unwrap();
            let error = json!({ "id": "ERR1", "code": "error.platform.datawallet.cannotDowngrade", "message": "no" });
            let refused = move |answer: &mut Value| *answer = json!({ "error": error.clone() });
            let finalize = "/FinalizeDatawalletVersionUpgrade";
            backbone.network.fail_next(Method::PUT, finalize, Fault::Tampered(Box::new(refused)));
            backbone.network.fail_next(Method::GET, "/Datawallet", Fault::Tampered(Box::new(newer)));
        }
        _ => return None,
    }
    Some(account.sync().only_datawallet().await.into())
}

async fn of_nothing(name: &str, backbone: &TestBackbone) -> Option<Shown> {
    if name == "accountControllerInitialSyncFailed" {
        return Some(Shown::CannotArise(
            "an Account is opened although its datawallet cannot be synchronised, which is tried again (decision 6)",
        ));
    }
    let (account, other) = (backbone.account().await, backbone.account().await);
    match name {
        "recordNotFound" => {
            let unknown = RelationshipId::new("REL00000000000000000");
            Some(account.relationships().accept(&unknown).await.into())
        }
        "notSupported" => {
            relate(&account, &other).await;
            let of_device = account.challenges().create(ChallengeType::Device, None).await.unwrap();
            Some(other.challenges().validate(&of_device, None).await.into())
        }
        "noPasswordProvided" => {
            let protected = token(&account, None, Some("secret")).await;
            Some(other.tokens().load_by_reference(&protected, None, true).await.into())
        }
        "signatureNotValid" => {
            let template = account.template().await;
            let key = template.secret_key.clone();
            let forged = move |answer: &mut Value| {
                let content = &mut answer["result"]["content"];
                let cipher = Cipher::from_json(base64url_decode(content.as_str().unwrap()).unwrap()).unwrap();
                let mut signed: Value = serde_json::from_slice(&key.decrypt(&cipher).unwrap()).unwrap();
                let text = signed["serializedTemplate"].as_str().unwrap().replace("wörld", "other");
                signed["serializedTemplate"] = text.into();
                *content =
                    wire(&key.encrypt(&mut core_types::Randomness::system(), signed.to_string().as_bytes()).unwrap())
                        .into();
            };
            backbone.network.fail_next(Method::GET, "/RelationshipTemplates/", Fault::Tampered(Box::new(forged)));
            Some(other.templates().load_by_reference(&account.reference(&template), None).await.into())
        }
        _ => None,
    }
}
