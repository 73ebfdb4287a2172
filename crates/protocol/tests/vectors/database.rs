use std::collections::HashMap;

use core_types::{IdentityAddress, Timestamp};
use crypto::encoding::base64url_decode;
use crypto::{
    Cipher, CryptoObject, ExchangeKeypair, PeerExchangeKey, PublicState, RelationshipPublicResponse,
    RelationshipRequestSecrets, RelationshipSecrets, RelationshipTemplatePublicKey, SecretKey, Signature,
    SignaturePublicKey, StateType, derive_key,
};
use protocol::datawallet::{open_payload, seal_payload};
use protocol::identity::Identity;
use protocol::secrets::{SecretContainer, SecretContent, names};
use protocol::token::TokenContent;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::support::{cases, file, hex, object, text};

/// A database of the existing implementation, collection by collection.
struct Database(HashMap<String, Vec<Value>>);

impl Database {
    fn documents(&self, collection: &str) -> &[Value] {
        &self.0[collection]
    }

    /// A value of one of the maps.
    fn value<T: DeserializeOwned>(&self, map: &str, name: &str) -> T {
        let entry = self.documents(map).iter().find(|entry| entry["name"] == name).unwrap();
        serde_json::from_value(entry["value"].clone()).unwrap()
    }

    fn device_secret(&self, name: &str) -> SecretContent {
        let base_key: SecretKey = self.value("AccountInfo", "baseKey");
        self.value::<SecretContainer>("DeviceSecrets", name).open_device(&base_key).unwrap()
    }

    fn secret(&self, name: &str, active: bool) -> SecretContent {
        let shared_base_key = self.device_secret(names::SHARED_BASE_KEY).into_secret_key().unwrap();
        let document = self
            .documents("Secrets")
            .iter()
            .find(|secret| secret["name"] == name && secret["active"] == active)
            .unwrap();
        serde_json::from_value::<SecretContainer>(document.clone()).unwrap().open(&shared_base_key).unwrap()
    }

    fn relationship_secrets(&self, relationship_id: &str) -> RelationshipSecrets {
        let relationship =
            self.documents("Relationships").iter().find(|relationship| relationship["id"] == relationship_id).unwrap();
        *self.secret(text(relationship, "relationshipSecretId"), true).into_relationship_secrets().unwrap()
    }
}

#[test]
fn the_database_of_a_peer_can_be_opened() {
    let whole = file("database.json");
    let database = Database(
        cases("database.json")
            .into_iter()
            .map(|case| (text(&case, "collection").to_owned(), case["documents"].as_array().unwrap().clone()))
            .collect(),
    );
    for (collection, documents) in &database.0 {
        documents.iter().for_each(plausible);
        match collection.as_str() {
            "AccountInfo" => account_info(&database),
            "DeviceSecrets" => device_secrets(&database, &whole),
            "Secrets" => secrets(&database, &whole),
            "Files" => files(&database),
            "Relationships" => relationships(&database),
            "Templates" => templates(&database),
            "Messages" => messages(&database),
            "Tokens" => tokens(documents),
            // Nothing in these is encrypted, signed or derived from a key: this layer can only check that values are
            // plausible.
            "UnpushedDatawalletModifications"
            | "IdentityDeletionProcess"
            | "Devices"
            | "SyncInfo"
            | "Attributes"
            | "AttributeForwardingDetails"
            | "TagCollection"
            | "Drafts"
            | "Requests"
            | "Notifications"
            | "IdentityMetadata"
            | "Settings"
            | "meta" => {}
            other => panic!("unknown collection: {other}"),
        }
    }
    for (collection, documents) in whole["datawallet_enabled_account"].as_object().unwrap() {
        for document in documents.as_array().unwrap() {
            plausible(document);
            if collection == "UnpushedDatawalletModifications" && document["type"] != "Delete" {
                let key = SecretKey::from_bytes([3; 32]);
                let sealed =
                    seal_payload(&mut core_types::Randomness::system(), &key, 15, &document["payload"]).unwrap();
                assert_eq!(open_payload(&key, 15, &sealed).unwrap().value, document["payload"]);
            }
        }
    }
}

/// Checks that dates are written in the same form again and addresses are valid, at any depth.
fn plausible(value: &Value) {
    match value {
        Value::Array(items) => items.iter().for_each(plausible),
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text)
                        if name.ends_with("At")
                            || name.ends_with("Date")
                            || name == "validFrom"
                            || name == "validTo" =>
                    {
                        assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), *text);
                    }
                    Value::String(text)
                        if ["createdBy", "owner", "forIdentity", "address"].contains(&name.as_str()) =>
                    {
                        assert!(IdentityAddress::from(text.as_str()).is_valid(), "{text}");
                    }
                    other => plausible(other),
                }
            }
        }
        _ => {}
    }
}

fn account_info(database: &Database) {
    let identity: Identity = database.value("AccountInfo", "identity");
    identity.check_address().unwrap();
    assert_eq!(identity.address.hostname(), Some("localhost"));
    let device: Value = database.value("AccountInfo", "device");
    let public_key = SignaturePublicKey::from_value(&device["publicKey"]).unwrap();
    let private = |name| database.device_secret(name).into_signature_private_key().unwrap().public_key().unwrap();
    assert_eq!(private(names::DEVICE_SIGNATURE), public_key);
    assert_eq!(private(names::IDENTITY_SIGNATURE), identity.public_key);
    let credentials = database.device_secret(names::DEVICE_CREDENTIALS).into_device_credentials().unwrap();
    assert_eq!(
        (credentials.id.as_str(), credentials.username.as_str()),
        (text(&device, "id"), text(&device, "username"))
    );
    assert_eq!(database.value::<u64>("AccountInfo", "secret_lastnonce"), 3);
}

fn device_secrets(database: &Database, whole: &Value) {
    let base_key: SecretKey = database.value("AccountInfo", "baseKey");
    let decrypted = whole["decrypted_device_secrets"].as_array().unwrap();
    assert_eq!(decrypted.len(), database.documents("DeviceSecrets").len());
    for expected in decrypted {
        let container: SecretContainer = database.value("DeviceSecrets", text(expected, "name"));
        assert_eq!(container.name, text(expected, "name"));
        same_secret(expected, &base_key, &container, &container.open_device(&base_key).unwrap());
    }
}

fn secrets(database: &Database, whole: &Value) {
    let shared_base_key = database.device_secret(names::SHARED_BASE_KEY).into_secret_key().unwrap();
    let decrypted = whole["decrypted_secrets"].as_array().unwrap();
    assert_eq!(decrypted.len(), database.documents("Secrets").len());
    for expected in decrypted {
        let document = database.documents("Secrets").iter().find(|secret| secret["id"] == expected["id"]).unwrap();
        let container: SecretContainer = serde_json::from_value(document.clone()).unwrap();
        assert_eq!(container.to_document().unwrap(), *document);
        assert_eq!(
            (container.name.as_str(), container.active),
            (text(expected, "name"), expected["active"].as_bool().unwrap())
        );
        assert_eq!(container.active, container.valid_to.is_none());
        same_secret(expected, &shared_base_key, &container, &container.open(&shared_base_key).unwrap());
    }
}

fn same_secret(expected: &Value, base_key: &SecretKey, container: &SecretContainer, content: &SecretContent) {
    assert_eq!(*content.to_verbose_json().unwrap(), text(expected, "decrypted_utf8"));
    let context = text(expected, "kdf_context").as_bytes().try_into().unwrap();
    let key = derive_key(base_key, expected["kdf_key_id"].as_u64().unwrap(), context).unwrap();
    assert_eq!(key.as_bytes().as_slice(), hex(expected, "derived_key_hex"));
    let again = key
        .encrypt_with_nonce(container.cipher.nonce().unwrap().clone(), text(expected, "decrypted_utf8").as_bytes())
        .unwrap();
    assert_eq!(again, container.cipher);
}

fn files(database: &Database) {
    let device: Value = database.value("AccountInfo", "device");
    let public_key = SignaturePublicKey::from_value(&device["publicKey"]).unwrap();
    for file in database.documents("Files") {
        let signature = Signature::from_value(&file["ownerSignature"]).unwrap();
        let hash = base64url_decode(text(file, "plaintextHash")).unwrap();
        // The keys of the peers' devices are not known, so only the account's own signatures can be verified.
        assert_eq!(public_key.verify(&hash, &signature).unwrap(), file["isOwn"].as_bool().unwrap());
        SecretKey::from_value(&file["secretKey"]).unwrap();
        SecretKey::from_value(&file["cipherKey"]).unwrap();
    }
}

fn relationships(database: &Database) {
    for relationship in database.documents("Relationships") {
        let peer: Identity = serde_json::from_value(relationship["peer"].clone()).unwrap();
        peer.check_address().unwrap();
        let secrets = database.relationship_secrets(text(relationship, "id"));
        let request = database
            .documents("Secrets")
            .iter()
            .any(|secret| secret["name"] == relationship["relationshipSecretId"] && secret["active"] == false);
        if !request {
            // As templator: the request key follows from the template's keypair and the ephemeral key kept as template
            // key.
            let template_key = template_keypair(database, text(relationship, "templateId"));
            let session = crypto::derive_as_client(&template_key, secrets.peer_template_key.key()).unwrap();
            let key = derive_key(&session.rx, 1, crypto::derivation::RELATIONSHIP_REQUEST).unwrap();
            assert_eq!(key, secrets.request_secret_key);
            continue;
        }
        // As requestor: the request's keys and the peer's public response give the stored keys.
        let request: RelationshipRequestSecrets = *database
            .secret(text(relationship, "relationshipSecretId"), false)
            .into_relationship_request_secrets()
            .unwrap();
        let response = RelationshipPublicResponse {
            exchange_key: secrets.peer_exchange_key.key().clone(),
            signature_key: secrets.peer_signature_key.clone(),
            state: PublicState {
                nonce: secrets.receive_state.nonce().clone(),
                state_type: StateType::Transmit,
                id: None,
            },
            id: None,
        };
        assert_eq!(crypto::complete_request(&request, &response).unwrap(), secrets);
        assert_eq!(request.peer_identity_key, peer.public_key);
        assert!(matches!(request.peer_exchange_key, PeerExchangeKey::Template(_)));
    }
}

fn template_keypair(database: &Database, template_id: &str) -> ExchangeKeypair {
    let template = database.documents("Templates").iter().find(|template| template["id"] == template_id).unwrap();
    database.secret(text(&template["templateKey"], "id"), true).into_exchange_keypair().unwrap()
}

fn templates(database: &Database) {
    let own: Identity = database.value("AccountInfo", "identity");
    for template in database.documents("Templates") {
        let identity: Identity = serde_json::from_value(template["identity"].clone()).unwrap();
        identity.check_address().unwrap();
        assert_eq!(identity.address, text(template, "createdBy"));
        assert_eq!(identity == own, template["isOwn"].as_bool().unwrap());
        let key = RelationshipTemplatePublicKey::from_value(&template["templateKey"]).unwrap();
        if identity == own {
            assert_eq!(template_keypair(database, text(template, "id")).public_key, key.key);
        }
    }
}

fn messages(database: &Database) {
    for message in database.documents("Messages") {
        let message_key = SecretKey::from_value(&message["secretKey"]).unwrap();
        for recipient in message["recipients"].as_array().unwrap() {
            let cipher = Cipher::from_value(&recipient["encryptedKey"]).unwrap();
            assert_eq!(cipher.to_json(), recipient["encryptedKey"].to_string());
            let secrets = database.relationship_secrets(text(recipient, "relationshipId"));
            let plaintext = if message["isOwn"] == true {
                secrets.transmit_state.decrypt(&cipher).unwrap()
            } else {
                secrets.receive_state.decrypt(&cipher).unwrap()
            };
            assert_eq!(plaintext, message_key.to_json().as_bytes());
        }
    }
}

fn tokens(documents: &[Value]) {
    for token in documents {
        let content = TokenContent::from_value(token["content"].clone()).unwrap();
        assert_eq!(content.to_value().unwrap(), token["content"]);
        assert_eq!(matches!(content, TokenContent::Untyped(_)), token["content"].get("@type").is_none());
        assert_eq!(
            object::<SecretKey>(&serde_json::json!({"key": token["secretKey"].to_string()}), "key").to_json(),
            token["secretKey"].to_string()
        );
    }
}
