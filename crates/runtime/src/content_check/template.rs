//! Content of an own RelationshipTemplate (`docs/protocol/06-rest-api.md` §5.10).

use content::positions::Position;
use content::tags::TagCollection;
use content::{Object, Reader, RelationshipTemplateContent};
use core_types::{IdentityAddress, Timestamp};
use serde_json::Value;

use super::{own_request, read_for};
use crate::error::{ApplicationError, RuntimeError};

/// The facts against which the content of a template is checked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TemplateFacts<'a> {
    /// Expiry of the template.
    pub(crate) expires_at: Timestamp,
    /// The address of its creator.
    pub(crate) own_address: &'a IdentityAddress,
    /// The time of creation.
    pub(crate) now: Timestamp,
    /// The tags of the Backbone; not needed for a content without tags.
    pub(crate) known_tags: &'a TagCollection,
}

/// Checks the content of a RelationshipTemplate, and returns the form that is sent: unless it says otherwise, the
/// Request for a new Relationship expires with the template.
///
/// # Errors
/// `error.runtime.validation.invalidPropertyValue` for other kinds of content, `error.runtime.unknownType`,
/// `error.runtime.requestDeserialization`, `…requestCannotExpireAfterRelationshipTemplate`, those of
/// [`own_request::check`].
pub(crate) fn check_template_content(content: &Value, facts: TemplateFacts<'_>) -> Result<Object, ApplicationError> {
    let content = read_for(Position::RelationshipTemplate, content, facts.now)?.ok_or_else(|| {
        ApplicationError::from(RuntimeError::property(
            "The content of a RelationshipTemplate must either be a RelationshipTemplateContent or an ArbitraryRelationshipTemplateContent.",
        ))
    })?;
    match RelationshipTemplateContent::of(&content) {
        Some(template) => check_requests(&template, facts).map(|changed| changed.unwrap_or(content)),
        None => Ok(content),
    }
}

/// Checks the Requests of a template, and returns its content with the additions, if there are any.
fn check_requests(
    template: &RelationshipTemplateContent<'_>,
    facts: TemplateFacts<'_>,
) -> Result<Option<Object>, ApplicationError> {
    let on_new = template.on_new_relationship();
    if on_new.expires_at().is_some_and(|expires_at| expires_at > facts.expires_at) {
        return Err(RuntimeError::RequestCannotExpireAfterTemplate.into());
    }
    for request in std::iter::once(on_new).chain(template.on_existing_relationship()) {
        own_request::check(request, facts.own_address.as_str(), facts.now, facts.known_tags)?;
    }
    if on_new.expires_at().is_some() {
        return Ok(None);
    }
    let on_new = on_new.draft().expires_at(facts.expires_at);
    Ok(Some(template.draft().on_new_relationship(on_new).check(&Reader::new(facts.now))?))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(content: &Value) -> Result<Value, ApplicationError> {
        let facts = TemplateFacts {
            expires_at: "2035-01-01T00:00:00.000Z".parse().unwrap(),
            own_address: &IdentityAddress::new("did:e:localhost:dids:0000000000000000000001"),
            now: "2026-01-01T00:00:00.000Z".parse().unwrap(),
            known_tags: &TagCollection::default(),
        };
        check_template_content(content, facts).map(Object::into_value)
    }

    #[test]
    fn the_request_expires_with_the_template() {
        let item = json!({ "@type": "AuthenticationRequestItem", "title": "t", "mustBeAccepted": false });
        let content = |request: Value| json!({ "@type": "RelationshipTemplateContent", "title": "Hello", "onNewRelationship": request });
        let expected = r#"{"@type":"RelationshipTemplateContent","onNewRelationship":{"expiresAt":"2035-01-01T00:00:00.000Z","items":[{"@type":"AuthenticationRequestItem","mustBeAccepted":false,"title":"t"}],"title":"T"},"title":"Hello"}"#;
        for request in [
            json!({ "@type": "Request", "title": "T", "items": [item] }),
            json!({ "title": "T", "items": [item], "expiresAt": null }),
        ] {
            assert_eq!(check(&content(request)).unwrap().to_string(), expected);
        }
        let early = check(&content(json!({ "items": [item], "expiresAt": "2034-01-01T00:00:00.000Z" }))).unwrap();
        assert_eq!(early["onNewRelationship"]["expiresAt"], "2034-01-01T00:00:00.000Z");
        let error = check(&content(json!({ "items": [item], "expiresAt": "2036-01-01" }))).unwrap_err();
        assert_eq!(error.code(), "error.runtime.relationshipTemplates.requestCannotExpireAfterRelationshipTemplate");
        let error = check(&content(json!({ "items": [] }))).unwrap_err();
        assert_eq!(error.message(), "Request.items:Array :: may not be empty");
        let error = check(&json!({ "@type": "RelationshipTemplateContent" })).unwrap_err();
        assert_eq!(error.message(), "RelationshipTemplateContent.onNewRelationship :: Value is not defined");
    }

    #[test]
    fn both_requests_are_checked() {
        let request = |expires_at: &str| json!({ "expiresAt": expires_at, "items": [{ "@type": "AuthenticationRequestItem", "title": "t", "mustBeAccepted": false }] });
        let (past, future) = (request("2020-01-01"), request("2034-01-01"));
        for (on_new, on_existing) in [(&past, &future), (&future, &past)] {
            let content = json!({ "@type": "RelationshipTemplateContent", "onNewRelationship": on_new, "onExistingRelationship": on_existing });
            let error = check(&content).unwrap_err();
            assert_eq!(error.code(), "error.consumption.requests.cannotCreateRequestWithExpirationDateInPast");
        }
    }

    #[test]
    fn other_kinds() {
        let mail = json!({ "@type": "Mail", "to": ["a"], "subject": "", "body": "" });
        assert_eq!(check(&mail).unwrap_err().code(), "error.runtime.validation.invalidPropertyValue");
        assert_eq!(check(&json!({ "a": 1 })).unwrap_err().code(), "error.runtime.validation.invalidPropertyValue");
        assert_eq!(check(&json!({ "@type": "Nope" })).unwrap_err().code(), "error.runtime.unknownType");
        let nested = json!({ "@type": "RelationshipTemplateContent", "onNewRelationship": { "@type": "Nope" } });
        assert_eq!(check(&nested).unwrap_err().code(), "error.runtime.unknownType");
        let arbitrary = json!({ "@type": "ArbitraryRelationshipTemplateContent", "value": { "any": [1, 2] } });
        assert_eq!(check(&arbitrary).unwrap(), arbitrary);
    }
}
