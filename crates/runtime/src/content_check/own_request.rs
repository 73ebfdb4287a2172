//! Whether an own Request for nobody in particular can be made (`docs/protocol/05-consumption.md` §3.6, §4.1, §5), as far as
//! that shows without stored Attributes and the tags of the Backbone. Both belong to the layer that decides on Requests, which
//! takes this place when it comes.

use content::characters::forbidden_property;
use content::form_fields::check_settings;
use content::queries::check_answer;
use content::tags::{self, TagCollection};
use content::{
    ContentRef, IQLQuery, IQLQueryCreationHints, IdentityAttribute, IdentityAttributeQuery, RelationshipAttribute,
    RelationshipAttributeCreationHints, RelationshipAttributeQuery, RelationshipTemplateContent, Request, RequestItem,
    RequestItemGroup, ThirdPartyRelationshipAttributeQuery,
};
use core_types::Timestamp;
use serde_json::Value;

use crate::error::{ApplicationError, codes};

/// Checks a Request that will be answered by whoever loads a template.
///
/// # Errors
/// `error.consumption.requests.{cannotCreateRequestWithExpirationDateInPast, validation.inheritedFromItem,
/// violatedKeyUniquenessOfRelationshipAttributes}`, `error.runtime.unknown` for items that are no request items.
pub(super) fn check(
    request: Request<'_>,
    own_address: &str,
    now: Timestamp,
    known_tags: &TagCollection,
) -> Result<(), ApplicationError> {
    if request.expires_at().is_some_and(|expires_at| expires_at < now) {
        return Err(ApplicationError::invalid(
            codes::REQUESTS_EXPIRATION_DATE_IN_PAST,
            "You cannot create a Request with an expiration date that is in the past.",
        ));
    }
    let items = items(request)?;
    if !items.iter().all(|item| is_valid(*item, own_address, known_tags)) {
        return Err(invalid_items());
    }
    let mut fragments: Vec<_> =
        items.iter().filter(|item| item.must_be_accepted()).filter_map(|item| fragment(*item)).collect();
    fragments.sort_unstable();
    if fragments.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
        return Err(ApplicationError::invalid(
            codes::REQUESTS_VIOLATED_KEY_UNIQUENESS,
            "The Request asks for several RelationshipAttributes with the same owner, key and value type.",
        ));
    }
    Ok(())
}

/// Some item of a Request cannot be sent.
pub(crate) fn invalid_items() -> ApplicationError {
    ApplicationError::invalid(codes::REQUESTS_INHERITED_FROM_ITEM, "Some child items have errors.")
}

/// The items of a Request, those of groups included.
fn items<'c>(request: Request<'c>) -> Result<Vec<RequestItem<'c>>, ApplicationError> {
    let mut items = Vec::new();
    for child in request.items() {
        match RequestItemGroup::of(child) {
            Some(group) => items.extend(group.items().into_iter().map(RequestItem::of)),
            None => items.push(RequestItem::of(child)),
        }
    }
    let items: Option<Vec<_>> = items.into_iter().collect();
    items.ok_or_else(|| {
        ApplicationError::invalid(codes::UNKNOWN, "A Request can only hold request items and groups of them.")
    })
}

fn is_valid(item: RequestItem<'_>, own_address: &str, known_tags: &TagCollection) -> bool {
    let object = item.object();
    let child = |name: &str| object.child(name);
    match object.type_name() {
        "CreateAttributeRequestItem" => {
            child("attribute").is_some_and(|attribute| is_attribute_valid(attribute, &["", own_address], known_tags))
        }
        "ReadAttributeRequestItem" => {
            child("query").is_some_and(|query| is_query_valid(query, &["", own_address], own_address, known_tags))
        }
        "ProposeAttributeRequestItem" => {
            let (Some(query), Some(attribute)) = (child("query"), child("attribute")) else { return false };
            is_query_valid(query, &[""], own_address, known_tags)
                && is_attribute_valid(attribute, &[""], known_tags)
                && check_answer(query, attribute, own_address, "").is_ok()
        }
        "FormFieldRequestItem" => {
            child("settings").and_then(ContentRef::typed).is_some_and(|settings| check_settings(settings).is_ok())
        }
        // Only stored Attributes can be shared, and there are none without the layer that stores them. A deletion can
        // only be asked of somebody in particular.
        "ShareAttributeRequestItem" | "DeleteAttributeRequestItem" => false,
        _ => true,
    }
}

/// An own IdentityAttribute is shared, not created at the peer; so its owner stays open.
fn is_attribute_valid(attribute: ContentRef<'_>, relationship_owners: &[&str], known_tags: &TagCollection) -> bool {
    if attribute.typed().is_none_or(|object| forbidden_property(object.value()).is_some()) {
        return false;
    }
    if let Some(attribute) = IdentityAttribute::of(attribute) {
        let value_type = attribute.value().and_then(ContentRef::type_name).unwrap_or_default();
        return attribute.owner().is_empty() && are_tags_valid(&attribute.tags(), value_type, known_tags);
    }
    RelationshipAttribute::of(attribute).is_some_and(|attribute| relationship_owners.contains(&attribute.owner()))
}

/// IQL was parsed when the query was read.
fn is_query_valid(
    query: ContentRef<'_>,
    relationship_owners: &[&str],
    own_address: &str,
    known_tags: &TagCollection,
) -> bool {
    if let Some(query) = IdentityAttributeQuery::of(query) {
        are_tags_valid(&query.tags(), query.value_type(), known_tags)
    } else if let Some(query) = RelationshipAttributeQuery::of(query) {
        relationship_owners.contains(&query.owner())
    } else if let Some(query) = ThirdPartyRelationshipAttributeQuery::of(query) {
        !query.third_party().contains(&own_address)
    } else {
        let hints = IQLQuery::of(query).and_then(IQLQuery::attribute_creation_hints);
        hints
            .and_then(IQLQueryCreationHints::of)
            .is_none_or(|hints| are_tags_valid(&hints.tags(), hints.value_type(), known_tags))
    }
}

fn are_tags_valid(tags: &[&str], value_type: &str, known_tags: &TagCollection) -> bool {
    tags.iter().all(|tag| tags::is_valid(tag, value_type, known_tags))
}

/// Owner, key and value type of the RelationshipAttribute that an item leads to, if it does.
fn fragment(item: RequestItem<'_>) -> Option<(&str, &str, &str)> {
    let object = item.object();
    if let Some(query) = object.child("query") {
        let query = RelationshipAttributeQuery::of(query)?;
        let hints = query.attribute_creation_hints().and_then(RelationshipAttributeCreationHints::of)?;
        return Some((query.owner(), query.key(), hints.value_type()));
    }
    let attribute = object.child("attribute").and_then(RelationshipAttribute::of)?;
    Some((attribute.owner(), attribute.key(), attribute.value()?.type_name()?))
}

/// A File whose ownership a template offers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct OfferedFile<'c> {
    /// Where it is.
    pub(crate) reference: &'c str,
    /// What whoever takes it over has to show.
    pub(crate) ownership_token: &'c str,
}

/// The Files offered by the Requests in the content of a template that was checked.
pub(crate) fn offered_files(content: &Value) -> Vec<OfferedFile<'_>> {
    let Some(template) = RelationshipTemplateContent::of(ContentRef::of(content)) else { return Vec::new() };
    let requests = [template.on_new_relationship(), template.on_existing_relationship()];
    let items = requests.into_iter().flatten().filter_map(Request::of).filter_map(|request| items(request).ok());
    items
        .flatten()
        .filter(|item| item.object().type_name() == "TransferFileOwnershipRequestItem")
        .filter_map(|item| {
            let object = item.object();
            Some(OfferedFile {
                reference: object.text("fileReference")?,
                ownership_token: object.text("ownershipToken")?,
            })
        })
        .collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use content::Reader;
    use serde_json::json;

    use super::*;

    const OWN: &str = "did:e:localhost:dids:0000000000000000000001";
    const OTHER: &str = "did:e:localhost:dids:0000000000000000000002";
    const INHERITED: &str = "error.consumption.requests.validation.inheritedFromItem";

    fn code_of(items: &Value) -> Option<String> {
        let request = json!({ "@type": "Request", "items": items });
        let content = Reader::new(Timestamp::from_millis(0)).read(&request).unwrap();
        let request = Request::of(content.as_ref()).unwrap();
        let tags = json!({ "tagsForAttributeValueTypes": { "GivenName": { "b": {} } } });
        let tags = serde_json::from_value(tags).unwrap();
        check(request, OWN, Timestamp::from_millis(0), &tags).err().map(|error| error.code().to_owned())
    }

    fn item(name: &str, members: Value) -> Value {
        let mut item = json!({ "@type": name, "mustBeAccepted": true });
        item.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        item
    }

    fn given_name(owner: &str, name: &str, tags: &[&str]) -> Value {
        json!({ "@type": "IdentityAttribute", "owner": owner, "tags": tags, "value": { "@type": "GivenName", "value": name } })
    }

    fn customer_number(owner: &str) -> Value {
        json!({ "@type": "RelationshipAttribute", "owner": owner, "key": "k", "confidentiality": "public",
            "value": { "@type": "ProprietaryString", "title": "t", "value": "1" } })
    }

    fn customer_number_query(owner: &str) -> Value {
        json!({ "@type": "RelationshipAttributeQuery", "owner": owner, "key": "k",
            "attributeCreationHints": { "title": "t", "valueType": "ProprietaryString", "confidentiality": "public" } })
    }

    #[test]
    fn items_that_can_be_sent_to_anybody() {
        for item in [
            item("AuthenticationRequestItem", json!({ "title": "t" })),
            item("ConsentRequestItem", json!({ "consent": "c" })),
            item("CreateAttributeRequestItem", json!({ "attribute": given_name("", "A", &["x:a", "bkb:b"]) })),
            item("CreateAttributeRequestItem", json!({ "attribute": customer_number(OWN) })),
            item("ReadAttributeRequestItem", json!({ "query": customer_number_query(OWN) })),
            item("ReadAttributeRequestItem", json!({ "query": { "@type": "IQLQuery", "queryString": "GivenName" } })),
            item(
                "ReadAttributeRequestItem",
                json!({ "query": { "@type": "ThirdPartyRelationshipAttributeQuery", "key": "k", "owner": "", "thirdParty": [OTHER] } }),
            ),
            item(
                "ProposeAttributeRequestItem",
                json!({ "query": { "@type": "IdentityAttributeQuery", "valueType": "GivenName" }, "attribute": given_name("", "A", &[]) }),
            ),
            item(
                "FormFieldRequestItem",
                json!({ "title": "t", "settings": { "@type": "IntegerFormFieldSettings", "min": 1, "max": 1 } }),
            ),
        ] {
            assert_eq!(code_of(&json!([item])), None, "{item}");
            assert_eq!(code_of(&json!([{ "@type": "RequestItemGroup", "items": [item] }])), None, "{item}");
        }
    }

    #[test]
    fn items_that_cannot() {
        for item in [
            item("CreateAttributeRequestItem", json!({ "attribute": given_name(OWN, "A", &[]) })),
            item("CreateAttributeRequestItem", json!({ "attribute": given_name(OTHER, "A", &[]) })),
            item("CreateAttributeRequestItem", json!({ "attribute": given_name("", "\u{1F600}", &[]) })),
            item("CreateAttributeRequestItem", json!({ "attribute": given_name("", "A", &["nope"]) })),
            item("CreateAttributeRequestItem", json!({ "attribute": given_name("", "A", &["bkb:other"]) })),
            item("CreateAttributeRequestItem", json!({ "attribute": customer_number(OTHER) })),
            item("ReadAttributeRequestItem", json!({ "query": customer_number_query(OTHER) })),
            item(
                "ReadAttributeRequestItem",
                json!({ "query": { "@type": "ThirdPartyRelationshipAttributeQuery", "key": "k", "owner": "", "thirdParty": [OWN] } }),
            ),
            item(
                "ReadAttributeRequestItem",
                json!({ "query": { "@type": "IdentityAttributeQuery", "valueType": "GivenName", "tags": ["nope"] } }),
            ),
            item(
                "ProposeAttributeRequestItem",
                json!({ "query": { "@type": "IdentityAttributeQuery", "valueType": "GivenName", "tags": ["x:a"] }, "attribute": given_name("", "A", &[]) }),
            ),
            item(
                "ProposeAttributeRequestItem",
                json!({ "query": customer_number_query(OWN), "attribute": customer_number(OWN) }),
            ),
            item(
                "FormFieldRequestItem",
                json!({ "title": "t", "settings": { "@type": "IntegerFormFieldSettings", "min": 2, "max": 1 } }),
            ),
            item("ShareAttributeRequestItem", json!({ "attributeId": "ATT", "attribute": given_name(OWN, "A", &[]) })),
            item("DeleteAttributeRequestItem", json!({ "attributeId": "ATT" })),
        ] {
            assert_eq!(code_of(&json!([item])).as_deref(), Some(INHERITED), "{item}");
            let grouped = json!([{ "@type": "RequestItemGroup", "items": [item] }]);
            assert_eq!(code_of(&grouped).as_deref(), Some(INHERITED), "{item}");
        }
        for item in [json!({ "untyped": 1 }), json!({ "@type": "GivenName", "value": "A" })] {
            assert_eq!(code_of(&json!([item])).as_deref(), Some("error.runtime.unknown"), "{item}");
        }
    }

    #[test]
    fn keys_of_relationship_attributes_are_unique() {
        let create = |owner: &str| item("CreateAttributeRequestItem", json!({ "attribute": customer_number(owner) }));
        let read = |owner: &str| item("ReadAttributeRequestItem", json!({ "query": customer_number_query(owner) }));
        let violated = Some("error.consumption.requests.violatedKeyUniquenessOfRelationshipAttributes".to_owned());
        assert_eq!(code_of(&json!([create(OWN), create("")])), None);
        assert_eq!(code_of(&json!([create(OWN), { "@type": "RequestItemGroup", "items": [read(OWN)] }])), violated);
        let mut optional = read(OWN);
        optional["mustBeAccepted"] = json!(false);
        assert_eq!(code_of(&json!([create(OWN), optional])), None);
    }

    #[test]
    fn files_on_offer() {
        let reference = "RklMdGVzdHRlc3R0ZXN0dGVzdHQ";
        let item = json!({ "@type": "TransferFileOwnershipRequestItem", "mustBeAccepted": true, "fileReference": reference, "ownershipToken": "T" });
        let content = json!({ "@type": "RelationshipTemplateContent", "onNewRelationship": { "items": [{ "@type": "RequestItemGroup", "items": [item] }] } });
        let files = offered_files(&content);
        assert!(files == [OfferedFile { reference, ownership_token: "T" }]);
        assert!(
            offered_files(&json!({ "@type": "ArbitraryRelationshipTemplateContent", "value": content })).is_empty()
        );
    }
}
