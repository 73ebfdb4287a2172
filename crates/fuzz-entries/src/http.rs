use core_types::Timestamp;
use modules::webhooks::WebhooksConfig;
use runtime::input;
use runtime::query::{self, Resource};
use serde_json::Value;

const NOW: Timestamp = Timestamp::from_millis(1_780_000_000_000);
const RESOURCES: [Resource; 5] =
    [Resource::Files, Resource::Messages, Resource::Relationships, Resource::RelationshipTemplates, Resource::Tokens];

/// A query string, on a document made of its own values.
pub fn list_filter(data: &[u8]) {
    let query: Vec<(String, String)> = form_urlencoded::parse(data).into_owned().collect();
    let document: Value = query.iter().cloned().map(|(name, value)| (name, Value::from(value))).collect();
    for resource in RESOURCES {
        if let Ok(filter) = query::parse(resource, &query) {
            assert_ne!(filter.matches(&document), filter.clone().negate().matches(&document), "{filter:?}");
        }
        for name in resource.parameters() {
            let value = String::from_utf8_lossy(data).into_owned();
            let query = [(name.to_owned(), value.clone()), (name.to_owned(), value)];
            for query in [query.get(..1), query.get(..2)].into_iter().flatten() {
                if let Ok(filter) = query::parse(resource, query) {
                    std::hint::black_box(filter.matches(&document));
                }
            }
        }
    }
}

/// A JSON body of each route.
pub fn request_body(data: &[u8]) {
    let Ok(body) = foreign_json::from_slice::<Value>(data) else { return };
    let id = "FIL00000000000000000";
    drop(input::CreateChallengeRequest::parse(&body));
    drop(input::ValidateChallengeRequest::parse(&body));
    drop(input::LoadPeerFileRequest::parse(&body));
    drop(input::CreateTokenForFileRequest::parse(id, &body, NOW));
    drop(input::SendMessageRequest::parse(&body));
    drop(input::CanCreateRelationshipRequest::parse(&body));
    drop(input::CreateRelationshipRequest::parse(&body));
    drop(input::CreateOwnRelationshipTemplateRequest::parse(&body, NOW));
    drop(input::LoadPeerRelationshipTemplateRequest::parse(&body));
    drop(input::CreateTokenForTemplateRequest::parse(id, &body, NOW));
    drop(input::CreateOwnTokenRequest::parse(&body, NOW));
    drop(input::LoadPeerTokenRequest::parse(&body));
}

/// The configuration of the webhooks.
pub fn webhook_configuration(data: &[u8]) {
    if let Ok(config) = serde_json::from_slice(data) {
        drop(WebhooksConfig::parse(&config));
    }
}
