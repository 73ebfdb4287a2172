//! Creation content of a Relationship (`docs/protocol/06-rest-api.md` §5.9).

use content::positions::Position;
use content::{ArbitraryRelationshipTemplateContent, RelationshipCreationContent, RelationshipTemplateContent};
use core_types::Timestamp;
use serde_json::Value;

use super::read_for;
use crate::error::{ApplicationError, RuntimeError};

/// Checks the content sent when requesting a Relationship with a template of that content, and returns the form sent to
/// the peer.
///
/// A template with a Request is answered with the Response to it. The Response must belong to a decision; as there is
/// no incoming Request without the layer that makes decisions, such a template can only be answered there.
///
/// # Errors
/// `error.runtime.validation.invalidPropertyValue` for other kinds of content or one that does not match the template,
/// `error.runtime.relationships.noAcceptedIncomingRequest`, `error.runtime.unknownType`,
/// `error.runtime.requestDeserialization`.
pub(crate) fn check_creation_content(
    content: &Value,
    template_content: &Value,
    now: Timestamp,
) -> Result<Value, ApplicationError> {
    let content = read_for(Position::RelationshipCreation, content, now)?.ok_or_else(|| {
        ApplicationError::from(RuntimeError::property(
            "The creationContent of a Relationship must either be an ArbitraryRelationshipCreationContent or a RelationshipCreationContent.",
        ))
    })?;
    let template_kind = template_content.get("@type").and_then(Value::as_str);
    let is_response = content.type_name() == RelationshipCreationContent::TYPE;
    match (is_response, template_kind) {
        (false, Some(RelationshipTemplateContent::TYPE)) => Err(RuntimeError::property(
            "The creationContent of a Relationship must be a RelationshipCreationContent if the content of the RelationshipTemplate is a RelationshipTemplateContent.",
        ).into()),
        (true, Some(ArbitraryRelationshipTemplateContent::TYPE)) => Err(RuntimeError::property(
            "The creationContent of a Relationship must be an ArbitraryRelationshipCreationContent if the content of the RelationshipTemplate is an ArbitraryRelationshipTemplateContent.",
        ).into()),
        (false, _) => Ok(content.into_value()),
        (true, _) => Err(RuntimeError::NoAcceptedIncomingRequest.into()),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn content_goes_with_the_template() {
        let template = json!({ "@type": "ArbitraryRelationshipTemplateContent", "value": 1 });
        let template_with_request = json!({ "@type": "RelationshipTemplateContent", "onNewRelationship": {} });
        let arbitrary = json!({ "@type": "ArbitraryRelationshipCreationContent", "value": { "hello": 1 } });
        let response = json!({ "@type": "RelationshipCreationContent", "response": { "result": "Accepted",
            "requestId": "REQ", "items": [{ "@type": "AcceptResponseItem", "result": "Accepted" }] } });
        let check =
            |content: &Value, template: &Value| check_creation_content(content, template, Timestamp::from_millis(0));
        assert_eq!(check(&arbitrary, &template).unwrap(), arbitrary);
        assert_eq!(check(&arbitrary, &json!({ "untyped": true })).unwrap(), arbitrary);
        let code = |content: &Value, template: &Value| check(content, template).unwrap_err().code().to_owned();
        assert_eq!(code(&response, &template), "error.runtime.validation.invalidPropertyValue");
        assert_eq!(code(&arbitrary, &template_with_request), "error.runtime.validation.invalidPropertyValue");
        assert_eq!(code(&json!({ "a": 1 }), &template), "error.runtime.validation.invalidPropertyValue");
        assert_eq!(code(&response, &template_with_request), "error.runtime.relationships.noAcceptedIncomingRequest");
        assert_eq!(code(&json!({ "@type": "Nope" }), &template), "error.runtime.unknownType");
        let empty = json!({ "@type": "RelationshipCreationContent", "response": { "items": [] } });
        assert_eq!(code(&empty, &template_with_request), "error.runtime.requestDeserialization");
    }
}
