//! Every body of every route, spelled in any way the reference reads, is the same request.

use std::collections::BTreeMap;
use std::fmt::Debug;

use backbone_api::datawallet::PushModificationsRequest;
use backbone_api::devices::{
    ChangePasswordRequest, CreateDeviceRequest, RegisterPushNotificationsRequest, UpdateDeviceRequest,
};
use backbone_api::files::OwnershipTokenRequest;
use backbone_api::identities::{CreateIdentityRequest, StartDeletionProcessRequest};
use backbone_api::messages::SendMessageRequest;
use backbone_api::notifications::SendNotificationRequest;
use backbone_api::relationships::{CreateRelationshipRequest, RespondToRelationshipRequest};
use backbone_api::sync_runs::{
    FinalizeDatawalletVersionUpgradeRequest, FinalizeExternalEventSyncRequest, StartSyncRunRequest,
};
use backbone_api::templates::CreateRelationshipTemplateRequest;
use backbone_api::tokens::{CreateTokenRequest, UpdateTokenContentRequest};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};

use super::*;

/// The spelling of a body.
#[derive(Debug, Clone)]
struct Spelling {
    /// Case of each character of a name, repeated as often as needed.
    capitals: Vec<bool>,
    quoted_numbers: bool,
    unknown_members: bool,
    /// Members that appear twice, first with a value of the wrong type.
    repeated_members: bool,
}

fn spellings() -> impl Strategy<Value = Spelling> {
    (prop::collection::vec(any::<bool>(), 1..30), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(capitals, quoted_numbers, unknown_members, repeated_members)| Spelling {
            capitals,
            quoted_numbers,
            unknown_members,
            repeated_members,
        },
    )
}

impl Spelling {
    fn name(&self, name: &str) -> String {
        let capitals = self.capitals.iter().cycle();
        let spell = |(character, capital): (char, &bool)| {
            if *capital { character.to_ascii_uppercase() } else { character.to_ascii_lowercase() }
        };
        name.chars().zip(capitals).map(spell).collect()
    }

    fn value(&self, value: &Value, keeps_names: bool) -> String {
        match value {
            Value::Object(members) => self.object(members, keeps_names),
            Value::Array(items) => {
                let items: Vec<_> = items.iter().map(|item| self.value(item, false)).collect();
                format!("[{}]", items.join(" ,"))
            }
            Value::Number(number) if self.quoted_numbers => format!("\"{number}\""),
            other => other.to_string(),
        }
    }

    fn object(&self, members: &Map<String, Value>, keeps_names: bool) -> String {
        let mut texts = Vec::new();
        for (name, value) in members {
            if self.unknown_members {
                texts.push(format!("\"{name}x\" : {{\"a\":[1,null,\"\\u00e4\"]}}"));
            }
            let spelled = if keeps_names { name.clone() } else { self.name(name) };
            if self.repeated_members && !keeps_names {
                texts.push(format!("\"{name}\":{{}}"));
            }
            texts.push(format!("\"{spelled}\"\t:\n{}", self.value(value, false)));
        }
        format!(" {{{}}} ", texts.join(","))
    }
}

/// Reads a request in its documented form as serde does by itself, and in another spelling as bodies are read.
fn require_same<T: DeserializeOwned + PartialEq + Debug>(documented: &Value, spelling: &Spelling) {
    let expected: T = serde_json::from_value(documented.clone()).unwrap();
    let text = spelling.value(documented, false);
    assert_eq!(read_object::<T>(text.as_bytes()).unwrap(), expected, "{text}");
}

type Check = fn(&Value, &Spelling);

/// The bodies of all routes, each with every member.
fn bodies() -> Vec<(Check, Value)> {
    [bodies_of_identities(), bodies_of_content()].concat()
}

fn bodies_of_identities() -> Vec<(Check, Value)> {
    let signed = json!({"challenge": "{\"id\":\"CHL1\"}", "signature": "AAAA"});
    vec![
        (
            require_same::<CreateIdentityRequest>,
            json!({
                "devicePassword": "p", "identityPublicKey": "AAAA", "signedChallenge": signed, "clientId": "c",
                "clientSecret": "s", "identityVersion": 1, "deviceCommunicationLanguage": "de",
            }),
        ),
        (
            require_same::<CreateDeviceRequest>,
            json!({
                "signedChallenge": signed, "devicePassword": "p", "isBackupDevice": true, "communicationLanguage": "de",
            }),
        ),
        (require_same::<UpdateDeviceRequest>, json!({"communicationLanguage": "de"})),
        (require_same::<ChangePasswordRequest>, json!({"oldPassword": "o", "newPassword": "n"})),
        (
            require_same::<RegisterPushNotificationsRequest>,
            json!({"platform": "dummy", "handle": "h", "appId": "a", "environment": "Development"}),
        ),
        (require_same::<StartDeletionProcessRequest>, json!({"lengthOfGracePeriodInDays": 0.5})),
    ]
}

fn bodies_of_content() -> Vec<(Check, Value)> {
    let modification = json!({
        "objectIdentifier": "A", "payloadCategory": "Content", "collection": "Files", "type": "Create",
        "encryptedPayload": "AAAA", "datawalletVersion": 1,
    });
    vec![
        (
            require_same::<CreateRelationshipTemplateRequest>,
            json!({
                "expiresAt": "2030-01-01T00:00:00.000Z", "maxNumberOfAllocations": 3, "forIdentity": "did:e:x",
                "password": "AAAA", "content": "AAAA",
            }),
        ),
        (
            require_same::<CreateTokenRequest>,
            json!({
                "content": "AAAA", "expiresAt": "2030-01-01T00:00:00.000Z", "forIdentity": "did:e:x", "password": "AAAA",
            }),
        ),
        (require_same::<UpdateTokenContentRequest>, json!({"newContent": "AAAA", "password": "AAAA"})),
        (require_same::<OwnershipTokenRequest>, json!({"ownershipToken": "t"})),
        (
            require_same::<CreateRelationshipRequest>,
            json!({"relationshipTemplateId": "RLT1", "creationContent": "AAAA"}),
        ),
        (require_same::<RespondToRelationshipRequest>, json!({"creationResponseContent": "CCCC"})),
        (require_same::<RespondToRelationshipRequest>, json!({"creationResponseContent": null})),
        (
            require_same::<SendMessageRequest>,
            json!({
                "attachments": [{"id": "FIL1"}, {"id": "FIL2"}], "body": "AAAA",
                "recipients": [{"address": "did:e:x", "encryptedKey": "AAAA"}],
            }),
        ),
        (require_same::<SendNotificationRequest>, json!({"recipients": ["did:e:x"], "code": "c"})),
        (require_same::<StartSyncRunRequest>, json!({"type": 1, "duration": 7})),
        (require_same::<StartSyncRunRequest>, json!({"type": "DatawalletVersionUpgrade", "duration": 7})),
        (
            require_same::<FinalizeExternalEventSyncRequest>,
            json!({
                "datawalletModifications": [modification, modification],
                "externalEventResults": [{"externalEventId": "SYI1", "errorCode": "e"}],
            }),
        ),
        (
            require_same::<FinalizeDatawalletVersionUpgradeRequest>,
            json!({"newDatawalletVersion": 1, "datawalletModifications": [modification]}),
        ),
        (require_same::<PushModificationsRequest>, json!({"localIndex": 5, "modifications": [modification]})),
    ]
}

#[test]
fn every_request_is_the_same_however_it_is_spelled() {
    let mut runner = TestRunner::new(Config { cases: 200, failure_persistence: None, ..Config::default() });
    for (check, documented) in bodies() {
        runner
            .run(&spellings(), |spelling| {
                check(&documented, &spelling);
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn keys_of_dictionaries_are_data() {
    let flags = |text: &str| read_object::<BTreeMap<String, bool>>(text.as_bytes());
    let expected = BTreeMap::from([("Feature".to_owned(), true), ("feature".to_owned(), false)]);
    assert_eq!(flags(r#"{"Feature":false,"feature":false,"Feature":true}"#).unwrap(), expected);
    assert!(flags(r#"{"x":"true"}"#).is_err());
}

#[test]
fn texts_in_place_of_numbers_must_be_numbers() {
    let length = |text: &str| {
        let body = format!(r#"{{"lengthOfGracePeriodInDays":{text}}}"#);
        read_object::<StartDeletionProcessRequest>(body.as_bytes()).map(|r| r.length_of_grace_period_in_days)
    };
    for (text, expected) in
        [("\"14\"", Some(14.0)), ("\"-0.5e1\"", Some(-5.0)), ("\"\\u0031\"", Some(1.0)), ("null", None)]
    {
        assert_eq!(length(text).unwrap(), expected, "{text}");
    }
    for text in ["\"\"", "\" 1\"", "\"1 \"", "\"NaN\"", "\"Infinity\"", "\"1,5\"", "\"null\"", "true", "[1]", "{}"] {
        assert!(length(text).is_err(), "{text}");
    }
    let version = |text: &str| {
        let body = format!(r#"{{"newDatawalletVersion":{text}}}"#);
        read_object::<FinalizeDatawalletVersionUpgradeRequest>(body.as_bytes())
    };
    assert_eq!(version("\"65535\"").unwrap().new_datawallet_version, 65535);
    for text in ["\"65536\"", "\"-1\"", "\"1.5\"", "1.5"] {
        assert!(version(text).is_err(), "{text}");
    }
}

#[test]
fn what_is_wrong_is_named_with_its_path() {
    let problem = |text: &str| read_object::<SendMessageRequest>(text.as_bytes()).unwrap_err().to_string();
    let text =
        r#"{"BODY":"AAAA","Recipients":[{"Address":"a","EncryptedKey":"AAAA"},{"Address":"a","ENCRYPTEDKEY":5}]}"#;
    assert_eq!(problem(text), "'recipients[1].encryptedKey': invalid type: integer `5`, expected a base64 text");
    assert_eq!(problem("{}"), "'.': missing field `body`");
    assert_eq!(problem("[]"), "'.': a JSON object is expected");
    assert!(problem(r#"{"body":"AAAA""#).starts_with("'.': EOF while parsing"));
    assert!(problem(r#"{"body":"AAAA",}"#).contains("at line 1 column 16"));
}

#[test]
fn deep_nesting_costs_no_stack() {
    let deep = |name: &str| format!(r#"{{"body":"AAAA","{name}":{}{}}}"#, "[".repeat(200_000), "]".repeat(200_000));
    assert!(read_object::<SendMessageRequest>(deep("unknown").as_bytes()).is_ok());
    assert!(read_object::<SendMessageRequest>(deep("recipients").as_bytes()).is_err());
    assert!(read_object::<StartSyncRunRequest>(deep("type").as_bytes()).is_err());
}

#[test]
fn only_the_value_null_is_null() {
    assert!(is_null(b"null") && is_null(b" null\n"));
    for text in ["", "\"null\"", "NULL", "nullx", "{}", "0"] {
        assert!(!is_null(text.as_bytes()), "{text}");
    }
}
