//! Content of an own RelationshipTemplate (`docs/protocol/06-rest-api.md` §5.10).

use core_types::Timestamp;
use serde_json::{Map, Value};

use super::{ARBITRARY_TEMPLATE_CONTENT, TEMPLATE_CONTENT, arbitrary, typed};
use crate::error::{ApplicationError, codes};

/// Checks the content of a RelationshipTemplate that lives until `expires_at`, and gives the form in which it travels:
/// the Request for a new Relationship expires with the template if it says nothing else.
///
/// # Errors
/// `error.runtime.validation.invalidPropertyValue` for other kinds of content, `error.runtime.unknownType`,
/// `error.runtime.requestDeserialization`, `…requestCannotExpireAfterRelationshipTemplate`.
pub(crate) fn check_template_content(content: &Value, expires_at: Timestamp) -> Result<Value, ApplicationError> {
    match typed(content)? {
        Some((ARBITRARY_TEMPLATE_CONTENT, members)) => arbitrary(ARBITRARY_TEMPLATE_CONTENT, members),
        Some((TEMPLATE_CONTENT, members)) => template_content(members, expires_at),
        _ => Err(ApplicationError::invalid_property_value(
            "The content of a RelationshipTemplate must either be a RelationshipTemplateContent or an ArbitraryRelationshipTemplateContent.",
        )),
    }
}

fn template_content(members: &Map<String, Value>, expires_at: Timestamp) -> Result<Value, ApplicationError> {
    let Some(Value::Object(on_new)) = members.get("onNewRelationship") else {
        return Err(ApplicationError::request_deserialization(
            "RelationshipTemplateContent.onNewRelationship :: Value is not defined",
        ));
    };
    let mut on_new = request(on_new)?;
    match expiry(&on_new)? {
        None => {
            on_new.insert("expiresAt".to_owned(), expires_at.to_string().into());
        }
        Some(request_expires_at) if request_expires_at > expires_at => {
            return Err(ApplicationError::invalid(
                codes::TEMPLATES_REQUEST_CANNOT_EXPIRE_AFTER_TEMPLATE,
                "The expiration date of the Request within the onNewRelationship property of the RelationshipTemplateContent must be set such that the expiration date of the RelationshipTemplate is not exceeded.",
            ));
        }
        Some(_) => {}
    }
    let mut content = Map::new();
    content.insert("@type".to_owned(), TEMPLATE_CONTENT.into());
    for name in ["metadata", "onExistingRelationship", "onNewRelationship", "title"] {
        let member = match (name, members.get(name)) {
            ("onNewRelationship", _) => Value::Object(sorted(std::mem::take(&mut on_new))),
            ("onExistingRelationship", Some(Value::Object(on_existing))) => {
                Value::Object(sorted(request(on_existing)?))
            }
            (_, Some(member)) => member.clone(),
            (_, None) => continue,
        };
        content.insert(name.to_owned(), member);
    }
    Ok(Value::Object(content))
}

/// A Request inside a template: its type goes without saying.
fn request(members: &Map<String, Value>) -> Result<Map<String, Value>, ApplicationError> {
    match members.get("items") {
        None | Some(Value::Null) => {
            Err(ApplicationError::request_deserialization("Request.items :: Value is not defined"))
        }
        Some(Value::Array(items)) if items.is_empty() => {
            Err(ApplicationError::request_deserialization("Request.items:Array :: may not be empty"))
        }
        Some(Value::Array(items)) => {
            let items: Value = items.iter().map(item).collect();
            let mut members = members.clone();
            members.shift_remove("@type");
            members.insert("items".to_owned(), items);
            Ok(members)
        }
        Some(_) => Err(ApplicationError::invalid(codes::SERVAL_ERROR, "The given value is not an array.")),
    }
}

/// A typed item, or a group of them, with its members in the order in which they travel.
fn item(item: &Value) -> Value {
    let Value::Object(members) = item else { return item.clone() };
    if !members.contains_key("@type") {
        return item.clone();
    }
    let mut members = sorted(members.clone());
    if let Some(Value::Array(items)) = members.get_mut("items") {
        *items = items.iter().map(self::item).collect();
    }
    Value::Object(members)
}

fn expiry(request: &Map<String, Value>) -> Result<Option<Timestamp>, ApplicationError> {
    match request.get("expiresAt") {
        None | Some(Value::Null) => Ok(None),
        Some(date) => date
            .as_str()
            .and_then(|date| date.parse().ok())
            .map(Some)
            .ok_or_else(|| ApplicationError::request_deserialization("Request.expiresAt :: The date is invalid.")),
    }
}

fn sorted(members: Map<String, Value>) -> Map<String, Value> {
    let mut members: Vec<_> = members.into_iter().collect();
    members.sort_by(|(one, _), (other, _)| one.cmp(other));
    members.into_iter().collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(content: Value) -> Result<Value, ApplicationError> {
        check_template_content(&content, "2035-01-01T00:00:00.000Z".parse().unwrap())
    }

    #[test]
    fn the_request_expires_with_the_template() {
        let item = json!({ "@type": "AuthenticationRequestItem", "title": "t", "mustBeAccepted": false });
        let content = |request: Value| json!({ "@type": "RelationshipTemplateContent", "title": "Hello", "onNewRelationship": request });
        let checked = check(content(json!({ "@type": "Request", "items": [item] }))).unwrap();
        assert_eq!(
            checked.to_string(),
            r#"{"@type":"RelationshipTemplateContent","onNewRelationship":{"expiresAt":"2035-01-01T00:00:00.000Z","items":[{"@type":"AuthenticationRequestItem","mustBeAccepted":false,"title":"t"}]},"title":"Hello"}"#
        );
        let early = check(content(json!({ "items": [item], "expiresAt": "2034-01-01T00:00:00.000Z" }))).unwrap();
        assert_eq!(early["onNewRelationship"]["expiresAt"], "2034-01-01T00:00:00.000Z");
        let error = check(content(json!({ "items": [item], "expiresAt": "2036-01-01" }))).unwrap_err();
        assert_eq!(error.code(), "error.runtime.relationshipTemplates.requestCannotExpireAfterRelationshipTemplate");
        let error = check(content(json!({ "items": [] }))).unwrap_err();
        assert_eq!(error.message(), "Request.items:Array :: may not be empty");
        let error = check(json!({ "@type": "RelationshipTemplateContent" })).unwrap_err();
        assert_eq!(error.message(), "RelationshipTemplateContent.onNewRelationship :: Value is not defined");
    }

    #[test]
    fn other_kinds() {
        assert_eq!(check(json!({ "a": 1 })).unwrap_err().code(), "error.runtime.validation.invalidPropertyValue");
        assert_eq!(
            check(json!({ "@type": "Mail" })).unwrap_err().code(),
            "error.runtime.validation.invalidPropertyValue"
        );
        assert_eq!(check(json!({ "@type": "Nope" })).unwrap_err().code(), "error.runtime.unknownType");
        let arbitrary = json!({ "@type": "ArbitraryRelationshipTemplateContent", "value": { "any": [1, 2] } });
        assert_eq!(check(arbitrary.clone()).unwrap(), arbitrary);
    }
}
