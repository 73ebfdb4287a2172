//! Replays the recordings of two TypeScript Connectors that exchange Attributes: these rules give the same answers.
//!
//! The effects of a Request are applied by hand here, those of Notifications by the rules they stand for.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use consumption::attributes::create::{self, NewOwnIdentityAttribute, NewSharedAttribute};
use consumption::attributes::deletion_info::{self, Emitted, EmittedTrigger, Received, ReceivedTrigger};
use consumption::attributes::forward::{self, Forwarding};
use consumption::attributes::notify::{self, AboutSuccession};
use consumption::attributes::query::{self, Shown};
use consumption::attributes::succeed::{self, NewSharedVersion, NewValue, NewVersion};
use consumption::attributes::{delete, versions};
use consumption::documents::{AttributeKind, LocalAttribute};
use consumption::{Changes, ConsumptionError, Facts, Outgoing, PeerRelationship, RelationshipStatus};
use content::{Notification, NotificationItem, Object, Query};
use core_types::{AttributeId, IdentityAddress, NotificationId, RequestId, Timestamp};
use serde_json::{Value, json};

const RECORDINGS: &str = include_str!("../../../vectors/rest-recordings.json");
const A: &str = "<address-a>";
const B: &str = "<address-b>";

/// A Connector: what it has stored.
struct Connector {
    facts: Facts,
    peer: IdentityAddress,
}

impl Connector {
    fn new(own: &str, peer: &str) -> Self {
        let (facts, peer) = (Facts::new(own.into(), Timestamp::from_millis(0)), IdentityAddress::new(peer));
        let relationship = PeerRelationship {
            id: "<REL-1>".into(),
            peer: peer.clone(),
            status: RelationshipStatus::Active,
            changed_at: facts.now(),
            peer_deletion: None,
        };
        Self { facts: facts.with_relationships([relationship]), peer }
    }

    /// The same a second later.
    fn tick(&mut self, tags: &Value) {
        let now = Timestamp::from_millis(self.facts.now().as_millis() + 1000);
        let tags: content::tags::TagCollection = serde_json::from_value(tags.clone()).unwrap();
        self.facts = Facts::new(self.facts.own_address().clone(), now)
            .with_tag_collection(tags)
            .with_relationships(self.facts.relationship(&self.peer).cloned())
            .with_attributes(self.facts.attributes_where(|_| true).into_iter().cloned())
            .with_forwarding_details(self.facts.forwarding_details_for(&self.peer).into_iter().cloned());
    }

    fn get(&self, id: &str) -> Option<&LocalAttribute> {
        self.facts.attribute(&id.into())
    }

    /// An attribute as the API shows it.
    fn shown(&self, attribute: &LocalAttribute) -> Value {
        let mut dto = serde_json::to_value(attribute).unwrap();
        for date in ["/createdAt", "/deletionInfo/deletionDate"] {
            if let Some(date) = dto.pointer_mut(date) {
                *date = json!("<iso-date>");
            }
        }
        if attribute.kind().is_forwardable() {
            dto["numberOfForwards"] = json!(self.facts.forwarding_details_of(&attribute.id).len());
        }
        dto
    }

    fn list<'a>(&self, attributes: impl IntoIterator<Item = &'a LocalAttribute>) -> Value {
        attributes.into_iter().map(|attribute| self.shown(attribute)).collect()
    }

    fn apply(&mut self, changes: &Changes) {
        self.facts.apply(changes);
    }

    fn create(&mut self, body: &Value, expected: &Value) -> Result<Value, ConsumptionError> {
        let content = self.content(&body["content"]);
        let id = AttributeId::new(expected["id"].as_str().unwrap_or("ATT"));
        let new = NewOwnIdentityAttribute { id: id.clone(), content: &content };
        let changes = create::own_identity_attribute_with_new_value(new, &self.facts)?;
        self.apply(&changes);
        Ok(self.shown(self.get(id.as_str()).unwrap()))
    }

    fn content(&self, given: &Value) -> Value {
        let mut content = given.clone();
        content["@type"] = json!("IdentityAttribute");
        content["owner"] = json!(self.facts.own_address());
        content
    }

    fn can_create(&self, body: &Value) -> Value {
        match create::check_own_identity_attribute(&self.content(&body["content"]), &self.facts) {
            Ok(()) => json!({"isSuccess": true}),
            Err(error) => json!({"isSuccess": false, "code": error.code(), "message": error.message(self.facts.now())}),
        }
    }

    fn succeed(&mut self, id: &str, body: &Value, expected: &Value) -> Result<(Value, Changes), ConsumptionError> {
        let given = &body["successorContent"];
        let new_id = AttributeId::new(expected["successor"]["id"].as_str().unwrap_or("ATT"));
        let predecessor = self.get(id).unwrap();
        let notification = expected["notificationId"].as_str().unwrap_or("NOT");
        let changes = if given["value"]["title"].is_null() {
            let content = self.content(given);
            succeed::own_identity_attribute(
                predecessor,
                NewVersion { id: new_id.clone(), content: &content },
                &self.facts,
            )?
        } else {
            let new = NewValue { id: new_id.clone(), value: &given["value"], notification_id: notification.into() };
            succeed::own_relationship_attribute_and_notify(predecessor, new, &self.facts)?
        };
        self.apply(&changes);
        let shown = |id: &str| self.shown(self.get(id).unwrap());
        let mut answer = json!({"predecessor": shown(id), "successor": shown(new_id.as_str())});
        if !changes.outgoing().is_empty() {
            answer["notificationId"] = json!(notification);
        }
        Ok((answer, changes))
    }

    fn notify(&mut self, id: &str, expected: &Value) -> Result<(Value, Changes), ConsumptionError> {
        let attribute = self.get(id).unwrap();
        let notification = expected["notificationId"].as_str().unwrap_or("NOT");
        let whom = AboutSuccession {
            peer: self.peer.clone(),
            notification_id: notification.into(),
            forwarding_details_id: format!("ATTFD{id}").into(),
        };
        let latest =
            versions::latest_shared_with_peer(attribute, &self.peer, &self.facts)?.map(|latest| latest.id.to_string());
        let changes = notify::about_succession(attribute, whom, &self.facts)?;
        self.apply(&changes);
        let shown = |id: &str| self.shown(self.get(id).unwrap());
        let answer =
            json!({"predecessor": shown(&latest.unwrap()), "successor": shown(id), "notificationId": notification});
        Ok((answer, changes))
    }

    fn delete(&mut self, id: &str) -> Result<Changes, ConsumptionError> {
        let changes = delete::and_notify(self.get(id).unwrap(), &mut core_types::Randomness::system(), &self.facts)?;
        self.apply(&changes);
        Ok(changes)
    }

    fn query(&self, type_name: &str, body: &Value) -> Result<Value, ConsumptionError> {
        let content = self.facts.reader().read_as(type_name, &body["query"])?;
        let found = query::execute(&Query::of(&content).unwrap(), &self.facts)?;
        Ok(if type_name == "RelationshipAttributeQuery" {
            found.first().map_or(Value::Null, |found| self.shown(found))
        } else {
            self.list(found)
        })
    }

    /// Applies a received Notification.
    fn receive(&mut self, content: &Object) {
        let notification = Notification::of(content).unwrap();
        let now = self.facts.now();
        let peer = self.peer.clone();
        for item in notification.items() {
            let id = match item {
                NotificationItem::PeerAttributeSucceeded(item) => item.predecessor_id(),
                NotificationItem::OwnAttributeDeletedByOwner(item) => item.attribute_id(),
                NotificationItem::PeerRelationshipAttributeDeletedByPeer(item) => item.attribute_id(),
                NotificationItem::ForwardedAttributeDeletedByPeer(item) => item.attribute_id(),
                NotificationItem::Empty(_) => continue,
            };
            let Some(attribute) = self.get(id) else { continue };
            let emitted =
                |trigger| deletion_info::emitted(attribute, Emitted { peer: &peer, trigger, date: now }, &self.facts);
            let received = |trigger| deletion_info::received(attribute, Received { trigger, date: now }, &self.facts);
            let changes = match item {
                NotificationItem::PeerAttributeSucceeded(item) => {
                    let content = item.successor_content().object().value();
                    let source_reference = NotificationId::new(notification.id()).into();
                    let new = NewSharedVersion { id: item.successor_id().into(), content, source_reference };
                    succeed::shared_attribute(attribute, new, &self.facts)
                }
                NotificationItem::OwnAttributeDeletedByOwner(_) => received(ReceivedTrigger::DeletedByOwner),
                _ if attribute.kind().is_received() => received(ReceivedTrigger::DeletedBySender),
                _ => emitted(EmittedTrigger::DeletedByPeer),
            };
            let changes = changes.unwrap();
            self.apply(&changes);
        }
    }
}

/// The Request `<REQ-3>` of the recordings: B has got an attribute of A, and has created one of its own.
fn share(connectors: &mut [Connector; 2]) {
    let [a, b] = connectors;
    let source = || RequestId::new("<REQ-3>").into();
    let shared = a.get("<ATT-4>").unwrap();
    let content = shared.content.clone();
    let forwarding = Forwarding { id: "ATTFD".into(), peer: B.into(), source_reference: source() };
    let changes = forward::forward(shared, forwarding, &a.facts).unwrap();
    a.apply(&changes);
    let new =
        NewSharedAttribute { id: "<ATT-4>".into(), content: &content, peer: A.into(), source_reference: source() };
    let changes = create::peer_identity_attribute(new, &b.facts).unwrap();
    b.apply(&changes);
    let content = json!({"@type": "RelationshipAttribute", "confidentiality": "public", "key": "customerId", "owner": B,
        "value": {"@type": "ProprietaryString", "title": "Customer", "value": "4711"}});
    let new = |peer: &str| NewSharedAttribute {
        id: "<ATT-5>".into(),
        content: &content,
        peer: peer.into(),
        source_reference: source(),
    };
    let changes = create::peer_relationship_attribute(new(B), &a.facts).unwrap();
    a.apply(&changes);
    let changes = create::own_relationship_attribute(new(A), &b.facts).unwrap();
    b.apply(&changes);
}

/// The rules' answer to a recorded call; `None` if it is not for them.
fn replay(
    connector: &mut Connector,
    call: &Value,
    expected: &Value,
) -> Option<(Result<Value, ConsumptionError>, Changes)> {
    let (path, parameters) = {
        let path = call["path"].as_str()?.strip_prefix("/api/core/v1/")?;
        path.split_once('?').unwrap_or((path, ""))
    };
    let shown = match parameters {
        "onlyLatestVersions=false" | "onlyLatestVersions=" => Shown { only_latest_versions: false, ..Shown::default() },
        "hideTechnical=true" => Shown { hides_technical: true, ..Shown::default() },
        "" => Shown::default(),
        _ if parameters == format!("peer={}", connector.peer) && path.ends_with("/Versions/Shared") => Shown::default(),
        _ => return None,
    };
    let (body, facts, peer) = (&call["body"], &connector.facts, connector.peer.as_str());
    let parts: Vec<&str> = path.split('/').collect();
    let answer = match (call["method"].as_str()?, parts.as_slice()) {
        ("POST", ["Attributes"]) => connector.create(body, expected),
        ("PUT", ["Attributes", "CanCreate"]) => Ok(connector.can_create(body)),
        ("POST", ["Attributes", "ExecuteIdentityAttributeQuery"]) => connector.query("IdentityAttributeQuery", body),
        ("POST", ["Attributes", "ExecuteRelationshipAttributeQuery"]) => {
            connector.query("RelationshipAttributeQuery", body)
        }
        ("POST", ["Attributes", "ExecuteThirdPartyRelationshipAttributeQuery"]) => {
            connector.query("ThirdPartyRelationshipAttributeQuery", body)
        }
        ("POST", ["Attributes", "ExecuteIQLQuery"]) => connector.query("IQLQuery", body),
        ("GET", ["Attributes"]) => Ok(connector.list(facts.attributes_where(|_| true))),
        ("GET", ["Attributes", "Own", "Identity"]) => Ok(connector.list(query::own_identity_attributes(shown, facts))),
        ("GET", ["Attributes", "Own", "Shared", of]) if *of == peer => {
            query::own_attributes_shared_with_peer(&connector.peer, shown, facts).map(|found| connector.list(found))
        }
        ("GET", ["Attributes", "Peer", of]) if *of == peer => {
            Ok(connector.list(query::peer_attributes(&connector.peer, shown, facts)))
        }
        ("GET", ["Relationships", "<REL-1>", "Attributes"]) => {
            query::exchanged_with_peer(&connector.peer, shown, facts).map(|found| connector.list(found))
        }
        (method, ["Attributes", id, rest @ ..]) => return replay_one(connector, method, id, rest, call, expected),
        _ => return None,
    };
    Some((answer, Changes::none()))
}

/// The same for a call about one attribute.
fn replay_one(
    connector: &mut Connector,
    method: &str,
    id: &str,
    rest: &[&str],
    call: &Value,
    expected: &Value,
) -> Option<(Result<Value, ConsumptionError>, Changes)> {
    let attribute = connector.get(id)?;
    let answer = match (method, rest) {
        ("GET", []) => Ok((connector.shown(attribute), Changes::none())),
        ("GET", ["Versions"]) => {
            versions::all(attribute, &connector.facts).map(|found| (connector.list(found), Changes::none()))
        }
        ("GET", ["Versions", "Shared"]) => {
            versions::shared_with_peer(attribute, &connector.peer, false, &connector.facts)
                .map(|found| (connector.list(found), Changes::none()))
        }
        ("GET", ["ForwardingDetails"]) => {
            let shown = |details: &consumption::documents::ForwardingDetails| json!({"peer": details.peer, "sourceReference": details.source_reference, "sharedAt": "<iso-date>"});
            Ok((connector.facts.forwarding_details_of(&attribute.id).into_iter().map(shown).collect(), Changes::none()))
        }
        ("POST", ["Succeed"]) => connector.succeed(id, &call["body"], expected),
        ("POST", ["NotifyPeer"]) => connector.notify(id, expected),
        ("DELETE", []) => connector.delete(id).map(|changes| (expected.clone(), changes)),
        _ => return None,
    };
    Some(match answer {
        Ok((answer, changes)) => (Ok(answer), changes),
        Err(error) => (Err(error), Changes::none()),
    })
}

/// The code behind an answer that hides it (`docs/protocol/05 §0.1`).
fn hidden_code(name: &str) -> Option<&'static str> {
    Some(match name {
        "Attributes/Succeed: predecessor already succeeded" => {
            "error.consumption.attributes.cannotSucceedAttributesWithASuccessor"
        }
        "Attributes/Succeed: unchanged content" => "error.consumption.attributes.successionMustChangeContent",
        "Attributes/Succeed: changed value type" => "error.consumption.attributes.successionMustNotChangeValueType",
        _ => return None,
    })
}

/// Returns whether a layer above answers before any rule is asked: owing to a schema, a missing body or an unknown id.
fn is_answered_above(code: &str, call: &Value) -> bool {
    let has_schema_error = code.starts_with("error.runtime.validation.");
    let is_without_body = call["method"] != "GET" && call["method"] != "DELETE" && !call["body"].is_object();
    // The identifiers of one call are read from the path, those of another from the body.
    has_schema_error || is_without_body || call["body"] == json!({}) || !call["body"]["predecessorId"].is_null()
}

fn check(name: &str, answer: Result<Value, ConsumptionError>, response: &Value, now: Timestamp) {
    let error = &response["body"]["error"];
    match answer {
        Err(refused) => {
            let expected = hidden_code(name).or(error["code"].as_str());
            assert_eq!(Some(refused.code()), expected, "{name}");
            if hidden_code(name).is_none() && !error["message"].is_null() && !name.contains("Query") {
                let message = refused.message(now).replace(&now.to_string(), "<iso-date>");
                // The recorded text of some errors ends in a quote and a stop too many.
                assert_eq!(message, error["message"].as_str().unwrap().replace(".'.", "."), "{name}");
            }
        }
        Ok(found) if error["code"] == "error.runtime.recordNotFound" => assert_eq!(found, Value::Null, "{name}"),
        Ok(found) => assert_eq!(found, response["body"]["result"], "{name}"),
    }
}

#[test]
fn recorded_calls_come_to_the_same() {
    let recordings: Vec<Value> = serde_json::from_str(RECORDINGS).unwrap();
    let tags = recordings.iter().find(|recording| recording["name"] == "Attributes: TagCollection").unwrap();
    let tags = &tags["response"]["body"]["result"];
    let mut connectors = [Connector::new(A, B), Connector::new(B, A)];
    let mut replayed = Vec::new();
    for recording in &recordings {
        let name = recording["name"].as_str().unwrap_or_default();
        let Some(index) = ["production", "open"].iter().position(|server| recording["server"] == *server) else {
            continue;
        };
        if name == "Requests/Outgoing: get completed with attributes" {
            share(&mut connectors);
        }
        let (call, response) = (&recording["request"], &recording["response"]);
        let code = response["body"]["error"]["code"]
            .as_str()
            .or(response["body"]["result"]["code"].as_str())
            .unwrap_or_default();
        if is_answered_above(code, call) {
            continue;
        }
        connectors.iter_mut().for_each(|connector| connector.tick(tags));
        let Some(connector) = connectors.get_mut(index) else { continue };
        let Some((answer, changes)) = replay(connector, call, &response["body"]["result"]) else { continue };
        check(name, answer, response, connector.facts.now());
        replayed.push(name);
        if let Some(ids) = response["body"]["result"]["notificationIds"].as_array() {
            assert_eq!(changes.outgoing().len(), ids.len(), "{name}");
        }
        for outgoing in changes.outgoing() {
            let Outgoing::Message { recipient, content, .. } = outgoing else { panic!("no Message") };
            let recipient = connectors.iter_mut().find(|connector| connector.facts.own_address() == recipient);
            recipient.unwrap().receive(content);
        }
    }
    assert_eq!(replayed.len(), 66, "{replayed:#?}");
    let [_, b] = &connectors;
    let own = b.facts.attributes_where(|attribute| attribute.kind() == AttributeKind::OwnRelationshipAttribute);
    let statuses: Vec<_> = own.iter().map(|attribute| attribute.details.deletion_status()).collect();
    assert_eq!(statuses, [Some("DeletedByRecipient"), None], "the version that was deleted at the peer");
}
