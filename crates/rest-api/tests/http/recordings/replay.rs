//! Sends recorded requests to Connectors of this program and compares the answers.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use core_types::Reference;
use rest_api::{CoreHttpApi, ServerMode};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::expectations::Difference;
use super::fixtures::{keys, raw};
use super::placeholders::Bindings;
use crate::support::account::TestBackbone;
use crate::support::{Answer, router, send};

/// Headers that are part of the contract: they must be as recorded, present or absent.
const CONTRACT_HEADERS: [&str; 11] = [
    "content-type",
    "allow",
    "content-disposition",
    "content-encoding",
    "vary",
    "access-control-allow-origin",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-allow-credentials",
    "access-control-expose-headers",
    "access-control-max-age",
];
const UNKNOWN_SIGNATURE: &str = "to be replaced";
/// The id of a Request that came with a template; it has not been accepted when its id is used.
const UNDECIDED_REQUEST: &str = "REQ00000000000000004";
/// The time limit for an answer that is allowed to come later, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// The pause before the request is repeated.
const PAUSE: Duration = Duration::from_millis(100);
const BOUNDARY: &str = "boundary-of-the-replay";

#[derive(Deserialize)]
pub(super) struct Recording {
    pub(super) name: String,
    pub(super) server: Option<String>,
    pub(super) request: Option<RecordedRequest>,
    pub(super) response: Option<RecordedResponse>,
    #[serde(rename = "backboneStandIn")]
    pub(super) stand_in: Option<StandIn>,
    pub(super) direction: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct RecordedRequest {
    pub(super) method: String,
    pub(super) path: String,
    #[serde(default)]
    pub(super) headers: HashMap<String, String>,
    body: Option<Value>,
}

#[derive(Deserialize)]
pub(super) struct RecordedResponse {
    status: u16,
    #[serde(default)]
    headers: HashMap<String, String>,
    #[serde(default)]
    body: Value,
}

#[derive(Deserialize)]
pub(super) struct StandIn {
    pub(super) path: String,
    body: Option<Value>,
}

/// Three Connectors on one Backbone, as when the recordings were made.
pub(super) struct Replay {
    backbone: TestBackbone,
    servers: HashMap<&'static str, Router>,
    bindings: Bindings,
    /// Recorded texts with several placeholders, and their actual values.
    texts: HashMap<String, String>,
    /// The signatures of challenges by recorded challenge text.
    signatures: HashMap<String, String>,
    last_etag: String,
    /// Placeholders of objects that were created then, but refused here.
    refused: HashSet<String>,
}

impl Replay {
    pub(super) async fn start(recordings: &[Recording]) -> Self {
        let backbone = TestBackbone::start().await;
        let mut bindings = Bindings::default();
        let keys = keys(recordings, &mut bindings);
        let one_key = json!({"all": {"key": bindings.get("api-key").unwrap()}});
        let core_api = CoreHttpApi { documentation: true, ..CoreHttpApi::default() };
        let debug = ServerMode { debug: true, core_api };
        let mut servers = HashMap::new();
        for (server, config, mode) in [
            ("production", json!({"authentication": {"apiKey": {"keys": keys}}}), ServerMode::default()),
            ("open", json!({}), debug),
            (
                "debug",
                json!({
                    "cors": {"origin": "https://app.example"},
                    "authentication": {"apiKey": {"headerName": "X-My-Key", "keys": one_key}},
                }),
                debug,
            ),
            (
                "jwt",
                json!({
                    "authentication": {"apiKey": {"keys": one_key}},
                    "helmetOptions": {"contentSecurityPolicy": false, "xFrameOptions": {"action": "deny"}},
                }),
                ServerMode::default(),
            ),
        ] {
            let account = backbone.open_account().await;
            servers.insert(server, router(&account, config, mode, json!({"debug": mode.debug})));
        }
        Self {
            backbone,
            servers,
            bindings,
            texts: HashMap::new(),
            signatures: HashMap::new(),
            last_etag: String::new(),
            refused: HashSet::new(),
        }
    }

    /// Plays one recording. A `difference` is expected in place of the recorded answer.
    pub(super) async fn play(&mut self, recording: &Recording, difference: Option<Difference>) -> Result<(), String> {
        if let Some(stand_in) = &recording.stand_in {
            return self.tell_backbone(stand_in);
        }
        let request = recording.request.as_ref().ok_or("no request")?;
        let response = recording.response.as_ref().ok_or("no response")?;
        let server = recording.server.as_deref().unwrap_or_default();
        let router = self.servers.get(server).ok_or("unknown server")?.clone();
        let foreign_signature = recording.name.contains("signature of another challenge");
        let answer = send(&router, self.request(request, foreign_signature)?).await;
        if let Some(etag) = answer.header("etag") {
            self.last_etag = etag.to_owned();
        }
        match difference {
            Some(difference) => {
                difference.check(&answer)?;
                self.note_difference(response, &answer, &router).await
            }
            None => {
                self.compare(response, &answer).map_err(|failure| format!("{failure}\n    answer: {}", shown(&answer)))
            }
        }
    }

    /// Plays one recording repeatedly, until the answer is the recorded one.
    pub(super) async fn play_until_same(&mut self, recording: &Recording) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.play(recording, None).await {
                Err(_) if Instant::now() < deadline => tokio::time::sleep(PAUSE).await,
                outcome => return outcome,
            }
        }
    }

    /// Keeps later recordings comparable: learns the placeholders of a different answer, remembers refused objects, and
    /// removes those that were not created then.
    async fn note_difference(
        &mut self,
        recorded: &RecordedResponse,
        answer: &Answer,
        router: &Router,
    ) -> Result<(), String> {
        let recorded_id = recorded.body["result"]["id"].as_str();
        let was_created = recorded.status == 201;
        match (was_created, answer.status == StatusCode::CREATED) {
            (true, true) => self.learn(&recorded.body, &answer.json()),
            (true, false) => self.refused.extend(recorded_id.map(str::to_owned)),
            (false, true) => {
                let location = answer.header("location").ok_or("nothing to take back")?;
                let key = self.bindings.get("api-key").unwrap_or_default();
                let headers = [("x-api-key", key)];
                let undo = crate::support::request("DELETE", location, &headers, Body::empty());
                let undone = send(router, undo).await.status;
                if undone != StatusCode::NO_CONTENT {
                    return Err(format!("{location} cannot be taken back: {undone}"));
                }
            }
            (false, false) => {}
        }
        Ok(())
    }

    fn learn(&mut self, recorded: &Value, actual: &Value) {
        match (recorded, actual) {
            (Value::Object(recorded), Value::Object(actual)) => {
                for (name, recorded) in recorded {
                    if let Some(actual) = actual.get(name) {
                        self.learn(recorded, actual);
                    }
                }
            }
            (Value::String(recorded), Value::String(actual)) => {
                // A text may differ by decision, and then binds nothing.
                self.bindings.matches(recorded, actual).unwrap_or_default();
            }
            _ => {}
        }
    }

    fn tell_backbone(&mut self, stand_in: &StandIn) -> Result<(), String> {
        let (path, mode) = stand_in.path.split_once("?mode=").unwrap_or((&stand_in.path, ""));
        let error = |code: &str, message: &str| {
            json!({"error": {"id": "x", "code": code, "message": message, "docs": "d", "time": "2026-01-01T00:00:00.000Z"}})
                .to_string()
        };
        let json = "application/json";
        let failure = match (path, mode) {
            ("/__cancreate", _) => {
                let code = stand_in.body.as_ref().and_then(|body| body["code"].as_str());
                let code = code.filter(|code| !code.is_empty()).map(str::to_owned);
                self.backbone.misbehave(|misbehaviour| misbehaviour.cannot_create = code);
                return Ok(());
            }
            ("/__fail", "") => None,
            ("/__fail", "err503") => Some((503, json, error("error.platform.overloaded", "busy"))),
            ("/__fail", "html502") => Some((502, "text/html", "<html></html>".to_owned())),
            ("/__fail", "403") => Some((403, "text/plain", String::new())),
            ("/__fail", "409") => Some((409, json, error("error.platform.conflict", "conflict"))),
            ("/__fail", "429") => Some((429, json, error("error.platform.quota", "quota"))),
            ("/__fail", "validation") => {
                let code = "error.platform.validation.invalidPropertyValue";
                Some((400, json, error(code, "bad value")))
            }
            ("/__fail", "down") => Some((503, "text/plain", String::new())),
            _ => return Err(format!("unknown step {}", stand_in.path)),
        };
        let failure =
            failure.map(|(status, content_type, body)| (StatusCode::from_u16(status).unwrap(), content_type, body));
        self.backbone.misbehave(|misbehaviour| misbehaviour.failure = failure);
        Ok(())
    }

    fn request(&mut self, recorded: &RecordedRequest, foreign_signature: bool) -> Result<Request<Body>, String> {
        let mut request = Request::builder().method(recorded.method.as_str()).uri(self.filled(&recorded.path)?);
        let mut has_content_type = false;
        for (name, value) in &recorded.headers {
            has_content_type |= name.eq_ignore_ascii_case("content-type");
            let value = match value.as_str() {
                "<etag>" => self.last_etag.clone(),
                value => self.filled(value)?,
            };
            request = request.header(name, value);
        }
        let body = match &recorded.body {
            None => Body::empty(),
            Some(Value::Object(special)) if special.contains_key("$raw") => {
                Body::from(raw(special["$raw"].as_str().unwrap_or_default()))
            }
            Some(Value::Object(special)) if special.contains_key("$multipart") => {
                Body::from(self.multipart(&special["$multipart"])?)
            }
            Some(body) => {
                if !has_content_type {
                    request = request.header("content-type", "application/json");
                }
                let signature =
                    body["challengeString"].as_str().map(|challenge| self.signature(challenge, foreign_signature));
                let mut body = self.filled_json(body)?;
                if let Some(signature) = signature
                    && body["signature"] == UNKNOWN_SIGNATURE
                {
                    body["signature"] = json!(signature);
                }
                Body::from(body.to_string())
            }
        };
        request.body(body).map_err(|error| error.to_string())
    }

    fn filled(&mut self, recorded: &str) -> Result<String, String> {
        if let Some(text) = self.texts.get(recorded) {
            return Ok(text.clone());
        }
        let unknown_token = "<truncated-reference of TOK99999999999999999>";
        if recorded == unknown_token {
            let known = self.bindings.get("truncated-reference of TOK-6");
            let mut reference = Reference::parse(known.ok_or("no Token is known")?).unwrap();
            reference.id = "TOK99999999999999999".into();
            return Ok(reference.to_truncated());
        }
        let recorded = recorded
            .replace("<boundary>", BOUNDARY)
            .replace("<REQ-4>", UNDECIDED_REQUEST)
            .replace("<signature>", UNKNOWN_SIGNATURE)
            .replace("<iso-date>", "2035-01-01T00:00:00.000Z");
        self.bindings.fill(&recorded)
    }

    fn filled_json(&mut self, recorded: &Value) -> Result<Value, String> {
        Ok(match recorded {
            Value::String(text) => Value::String(self.filled(text)?),
            Value::Array(items) => items.iter().map(|item| self.filled_json(item)).collect::<Result<_, _>>()?,
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| Ok((name.clone(), self.filled_json(value)?)))
                .collect::<Result<Map<_, _>, String>>()?
                .into(),
            other => other.clone(),
        })
    }

    /// The signature that was made for a challenge; one of another challenge if `foreign`, or if this one was never
    /// signed.
    fn signature(&self, challenge: &str, foreign: bool) -> String {
        let own = self.signatures.get(challenge).filter(|_| !foreign);
        let other = || self.signatures.iter().find(|(other, _)| *other != challenge);
        own.or_else(|| other().map(|(_, signature)| signature)).cloned().unwrap_or_default()
    }

    fn multipart(&mut self, parts: &Value) -> Result<Vec<u8>, String> {
        let mut body = Vec::new();
        for part in parts.as_array().ok_or("no parts")? {
            let text = |name: &str| part[name].as_str();
            let name = text("name").unwrap_or_default();
            let mut head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"");
            if let Some(filename) = text("filename") {
                head.push_str(&format!("; filename=\"{filename}\""));
            }
            head.push_str("\r\n");
            if let Some(content_type) = text("contentType").filter(|text| !text.is_empty()) {
                head.push_str(&format!("Content-Type: {content_type}\r\n"));
            }
            head.push_str("\r\n");
            body.extend_from_slice(head.as_bytes());
            match (text("contentUtf8").or(text("value")), part["contentLength"].as_u64()) {
                (Some(content), _) => body.extend_from_slice(self.filled(content)?.as_bytes()),
                (None, Some(length)) => body.resize(body.len() + usize::try_from(length).unwrap(), b'x'),
                (None, None) => return Err("a part without content".into()),
            }
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        Ok(body)
    }

    fn compare(&mut self, recorded: &RecordedResponse, answer: &Answer) -> Result<(), String> {
        if answer.status != recorded.status {
            return Err(format!("status {} instead of {}", answer.status, recorded.status));
        }
        self.compare_body(&recorded.body, answer)?;
        for (name, value) in &recorded.headers {
            // Decision 13 (1): instead of `_` the created resource is named, if it has a path.
            if name.eq_ignore_ascii_case("location") && value == "_" {
                if let Some(location) = answer.header("location") {
                    let id = answer.json()["result"]["id"].as_str().unwrap_or_default().to_owned();
                    if id.is_empty() || !location.ends_with(&format!("/{id}")) {
                        return Err(format!("Location {location}"));
                    }
                }
                continue;
            }
            let actual = answer.header(&name.to_lowercase()).unwrap_or("(none)").to_owned();
            self.bindings.matches(value, &actual).map_err(|difference| format!("{name}: {difference}"))?;
        }
        for name in CONTRACT_HEADERS {
            let is_recorded = recorded.headers.keys().any(|other| other.eq_ignore_ascii_case(name));
            if let (false, Some(value)) = (is_recorded, answer.header(name)) {
                return Err(format!("{name}: {value} was not recorded"));
            }
        }
        Ok(())
    }

    fn compare_body(&mut self, recorded: &Value, answer: &Answer) -> Result<(), String> {
        let special = |name: &str| recorded.as_object().and_then(|members| members.get(name));
        if recorded.is_null() {
            return match answer.body.is_empty() {
                true => Ok(()),
                false => Err("a body was not recorded".into()),
            };
        }
        if special("$omitted").is_some() {
            return match answer.body.is_empty() {
                true => Err("no body".into()),
                false => Ok(()),
            };
        }
        if let Some(text) = special("$text").and_then(Value::as_str) {
            let actual = String::from_utf8_lossy(&answer.body).into_owned();
            return self.bindings.matches(text, &actual);
        }
        if let Some(start) = special("$binary").and_then(|binary| binary["startsWithBase64"].as_str()) {
            let start = BASE64_STANDARD.decode(start).unwrap();
            return match answer.body.starts_with(&start) {
                true => Ok(()),
                false => Err("other bytes".into()),
            };
        }
        let actual: Value = serde_json::from_slice(&answer.body).map_err(|error| error.to_string())?;
        let mut recorded = recorded.clone();
        self.forget_refused(&mut recorded);
        leave_out_texts_of_lower_layers(&mut recorded, &actual)?;
        self.compare_json(&recorded, &actual, "")?;
        if let (Some(challenge), Some(signature)) =
            (recorded["result"]["challengeString"].as_str(), actual["result"]["signature"].as_str())
        {
            self.signatures.insert(challenge.to_owned(), signature.to_owned());
            let text = actual["result"]["challengeString"].as_str().unwrap_or_default();
            self.texts.insert(challenge.to_owned(), text.to_owned());
        }
        Ok(())
    }

    /// Removes refused objects from recorded lists.
    fn forget_refused(&self, recorded: &mut Value) {
        if let Some(items) = recorded["result"].as_array_mut() {
            items.retain(|item| item["id"].as_str().is_none_or(|id| !self.refused.contains(id)));
        } else if recorded["result"].is_null()
            && let Some(members) = recorded.as_object_mut()
        {
            members.remove("result");
        }
    }

    fn compare_json(&mut self, recorded: &Value, actual: &Value, path: &str) -> Result<(), String> {
        match (recorded, actual) {
            (Value::String(recorded), Value::String(actual)) => {
                self.bindings.matches(recorded, actual).map_err(|difference| format!("{path}: {difference}"))
            }
            (Value::String(placeholder), Value::Number(number)) => self
                .bindings
                .matches(placeholder, &number.to_string())
                .map_err(|difference| format!("{path}: {difference}")),
            (Value::Array(recorded), Value::Array(actual)) => {
                if recorded == &[json!("<stack trace lines>")] {
                    return match actual.iter().all(Value::is_string) && !actual.is_empty() {
                        true => Ok(()),
                        false => Err(format!("{path}: no lines")),
                    };
                }
                if recorded.len() != actual.len() {
                    return Err(format!("{path}: {} items instead of {}", actual.len(), recorded.len()));
                }
                for (index, (recorded, actual)) in recorded.iter().zip(actual).enumerate() {
                    self.compare_json(recorded, actual, &format!("{path}/{index}"))?;
                }
                Ok(())
            }
            (Value::Object(recorded), Value::Object(actual)) => {
                for (name, recorded) in recorded {
                    let path = format!("{path}/{name}");
                    let actual = actual.get(name).ok_or_else(|| format!("{path} is missing"))?;
                    self.compare_json(recorded, actual, &path)?;
                }
                match actual.keys().find(|name| !recorded.contains_key(*name)) {
                    Some(name) => Err(format!("{path}/{name} was not recorded")),
                    None => Ok(()),
                }
            }
            (recorded, actual) if recorded == actual => Ok(()),
            (recorded, actual) => Err(format!("{path}: expected {recorded}, got {actual}")),
        }
    }
}

/// Messages of lower layers are for people and our own; clients compare the code (`docs/protocol/06 §3.3`). Decision 13
/// (9): they contain neither the code nor a time.
fn leave_out_texts_of_lower_layers(recorded: &mut Value, actual: &Value) -> Result<(), String> {
    for member in ["error", "result"] {
        let Some(object) = recorded.get_mut(member).and_then(Value::as_object_mut) else {
            continue;
        };
        let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
        let (code, message) = (text("code"), text("message"));
        let is_of_backbone = code == "error.runtime.recordNotFound"
            && ["Token not found.", "RelationshipTemplate not found."].contains(&message);
        if !code.starts_with("error.transport.") && !code.starts_with("error.platform.") && !is_of_backbone {
            continue;
        }
        let own = actual[member]["message"].as_str().unwrap_or_default();
        if own.is_empty() || own.contains(code) || own.contains("T00:") {
            return Err(format!("the message is {own:?}"));
        }
        object.insert("message".to_owned(), Value::String(own.to_owned()));
    }
    Ok(())
}

fn shown(answer: &Answer) -> String {
    let body = String::from_utf8_lossy(&answer.body);
    format!("{} {}", answer.status, body.chars().take(600).collect::<String>())
}
