//! What may be said where: the kinds of content a Message, RelationshipTemplate, Relationship or Token takes.
//!
//! This module is the seam to the content model. It tells kinds apart and checks the forms this layer itself depends
//! on (`docs/protocol/04-content.md` §1, §10, `docs/protocol/06-rest-api.md` §5.8 to §5.13): Mail and the three
//! arbitrary contents in full, Requests as far as templates need it. Other typed content is passed on as it is.

mod creation;
mod mail;
mod template;
mod types;

pub(crate) use creation::check_creation_content;
pub(crate) use mail::{Mail, quoted};
pub(crate) use template::check_template_content;

use serde_json::{Map, Value, json};

use crate::error::{ApplicationError, codes};

const ARBITRARY_MESSAGE_CONTENT: &str = "ArbitraryMessageContent";
const ARBITRARY_TEMPLATE_CONTENT: &str = "ArbitraryRelationshipTemplateContent";
const ARBITRARY_CREATION_CONTENT: &str = "ArbitraryRelationshipCreationContent";
const TEMPLATE_CONTENT: &str = "RelationshipTemplateContent";
const CREATION_CONTENT: &str = "RelationshipCreationContent";

/// Content of a Message, by kind.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum MessageContent {
    /// A letter.
    Mail(Mail),
    /// A Request, as given.
    Request(Map<String, Value>),
    /// A Notification, as given.
    Notification(Map<String, Value>),
    /// The answer to a Request, as given.
    ResponseWrapper(Map<String, Value>),
    /// Anything, wrapped.
    Arbitrary(Value),
}

impl MessageContent {
    /// Tells what the content of a Message to send is.
    ///
    /// # Errors
    /// `error.runtime.validation.invalidPropertyValue` for other kinds, `error.runtime.unknownType`,
    /// `error.runtime.requestDeserialization`, `error.runtime.servalError`.
    pub(crate) fn parse(content: &Value) -> Result<Self, ApplicationError> {
        let not_allowed = || {
            ApplicationError::invalid_property_value(
                "The content of a Message must either be a Mail, Request, ResponseWrapper, Notification or an ArbitraryMessageContent.",
            )
        };
        let Some((name, members)) = typed(content)? else { return Err(not_allowed()) };
        match name {
            "Mail" => Mail::parse(members).map(Self::Mail),
            "Request" => Ok(Self::Request(members.clone())),
            "Notification" => Ok(Self::Notification(members.clone())),
            "ResponseWrapper" => Ok(Self::ResponseWrapper(members.clone())),
            ARBITRARY_MESSAGE_CONTENT => arbitrary(ARBITRARY_MESSAGE_CONTENT, members).map(Self::Arbitrary),
            _ => Err(not_allowed()),
        }
    }

    /// The form in which the content travels.
    pub(crate) fn into_json(self) -> Value {
        match self {
            Self::Mail(mail) => mail.to_json(),
            Self::Request(members) | Self::Notification(members) | Self::ResponseWrapper(members) => {
                Value::Object(members)
            }
            Self::Arbitrary(content) => content,
        }
    }
}

/// Checks the content of a Token to create. Content without type is kept as it is.
///
/// # Errors
/// `error.runtime.invalidTokenContent` for anything but an object that its type can read.
pub(crate) fn check_token_content(content: &Value) -> Result<Value, ApplicationError> {
    let checked = match typed(content) {
        Ok(None) if content.is_object() => Ok(content.clone()),
        Ok(Some(("Mail", members))) => Mail::parse(members).map(|mail| mail.to_json()),
        Ok(Some((
            name @ (ARBITRARY_MESSAGE_CONTENT | ARBITRARY_TEMPLATE_CONTENT | ARBITRARY_CREATION_CONTENT),
            members,
        ))) => arbitrary(name, members),
        Ok(Some(_)) => Ok(content.clone()),
        Ok(None) | Err(_) => Err(ApplicationError::invalid_token_content()),
    };
    checked.map_err(|_| ApplicationError::invalid_token_content())
}

/// What a client is shown of a Message's content: anything that is not one of the kinds of a Message comes wrapped.
pub(crate) fn presentable_message_content(content: &Value) -> Value {
    presentable(content, &["Mail", "Request", "ResponseWrapper", "Notification"], ARBITRARY_MESSAGE_CONTENT)
}

/// The same for a RelationshipTemplate.
pub(crate) fn presentable_template_content(content: &Value) -> Value {
    presentable(content, &[TEMPLATE_CONTENT], ARBITRARY_TEMPLATE_CONTENT)
}

/// The same for the creation content of a Relationship.
pub(crate) fn presentable_creation_content(content: &Value) -> Value {
    presentable(content, &[CREATION_CONTENT], ARBITRARY_CREATION_CONTENT)
}

fn presentable(content: &Value, kinds: &[&str], wrapper: &str) -> Value {
    let kind = content.get("@type").and_then(Value::as_str);
    if kind.is_some_and(|kind| kind == wrapper || kinds.contains(&kind)) {
        content.clone()
    } else {
        json!({ "@type": wrapper, "value": content })
    }
}

/// Name of a type, and members of an object of that type.
type Typed<'a> = (&'a str, &'a Map<String, Value>);

/// Name and members of a typed object; `None` for anything without a type (`docs/protocol/04-content.md` §1.2).
fn typed(content: &Value) -> Result<Option<Typed<'_>>, ApplicationError> {
    let Value::Object(members) = content else { return Ok(None) };
    let name = match members.get("@type") {
        None => return Ok(None),
        Some(Value::String(name)) => name,
        Some(_) => {
            return Err(ApplicationError::invalid(
                codes::SERVAL_ERROR,
                "The type of an object must be given as a string.",
            ));
        }
    };
    let version = version(members.get("@version"));
    if version != 1 || !types::is_known(name) {
        return Err(ApplicationError::unknown_type(name, version));
    }
    Ok(Some((name, members)))
}

/// Absent means 1; texts count by the integer they begin with.
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

/// An arbitrary content holds any value but `null`; other members are dropped.
fn arbitrary(name: &str, members: &Map<String, Value>) -> Result<Value, ApplicationError> {
    match members.get("value") {
        None | Some(Value::Null) => {
            Err(ApplicationError::request_deserialization(format!("{name}.value :: Value is not defined")))
        }
        Some(value) => Ok(json!({ "@type": name, "value": value })),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_messages() {
        let error = |content: Value| MessageContent::parse(&content).unwrap_err().code().to_owned();
        assert_eq!(error(json!({ "x": 1 })), "error.runtime.validation.invalidPropertyValue");
        assert_eq!(error(json!("x")), "error.runtime.validation.invalidPropertyValue");
        assert_eq!(error(Value::Null), "error.runtime.validation.invalidPropertyValue");
        assert_eq!(
            error(json!({ "@type": "GivenName", "value": "x" })),
            "error.runtime.validation.invalidPropertyValue"
        );
        assert_eq!(error(json!({ "@type": "Nope" })), "error.runtime.unknownType");
        assert_eq!(error(json!({ "@type": "Mail", "@version": 2 })), "error.runtime.unknownType");
        assert_eq!(error(json!({ "@type": 5 })), "error.runtime.servalError");
        assert_eq!(error(json!({ "@type": "Mail", "subject": "x" })), "error.runtime.requestDeserialization");
        assert_eq!(error(json!({ "@type": "ArbitraryMessageContent" })), "error.runtime.requestDeserialization");
        let arbitrary = json!({ "@type": "ArbitraryMessageContent", "value": { "x": 1 } });
        assert_eq!(MessageContent::parse(&arbitrary).unwrap().into_json(), arbitrary);
        for kind in ["Request", "Notification", "ResponseWrapper"] {
            let content = json!({ "@type": kind, "@version": "1x", "z": 1, "a": 2 });
            assert_eq!(MessageContent::parse(&content).unwrap().into_json(), content);
        }
    }

    #[test]
    fn token_contents() {
        assert_eq!(check_token_content(&json!({ "b": 1, "a": 2 })).unwrap(), json!({ "b": 1, "a": 2 }));
        let mail = json!({ "@type": "Mail", "to": ["did:e:localhost:dids:0123456789abcdef012345"], "subject": "s", "body": "b", "x": 1 });
        assert_eq!(
            check_token_content(&mail).unwrap().to_string(),
            r#"{"@type":"Mail","body":"b","cc":[],"subject":"s","to":["did:e:localhost:dids:0123456789abcdef012345"]}"#
        );
        for content in [
            json!({ "@type": "NoSuchType" }),
            json!({ "@type": "Mail" }),
            Value::Null,
            json!("text"),
            json!([1]),
            json!(5),
        ] {
            assert_eq!(
                check_token_content(&content).unwrap_err().code(),
                "error.runtime.invalidTokenContent",
                "{content}"
            );
        }
    }

    #[test]
    fn untyped_content_is_shown_wrapped() {
        assert_eq!(
            presentable_message_content(&json!({ "x": 1 })),
            json!({ "@type": "ArbitraryMessageContent", "value": { "x": 1 } })
        );
        let mail = json!({ "@type": "Mail" });
        assert_eq!(presentable_message_content(&mail), mail);
        assert_eq!(
            presentable_template_content(&mail),
            json!({ "@type": "ArbitraryRelationshipTemplateContent", "value": mail })
        );
        assert_eq!(
            presentable_creation_content(&json!(1)),
            json!({ "@type": "ArbitraryRelationshipCreationContent", "value": 1 })
        );
    }
}
