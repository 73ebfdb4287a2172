//! The inputs of the use cases, parsed from request bodies.
//!
//! Every `parse` reports the one failure that clients of the existing Connector know for that body
//! (`docs/protocol/06-rest-api.md` §4). `Value::Null` stands for "no body was sent". `now` is the time against which
//! expiry dates are checked.

mod announcements;
mod backbone_notifications;
mod challenges;
mod deliveries;
mod examples;
mod files;
mod identity_deletion;
mod inbox;
mod messages;
mod relationships;
mod templates;
mod tokens;

pub use announcements::GetAnnouncementsRequest;
pub use backbone_notifications::SendBackboneNotificationRequest;
pub use challenges::{ChallengeKind, CreateChallengeRequest, ValidateChallengeRequest};
pub use deliveries::{ListDeliveriesRequest, ReplayRequest, check_repetition, check_triggers};
pub(crate) use deliveries::{subscriber_of, target_id};
pub use examples::ADDRESS as EXAMPLE_ADDRESS;
pub use files::{CreateOwnFileRequest, CreateTokenForFileRequest, LoadPeerFileRequest, UploadedFile};
pub use identity_deletion::InitiateIdentityDeletionRequest;
pub use inbox::ListInboxRequest;
pub use messages::SendMessageRequest;
pub use relationships::{CanCreateRelationshipRequest, CreateRelationshipRequest};
pub use templates::{
    CreateOwnRelationshipTemplateRequest, CreateTokenForTemplateRequest, LoadPeerRelationshipTemplateRequest,
};
pub use tokens::{CreateOwnTokenRequest, LoadPeerTokenRequest, TokenOptions};

use std::borrow::Cow;

use core_types::{CoreError, IdentityAddress, Reference, ReferenceKind, Timestamp};
use secrecy::SecretString;
use serde_json::{Map, Value};
use transport::TransportError;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::error::{ApplicationError, RuntimeError};
pub use crate::validation::body::Body;

/// Makes each input that is a body a schema of the OpenAPI document, described by the tables against which it is checked.
macro_rules! bodies {
    ($($input:ident: $($table:path)|+;)+) => {
        /// The bodies of requests.
        #[must_use]
        pub fn bodies() -> &'static [Body] {
            static BODIES: &[Body] = &[$(Body(&[$(&$table),+])),+];
            BODIES
        }

        $(
            impl $input {
                fn body() -> Body {
                    static FORMS: &[&crate::validation::schema::Object] = &[$(&$table),+];
                    Body(FORMS)
                }
            }

            impl PartialSchema for $input {
                fn schema() -> RefOr<Schema> {
                    Self::body().schema()
                }
            }

            impl ToSchema for $input {
                fn name() -> Cow<'static, str> {
                    Cow::Borrowed(Self::body().name())
                }

                fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                    schemas.extend(Self::body().parts());
                }
            }
        )+
    };
}

bodies! {
    CanCreateRelationshipRequest: relationships::CAN_CREATE;
    CreateChallengeRequest: challenges::CREATE | challenges::CREATE_FOR_RELATIONSHIP;
    CreateOwnFileRequest: files::UPLOAD;
    CreateOwnRelationshipTemplateRequest: templates::CREATE_OWN;
    CreateOwnTokenRequest: tokens::CREATE_OWN;
    CreateRelationshipRequest: relationships::CREATE;
    CreateTokenForFileRequest: tokens::TOKEN_OPTIONS;
    CreateTokenForTemplateRequest: tokens::TOKEN_OPTIONS;
    LoadPeerFileRequest: files::LOAD_PEER;
    LoadPeerRelationshipTemplateRequest: templates::LOAD_PEER;
    LoadPeerTokenRequest: tokens::LOAD_PEER;
    ReplayRequest:
        deliveries::REPLAY_ONE | deliveries::REPLAY_MANY | deliveries::REPLAY_DEAD_LETTERS | deliveries::REPLAY_RANGE;
    SendBackboneNotificationRequest: backbone_notifications::SEND;
    SendMessageRequest: messages::SEND;
    ValidateChallengeRequest: challenges::VALIDATE;
}

/// Reads a reference in one of its text forms.
///
/// # Errors
/// `error.core-types.invalidTruncatedReference`, whatever the mistake.
pub(crate) fn parse_reference(text: &str) -> Result<Reference, ApplicationError> {
    Reference::parse(text).map_err(|error| match error {
        CoreError::InvalidTruncatedReference(_) => TransportError::from(error).into(),
        other => RuntimeError::InvalidTruncatedReference(other.to_string()).into(),
    })
}

/// The text under `name`; the members have been checked before.
fn text(members: &Map<String, Value>, name: &str) -> Option<String> {
    members.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn required_text(members: &Map<String, Value>, name: &str) -> String {
    text(members, name).unwrap_or_default()
}

fn date(members: &Map<String, Value>, name: &str) -> Option<Timestamp> {
    members.get(name).and_then(Value::as_str).and_then(|text| text.parse().ok())
}

fn flag(members: &Map<String, Value>, name: &str, default: bool) -> bool {
    members.get(name).and_then(Value::as_bool).unwrap_or(default)
}

fn address(members: &Map<String, Value>, name: &str) -> Option<IdentityAddress> {
    text(members, name).map(IdentityAddress::new)
}

fn value(members: &Map<String, Value>, name: &str) -> Value {
    members.get(name).cloned().unwrap_or(Value::Null)
}

/// Reads `reference` and `password` of a body that has passed its schema.
fn reference_and_password(
    body: &Value,
    kinds: &[ReferenceKind],
) -> Result<(Reference, Option<SecretString>), ApplicationError> {
    let members = body.as_object().cloned().unwrap_or_default();
    let reference_text = required_text(&members, "reference");
    let reference = parse_reference(&reference_text)?;
    if !kinds.contains(&reference.kind()) {
        return Err(RuntimeError::InvalidReference(reference_text.clone()).into());
    }
    Ok((reference, text(&members, "password").map(SecretString::from)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "\\PC{0,30}".prop_map(Value::from),
            prop_oneof!["VE9L.{84}", "RklM.{84}", "https?://a/r/(TOK|FIL|RLT)[a-zA-Z0-9]{1,17}#[a-zA-Z0-9_-]{1,60}"]
                .prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::vec((member_name(), inner), 0..5)
                    .prop_map(|members| members.into_iter().collect::<Map<_, _>>().into()),
            ]
        })
    }

    fn member_name() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-z]{1,3}",
            proptest::sample::select(vec![
                "challengeType",
                "relationship",
                "challengeString",
                "signature",
                "reference",
                "password",
                "content",
                "recipients",
                "attachments",
                "templateId",
                "creationContent",
                "code",
                "expiresAt",
                "ephemeral",
                "forIdentity",
                "passwordProtection",
                "passwordIsPin",
                "passwordLocationIndicator",
                "maxNumberOfAllocations",
                "@type",
                "onNewRelationship",
                "items",
            ])
            .prop_map(str::to_owned),
        ]
    }

    proptest! {
        /// Any body is parsed, or refused with one of the codes of this layer.
        #[test]
        fn any_body_is_parsed_or_refused(body in any_value()) {
            let now = Timestamp::from_millis(1_700_000_000_000);
            let results = [
                CreateChallengeRequest::parse(&body).err(),
                ValidateChallengeRequest::parse(&body).err(),
                LoadPeerFileRequest::parse(&body).err(),
                CreateTokenForFileRequest::parse("FIL00000000000000000", &body, now).err(),
                SendMessageRequest::parse(&body).err(),
                SendBackboneNotificationRequest::parse(&body).err(),
                CanCreateRelationshipRequest::parse(&body).err(),
                CreateRelationshipRequest::parse(&body).err(),
                CreateOwnRelationshipTemplateRequest::parse(&body, now).err(),
                LoadPeerRelationshipTemplateRequest::parse(&body).err(),
                CreateTokenForTemplateRequest::parse("RLT00000000000000000", &body, now).err(),
                CreateOwnTokenRequest::parse(&body, now).err(),
                LoadPeerTokenRequest::parse(&body).err(),
            ];
            for error in results.into_iter().flatten() {
                prop_assert!(["error.runtime.", "error.core-types."].iter().any(|prefix| error.code().starts_with(prefix)));
            }
        }
    }

    #[test]
    fn references_that_are_none_have_one_code() {
        for text in ["abc", "", "http://", "RklM", "http://localhost/r/FIL00000000000000000#x"] {
            let code = parse_reference(text).map_err(|error| error.code().to_owned());
            assert_eq!(code, Err("error.core-types.invalidTruncatedReference".to_owned()), "{text}");
        }
        let body = json!({ "reference": format!("RklM{}", "a".repeat(84)) });
        let code = LoadPeerFileRequest::parse(&body).map(drop).map_err(|error| error.code().to_owned());
        assert_eq!(code, Err("error.core-types.invalidTruncatedReference".to_owned()));
    }
}
