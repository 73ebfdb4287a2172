//! Checks that an own Request without a specific recipient can be made (`docs/protocol/05-consumption.md` §3.6, §4.1,
//! §5), as far as this is possible without stored Attributes and the tags of the Backbone. Both belong to the layer
//! that decides on Requests, which will replace this check.

use content::characters::forbidden_property;
use content::form_fields::check_settings;
use content::queries::check_answer;
use content::tags::{self, TagCollection};
use content::{
    Attribute, Object, Owner, ProposeAttributeRequestItem, Query, Request, RequestEntry, RequestItem, TemplateContent,
};
use core_types::Timestamp;

use crate::error::{ApplicationError, RuntimeError};

/// Checks a Request that will be answered by any Identity that loads a template.
///
/// # Errors
/// `error.consumption.requests.{cannotCreateRequestWithExpirationDateInPast, validation.inheritedFromItem,
/// violatedKeyUniquenessOfRelationshipAttributes}`, `error.runtime.unknown` for items that are not request items.
pub(super) fn check(
    request: &Request<'_>,
    own_address: &str,
    now: Timestamp,
    known_tags: &TagCollection,
) -> Result<(), ApplicationError> {
    if request.expires_at().is_some_and(|expires_at| expires_at < now) {
        return Err(RuntimeError::RequestExpirationDateInPast.into());
    }
    let items = items(request)?;
    if !items.iter().all(|item| is_valid(item, own_address, known_tags)) {
        return Err(invalid_items());
    }
    let mut fragments: Vec<_> =
        items.iter().filter(|item| item.must_be_accepted()).filter_map(|item| fragment(item)).collect();
    fragments.sort_unstable();
    if fragments.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
        return Err(RuntimeError::ViolatedKeyUniqueness.into());
    }
    Ok(())
}

/// The error for a Request with items that cannot be sent.
pub(crate) fn invalid_items() -> ApplicationError {
    ApplicationError::from(RuntimeError::InheritedFromItem)
}

/// The items of a Request, including those of groups.
fn items<'a, 'c>(request: &'a Request<'c>) -> Result<Vec<&'a RequestItem<'c>>, ApplicationError> {
    let mut items = Vec::new();
    for entry in request.items() {
        match entry {
            RequestEntry::Item(item) => items.push(item),
            RequestEntry::Group(group) => {
                for entry in group.items() {
                    let RequestEntry::Item(item) = entry else { return Err(no_item()) };
                    items.push(item);
                }
            }
            RequestEntry::Other(_) => return Err(no_item()),
        }
    }
    Ok(items)
}

fn no_item() -> ApplicationError {
    ApplicationError::from(RuntimeError::Unknown(
        "A Request can only hold request items and groups of them.".to_owned(),
    ))
}

fn is_valid(item: &RequestItem<'_>, own_address: &str, known_tags: &TagCollection) -> bool {
    let own_or_open = [Owner::Recipient, Owner::from(own_address)];
    match item {
        RequestItem::CreateAttribute(item) => is_attribute_valid(item.attribute(), &own_or_open, known_tags),
        RequestItem::ReadAttribute(item) => is_query_valid(item.query(), &own_or_open, own_address, known_tags),
        RequestItem::ProposeAttribute(item) => is_proposal_valid(item, own_address, known_tags),
        RequestItem::FormField(item) => check_settings(item.settings()).is_ok(),
        // Only stored Attributes can be shared, and there are none without the layer that stores them. A deletion can
        // only be requested from a specific peer.
        RequestItem::ShareAttribute(_) | RequestItem::DeleteAttribute(_) => false,
        RequestItem::Authentication(_)
        | RequestItem::Consent(_)
        | RequestItem::ShareAuthorizationRequest(_)
        | RequestItem::ShareCredentialOffer(_)
        | RequestItem::TransferFileOwnership(_) => true,
    }
}

fn is_proposal_valid(item: &ProposeAttributeRequestItem<'_>, own_address: &str, known_tags: &TagCollection) -> bool {
    let query = Query::from(item.query().clone());
    is_query_valid(&query, &[Owner::Recipient], own_address, known_tags)
        && is_attribute_valid(item.attribute(), &[Owner::Recipient], known_tags)
        && check_answer(&query, item.attribute(), own_address, "").is_ok()
}

/// An own IdentityAttribute is shared, not created at the peer; so its owner remains open.
fn is_attribute_valid(
    attribute: &Attribute<'_>,
    relationship_owners: &[Owner<'_>],
    known_tags: &TagCollection,
) -> bool {
    if forbidden_property(attribute.object().value()).is_some() {
        return false;
    }
    let value_type = attribute.value_type();
    match attribute {
        Attribute::Identity(attribute) => {
            attribute.owner() == Owner::Recipient && are_tags_valid(attribute.tags(), value_type, known_tags)
        }
        Attribute::Relationship(attribute) => relationship_owners.contains(&attribute.owner()),
    }
}

/// IQL has been parsed when the query was read.
fn is_query_valid(
    query: &Query<'_>,
    relationship_owners: &[Owner<'_>],
    own_address: &str,
    known_tags: &TagCollection,
) -> bool {
    match query {
        Query::Identity(query) => are_tags_valid(query.tags(), query.value_type(), known_tags),
        Query::Relationship(query) => relationship_owners.contains(&query.owner()),
        Query::ThirdParty(query) => !query.third_party().contains(&own_address),
        Query::Iql(query) => query
            .attribute_creation_hints()
            .is_none_or(|hints| are_tags_valid(hints.tags(), hints.value_type(), known_tags)),
    }
}

fn are_tags_valid(tags: &[&str], value_type: &str, known_tags: &TagCollection) -> bool {
    tags.iter().all(|tag| tags::is_valid(tag, value_type, known_tags))
}

/// Owner, key and value type of the RelationshipAttribute that an item leads to, if any.
fn fragment<'c>(item: &RequestItem<'c>) -> Option<(Owner<'c>, &'c str, &'c str)> {
    match item {
        RequestItem::CreateAttribute(item) => fragment_of_attribute(item.attribute()),
        RequestItem::ReadAttribute(item) => fragment_of_query(item.query()),
        RequestItem::ProposeAttribute(item) => fragment_of_query(&item.query().clone().into()),
        RequestItem::Authentication(_)
        | RequestItem::Consent(_)
        | RequestItem::DeleteAttribute(_)
        | RequestItem::FormField(_)
        | RequestItem::ShareAttribute(_)
        | RequestItem::ShareAuthorizationRequest(_)
        | RequestItem::ShareCredentialOffer(_)
        | RequestItem::TransferFileOwnership(_) => None,
    }
}

fn fragment_of_attribute<'c>(attribute: &Attribute<'c>) -> Option<(Owner<'c>, &'c str, &'c str)> {
    match attribute {
        Attribute::Relationship(found) => Some((found.owner(), found.key(), attribute.value_type())),
        Attribute::Identity(_) => None,
    }
}

fn fragment_of_query<'c>(query: &Query<'c>) -> Option<(Owner<'c>, &'c str, &'c str)> {
    match query {
        Query::Relationship(query) => Some((query.owner(), query.key(), query.attribute_creation_hints().value_type())),
        Query::Identity(_) | Query::Iql(_) | Query::ThirdParty(_) => None,
    }
}

/// A File whose ownership a template offers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct OfferedFile<'c> {
    /// The reference to the File.
    pub(crate) reference: &'c str,
    /// The token that the new owner has to present.
    pub(crate) ownership_token: &'c str,
}

/// The Files offered by the Requests in the content of a template.
pub(crate) fn offered_files(content: &Object) -> Vec<OfferedFile<'_>> {
    let template = match TemplateContent::of(content) {
        Some(TemplateContent::Requests(template)) => template,
        Some(TemplateContent::Arbitrary(_)) | None => return Vec::new(),
    };
    let requests = std::iter::once(template.on_new_relationship()).chain(template.on_existing_relationship());
    let items = requests.filter_map(|request| items(request).ok()).flatten();
    items
        .filter_map(|item| match item {
            RequestItem::TransferFileOwnership(item) => {
                Some(OfferedFile { reference: item.file_reference(), ownership_token: item.ownership_token() })
            }
            _ => None,
        })
        .collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use content::Reader;
    use core_types::Reference;
    use crypto::SecretKey;
    use serde_json::{Value, json};

    use super::*;

    const OWN: &str = "did:e:localhost:dids:0000000000000000000001";
    const OTHER: &str = "did:e:localhost:dids:0000000000000000000002";
    const INHERITED: &str = "error.consumption.requests.validation.inheritedFromItem";

    fn code_of(items: &Value) -> Option<String> {
        let request = json!({ "@type": "Request", "items": items });
        let content = Reader::new(Timestamp::from_millis(0)).read(&request).unwrap();
        let request = Request::of(&content).unwrap();
        let tags = json!({ "tagsForAttributeValueTypes": { "GivenName": { "b": {} } } });
        let tags = serde_json::from_value(tags).unwrap();
        check(&request, OWN, Timestamp::from_millis(0), &tags).err().map(|error| error.code().to_owned())
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
        let reference = Reference::new("FILabcdefghijklmnopq", SecretKey::from_bytes([7; 32])).to_truncated();
        let item = json!({ "@type": "TransferFileOwnershipRequestItem", "mustBeAccepted": true, "fileReference": reference, "ownershipToken": "T" });
        let content = json!({ "@type": "RelationshipTemplateContent", "onNewRelationship": { "items": [{ "@type": "RequestItemGroup", "items": [item] }] } });
        let arbitrary = json!({ "@type": "ArbitraryRelationshipTemplateContent", "value": content });
        let checked = |content: Value| {
            let name = content["@type"].as_str().unwrap().to_owned();
            Reader::new(Timestamp::from_millis(0)).read_as(&name, &content).unwrap()
        };
        assert!(offered_files(&checked(content)) == [OfferedFile { reference: &reference, ownership_token: "T" }]);
        assert!(offered_files(&checked(arbitrary)).is_empty());
    }
}
