//! Creation content of a Relationship (`docs/protocol/06-rest-api.md` §5.9).

use serde_json::Value;

use super::{
    ARBITRARY_CREATION_CONTENT, ARBITRARY_TEMPLATE_CONTENT, CREATION_CONTENT, TEMPLATE_CONTENT, arbitrary, typed,
};
use crate::error::{ApplicationError, codes};

/// Checks what is said when a Relationship is requested with a template of that content, and gives the form in which
/// it travels.
///
/// A template with a Request is answered with the response to it. The response has to be one that was decided on; as
/// there is no incoming Request without the layer that decides, such a template can only be answered there.
///
/// # Errors
/// `error.runtime.validation.invalidPropertyValue` for other kinds of content or one that does not go with the
/// template, `error.runtime.relationships.noAcceptedIncomingRequest`, `error.runtime.unknownType`,
/// `error.runtime.requestDeserialization`.
pub(crate) fn check_creation_content(content: &Value, template_content: &Value) -> Result<Value, ApplicationError> {
    let template_kind = template_content.get("@type").and_then(Value::as_str);
    match (typed(content)?, template_kind) {
        (Some((ARBITRARY_CREATION_CONTENT, _)), Some(TEMPLATE_CONTENT)) => {
            Err(ApplicationError::invalid_property_value(
                "The creationContent of a Relationship must be a RelationshipCreationContent if the content of the RelationshipTemplate is a RelationshipTemplateContent.",
            ))
        }
        (Some((CREATION_CONTENT, _)), Some(ARBITRARY_TEMPLATE_CONTENT)) => {
            Err(ApplicationError::invalid_property_value(
                "The creationContent of a Relationship must be an ArbitraryRelationshipCreationContent if the content of the RelationshipTemplate is an ArbitraryRelationshipTemplateContent.",
            ))
        }
        (Some((ARBITRARY_CREATION_CONTENT, members)), _) => arbitrary(ARBITRARY_CREATION_CONTENT, members),
        (Some((CREATION_CONTENT, _)), _) => Err(ApplicationError::invalid(
            codes::RELATIONSHIPS_NO_ACCEPTED_INCOMING_REQUEST,
            "There is no accepted incoming Request associated with the RelationshipTemplateContent of the RelationshipTemplate.",
        )),
        _ => Err(ApplicationError::invalid_property_value(
            "The creationContent of a Relationship must either be an ArbitraryRelationshipCreationContent or a RelationshipCreationContent.",
        )),
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
        let response = json!({ "@type": "RelationshipCreationContent", "response": {} });
        assert_eq!(check_creation_content(&arbitrary, &template).unwrap(), arbitrary);
        assert_eq!(check_creation_content(&arbitrary, &json!({ "untyped": true })).unwrap(), arbitrary);
        let code = |content: &Value, template: &Value| {
            check_creation_content(content, template).unwrap_err().code().to_owned()
        };
        assert_eq!(code(&response, &template), "error.runtime.validation.invalidPropertyValue");
        assert_eq!(code(&arbitrary, &template_with_request), "error.runtime.validation.invalidPropertyValue");
        assert_eq!(code(&json!({ "a": 1 }), &template), "error.runtime.validation.invalidPropertyValue");
        assert_eq!(code(&response, &template_with_request), "error.runtime.relationships.noAcceptedIncomingRequest");
        assert_eq!(code(&json!({ "@type": "Nope" }), &template), "error.runtime.unknownType");
    }
}
