//! Components without a type of ours: ids, filters, states, and error answers.

use runtime::input::EXAMPLE_ADDRESS;
use runtime::query::FilterKind;
use serde_json::{Map, Value, json};
use utoipa::ToSchema as _;

use crate::middleware::errors::ErrorEnvelope;

/// Status, name and meaning of the errors that most operations have in common.
pub(super) const ERRORS: [(&str, &str, &str); 5] = [
    ("400", "BadRequest", "The input is not valid or the state of things does not allow the operation."),
    ("401", "Unauthorized", "Credentials are missing or not accepted."),
    ("403", "Forbidden", "The credentials do not cover this route."),
    ("404", "NotFound", "A named object does not exist."),
    ("406", "NotAcceptable", "No representation is acceptable to the client."),
];

/// Ids by name, prefix and kind of object.
const IDS: [(&str, &str, &str); 8] = [
    ("AnnouncementID", "ANC", "an Announcement"),
    ("ChallengeID", "CHL", "a challenge"),
    ("DeviceID", "DVC", "a device"),
    ("FileID", "FIL", "a File"),
    ("MessageID", "MSG", "a Message"),
    ("RelationshipID", "REL", "a Relationship"),
    ("RelationshipTemplateID", "RLT", "a RelationshipTemplate"),
    ("TokenID", "TOK", "a Token"),
];

/// The name of the component for a kind of filter.
pub(super) const fn filter(kind: FilterKind) -> &'static str {
    match kind {
        FilterKind::Text => "TextFilter",
        FilterKind::Id => "IdFilter",
        FilterKind::Date => "DateFilter",
        FilterKind::Number => "NumberFilter",
        FilterKind::Boolean => "BooleanFilter",
        FilterKind::PartialBoolean => "PartialBooleanFilter",
        FilterKind::Existence => "ExistenceFilter",
        FilterKind::BodyFormat => "BodyFormat",
    }
}

/// Adds the components.
pub(super) fn add(document: &mut Value) {
    let Some(components) = document.get_mut("components").and_then(Value::as_object_mut) else { return };
    let envelope = format!("#/components/schemas/{}", ErrorEnvelope::name());
    let responses: Map<String, Value> = ERRORS
        .iter()
        .map(|(_, name, description)| {
            let content = json!({ "application/json": { "schema": { "$ref": envelope } } });
            ((*name).to_owned(), json!({ "description": description, "content": content }))
        })
        .collect();
    components.insert("responses".to_owned(), responses.into());
    if let Some(schemas) = components.get_mut("schemas").and_then(Value::as_object_mut) {
        schemas.extend(schemas_without_types());
        schemas.sort_keys();
    }
}

fn schemas_without_types() -> impl Iterator<Item = (String, Value)> {
    let ids = IDS.iter().map(|(name, prefix, bearer)| {
        let pattern = format!("{prefix}[A-Za-z0-9]{{17}}");
        let example = format!("{prefix}00000000000000000");
        let description = format!("Id of {bearer}.");
        (*name, json!({ "type": "string", "description": description, "pattern": pattern, "example": example }))
    });
    let filters = FilterKind::ALL.into_iter();
    let filters = filters.map(|kind| (filter(kind), json!({ "type": "string", "description": kind.description() })));
    let others = [
        (
            "Address",
            json!({
                "type": "string",
                "description": "Address of an Identity.",
                "example": EXAMPLE_ADDRESS,
            }),
        ),
        (
            "RelationshipStatus",
            json!({
                "type": "string",
                "description": "How far a Relationship is.",
                "enum": ["Pending", "Active", "Rejected", "Revoked", "Terminated", "DeletionProposed"],
            }),
        ),
        (
            "RelationshipAuditLogEntryReason",
            json!({
                "type": "string",
                "description": "The event that changed a Relationship.",
                "enum": [
                    "Creation", "AcceptanceOfCreation", "RejectionOfCreation", "RevocationOfCreation", "Termination",
                    "ReactivationRequested", "AcceptanceOfReactivation", "RejectionOfReactivation",
                    "RevocationOfReactivation", "Decomposition", "DecompositionDueToIdentityDeletion",
                ],
            }),
        ),
    ];
    ids.chain(filters).chain(others).map(|(name, schema)| (name.to_owned(), schema)).collect::<Vec<_>>().into_iter()
}
