//! Replays the recordings of three TypeScript Connectors that exchange Requests: these rules give the same answers.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use consumption::decider::{self, config::Automation};
use consumption::documents::{LocalAttribute, LocalRequest, RequestSourceType, ResponseSource, ResponseSourceType};
use consumption::requests::incoming::{self, ReceivedRequest, RequestCarrier};
use consumption::requests::outgoing::{self, NewRequest, SentMessage};
use consumption::requests::outgoing_template::{self, OwnTemplate};
use consumption::requests::parameters::DecideParameters;
use consumption::requests::template::{self, LoadedTemplate};
use consumption::requests::{ReceivedResponse, ResponseCarrier, decide, respond, status};
use consumption::{
    Changes, ConsumptionError, Facts, Outgoing, PeerDeletion, PeerRelationship, RelationshipStatus, ValidationResult,
};
use core_types::{IdentityAddress, RelationshipTemplateId, Timestamp};
use serde_json::{Value, json};

const RECORDINGS: &str = include_str!("../../../vectors/rest-recordings.json");
/// The Connectors by the names of their servers.
const SERVERS: [(&str, &str); 3] = [("production", "<address-a>"), ("open", "<address-b>"), ("debug", "<address-d>")];
const DATE: &str = "<iso-date>";

type Result<T, E = ConsumptionError> = std::result::Result<T, E>;

fn relationship(peer: &str, status: RelationshipStatus, peer_deletion: Option<PeerDeletion>) -> PeerRelationship {
    let changed_at = Timestamp::from_millis(0);
    PeerRelationship { id: "<REL>".into(), peer: peer.into(), status, changed_at, peer_deletion }
}

/// The Relationship to B as it is when that is called.
fn relationship_to_b(name: &str) -> PeerRelationship {
    let b = "<address-b>";
    match name {
        "Requests/Outgoing/Validate: on a terminated Relationship" => {
            relationship(b, RelationshipStatus::Terminated, None)
        }
        "Requests/Outgoing/Validate: peer in deletion" => {
            relationship(b, RelationshipStatus::Active, Some(PeerDeletion::ToBeDeleted))
        }
        "Requests/Outgoing: create for a deleted peer" => {
            relationship(b, RelationshipStatus::Active, Some(PeerDeletion::Deleted))
        }
        _ => relationship(b, RelationshipStatus::Active, None),
    }
}

/// A Connector: what it has stored.
struct Connector {
    facts: Facts,
}

impl Connector {
    fn new(own: &str) -> Self {
        Self { facts: Facts::new(own.into(), Timestamp::from_millis(1_800_000_000_000)) }
    }

    /// The same a minute later, with these Relationships.
    fn tick(&mut self, relationships: Vec<PeerRelationship>) {
        let now = Timestamp::from_millis(self.facts.now().as_millis() + 60_000);
        self.facts = Facts::new(self.facts.own_address().clone(), now)
            .with_relationships(relationships)
            .with_attributes(self.facts.attributes_where(|_| true).into_iter().cloned())
            .with_requests(self.facts.requests().cloned());
        let read: Vec<Changes> =
            self.facts.requests().map(|request| status::expire(request, &self.facts).unwrap()).collect();
        read.iter().for_each(|changes| self.facts.apply(changes));
    }

    fn apply(&mut self, changes: Result<Changes>) -> Result<Changes> {
        changes.inspect(|changes| self.facts.apply(changes))
    }

    fn get(&self, id: &str) -> Result<&LocalRequest> {
        self.facts.request(&id.into()).ok_or_else(|| ConsumptionError::request_not_found(&id.into()))
    }

    /// A received Request goes its way, as far as it goes without people.
    fn decide_automatically(&mut self, id: &str) {
        let automation = Automation::default();
        let verdict = decider::verdict(self.get(id).unwrap(), &automation, &self.facts).unwrap();
        let processed =
            decider::process(self.get(id).unwrap(), &verdict, &mut core_types::Randomness::system(), &self.facts)
                .unwrap();
        assert_eq!(processed.refusal, None);
        self.facts.apply(&processed.changes);
    }

    fn receive(&mut self, message_id: &str, from: &str, content: &Value) {
        let carrier = RequestCarrier::Message { id: message_id.into(), created_by: from.into() };
        let received = ReceivedRequest { new_id: "REQ".into(), content, carrier };
        let changes = incoming::received(received, &self.facts);
        self.apply(changes).unwrap();
        let id = content["id"].as_str().unwrap();
        let changes = incoming::check_prerequisites(self.get(id).unwrap(), &self.facts);
        if self.apply(changes).is_ok() {
            self.decide_automatically(id);
        }
    }
}

fn without_ids(value: &Value) -> Value {
    match value {
        Value::String(text) if text.starts_with("ATT") || text.starts_with("<ATT-") => json!("<ATT>"),
        Value::Array(items) => items.iter().map(without_ids).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), without_ids(value))).collect(),
        other => other.clone(),
    }
}

/// A Request as the API shows it, without what is different in every run.
fn shown(request: &LocalRequest) -> Value {
    let mut dto = serde_json::to_value(request).unwrap();
    let members = dto.as_object_mut().unwrap();
    members.shift_remove("@type");
    members.shift_remove("statusLog");
    dto["content"]["@type"] = json!("Request");
    if request.response.is_some() {
        dto["response"]["content"]["@type"] = json!("Response");
    }
    masked(dto)
}

fn masked(mut dto: Value) -> Value {
    for pointer in ["/createdAt", "/response/createdAt", "/content/expiresAt", "/response/source/reference"] {
        if let Some(member) = dto.pointer_mut(pointer) {
            *member = json!(DATE);
        }
    }
    without_ids(&dto)
}

/// The result without the texts of errors of items, which are others here.
fn validation(result: &Value) -> Value {
    let mut result = result.clone();
    let code = result["code"].as_str().unwrap_or_default();
    let own_text =
        ["invalidRequestItem", "servalErrorDuringRequestItemProcessing", "attributeQueryMismatch", "recordNotFound"];
    if own_text.iter().any(|name| code.ends_with(name)) {
        result["message"] = json!("");
    }
    if let Some(items) = result["items"].as_array_mut() {
        items.iter_mut().for_each(|item| *item = validation(item));
    }
    result
}

struct Replay {
    connectors: Vec<Connector>,
    template: Value,
}

impl Replay {
    fn at(&mut self, address: &str) -> &mut Connector {
        self.connectors.iter_mut().find(|connector| connector.facts.own_address().as_str() == address).unwrap()
    }

    /// The answer of the rules to a call; `None` if it is none of theirs.
    fn call(&mut self, index: usize, call: &Value, expected: &Value) -> Option<Result<Value>> {
        let path = call["path"].as_str()?.strip_prefix("/api/core/v1/")?;
        let parts: Vec<&str> = path.split('/').collect();
        let body = call["body"].clone();
        let connector = &mut self.connectors[index];
        let (facts, now) = (&connector.facts, connector.facts.now());
        let shown_result = |result: ValidationResult| {
            let json = result.to_json(now).to_string().replace(&now.to_string(), DATE);
            validation(&serde_json::from_str(&json).unwrap())
        };
        Some(match (call["method"].as_str()?, parts.as_slice()) {
            ("POST", ["Requests", "Outgoing", "Validate"]) if body["content"].is_object() => {
                let peer = body["peer"].as_str().map(IdentityAddress::new);
                outgoing::can_create(&body["content"], peer.as_ref(), facts).map(shown_result)
            }
            ("POST", ["Requests", "Outgoing"]) if body["peer"].is_string() => self.create(index, body, expected),
            ("POST", ["Messages"]) if expected["content"]["@type"] == "Request" => self.send(index, expected),
            ("GET", ["Requests", "Outgoing" | "Incoming", id]) if !id.contains('?') => connector.get(id).map(shown),
            ("PUT", ["Requests", "Incoming", id, verb]) if body["decidedByAutomation"].is_null() => {
                let parameters = match DecideParameters::read(&body) {
                    Ok(parameters) => parameters,
                    Err(error) => return Some(Err(error)),
                };
                let request = match connector.get(id) {
                    Ok(request) => request.clone(),
                    Err(error) => return Some(Err(error)),
                };
                match *verb {
                    "CanAccept" => decide::can_accept(&request, &parameters, facts).map(shown_result),
                    "CanReject" => decide::can_reject(&request, &parameters, facts).map(shown_result),
                    _ => self.decide(index, &request, &parameters, *verb == "Accept"),
                }
            }
            _ => return None,
        })
    }

    fn create(&mut self, index: usize, body: Value, expected: &Value) -> Result<Value> {
        let connector = &mut self.connectors[index];
        let mut content = body["content"].clone();
        if content["expiresAt"] == DATE {
            content["expiresAt"] = json!(Timestamp::from_millis(connector.facts.now().as_millis() + 90_000));
        }
        let (id, recipient) = (expected["id"].as_str().unwrap_or("REQ").into(), body["peer"].as_str().unwrap().into());
        let changes = outgoing::create(NewRequest { id, content: &content, recipient }, &connector.facts);
        connector.apply(changes)?;
        connector.get(expected["id"].as_str().unwrap()).map(shown)
    }

    /// A Message with a Request is sent, and received.
    fn send(&mut self, index: usize, message: &Value) -> Result<Value> {
        let sender = &mut self.connectors[index];
        let (id, message_id) = (message["content"]["id"].as_str().unwrap(), message["id"].as_str().unwrap());
        let address = sender.facts.own_address().clone();
        let sent = SentMessage { id: message_id.into(), created_by: address.clone() };
        let changes = outgoing::sent(sender.get(id)?, sent, &sender.facts);
        sender.apply(changes)?;
        let request = sender.get(id)?.clone();
        let mut content = request.content.clone();
        content["@type"] = json!("Request");
        self.at(request.peer.as_str()).receive(message_id, address.as_str(), &content);
        Ok(message.clone())
    }

    /// A Request is decided, and the Response gets where it belongs.
    fn decide(
        &mut self,
        index: usize,
        request: &LocalRequest,
        parameters: &DecideParameters,
        accepts: bool,
    ) -> Result<Value> {
        let connector = &mut self.connectors[index];
        let decide = if accepts { decide::accept } else { decide::reject };
        let changes = decide(request, parameters, &mut core_types::Randomness::system(), &connector.facts);
        connector.apply(changes)?;
        let decided = connector.get(request.id.as_str())?.clone();
        let changes = respond::respond(&decided, &connector.facts)?;
        let (own, created_at) = (connector.facts.own_address().clone(), connector.facts.now());
        let source_type = match changes.outgoing() {
            [Outgoing::Message { recipient, content, .. }] => {
                let content = &content.value()["response"];
                let carrier = ResponseCarrier::Message { id: "<MSG>".into(), created_by: own, created_at };
                let asking = self.at(recipient.as_str());
                let open = asking.get(request.id.as_str())?;
                let response = ReceivedResponse { content, carrier };
                let changes = outgoing::complete(open, response, &mut core_types::Randomness::system(), &asking.facts);
                asking.apply(changes)?;
                ResponseSourceType::Message
            }
            [Outgoing::Relationship { creation_content, template_id, .. }] => {
                let template = self.template.clone();
                self.create_relationship(template_id, &template, &creation_content.value()["response"], own);
                ResponseSourceType::Relationship
            }
            other => unreachable!("{other:?}"),
        };
        let connector = &mut self.connectors[index];
        let source = ResponseSource { reference: "<MSG>".to_owned(), source_type };
        let changes = incoming::complete(connector.get(request.id.as_str())?, Some(source), &connector.facts);
        connector.apply(changes)?;
        Ok(shown(&decided))
    }

    fn create_relationship(
        &mut self,
        id: &RelationshipTemplateId,
        content: &Value,
        response: &Value,
        peer: IdentityAddress,
    ) {
        let templator = self.at("<address-a>");
        let created_by = templator.facts.own_address().clone();
        let related = [relationship(peer.as_str(), RelationshipStatus::Pending, None)];
        let facts = templator.facts.clone().with_relationships(related);
        let created_at = facts.now();
        let carrier = ResponseCarrier::Relationship { id: "<REL-2>".into(), peer, created_at, is_new: true };
        let template = OwnTemplate { id, created_by: &created_by, content };
        let response = ReceivedResponse { content: response, carrier };
        let changes =
            outgoing_template::create_and_complete(template, response, &mut core_types::Randomness::system(), &facts);
        templator.apply(changes).unwrap();
    }

    /// D loads a template of A.
    fn load(&mut self, index: usize, template: &Value) {
        self.template = template["content"].clone();
        let loaded = LoadedTemplate {
            id: template["id"].as_str().unwrap().into(),
            created_by: template["createdBy"].as_str().unwrap().into(),
            expires_at: template["expiresAt"].as_str().and_then(|date| date.parse().ok()),
            content: &self.template,
            request_id: "<REQ-4>".into(),
        };
        let connector = &mut self.connectors[index];
        let changes = template::loaded(loaded, &connector.facts);
        connector.apply(changes).unwrap();
        connector.decide_automatically("<REQ-4>");
    }
}

/// Returns whether a layer above answers before any rule is asked, or instead.
fn is_answered_above(call: &Value, code: &str) -> bool {
    let is_decision = call["path"].as_str().unwrap_or_default().contains("/Incoming/");
    let is_without_body = call["method"] == "POST" && !call["body"].is_object();
    is_without_body
        || (code == "error.runtime.requestDeserialization" && !is_decision && call["body"]["content"].is_null())
        || code.starts_with("error.connector.")
}

/// The Relationships of a Connector when that is called.
fn relationships(own: &str, name: &str, template_is_answered: bool) -> Vec<PeerRelationship> {
    let active = |peer: &str| relationship(peer, RelationshipStatus::Active, None);
    match own {
        "<address-a>" if template_is_answered => vec![relationship_to_b(name), active("<address-d>")],
        "<address-a>" => vec![relationship_to_b(name)],
        "<address-d>" if !template_is_answered => Vec::new(),
        _ => vec![active("<address-a>")],
    }
}

fn check(name: &str, answer: Result<Value>, response: &Value) {
    let error = &response["body"]["error"];
    let result = &response["body"]["result"];
    match answer {
        // The use cases look a Request up before they call the rule.
        Err(refused) if error["code"] == "error.runtime.recordNotFound" => {
            assert_eq!(refused.code(), "error.transport.recordNotFound", "{name}");
        }
        Err(refused) => {
            assert_eq!(Some(refused.code()), error["code"].as_str(), "{name}");
            let prefix = "An error was thrown in a UseCase: ";
            if let Some(text) = error["message"].as_str().and_then(|text| text.strip_prefix(prefix)) {
                assert_eq!(refused.to_string(), text, "{name}");
            }
        }
        Ok(found) if name.contains("/Can") || name.contains("/Validate") => {
            assert_eq!(found, validation(result), "{name}");
        }
        Ok(found) if result["recipients"].is_array() => assert_eq!(&found, result, "{name}"),
        Ok(found) => assert_eq!(found, masked(result.clone()), "{name}"),
    }
}

#[test]
fn recorded_calls_come_to_the_same() {
    let recordings: Vec<Value> = serde_json::from_str(RECORDINGS).unwrap();
    let connectors = SERVERS.iter().map(|(_, address)| Connector::new(address)).collect();
    let mut replay = Replay { connectors, template: Value::Null };
    let shared = json!({"@type": "OwnIdentityAttribute", "id": "<ATT-4>", "createdAt": "2026-01-01T00:00:00.000Z",
        "content": {"@type": "IdentityAttribute", "owner": "<address-a>", "value": {"@type": "GivenName", "value": "Ada Maria"}}});
    let shared: LocalAttribute = serde_json::from_value(shared).unwrap();
    let a = replay.at("<address-a>");
    a.facts = a.facts.clone().with_attributes([shared]);
    let mut replayed = Vec::new();
    let mut template_is_answered = false;
    for recording in &recordings {
        let name = recording["name"].as_str().unwrap_or_default();
        let Some(index) = SERVERS.iter().position(|(server, _)| recording["server"] == *server) else { continue };
        let (call, response) = (&recording["request"], &recording["response"]);
        let code = response["body"]["error"]["code"].as_str().unwrap_or_default();
        if name == "RelationshipTemplates: peer with Request, no Relationship yet" {
            replay.load(index, &response["body"]["result"]);
        }
        if is_answered_above(call, code) {
            continue;
        }
        if call["path"].as_str().is_some_and(|path| path.contains("/Requests/") || path.ends_with("/Messages")) {
            for connector in &mut replay.connectors {
                let own = connector.facts.own_address().to_string();
                connector.tick(relationships(&own, name, template_is_answered));
            }
        }
        let Some(answer) = replay.call(index, call, &response["body"]["result"]) else { continue };
        check(name, answer, response);
        replayed.push(name);
        if name == "Requests/Incoming/Accept: template Request" {
            template_is_answered = true;
            let a = replay.at("<address-a>");
            let of_template = |request: &&LocalRequest| {
                request
                    .source
                    .as_ref()
                    .is_some_and(|source| source.source_type == RequestSourceType::RelationshipTemplate)
            };
            let found = shown(a.facts.requests().find(of_template).unwrap());
            let listed = "Requests/Outgoing: created and completed from a Relationship creation";
            let expected = recordings.iter().find(|recording| recording["name"] == listed).unwrap();
            assert_eq!(found, masked(expected["response"]["body"]["result"][0].clone()), "{listed}");
        }
    }
    assert_eq!(replayed.len(), 72, "{replayed:#?}");
}
