use std::time::Duration;

use jiff::Timestamp;

use super::finding::Finding;
use crate::config::HttpServer;

const CHECK: &str = "api-keys";

/// The notice period before the expiry of a key.
const NOTICE: Duration = Duration::from_hours(30 * 24);

/// Validation has refused weak keys and production without keys: this checks what changes with time, and what is
/// probably unintended.
pub(super) fn check(server: &HttpServer) -> Vec<Finding> {
    if !server.settings.enabled {
        return Vec::new();
    }
    let api_key = &server.settings.authentication.api_key;
    let others =
        server.settings.authentication.jwt_bearer.is_enabled() || server.settings.authentication.oidc.is_enabled();
    if !api_key.is_enabled() {
        return match others {
            true => Vec::new(),
            false => vec![Finding::warning(
                CHECK,
                "everybody who reaches the port may do everything: there is no authentication",
                "Configure a key in infrastructure.httpServer.authentication.apiKey.keys.",
            )],
        };
    }
    let now = Timestamp::now();
    let mut findings = Vec::new();
    let mut usable = 0;
    for (id, key) in &api_key.keys {
        if key.enabled == Some(false) {
            continue;
        }
        let advice = "Give its user a new key in time, under another id, and remove the old one then.";
        match key.expiry() {
            Some(end) if end <= now => {
                findings.push(Finding::warning(CHECK, format!("the key {id} has expired"), "Remove it, or renew it."));
                continue;
            }
            Some(end) if end.duration_since(now).unsigned_abs() < NOTICE => {
                findings.push(Finding::warning(CHECK, format!("the key {id} expires at {end}"), advice));
            }
            _ => {}
        }
        usable += 1;
        if key.scopes.as_ref().is_some_and(Vec::is_empty) {
            let advice = "Name its scopes; without the member scopes it has all of them.";
            findings.push(Finding::warning(CHECK, format!("the key {id} has no scopes: it opens nothing"), advice));
        }
    }
    findings.insert(0, Finding::ok(CHECK, format!("{usable} of {} can be used", api_key.keys.len())));
    findings
}
