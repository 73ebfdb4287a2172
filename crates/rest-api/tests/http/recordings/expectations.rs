//! The recordings that are replayed unchanged, those that differ on purpose, and those without a counterpart so far.
//!
//! Numbers of decisions refer to the project's decision log.

use super::replay::Recording;
use crate::support::Answer;

pub(super) enum Expectation {
    Same,
    /// The same answer, but up to a few seconds later, by decision.
    Soon,
    /// A different answer, by decision.
    Differs(Difference),
    /// A requirement of the recording does not exist yet.
    NotApplicable(&'static str),
}

/// The answer instead of the recorded one. `code` is that of the error, empty for a success.
#[derive(Clone, Copy)]
pub(super) struct Difference {
    pub(super) reason: &'static str,
    status: u16,
    code: &'static str,
}

impl Difference {
    pub(super) fn check(self, answer: &Answer) -> Result<(), String> {
        let code = serde_json::from_slice::<serde_json::Value>(&answer.body)
            .ok()
            .and_then(|body| body["error"]["code"].as_str().map(str::to_owned))
            .unwrap_or_default();
        if answer.status == self.status && code == self.code {
            return Ok(());
        }
        Err(format!("expected {} {:?} ({}), got {} {code:?}", self.status, self.code, self.reason, answer.status))
    }
}

const CONSUMPTION: &str = "needs Attributes, Requests or Notifications";
const OTHER_RESOURCES: &str = "a resource that does not exist yet";
const OTHER_AUTHENTICATION: &str = "an authentication method that does not exist yet";
const WEBHOOKS: &str = "an outgoing webhook, tested with its module";
const OTHER_MODULES: &str = "a module that does not exist yet";
const EXTERNAL_EVENTS: &str = "events that an embedded Backbone raises only for real deletions";
const LATER_RELEASES: &str = "a route that later releases have, and this one too";
const SURVIVED_THE_END: &str = "the stand-in let an Identity live whose grace period was over";

/// Beginnings of names; the first match counts.
const NOT_APPLICABLE: &[(&str, &str)] = &[
    ("webhook: ", WEBHOOKS),
    ("jwt: ", OTHER_AUTHENTICATION),
    ("autoAcceptPendingRelationships", OTHER_MODULES),
    ("IdentityMetadata", OTHER_RESOURCES),
    ("Attributes", CONSUMPTION),
    ("Requests/", CONSUMPTION),
    ("(setup) POST /Requests/Outgoing", CONSUMPTION),
    ("(setup) POST /Messages", CONSUMPTION),
    ("roles: core:* reaches Requests/Incoming", CONSUMPTION),
    ("roles: core:requests:incoming", CONSUMPTION),
    ("405: PUT on Attributes", CONSUMPTION),
    ("405: PATCH on Attributes", CONSUMPTION),
    ("405: Requests/Incoming", CONSUMPTION),
    ("correlation: x-correlation-id is not echoed", CONSUMPTION),
    ("Relationships: attributes", CONSUMPTION),
    ("Messages: send request with changed content", CONSUMPTION),
    ("Messages: send request a second time", CONSUMPTION),
    ("Messages: send expired Request", CONSUMPTION),
    ("Messages: response message", CONSUMPTION),
    ("Relationships: pending after accepting a template Request", CONSUMPTION),
    ("Relationships: rejected at the peer", CONSUMPTION),
    ("Relationships: reject twice", CONSUMPTION),
    ("Relationships: decompose a rejected Relationship", CONSUMPTION),
    ("(setup) stand-in: /__event", EXTERNAL_EVENTS),
    ("Relationships: peer to be deleted", EXTERNAL_EVENTS),
    ("Relationships: peer deleted", EXTERNAL_EVENTS),
    ("Messages: send to a peer in deletion", EXTERNAL_EVENTS),
    ("Messages: send to a deleted peer", EXTERNAL_EVENTS),
    ("Tokens: DELETE does not exist in 7.0.0", LATER_RELEASES),
    ("Messages: filter bodyFormat does not exist in 7.0.0", LATER_RELEASES),
    ("RelationshipTemplates: DELETE does not exist in 7.0.0", LATER_RELEASES),
    ("IdentityDeletionProcess: grace period zero", SURVIVED_THE_END),
];

/// The existing parts of a resource that does not exist completely.
const APPLICABLE: &[&str] = &["Attributes: TagCollection"];

/// Decision 7: results of health checks are reused for some seconds.
const SOON: &[&str] = &["health: Backbone down", "health: Backbone up again"];

/// Complete names that are the beginning of others.
const NOT_APPLICABLE_EXACTLY: &[(&str, &str)] =
    &[("Messages: send request", CONSUMPTION), ("Relationships: reject", CONSUMPTION)];

const UNREADABLE: &str = "decision 3: input that cannot be read is the caller's error";
const TEXT: &str = "decision 3: a wrong value is refused";
const SCOPES: &str = "decision 4: no text of a scope is read as a regular expression";
const LEAST_SECRETS: &str = "decision 4: a Token does not carry the password of what it leads to";
const VERSION: &str = "decision 8: build information that was built in; secrets by allow-list";
const MISSING_BODY: &str = "decision 13 (2): a missing body is 400 everywhere";
const REAL_CODE: &str = "decision 13 (3): the real code with 400";
const BACKBONE_VALIDATION: &str = "decision 13 (4): validation codes of the Backbone are 400";
const SINGLE_TAG: &str = "decision 13 (7): a single tag is accepted";
const ORDER: &str = "decision 13 (8): authentication, then bodies, both behind the compression step";
const NO_500: &str = "no answer had the status 500";
const STAND_IN: &str = "the stand-in noted no receipts, the Backbone does";
const VARY: &str = "Vary: Accept also where the negotiated answer is a file";
const ALLOW: &str = "Allow names all methods of the path";
const REDIRECT: &str = "redirects have no body";
const ICON: &str = "the icon is another one, in a form that is not compressed";
const NO_END: &str = "the Backbone tells no end of the grace period of a cancelled process";
const STACK_TRACE: &str = "in debug mode all errors carry a stack trace";
const NOTHING_BEFORE: &str = "the process before was not started, so this one is";
const NOT_CREATABLE: &str = "decision 3: an unknown refusal is a negative answer, not an error";

const INVALID_VALUE: &str = "error.runtime.validation.invalidPropertyValue";
const INVALID_JSON: &str = "error.connector.validation.invalidJsonInPayload";
const INVALID_MULTIPART: &str = "error.connector.validation.invalidMultipartPayload";
const INVALID_TOKEN_CONTENT: &str = "error.runtime.invalidTokenContent";
const UNSUPPORTED: &str = "error.connector.validation.unsupportedPayloadEncoding";
const EXPIRED_REQUEST: &str = "error.consumption.requests.cannotCreateRequestWithExpirationDateInPast";
const UNKNOWN_NOTIFICATION: &str = "error.platform.validation.notification.codeDoesNotExist";
const NOT_ACTIVE: &str = "error.transport.messages.hasNeitherActiveNorTerminatedRelationship";

const DIFFERENT: &[(&str, u16, &str, &str)] = &[
    (
        "auth: malformed JSON without credentials is answered before authentication",
        401,
        "error.connector.unauthorized",
        ORDER,
    ),
    ("roles: monitoring:** on Version", 200, "", VERSION),
    ("roles: a scope that is no valid regular expression", 403, "error.connector.forbidden", SCOPES),
    ("roles: a dot in a scope matches the colon (quirk)", 403, "error.connector.forbidden", SCOPES),
    ("body: malformed JSON", 400, INVALID_JSON, ORDER),
    ("body: JSON string at top level", 400, INVALID_JSON, ORDER),
    ("body: JSON null at top level", 400, INVALID_JSON, ORDER),
    ("body: malformed JSON on a GET", 400, INVALID_JSON, ORDER),
    ("body: malformed JSON on an unknown route", 400, INVALID_JSON, ORDER),
    ("body: none", 400, INVALID_VALUE, MISSING_BODY),
    ("body: text/plain is ignored", 400, INVALID_VALUE, MISSING_BODY),
    ("body: vendor +json type", 400, INVALID_VALUE, MISSING_BODY),
    ("body: over 2 MiB", 413, "error.connector.validation.payloadTooLarge", UNREADABLE),
    ("body: unsupported charset", 415, UNSUPPORTED, UNREADABLE),
    ("body: unknown content-encoding", 415, UNSUPPORTED, UNREADABLE),
    ("routing: bad percent encoding", 400, INVALID_VALUE, UNREADABLE),
    ("monitoring: Version", 200, "", VERSION),
    ("monitoring: Version with Accept text/html is not negotiated", 200, "", VERSION),
    ("monitoring: Support", 200, "", VERSION),
    ("monitoring: Requests", 200, "", NO_500),
    ("Files: upload single tags field", 201, "", SINGLE_TAG),
    ("Files: upload wrong file field name", 400, INVALID_MULTIPART, UNREADABLE),
    ("Files: upload two file fields", 400, INVALID_MULTIPART, UNREADABLE),
    ("Files: upload without body", 400, INVALID_VALUE, MISSING_BODY),
    ("Files: upload multipart without boundary", 400, INVALID_MULTIPART, UNREADABLE),
    ("Files: upload truncated multipart", 400, INVALID_MULTIPART, UNREADABLE),
    ("Files: get malformed (not a reference)", 400, "error.core-types.invalidTruncatedReference", REAL_CODE),
    ("Files: get as PNG", 200, "", VARY),
    ("Files: get with image/* preferred over JSON", 200, "", VARY),
    ("Files: token without body", 400, INVALID_VALUE, MISSING_BODY),
    ("Tokens: own string content", 400, INVALID_TOKEN_CONTENT, TEXT),
    ("Tokens: own array content", 400, INVALID_TOKEN_CONTENT, TEXT),
    ("Tokens: own number content", 400, INVALID_TOKEN_CONTENT, TEXT),
    ("Tokens: own without body", 400, INVALID_VALUE, MISSING_BODY),
    ("Tokens: get PNG", 200, "", VARY),
    ("Tokens: peer without body", 400, INVALID_VALUE, MISSING_BODY),
    ("RelationshipTemplates: own fractional allocations", 400, INVALID_VALUE, TEXT),
    ("RelationshipTemplates: own request already expired", 400, EXPIRED_REQUEST, REAL_CODE),
    ("RelationshipTemplates: own without body", 400, INVALID_VALUE, MISSING_BODY),
    ("RelationshipTemplates: get PNG", 200, "", VARY),
    ("RelationshipTemplates: token without body", 400, INVALID_VALUE, MISSING_BODY),
    ("RelationshipTemplates: token of a protected template, all inherited", 201, "", LEAST_SECRETS),
    ("Relationships/CanCreate: Backbone says error.platform.recordNotFound", 200, "", NOT_CREATABLE),
    ("Messages: send notification to a recipient without Relationship", 400, NOT_ACTIVE, REAL_CODE),
    ("BackboneNotifications: code unknown to the Backbone", 400, UNKNOWN_NOTIFICATION, BACKBONE_VALIDATION),
    ("IdentityDeletionProcess: cancel", 200, "", NO_END),
    ("IdentityDeletionProcess: 405", 405, "error.connector.http.methodNotAllowed", STACK_TRACE),
    ("IdentityDeletionProcess: initiate without length", 200, "", NOTHING_BEFORE),
    ("(setup) DELETE /IdentityDeletionProcess", 200, "", NO_END),
    (
        "Backbone error: Backbone answers 400 validation (Announcements)",
        400,
        "error.platform.validation.invalidPropertyValue",
        BACKBONE_VALIDATION,
    ),
    ("Messages: attachment download", 200, "", VARY),
    ("Messages: received at the peer", 200, "", STAND_IN),
    ("Messages: peer list", 200, "", STAND_IN),
    ("debug: unexpected error carries stacktrace and details", 400, INVALID_VALUE, MISSING_BODY),
    ("docs: root redirects", 301, "", REDIRECT),
    ("docs: api-docs redirects", 301, "", REDIRECT),
    ("docs: favicon", 200, "", ICON),
    ("docs: swagger", 301, "", REDIRECT),
    ("docs: /api-docs/", 301, "", REDIRECT),
    ("docs: /api-docsx", 301, "", REDIRECT),
    (
        "Backbone error: Backbone answers 400 validation (Tokens/Own)",
        400,
        "error.platform.validation.invalidPropertyValue",
        BACKBONE_VALIDATION,
    ),
    (
        "Backbone error: Backbone answers 400 validation (Account/Sync)",
        400,
        "error.platform.validation.invalidPropertyValue",
        BACKBONE_VALIDATION,
    ),
    ("405: PATCH on Files/:id", 405, "error.connector.http.methodNotAllowed", ALLOW),
];

pub(super) fn of(recording: &Recording) -> Expectation {
    if recording.direction.as_deref() == Some("outgoing") {
        return Expectation::NotApplicable(WEBHOOKS);
    }
    let name = recording.name.as_str();
    if APPLICABLE.contains(&name) {
        return Expectation::Same;
    }
    if SOON.contains(&name) {
        return Expectation::Soon;
    }
    let exactly = NOT_APPLICABLE_EXACTLY.iter().find(|(whole, _)| name == *whole);
    let beginning = NOT_APPLICABLE.iter().find(|(start, _)| name.starts_with(start));
    if let Some((_, reason)) = exactly.or(beginning) {
        return Expectation::NotApplicable(reason);
    }
    match DIFFERENT.iter().find(|(whole, ..)| name == *whole) {
        Some((_, status, code, reason)) => Expectation::Differs(Difference { reason, status: *status, code }),
        None => Expectation::Same,
    }
}

/// Entries of the lists that match no recording.
pub(super) fn that_fit_nothing(recordings: &[Recording]) -> Vec<&'static str> {
    let is_name = |name: &str| recordings.iter().any(|recording| recording.name == name);
    let is_beginning = |start: &str| recordings.iter().any(|recording| recording.name.starts_with(start));
    let whole = NOT_APPLICABLE_EXACTLY.iter().map(|(name, _)| *name).chain(DIFFERENT.iter().map(|(name, ..)| *name));
    let whole = whole.chain(APPLICABLE.iter().copied()).chain(SOON.iter().copied());
    let beginnings = NOT_APPLICABLE.iter().map(|(start, _)| *start);
    whole.filter(|name| !is_name(name)).chain(beginnings.filter(|start| !is_beginning(start))).collect()
}
