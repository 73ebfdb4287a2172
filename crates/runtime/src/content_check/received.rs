//! Contents of peers, and their presentation (`docs/protocol/06-rest-api.md` §6).

use content::Reader;
use content::positions::Position;
use core_types::Timestamp;
use serde_json::{Value, json};

/// Maximum number of characters of a peer's text in a log.
const MAX_LOGGED: usize = 100;

/// The content of a Message as shown to a client. Content that cannot be read as one of the kinds of a Message is
/// wrapped unchanged; inside readable content, objects of unknown types are kept.
pub(crate) fn presentable_message_content(content: &Value) -> Value {
    presentable(content, Position::Message, "ArbitraryMessageContent")
}

/// The same for a RelationshipTemplate.
pub(crate) fn presentable_template_content(content: &Value) -> Value {
    presentable(content, Position::RelationshipTemplate, "ArbitraryRelationshipTemplateContent")
}

/// The same for the creation content of a Relationship.
pub(crate) fn presentable_creation_content(content: &Value) -> Value {
    presentable(content, Position::RelationshipCreation, "ArbitraryRelationshipCreationContent")
}

fn presentable(content: &Value, position: Position, wrapper: &str) -> Value {
    match reader().read_received(content) {
        Ok(received) if position.takes(received.type_name()) => received.into_value(),
        _ => json!({ "@type": wrapper, "value": content }),
    }
}

/// Logs the part of a received content that is not understood; it is kept nevertheless.
pub(crate) fn report_unreadable(content: &Value, carrier: &'static str, id: &str) {
    if let Some(what) = unreadable(content) {
        tracing::warn!(carrier, id, what, "received content that this version does not understand is kept as it came");
    }
}

/// The part of the content that is not understood. Reveals nothing but names of types.
fn unreadable(content: &Value) -> Option<String> {
    match reader().read_received(content) {
        Ok(received) => received.unknown().first().map(|first| {
            let name: String = first.type_name.chars().take(MAX_LOGGED).collect();
            let place: String = first.path.chars().take(MAX_LOGGED).collect();
            let count = received.unknown().len();
            format!("{count} object(s) of unknown types, the first of type {name:?} at {place:?}")
        }),
        Err(error) => Some(error.to_string().chars().take(MAX_LOGGED).collect()),
    }
}

/// Content that was valid when it was sent is valid: dates are not compared with the own clock.
fn reader() -> Reader {
    Reader::new(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_shown_wrapped() {
        for content in [
            json!({ "x": 1 }),
            json!({ "@type": "Nope", "x": 1 }),
            json!({ "@type": "Mail" }),
            json!({ "@type": "Mail", "@version": 2, "to": ["a"], "subject": "s", "body": "b" }),
            json!({ "@type": "GivenName", "value": "x" }),
            json!(1),
            json!("text"),
            Value::Null,
        ] {
            let shown = presentable_message_content(&content);
            assert_eq!(shown, json!({ "@type": "ArbitraryMessageContent", "value": content }));
            let shown = presentable_template_content(&content);
            assert_eq!(shown, json!({ "@type": "ArbitraryRelationshipTemplateContent", "value": content }));
            let shown = presentable_creation_content(&content);
            assert_eq!(shown, json!({ "@type": "ArbitraryRelationshipCreationContent", "value": content }));
        }
    }

    #[test]
    fn mails_of_all_releases_are_shown_alike() {
        let mail = json!({ "@type": "Mail", "body": "b", "cc": [], "subject": "s", "to": ["a"] });
        assert_eq!(presentable_message_content(&mail), mail);
        let of_a_former_release = json!({ "@type": "Mail", "content": "b", "subject": "s", "to": ["a"] });
        assert_eq!(presentable_message_content(&of_a_former_release), mail);
        let newer =
            json!({ "@type": "Mail", "body": "b", "bodyFormat": "Markdown", "cc": [], "subject": "s", "to": ["a"] });
        assert_eq!(presentable_message_content(&newer), newer);
    }

    /// On half the stack of a worker of the asynchronous runtime, even without optimisation.
    #[test]
    fn contents_of_full_depth_are_shown() {
        let check = || {
            let levels = foreign_json::MAX_DEPTH;
            let arrays = (0..levels - 1).fold(json!(1), |inner, _| json!([inner]));
            let arbitrary = json!({ "@type": "ArbitraryMessageContent", "value": arrays });
            assert_eq!(presentable_message_content(&arbitrary), arbitrary);
            let untyped = (0..levels).fold(json!(1), |inner, _| json!({ "a": inner }));
            let wrapped = json!({ "@type": "ArbitraryMessageContent", "value": untyped });
            assert_eq!(presentable_message_content(&untyped), wrapped);
            let nested = |name: &str, member: &str| {
                let inner = (0..levels / 2 - 1).fold(json!([]), |inner, _| json!([{ "@type": name, member: inner }]));
                json!({ "@type": "Request", "items": inner })
            };
            for request in [nested("RequestItemGroup", "items"), nested("LaterRequestItem", "items")] {
                assert!(!presentable_message_content(&request).is_null());
                report_unreadable(&request, "Message", "MSG");
            }
        };
        let on_a_small_stack = std::thread::Builder::new().stack_size(1024 * 1024).spawn(check);
        assert!(on_a_small_stack.is_ok_and(|thread| thread.join().is_ok()));
    }

    #[test]
    fn unknown_items_are_kept_and_reported() {
        let item = json!({ "z": { "any": 1 }, "@type": "NewerRequestItem", "mustBeAccepted": true });
        let request = json!({ "@type": "Request", "id": "REQ", "items": [item] });
        assert_eq!(presentable_message_content(&request).to_string(), request.to_string());
        let what = r#"1 object(s) of unknown types, the first of type "NewerRequestItem" at "items.0""#;
        assert_eq!(unreadable(&request).as_deref(), Some(what));
        assert_eq!(unreadable(&json!({ "untyped": true })), None);
        assert_eq!(unreadable(&json!({ "@type": "Mail" })).as_deref(), Some("Mail.to :: Value is not defined"));
    }
}
