//! Two Identities exchange Requests: each calls itself `me` and the other `peer`, so what travels is turned round.

use super::super::{decide, incoming, outgoing};
use super::*;

/// As the other side sees it.
pub(super) fn turned(json: &Value) -> Value {
    let text = json.to_string().replace(ME, "\u{0}").replace(PEER, ME).replace('\u{0}', PEER);
    serde_json::from_str(&text).unwrap()
}

/// Writes as a store does: inserting what is there, or changing what is not, is an error.
pub(super) fn write(world: &mut World, changes: &Changes) {
    fn put<T: Document>(documents: &mut Vec<T>, document: T, is_new: bool) {
        let found = documents.iter().position(|existing| existing.key() == document.key());
        assert_eq!(found.is_none(), is_new, "{}", document.key());
        match found {
            Some(index) => documents[index] = document,
            None => documents.push(document),
        }
    }
    for write in changes.writes() {
        let is_new = matches!(write, Write::Insert(_));
        match write {
            Write::Insert(document) | Write::Replace(document) => match document.clone() {
                AnyDocument::LocalAttribute(attribute) => put(&mut world.attributes, *attribute, is_new),
                AnyDocument::ForwardingDetails(details) => put(&mut world.forwardings, *details, is_new),
                AnyDocument::LocalRequest(request) => put(&mut world.requests, *request, is_new),
                AnyDocument::LocalNotification(notification) => put(&mut world.notifications, *notification, is_new),
                other => unreachable!("{other:?}"),
            },
            Write::Delete(place) => {
                world.attributes.retain(|attribute| attribute.key() != place.key);
                world.requests.retain(|request| request.key() != place.key);
            }
        }
    }
}

/// The changes of each side in an exchange.
pub(super) struct Exchanged {
    pub(super) accepted: Changes,
    pub(super) completed: Changes,
}

/// The one side asks, the other answers.
pub(super) fn exchange(asking: &mut World, answering: &mut World, items: Value, given: Value) -> Exchanged {
    let id = format!("REQ{:017}", asking.requests.len() + answering.requests.len());
    let request = ask(asking, &id, items);
    let (accepted, response) = answer(answering, &request, given);
    let completed = conclude(asking, &id, &response);
    Exchanged { accepted, completed }
}

pub(super) fn ask(world: &mut World, id: &str, items: Value) -> Value {
    let content = content(items);
    let new = || outgoing::NewRequest { id: id.into(), content: &content, recipient: PEER.into() };
    let needs = outgoing::needs_to_create(Some(&id.into()), &content, Some(&PEER.into()), &world.nothing()).unwrap();
    let changes = world.run(&needs, |facts| outgoing::create(new(), facts)).unwrap();
    write(world, &changes);
    let draft = written_request(&changes).clone();
    let needs = outgoing::needs_to_send(&draft, &world.nothing()).unwrap();
    let message = || outgoing::SentMessage { id: "MSG1".into(), created_by: ME.into() };
    let changes = world.run(&needs, |facts| outgoing::sent(&draft, message(), facts)).unwrap();
    write(world, &changes);
    let mut sent = written_request(&changes).content.clone();
    sent["@type"] = json!("Request");
    turned(&sent)
}

pub(super) fn receive(world: &mut World, request: &Value) -> LocalRequest {
    let carrier = || incoming::RequestCarrier::Message { id: "MSG1".into(), created_by: PEER.into() };
    let received = || incoming::ReceivedRequest { new_id: "REQ".into(), content: request, carrier: carrier() };
    let needs = incoming::needs_to_receive(&received(), &world.nothing()).unwrap();
    let changes = world.run(&needs, |facts| incoming::received(received(), facts)).unwrap();
    write(world, &changes);
    let open = written_request(&changes).clone();
    let changes = world.run(&[], |facts| incoming::check_prerequisites(&open, facts)).unwrap();
    write(world, &changes);
    written_request(&changes).clone()
}

pub(super) fn answer(world: &mut World, request: &Value, given: Value) -> (Changes, Value) {
    let request = receive(world, request);
    let parameters = decision(given);
    let needs = decide::needs(&request, &parameters, &world.nothing()).unwrap();
    let rule = |facts: &Facts| decide::accept(&request, &parameters, &mut random_after(world, 1), facts);
    let accepted = world.run(&needs, rule).unwrap();
    write(world, &accepted);
    let mut response = written_request(&accepted).response.clone().unwrap().content;
    response["@type"] = json!("Response");
    (accepted, turned(&response))
}

pub(super) fn conclude(world: &mut World, id: &str, response: &Value) -> Changes {
    let open = world.requests.iter().find(|request| request.id.as_str() == id).unwrap().clone();
    let needs = outgoing::needs_to_complete(&open, response, &world.nothing()).unwrap();
    let rule = |facts: &Facts| outgoing::complete(&open, received(response), &mut random_after(world, 2), facts);
    let completed = world.run(&needs, rule).unwrap();
    write(world, &completed);
    completed
}

/// Others than at any other time or at the other side, and the same for every run of a rule.
fn random_after(world: &World, side: u64) -> impl rand::CryptoRng {
    <rand::rngs::StdRng as rand::SeedableRng>::seed_from_u64(10 * world.requests.len() as u64 + side)
}

/// All attributes in short: kind, value and status of its deletion; then all forwarding details.
pub(super) fn shown(world: &World) -> Vec<String> {
    let initials = |text: &str| text.chars().filter(char::is_ascii_uppercase).collect::<String>();
    let attributes = world.attributes.iter().map(|attribute| {
        let status = attribute.details.deletion_status().map(|status| format!(" {status}")).unwrap_or_default();
        let value = attribute.value()["value"].as_str().unwrap_or_default();
        format!("{} {value}{status}", initials(attribute.kind().as_str()))
    });
    let forwardings = world.forwardings.iter().map(|details| {
        let value = world.get(details.attribute_id.as_str()).value()["value"].as_str().unwrap_or_default();
        let status = details.deletion_status().map(|status| format!(" {status}")).unwrap_or_default();
        format!("{value} to {}{status}", details.peer.as_str().rsplit(':').next().unwrap())
    });
    attributes.chain(forwardings).collect()
}

/// Both sides agree on what they share: of a RelationshipAttribute each has its half, and what one has forwarded the other has.
pub(super) fn agree(one: &World, other: &World) -> Result<(), String> {
    for attribute in &one.attributes {
        let wanted = match &attribute.details {
            AttributeDetails::OwnRelationship(details) if details.peer.as_str() == PEER => {
                AttributeKind::PeerRelationshipAttribute
            }
            AttributeDetails::PeerRelationship(details) if details.peer.as_str() == PEER => {
                AttributeKind::OwnRelationshipAttribute
            }
            _ => continue,
        };
        let found = other.attributes.iter().find(|found| found.id == attribute.id && found.kind() == wanted);
        if found.is_none_or(|found| found.content != turned(&attribute.content)) {
            return Err(format!("{} has no other half", attribute.id));
        }
    }
    for details in one.forwardings.iter().filter(|details| details.is_live() && details.peer.as_str() == PEER) {
        let content = turned(&one.get(details.attribute_id.as_str()).content);
        // A value that was there before keeps its id.
        let is_there =
            |found: &&LocalAttribute| found.kind().is_received() && found.content["value"] == content["value"];
        if other.attributes.iter().find(is_there).is_none() {
            return Err(format!("{} is not there", details.attribute_id));
        }
    }
    Ok(())
}

pub(super) fn must_agree(one: &World, other: &World) {
    agree(one, other).unwrap();
    agree(other, one).unwrap();
}
