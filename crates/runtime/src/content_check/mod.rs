//! The contents that Messages, RelationshipTemplates, Relationships and Tokens accept.
//!
//! `content` knows the form of every type (`docs/protocol/04-content.md`); this module adds the permitted positions of
//! each type, the rules that need more than the content itself, and the codes clients know
//! (`docs/protocol/06-rest-api.md` §5.8 to §5.13). Checked content is returned in the form that is sent.

mod creation;
mod foreign_types;
mod mail;
mod own_request;
mod received;
mod template;

pub(crate) use creation::check_creation_content;
pub(crate) use mail::{check_mail_recipients, quoted};
pub(crate) use own_request::{OfferedFile, invalid_items, offered_files};
pub(crate) use received::{
    presentable_creation_content, presentable_message_content, presentable_template_content, report_unreadable,
};
pub(crate) use template::{TemplateFacts, check_template_content};

use content::positions::Position;
use content::{Content, ErrorKind, Object, Reader};
use core_types::Timestamp;
use serde_json::Value;

use crate::error::{ApplicationError, RuntimeError};

/// Checks the content of a Message to send.
///
/// # Errors
/// `error.runtime.validation.invalidPropertyValue` for other kinds of content, `error.runtime.unknownType`,
/// `error.runtime.requestDeserialization`, `error.runtime.servalError`, `error.runtime.unknown` for keys and the like.
pub(crate) fn check_message_content(content: &Value, now: Timestamp) -> Result<Object, ApplicationError> {
    read_for(Position::Message, content, now)?.ok_or_else(|| {
        ApplicationError::from(RuntimeError::property(
            "The content of a Message must either be a Mail, Request, ResponseWrapper, Notification or an ArbitraryMessageContent.",
        ))
    })
}

/// Checks the content of a Token to create. Content without a type is kept unchanged.
///
/// # Errors
/// `error.runtime.invalidTokenContent` for anything but an object that its type can read.
pub(crate) fn check_token_content(content: &Value, now: Timestamp) -> Result<Value, ApplicationError> {
    let content = Reader::new(now).read(content).map_err(|_| RuntimeError::InvalidTokenContent)?;
    Ok(content.into_value())
}

/// Reads content for a position; `None` if it is not permitted there. As content is read first, a mistake inside it
/// takes precedence over its position. Anything but an object has no type and so no position.
fn read_for(position: Position, content: &Value, now: Timestamp) -> Result<Option<Object>, ApplicationError> {
    if !content.is_object() {
        return Ok(None);
    }
    match Reader::new(now).read(content) {
        Ok(Content::Typed(object)) if position.takes(Some(object.type_name())) => Ok(Some(object)),
        Ok(_) => Ok(None),
        Err(error) if error.kind == ErrorKind::UnknownType => unknown_type(content, &error.path).map_or(Ok(None), Err),
        Err(error) => Err(error.into()),
    }
}

/// The error for the unknown type at `path`, a list of names joined by dots. `None` if the object itself is valid, and
/// is only in a place where it is not permitted.
fn unknown_type(content: &Value, path: &str) -> Option<ApplicationError> {
    let mut names = path.split('.').filter(|name| !name.is_empty() && *name != "@version");
    let object = names.clone().fold(content, |object, name| object.get(name).unwrap_or(object));
    let name = object.get("@type").and_then(Value::as_str).unwrap_or_default();
    let version = version(object.get("@version"));
    let known_to_peers = (version == 1).then(|| foreign_types::refusal(object, name, names.next_back()));
    known_to_peers.flatten().unwrap_or_else(|| {
        Some(ApplicationError::from(RuntimeError::UnknownType(format!("'{name}' with version {version}"))))
    })
}

/// Absent means 1; texts count as the integer they begin with.
fn version(version: Option<&Value>) -> i64 {
    match version {
        Some(Value::Number(number)) => number.as_i64().filter(|number| *number != 0).unwrap_or(1),
        Some(Value::String(text)) if !text.is_empty() => {
            let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
            text.get(..digits).and_then(|digits| digits.parse().ok()).unwrap_or(0)
        }
        _ => 1,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::json;

    use super::*;

    const ADDRESS: &str = "did:e:localhost:dids:0123456789abcdef012345";

    fn check(content: &Value) -> Result<Value, ApplicationError> {
        check_message_content(content, Timestamp::from_millis(1_700_000_000_000)).map(Object::into_value)
    }

    #[test]
    fn messages_of_the_wrong_kind_or_form() {
        let cases = [
            (json!({ "x": 1 }), "error.runtime.validation.invalidPropertyValue", "The content of a Message must"),
            (json!("x"), "error.runtime.validation.invalidPropertyValue", "The content of a Message must"),
            (Value::Null, "error.runtime.validation.invalidPropertyValue", "The content of a Message must"),
            (
                json!({ "@type": "GivenName", "value": "x" }),
                "error.runtime.validation.invalidPropertyValue",
                "The content of a Message must",
            ),
            // A mistake inside takes precedence over the position.
            (json!({ "@type": "GivenName" }), "error.runtime.requestDeserialization", "GivenName.value :: "),
            (json!({ "@type": "Nope" }), "error.runtime.unknownType", "Type 'Nope' with version 1 "),
            (json!({ "@type": "Mail", "@version": 2 }), "error.runtime.unknownType", "Type 'Mail' with version 2 "),
            (json!({ "@type": 5 }), "error.runtime.servalError", ""),
            (
                json!({ "@type": "Mail", "subject": "x" }),
                "error.runtime.requestDeserialization",
                "Mail.to :: Value is not defined",
            ),
            (
                json!({ "@type": "Mail", "to": [], "subject": "x", "body": "y" }),
                "error.runtime.requestDeserialization",
                "Mail.to:Array :: may not be empty",
            ),
            (
                json!({ "@type": "Mail", "to": [ADDRESS], "subject": "x", "body": "y", "bodyFormat": "Word" }),
                "error.runtime.requestDeserialization",
                "Mail.bodyFormat",
            ),
            (
                json!({ "@type": "ArbitraryMessageContent" }),
                "error.runtime.requestDeserialization",
                "ArbitraryMessageContent.value :: Value is not defined",
            ),
            (
                json!({ "@type": "Request", "items": [{ "@type": "NopeRequestItem", "mustBeAccepted": true }] }),
                "error.runtime.requestDeserialization",
                "Request.items :: ",
            ),
            (
                json!({ "@type": "Notification", "id": "NOT", "items": [{ "@type": "GivenName", "value": "x" }] }),
                "error.runtime.requestDeserialization",
                "Notification.items :: ",
            ),
            (
                json!({ "@type": "ResponseWrapper", "requestId": "REQ", "requestSourceReference": "MSG",
                    "requestSourceType": "Message", "response": { "@type": "Nope" } }),
                "error.runtime.unknownType",
                "Type 'Nope' with version 1 ",
            ),
        ];
        for (content, code, message) in cases {
            let error = check(&content).unwrap_err();
            assert_eq!(error.code(), code, "{content}");
            assert!(error.message().starts_with(message), "{content}: {}", error.message());
        }
    }

    #[test]
    fn messages_travel_as_the_peers_write_them() {
        for (given, sent) in [
            (
                json!({ "@type": "Mail", "to": [ADDRESS], "subject": "s", "body": "b", "bodyFormat": "Markdown", "x": 1 }),
                r#"{"@type":"Mail","body":"b","bodyFormat":"Markdown","cc":[],"subject":"s","to":["did:e:localhost:dids:0123456789abcdef012345"]}"#,
            ),
            (
                json!({ "value": { "b": 1, "a": 2 }, "@type": "ArbitraryMessageContent" }),
                r#"{"@type":"ArbitraryMessageContent","value":{"b":1,"a":2}}"#,
            ),
            (
                json!({ "@version": "1x", "@type": "Notification", "items": [{ "attributeId": "ATT", "@type": "OwnAttributeDeletedByOwnerNotificationItem" }], "id": "NOT" }),
                r#"{"@type":"Notification","id":"NOT","items":[{"@type":"OwnAttributeDeletedByOwnerNotificationItem","attributeId":"ATT"}]}"#,
            ),
            (
                json!({ "@type": "ResponseWrapper", "requestId": "REQ", "requestSourceType": "Message", "requestSourceReference": "MSG",
                    "response": { "@type": "Response", "result": "Accepted", "requestId": "REQ", "items": [{ "@type": "AcceptResponseItem", "result": "Accepted" }] } }),
                r#"{"@type":"ResponseWrapper","requestId":"REQ","requestSourceReference":"MSG","requestSourceType":"Message","response":{"items":[{"@type":"AcceptResponseItem","result":"Accepted"}],"requestId":"REQ","result":"Accepted"}}"#,
            ),
        ] {
            assert_eq!(check(&given).unwrap().to_string(), sent);
        }
    }

    #[test]
    fn what_the_releases_name_differently_travels_under_both_names() {
        let item = json!({ "@type": "ShareAttributeRequestItem", "mustBeAccepted": true, "attributeId": "ATT",
            "initialAttributePeer": ADDRESS,
            "attribute": { "@type": "IdentityAttribute", "owner": "", "value": { "@type": "GivenName", "value": "A" } } });
        let sent = check(&json!({ "@type": "Request", "id": "REQ", "items": [item] })).unwrap();
        assert_eq!(sent["items"][0]["initialAttributePeer"], ADDRESS);
        assert_eq!(sent["items"][0]["thirdPartyAddress"], ADDRESS);
    }

    #[test]
    fn token_contents() {
        let check = |content: &Value| check_token_content(content, Timestamp::from_millis(0));
        assert_eq!(check(&json!({ "b": 1, "a": 2 })).unwrap().to_string(), r#"{"b":1,"a":2}"#);
        let mail = json!({ "@type": "Mail", "to": [ADDRESS], "subject": "s", "body": "b", "x": 1 });
        assert_eq!(
            check(&mail).unwrap().to_string(),
            r#"{"@type":"Mail","body":"b","cc":[],"subject":"s","to":["did:e:localhost:dids:0123456789abcdef012345"]}"#
        );
        for content in [
            json!({ "@type": "NoSuchType" }),
            json!({ "@type": "Mail" }),
            json!({ "@type": "TokenContentFile", "fileId": "FIL" }),
            Value::Null,
            json!("text"),
            json!([1]),
            json!(5),
        ] {
            assert_eq!(check(&content).unwrap_err().code(), "error.runtime.invalidTokenContent", "{content}");
        }
    }
}
