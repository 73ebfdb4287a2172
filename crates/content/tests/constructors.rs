//! Content put together by the constructors is written in the form of the peers, and refused where it is wrong.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;

use content::values::{GivenName, IdentityValue, ProprietaryString};
use content::*;
use core_types::{Reference, Timestamp};
use crypto::SecretKey;
use serde_json::{Value, json};

const ME: &str = "did:e:localhost:dids:0000000000000000000001";
const PEER: &str = "did:e:localhost:dids:0000000000000000000002";
const THIRD: &str = "did:e:localhost:dids:0000000000000000000003";
const DATE: Timestamp = Timestamp::from_millis(1_700_000_000_123);

fn reader() -> Reader {
    Reader::new(DATE)
}

/// The draft reads as this JSON does, and both are written alike.
fn check<T>(draft: Draft<T>, expected: Value) {
    let checked = draft.check(&reader()).unwrap();
    assert_eq!(checked.to_json(), reader().read(&expected).unwrap().to_json());
}

fn file_reference() -> String {
    Reference::new("FILabcdefghijklmnopq", SecretKey::from_bytes([7; 32])).to_truncated()
}

fn given_name(owner: Owner<'_>) -> Draft<IdentityAttribute<'static>> {
    IdentityAttribute::new(GivenName::new("Ann"), owner)
}

fn customer_number(owner: Owner<'_>) -> Draft<RelationshipAttribute<'static>> {
    RelationshipAttribute::new(ProprietaryString::new("Number", "1"), "key", Confidentiality::Private, owner)
}

fn given_name_json(owner: &str) -> Value {
    json!({ "@type": "IdentityAttribute", "owner": owner, "value": { "@type": "GivenName", "value": "Ann" } })
}

fn customer_number_json(owner: &str) -> Value {
    json!({ "@type": "RelationshipAttribute", "owner": owner, "key": "key", "confidentiality": "private", "isTechnical": false,
        "value": { "@type": "ProprietaryString", "title": "Number", "value": "1" } })
}

#[test]
fn attributes() {
    check(given_name(Owner::Identity(ME)).tags(["x:a", "x:b"]), {
        let mut expected = given_name_json(ME);
        expected["tags"] = json!(["x:a", "x:b"]);
        expected
    });
    check(given_name(Owner::Recipient), given_name_json(""));
    check(customer_number(Owner::Identity(PEER)), customer_number_json(PEER));
    let mine = given_name(Owner::Recipient).widen::<Attribute<'_>>().owner(Owner::Identity(ME));
    check(mine, given_name_json(ME));
    let technical = customer_number(Owner::Recipient).is_technical(true).check(&reader()).unwrap();
    let technical = RelationshipAttribute::of(&technical).unwrap();
    assert!(technical.is_technical() && technical.owner() == Owner::Recipient);
    assert_eq!(technical.confidentiality(), Confidentiality::Private);
}

/// A draft of an item, and the JSON of it.
type Item<T> = (Draft<T>, Value);

/// The JSON of an item: the type, what all items have, and its own members.
fn item_json(type_name: &str, common: Value, own: Value) -> Value {
    let mut item = json!({ "@type": type_name });
    for members in [common, own] {
        item.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    }
    item
}

fn request_item<T: Fits<RequestItem<'static>>>(
    draft: Draft<T>,
    type_name: &str,
    own: Value,
) -> Item<RequestItem<'static>> {
    (draft.widen(), item_json(type_name, json!({ "mustBeAccepted": true }), own))
}

fn accept_item<T: Fits<ResponseItem<'static>>>(
    draft: Draft<T>,
    type_name: &str,
    own: Value,
) -> Item<ResponseItem<'static>> {
    (draft.widen(), item_json(type_name, json!({ "result": "Accepted" }), own))
}

fn request_items_with_queries() -> Vec<Item<RequestItem<'static>>> {
    let hints = RelationshipAttributeCreationHints::new("Number", "ProprietaryString", Confidentiality::Private);
    let hints_json = json!({ "title": "Number", "valueType": "ProprietaryString", "confidentiality": "private" });
    let by_iql = IQLQuery::new("GivenName").attribute_creation_hints(IQLQueryCreationHints::new("GivenName"));
    let by_type = IdentityAttributeQuery::new("GivenName");
    let read = |query: Draft<Query<'static>>, json: Value| {
        request_item(ReadAttributeRequestItem::new(query, true), "ReadAttributeRequestItem", json!({ "query": json }))
    };
    vec![
        read(
            RelationshipAttributeQuery::new("key", Owner::Recipient, hints).widen(),
            json!({ "@type": "RelationshipAttributeQuery", "key": "key", "owner": "", "attributeCreationHints": hints_json }),
        ),
        read(
            ThirdPartyRelationshipAttributeQuery::new("key", ThirdPartyOwner::Any, [THIRD]).widen(),
            json!({ "@type": "ThirdPartyRelationshipAttributeQuery", "key": "key", "owner": "", "thirdParty": [THIRD] }),
        ),
        read(
            by_iql.widen(),
            json!({ "@type": "IQLQuery", "queryString": "GivenName", "attributeCreationHints": { "valueType": "GivenName" } }),
        ),
        read(
            by_type.clone().tags(["x:a"]).widen(),
            json!({ "@type": "IdentityAttributeQuery", "valueType": "GivenName", "tags": ["x:a"] }),
        ),
        request_item(
            ProposeAttributeRequestItem::new(by_type, given_name(Owner::Recipient), true),
            "ProposeAttributeRequestItem",
            json!({ "attribute": given_name_json(""), "query": { "@type": "IdentityAttributeQuery", "valueType": "GivenName" } }),
        ),
    ]
}

fn request_items_about_attributes() -> Vec<Item<RequestItem<'static>>> {
    let create = CreateAttributeRequestItem::new(given_name(Owner::Recipient), true);
    let share = ShareAttributeRequestItem::new(customer_number(Owner::Identity(ME)), "ATT", true);
    vec![
        request_item(
            create.description("d").metadata(json!({ "b": 1, "a": 2 })),
            "CreateAttributeRequestItem",
            json!({ "attribute": given_name_json(""), "description": "d", "metadata": { "b": 1, "a": 2 } }),
        ),
        request_item(
            DeleteAttributeRequestItem::new("ATT", true),
            "DeleteAttributeRequestItem",
            json!({ "attributeId": "ATT" }),
        ),
        request_item(
            share.initial_attribute_peer(THIRD),
            "ShareAttributeRequestItem",
            json!({ "attribute": customer_number_json(ME), "attributeId": "ATT",
                "initialAttributePeer": THIRD, "thirdPartyAddress": THIRD }),
        ),
    ]
}

fn other_request_items() -> Vec<Item<RequestItem<'static>>> {
    let consent = ConsentRequestItem::new("c", true).link("https://a").link_display_text("text");
    let selection = SelectionFormFieldSettings::new(["a", "b"]).allow_multiple_selection(false);
    vec![
        request_item(AuthenticationRequestItem::new("t", true), "AuthenticationRequestItem", json!({ "title": "t" })),
        request_item(
            consent.requires_interaction(true),
            "ConsentRequestItem",
            json!({ "consent": "c", "link": "https://a", "linkDisplayText": "text", "requiresInteraction": true }),
        ),
        request_item(
            FormFieldRequestItem::new("t", selection, true),
            "FormFieldRequestItem",
            json!({ "title": "t",
                "settings": { "@type": "SelectionFormFieldSettings", "options": ["a", "b"], "allowMultipleSelection": false } }),
        ),
        request_item(
            ShareAuthorizationRequestRequestItem::new("u", true),
            "ShareAuthorizationRequestRequestItem",
            json!({ "authorizationRequestUrl": "u" }),
        ),
        request_item(
            ShareCredentialOfferRequestItem::new("u", true),
            "ShareCredentialOfferRequestItem",
            json!({ "credentialOfferUrl": "u" }),
        ),
        request_item(
            TransferFileOwnershipRequestItem::new(file_reference(), "T", true),
            "TransferFileOwnershipRequestItem",
            json!({ "fileReference": file_reference(), "ownershipToken": "T" }),
        ),
    ]
}

/// The names of the types of these items.
fn type_names<T>(items: &[Item<T>]) -> BTreeSet<&str> {
    items.iter().map(|(_, json)| json["@type"].as_str().unwrap()).collect()
}

#[test]
fn requests_with_items_of_every_kind_and_a_group() {
    let items = [request_items_with_queries(), request_items_about_attributes(), other_request_items()].concat();
    assert_eq!(type_names(&items), RequestItem::TYPES.iter().copied().collect());
    let (drafts, items): (Vec<_>, Vec<_>) = items.into_iter().unzip();
    let entries = drafts.iter().map(|item| item.clone().widen::<RequestEntry<'_>>());
    let group = RequestItemGroup::new(drafts.clone()).title("g").widen();
    let request = Request::new(entries.chain([group])).id("REQ").expires_at(DATE).title("r").description("d");
    let mut entries = items.clone();
    entries.push(json!({ "@type": "RequestItemGroup", "items": items, "title": "g" }));
    let expected = json!({ "@type": "Request", "id": "REQ", "expiresAt": "2023-11-14T22:13:20.123Z", "title": "r",
        "description": "d", "items": entries });
    check(request.clone(), expected.clone());
    check(
        RelationshipTemplateContent::new(request.clone()).title("t").on_existing_relationship(request),
        json!({ "@type": "RelationshipTemplateContent", "title": "t", "onNewRelationship": expected, "onExistingRelationship": expected }),
    );
}

fn accept_items_with_attributes() -> Vec<Item<ResponseItem<'static>>> {
    let mine = given_name(Owner::Identity(ME));
    let read = ReadAttributeAcceptResponseItem::new("ATT", customer_number(Owner::Identity(THIRD)));
    vec![
        accept_item(
            AttributeSuccessionAcceptResponseItem::new("ATT1", "ATT2", mine.clone()),
            "AttributeSuccessionAcceptResponseItem",
            json!({ "predecessorId": "ATT1", "successorId": "ATT2", "successorContent": given_name_json(ME) }),
        ),
        accept_item(
            ProposeAttributeAcceptResponseItem::new("ATT", mine.clone()),
            "ProposeAttributeAcceptResponseItem",
            json!({ "attributeId": "ATT", "attribute": given_name_json(ME) }),
        ),
        accept_item(
            read.initial_attribute_peer(THIRD),
            "ReadAttributeAcceptResponseItem",
            json!({ "attributeId": "ATT", "attribute": customer_number_json(THIRD),
                "initialAttributePeer": THIRD, "thirdPartyAddress": THIRD }),
        ),
        accept_item(
            TransferFileOwnershipAcceptResponseItem::new("ATT", mine),
            "TransferFileOwnershipAcceptResponseItem",
            json!({ "attributeId": "ATT", "attribute": given_name_json(ME) }),
        ),
    ]
}

fn other_response_items() -> Vec<Item<ResponseItem<'static>>> {
    let reject = RejectResponseItem::new().with_some(Some("c"), |item, code| item.code(code));
    let reject = reject.with_some(None, |item, message: &str| item.message(message));
    vec![
        accept_item(AcceptResponseItem::new(), "AcceptResponseItem", json!({})),
        accept_item(
            AttributeAlreadySharedAcceptResponseItem::new("ATT"),
            "AttributeAlreadySharedAcceptResponseItem",
            json!({ "attributeId": "ATT" }),
        ),
        accept_item(
            CreateAttributeAcceptResponseItem::new("ATT"),
            "CreateAttributeAcceptResponseItem",
            json!({ "attributeId": "ATT" }),
        ),
        accept_item(
            DeleteAttributeAcceptResponseItem::new(DATE),
            "DeleteAttributeAcceptResponseItem",
            json!({ "deletionDate": "2023-11-14T22:13:20.123Z" }),
        ),
        accept_item(
            FormFieldAcceptResponseItem::new(json!(["a"])),
            "FormFieldAcceptResponseItem",
            json!({ "response": ["a"] }),
        ),
        (reject.widen(), json!({ "@type": "RejectResponseItem", "result": "Rejected", "code": "c" })),
        (
            ErrorResponseItem::new("c", "m").widen(),
            json!({ "@type": "ErrorResponseItem", "result": "Error", "code": "c", "message": "m" }),
        ),
    ]
}

#[test]
fn responses_with_items_of_every_kind_and_a_group() {
    let items = [accept_items_with_attributes(), other_response_items()].concat();
    assert_eq!(type_names(&items), ResponseItem::TYPES.iter().copied().collect());
    let (drafts, items): (Vec<_>, Vec<_>) = items.into_iter().unzip();
    let entries = drafts.iter().map(|item| item.clone().widen::<ResponseEntry<'_>>());
    let group = ResponseItemGroup::new(drafts.clone()).widen();
    let response = Response::new(Outcome::Accepted, "REQ", entries.chain([group]));
    let mut entries = items.clone();
    entries.push(json!({ "@type": "ResponseItemGroup", "items": items }));
    let expected = json!({ "@type": "Response", "result": "Accepted", "requestId": "REQ", "items": entries });
    check(
        ResponseWrapper::new("REQ", "MSG", RequestSourceType::Message, response.clone()),
        json!({ "@type": "ResponseWrapper", "requestId": "REQ", "requestSourceReference": "MSG", "requestSourceType": "Message",
            "response": expected }),
    );
    check(
        RelationshipCreationContent::new(response),
        json!({ "@type": "RelationshipCreationContent", "response": expected }),
    );
}

#[test]
fn notifications_mails_and_own_contents() {
    let items: [Draft<NotificationItem<'static>>; 4] = [
        ForwardedAttributeDeletedByPeerNotificationItem::new("ATT").widen(),
        OwnAttributeDeletedByOwnerNotificationItem::new("ATT").widen(),
        PeerAttributeSucceededNotificationItem::new("ATT1", "ATT2", given_name(Owner::Identity(PEER))).widen(),
        PeerRelationshipAttributeDeletedByPeerNotificationItem::new("ATT").widen(),
    ];
    check(
        Notification::new("NOT", items),
        json!({ "@type": "Notification", "id": "NOT", "items": [
            { "@type": "ForwardedAttributeDeletedByPeerNotificationItem", "attributeId": "ATT" },
            { "@type": "OwnAttributeDeletedByOwnerNotificationItem", "attributeId": "ATT" },
            { "@type": "PeerAttributeSucceededNotificationItem", "predecessorId": "ATT1", "successorId": "ATT2",
                "successorContent": given_name_json(PEER) },
            { "@type": "PeerRelationshipAttributeDeletedByPeerNotificationItem", "attributeId": "ATT" },
        ] }),
    );
    check(
        Mail::new([PEER], "s", "b").cc([THIRD]).body_format(BodyFormat::Markdown),
        json!({ "@type": "Mail", "to": [PEER], "cc": [THIRD], "subject": "s", "body": "b", "bodyFormat": "Markdown" }),
    );
    check(Mail::new([PEER], "s", "b"), json!({ "@type": "Mail", "to": [PEER], "cc": [], "subject": "s", "body": "b" }));
    let own = json!({ "b": [1], "a": null });
    check(ArbitraryMessageContent::new(own.clone()), json!({ "@type": "ArbitraryMessageContent", "value": own }));
    check(
        ArbitraryRelationshipTemplateContent::new(own.clone()),
        json!({ "@type": "ArbitraryRelationshipTemplateContent", "value": own }),
    );
    check(
        ArbitraryRelationshipCreationContent::new(own.clone()),
        json!({ "@type": "ArbitraryRelationshipCreationContent", "value": own }),
    );
}

#[test]
fn what_is_wrong_is_no_content() {
    let error = |draft: Draft<Request<'static>>| draft.check(&reader()).unwrap_err().to_string();
    assert_eq!(
        error(Request::new(Vec::<Draft<RequestItem<'static>>>::new())),
        "Request.items:Array :: may not be empty"
    );
    let too_long = AuthenticationRequestItem::new("t".repeat(201), true);
    assert!(
        error(Request::new([too_long]))
            .starts_with("Request.items :: item 0 is invalid (AuthenticationRequestItem.title :: ")
    );
    let other_value = IdentityAttribute::new(
        Draft::<IdentityValue<'_>>::from_json(json!({ "@type": "City", "value": "c" })),
        Owner::Recipient,
    );
    assert!(
        error(Request::new([CreateAttributeRequestItem::new(other_value, true)])).contains("City cannot stand here")
    );
    let mismatch =
        ProposeAttributeRequestItem::new(IdentityAttributeQuery::new("Surname"), given_name(Owner::Recipient), true);
    assert!(error(Request::new([mismatch])).contains("query.valueType"));
    assert!(customer_number(Owner::Recipient).key("k".repeat(101)).check(&reader()).is_err());
    assert!(FormFieldAcceptResponseItem::new("").check(&reader()).is_err());
    assert!(RatingFormFieldSettings::new(f64::NAN).check(&reader()).is_err());
    let rating = RatingFormFieldSettings::new(5.0).check(&reader()).unwrap();
    assert_eq!(rating.value().to_string(), r#"{"@type":"RatingFormFieldSettings","maxRating":5}"#);
    // It has no name, and so can only stand inside a notification.
    assert!(EmptyNotificationItem::new().check(&reader()).is_err());
}

#[test]
fn what_was_received_is_changed_as_a_draft() {
    let members = json!({ "@type": "IdentityAttribute", "owner": "", "tags": ["x:a"], "value": { "@type": "GivenName", "value": "Ann" } });
    let request = json!({ "@type": "Request", "id": null, "metadata": { "z": 1, "a": 2 },
        "items": [{ "@type": "CreateAttributeRequestItem", "attribute": members, "mustBeAccepted": true }, { "own": 1 }, null] });
    let content = reader().read(&request).unwrap();
    let request = Request::of(&content).unwrap();
    let [RequestEntry::Item(RequestItem::CreateAttribute(item)), RequestEntry::Other(own), RequestEntry::Other(null)] =
        request.items()
    else {
        panic!("other entries");
    };
    assert!(own.typed().is_none() && null.value().is_null());
    let Attribute::Identity(attribute) = item.attribute() else { panic!("another attribute") };
    assert_eq!(request.draft().check(&reader()).unwrap().to_json(), content.to_json(), "unchanged, with what is null");
    let attribute = attribute.draft().owner(Owner::Identity(ME));
    let changed = item.draft().attribute(attribute).widen();
    let entries = [changed].into_iter().chain(request.items().iter().skip(1).map(RequestEntry::draft));
    let written = request.draft().items(entries).check(&reader()).unwrap().to_json();
    assert_eq!(written, content.to_json().replace(r#""owner":"""#, &format!(r#""owner":"{ME}""#)));
}
