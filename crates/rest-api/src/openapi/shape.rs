//! Gives the generated schemas the names of the existing Connector's document, and refers to components where there are
//! any.

use serde_json::{Map, Value, json};

pub(super) const PREFIX: &str = "#/components/schemas/";
/// The name of a generic envelope begins with this.
const ENVELOPE: &str = "ResultEnvelope_";

/// Our names and the names in the document. Bodies bring theirs, which are those of the existing client library.
const NAMES: [(&str, &str); 29] = [
    ("AnnouncementActionDto", "AnnouncementAction"),
    ("AnnouncementDto", "Announcement"),
    ("AuditLogEntryDto", "RelationshipAuditLogEntry"),
    ("CanCreateRelationshipResultDto", "CanCreateRelationshipResponse"),
    ("ChallengeDto", "SignedChallenge"),
    ("DeliveryDto", "Delivery"),
    ("DeliveryTargetDto", "DeliveryTarget"),
    ("DeliveryTargetFailureDto", "DeliveryTargetFailure"),
    ("ErrorDto", "Error"),
    ("ErrorEnvelope", "ErrorContent"),
    ("FileDto", "FileMetadata"),
    ("HealthDto", "ConnectorHealth"),
    ("HealthServicesDto", "ConnectorHealthServices"),
    ("IdentityInfoDto", "IdentityInfo"),
    ("LivenessDto", "Liveness"),
    ("LocationIndicatorDto", "PasswordLocationIndicator"),
    ("MessageDto", "Message"),
    ("MessageWithAttachmentsDto", "MessageWithAttachments"),
    ("PasswordProtectionDto", "PasswordProtection"),
    ("PeerDeletionInfoDto", "PeerDeletionInfo"),
    ("ReadinessDto", "Readiness"),
    ("RecipientDto", "Recipient"),
    ("ReferenceDto", "ObjectReference"),
    ("RelationshipDto", "Relationship"),
    ("RelationshipTemplateDto", "RelationshipTemplate"),
    ("TagCollectionDto", "AttributeTagCollection"),
    ("TagDto", "AttributeTag"),
    ("TokenDto", "Token"),
    ("VersionInfo", "ConnectorVersion"),
];

/// Members that are components, wherever they are texts.
const MEMBERS: [(&str, &str); 15] = [
    ("address", "Address"),
    ("cancelledByDevice", "DeviceID"),
    ("createdBy", "Address"),
    ("createdByDevice", "DeviceID"),
    ("forIdentity", "Address"),
    ("newStatus", "RelationshipStatus"),
    ("oldStatus", "RelationshipStatus"),
    ("owner", "Address"),
    ("peer", "Address"),
    ("receivedByDevice", "DeviceID"),
    ("relationship", "RelationshipID"),
    ("relationshipId", "RelationshipID"),
    ("templateId", "RelationshipTemplateID"),
    // Lists of these.
    ("attachments", "FileID"),
    ("recipients", "Address"),
];

/// Members that are components only in these schemas.
const OWN_MEMBERS: [(&str, &str, &str); 10] = [
    ("Announcement", "id", "AnnouncementID"),
    ("FileMetadata", "id", "FileID"),
    ("Message", "id", "MessageID"),
    ("MessageWithAttachments", "id", "MessageID"),
    ("Relationship", "id", "RelationshipID"),
    ("Relationship", "status", "RelationshipStatus"),
    ("RelationshipAuditLogEntry", "reason", "RelationshipAuditLogEntryReason"),
    ("RelationshipTemplate", "id", "RelationshipTemplateID"),
    ("SignedChallenge", "id", "ChallengeID"),
    ("Token", "id", "TokenID"),
];

/// Collections whose path parameter is a component.
const PATHS: [(&str, &str); 5] = [
    ("/api/core/v1/Files/", "FileID"),
    ("/api/core/v1/Messages/", "MessageID"),
    ("/api/core/v1/Relationships/", "RelationshipID"),
    ("/api/core/v1/RelationshipTemplates/", "RelationshipTemplateID"),
    ("/api/core/v1/Tokens/", "TokenID"),
];

/// Renames the schemas, and the references to them.
pub(super) fn rename(document: &mut Value) {
    // These two have the same members and the same meaning.
    for value in strings(document) {
        if let Some(name) = value.strip_prefix(PREFIX) {
            let name = if name == "IdentityDto" { "IdentityInfoDto" } else { name };
            *value = format!("{PREFIX}{}", new_name(name));
        }
    }
    if let Some(schemas) = schemas(document) {
        schemas.shift_remove("IdentityDto");
        *schemas = std::mem::take(schemas).into_iter().map(|(name, schema)| (new_name(&name), schema)).collect();
        schemas.sort_keys();
    }
}

fn new_name(name: &str) -> String {
    if let Some(result) = name.strip_prefix(ENVELOPE) {
        return match result.strip_prefix("Vec_") {
            Some(item) => format!("{}ListEnvelope", new_name(item)),
            None => format!("{}Envelope", new_name(result)),
        };
    }
    let known = NAMES.iter().find(|(ours, _)| *ours == name).map(|(_, theirs)| *theirs);
    known.unwrap_or_else(|| name.strip_suffix("Dto").unwrap_or(name)).to_owned()
}

/// Lets envelopes refer to their contents, which the generator writes into each.
fn refer_from_envelopes(schemas: &mut Map<String, Value>) {
    let names: Vec<String> = schemas.keys().cloned().collect();
    for name in names {
        let (list, single) = (name.strip_suffix("ListEnvelope"), name.strip_suffix("Envelope"));
        let Some(content) = list.or(single) else { continue };
        let place = if list.is_some() { "/properties/result/items" } else { "/properties/result" };
        let Some(written) = schemas.get_mut(&name).and_then(|envelope| envelope.pointer_mut(place)) else { continue };
        if written.get("properties").is_some() {
            let written = std::mem::replace(written, json!({ "$ref": format!("{PREFIX}{content}") }));
            schemas.entry(content.to_owned()).or_insert(written);
        }
    }
    schemas.sort_keys();
}

/// Replaces members and parameters that are components.
pub(super) fn refer(document: &mut Value) {
    if let Some(schemas) = schemas(document) {
        refer_from_envelopes(schemas);
        for (schema_name, schema) in schemas {
            let members = schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten();
            for (name, member) in members {
                let own = OWN_MEMBERS.iter().find(|(schema, member, _)| schema == schema_name && member == name);
                let common = MEMBERS.iter().find(|(member, _)| member == name);
                let component = own.map(|(_, _, component)| *component).or(common.map(|(_, component)| *component));
                if let Some(component) = component {
                    replace(member, component);
                }
            }
        }
    }
    let paths = document.get_mut("paths").and_then(Value::as_object_mut).into_iter().flatten();
    for (path, operations) in paths {
        let collection = PATHS.iter().find(|(prefix, _)| path.starts_with(prefix)).map(|(_, component)| *component);
        for parameter in operations.as_object_mut().into_iter().flatten().flat_map(|(_, operation)| {
            operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten()
        }) {
            let component = match parameter.get("name").and_then(Value::as_str) {
                Some("id") => collection,
                // A reference is permitted instead.
                Some("idOrReference") if parameter.to_string().contains("\"Id of the File.\"") => collection,
                Some("attachmentId") => Some("FileID"),
                _ => None,
            };
            if let (Some(component), Some(schema)) = (component, parameter.get_mut("schema")) {
                replace(schema, component);
            }
        }
    }
}

/// A text becomes the component, a list of texts a list of it. Its description is kept.
fn replace(schema: &mut Value, component: &str) {
    let Some(members) = schema.as_object_mut() else { return };
    let reference = json!(format!("{PREFIX}{component}"));
    if members.get("type").is_some_and(|kind| *kind == "string") {
        members.retain(|name, _| name == "description");
        members.insert("$ref".to_owned(), reference);
    } else if let Some(items) = members.get_mut("items")
        && items.get("type").is_some_and(|kind| *kind == "string")
    {
        *items = json!({ "$ref": reference });
    }
}

fn schemas(document: &mut Value) -> Option<&mut Map<String, Value>> {
    document.get_mut("components")?.get_mut("schemas")?.as_object_mut()
}

/// Every text that is a value.
fn strings(value: &mut Value) -> Vec<&mut String> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter_mut().flat_map(strings).collect(),
        Value::Object(members) => members.iter_mut().flat_map(|(_, member)| strings(member)).collect(),
        _ => Vec::new(),
    }
}
