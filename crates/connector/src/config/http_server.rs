//! The `infrastructure.httpServer` block (`docs/protocol/07 §1.4.5`).

use rest_api::{HttpServerConfig, ServerMode};
use serde_json::Value;

use super::problems::{Problems, Section};

/// How the REST interface is served.
pub(crate) struct HttpServer {
    pub(crate) settings: HttpServerConfig,
    /// Debug mode, and what of the core API is served.
    pub(crate) mode: ServerMode,
}

const PATH: &str = "infrastructure.httpServer";
const METRICS: &str = "infrastructure.httpServer.metrics";
const EVENT_STREAM: &str = "infrastructure.httpServer.eventStream";
const KNOWN: [&str; 8] =
    ["enabled", "port", "host", "cors", "helmetOptions", "authentication", "metrics", "eventStream"];
/// More streams than this would need more connections than a process has.
const MOST_STREAMS: u64 = 10_000;
const KEY_MEMBERS: [&str; 5] = ["key", "enabled", "expiresAt", "scopes", "description"];

pub(super) fn read<'a>(block: &'a Value, mode: ServerMode, problems: &'a Problems<'a>) -> Option<HttpServer> {
    let before = problems.count();
    check(block, problems);
    if problems.count() > before {
        return None;
    }
    let settings: HttpServerConfig = match serde_path_to_error::deserialize(block) {
        Ok(settings) => settings,
        Err(error) => {
            problems.add(&format!("{PATH}.{}", error.path()), &format!("is wrong: {}.", error.inner()));
            return None;
        }
    };
    // Without a server nobody can be let in, so the rules about who may are moot.
    if settings.enabled
        && let Err(error) = settings.validate(mode, jiff::Timestamp::now())
    {
        problems.add(&format!("{PATH}.authentication"), &format!("is refused: {error}."));
        return None;
    }
    Some(HttpServer { settings, mode })
}

/// The mistakes that deserve a better message than that a member has the wrong type.
fn check<'a>(block: &'a Value, problems: &'a Problems<'a>) {
    let Some(section) = Section::of(PATH, block, problems) else { return };
    if section.map().contains_key("apiKey") {
        section.problem(
            "apiKey",
            "was replaced in 7.0: write {\"authentication\": {\"apiKey\": {\"keys\": {\"default\": {\"key\": \"…\"}}}}} instead.",
        );
        section.refuse_unknown(&[&KNOWN[..], &["apiKey"]].concat());
    } else {
        section.refuse_unknown(&KNOWN);
    }
    section.boolean("enabled");
    section.object("cors");
    section.object("helmetOptions");
    check_port(&section);
    if section.text("host").is_some_and(|host| host.parse::<std::net::IpAddr>().is_err()) {
        section.problem("host", "must be the IP address of an interface, for example \"127.0.0.1\" or \"::\".");
    }
    if let Some(authentication) = section.map().get("authentication") {
        check_authentication(authentication, problems);
    }
    if let Some(section) = block.get("metrics").and_then(|metrics| Section::of(METRICS, metrics, problems)) {
        section.refuse_unknown(&["enabled", "authenticated"]);
        section.boolean("enabled");
        section.boolean("authenticated");
    }
    if let Some(section) = block.get("eventStream").and_then(|stream| Section::of(EVENT_STREAM, stream, problems)) {
        section.refuse_unknown(&["maxStreams"]);
        if section.count("maxStreams").is_some_and(|count| count > MOST_STREAMS) {
            section.problem("maxStreams", &format!("must be a whole number from 0 to {MOST_STREAMS}."));
        }
    }
}

/// A number or a text of digits.
fn check_port(section: &Section<'_>) {
    let is_port = match section.map().get("port") {
        None => true,
        Some(Value::String(text)) => text.trim().parse::<u16>().is_ok(),
        Some(value) => value.as_u64().is_some_and(|port| u16::try_from(port).is_ok()),
    };
    if !is_port {
        section.problem("port", "must be a port number from 0 to 65535 (0 lets the system choose).");
    }
}

fn check_authentication<'a>(authentication: &'a Value, problems: &'a Problems<'a>) {
    let path = format!("{PATH}.authentication");
    let Some(section) = Section::of(&path, authentication, problems) else { return };
    section.refuse_unknown(&["apiKey", "jwtBearer", "oidc"]);
    section.object("jwtBearer");
    section.object("oidc");
    if let Some(api_key) = section.map().get("apiKey") {
        check_api_keys(&format!("{path}.apiKey"), api_key, problems);
    }
}

fn check_api_keys<'a>(path: &str, api_key: &'a Value, problems: &'a Problems<'a>) {
    let Some(section) = Section::of(path, api_key, problems) else { return };
    section.refuse_unknown(&["enabled", "headerName", "keys"]);
    section.boolean("enabled");
    section.text("headerName");
    for (id, key) in section.object("keys").into_iter().flatten() {
        let path = format!("{path}.keys.{id}");
        let Some(section) = Section::of(&path, key, problems) else { continue };
        section.refuse_unknown(&KEY_MEMBERS);
        section.required_text("key", "write the secret the client sends.");
        section.boolean("enabled");
        section.text("description");
        section.text("expiresAt");
        check_scopes(&section);
    }
}

fn check_scopes(section: &Section<'_>) {
    let Some(scopes) = section.map().get("scopes") else { return };
    let texts = scopes.as_array().filter(|scopes| scopes.iter().all(Value::is_string));
    if texts.is_none() {
        section.problem("scopes", "must be a list of texts such as [\"core:*\", \"monitoring:version\"].");
    }
}
