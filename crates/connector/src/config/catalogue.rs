//! All modules. A new one is an entry here; its folder describes it.

use modules::{
    COMMON, ModuleDescription, Role, auto_accept_pending_relationships, auto_accept_relationship_creation_changes,
    auto_decompose_deletion_proposed_relationships, message_broker_publisher, sse, sync, webhooks,
};
use serde_json::{Map, Value, json};
use settings::{Entries, Entry, Kind, Section, Setting, Unknown};

/// In the order of the defaults (`docs/protocol/07 §1.4.6`).
pub(crate) const CATALOGUE: &[ModuleDescription] = &[
    missing("notification", &["NotificationModule"], Some("@nmshd/runtime:NotificationModule")),
    missing("decider", &["DeciderModule"], Some("@nmshd/runtime:DeciderModule")),
    missing("request", &["RequestModule"], Some("@nmshd/runtime:RequestModule")),
    missing("attributeListener", &["AttributeListenerModule", "MessageModule"], None),
    auto_accept_pending_relationships::DESCRIPTION,
    auto_decompose_deletion_proposed_relationships::DESCRIPTION,
    CORE_HTTP_API,
    webhooks::DESCRIPTION,
    message_broker_publisher::DESCRIPTION,
    message_broker_publisher::AMQP_PUBLISHER,
    message_broker_publisher::PUB_SUB_PUBLISHER,
    sync::DESCRIPTION,
    sse::DESCRIPTION,
    auto_accept_relationship_creation_changes::DESCRIPTION,
];

/// A part of the REST interface that is configured as if it were a module (`docs/protocol/07 §5.8`).
const CORE_HTTP_API: ModuleDescription = ModuleDescription {
    classes: &["CoreHttpApiModule"],
    default: Some((true, "@nmshd/connector:CoreHttpApiModule")),
    ..ModuleDescription::new("coreHttpApi", Role::Serves, "serves the routes below `/api/core/v1`")
        .with(CORE_HTTP_API_SETTINGS)
};

const CORE_HTTP_API_SETTINGS: &[Setting] =
    &[Setting::new("docs", Kind::section(DOCUMENTATION), "").preset(settings::Preset::Members)];

const DOCUMENTATION: &[Setting] = &[
    Setting::new("enabled", Kind::Boolean, "serves the API documentation").default("false"),
    Setting::new("rapidoc", Kind::section(RAPIDOC), "").preset(settings::Preset::Members),
];

const RAPIDOC: &[Setting] =
    &[Setting::new("persistAuth", Kind::Boolean, "lets the pages remember the key that was typed into them")
        .default("false")];

/// A module of the existing Connector that is missing in this version.
const fn missing(
    key: &'static str,
    classes: &'static [&'static str],
    location: Option<&'static str>,
) -> ModuleDescription {
    let default = match location {
        Some(location) => Some((true, location)),
        None => None,
    };
    ModuleDescription {
        classes,
        default,
        section: UNKNOWN,
        ..ModuleDescription::new(key, Role::Missing, "not there yet")
    }
}

/// An entry of a module that does not run here.
const UNKNOWN: Section = Section::new(&[]).sharing(&[COMMON]).unknown(Unknown::Ignored);

/// The section `modules`.
pub(super) const MODULES: Entries = Entries { resolve, tolerates, unresolved: UNKNOWN, known: entries };

/// The module that an entry refers to.
pub(super) fn meant(key: &str, entry: &Value) -> Option<&'static ModuleDescription> {
    let location = entry.get("location").and_then(Value::as_str);
    CATALOGUE.iter().find(|module| module.is_meant_by(key, location))
}

/// The keys of the modules, including those of earlier versions.
pub(super) fn keys() -> impl Iterator<Item = &'static str> {
    CATALOGUE.iter().flat_map(|module| module.other_keys.iter().chain(module.former_keys).copied().chain([module.key]))
}

pub(super) fn defaults() -> Value {
    let entry = |module: &ModuleDescription| {
        let (enabled, location) = module.default?;
        let mut entry =
            Map::from_iter([("enabled".to_owned(), json!(enabled)), ("location".to_owned(), json!(location))]);
        if let Role::Serves = module.role {
            entry.insert("requiredInfrastructure".to_owned(), json!(["httpServer"]));
        }
        entry.extend(settings::defaults(&module.section));
        Some((module.key.to_owned(), Value::Object(entry)))
    };
    Value::Object(CATALOGUE.iter().filter_map(entry).collect())
}

fn resolve(key: &str, entry: &Value) -> Option<Section> {
    meant(key, entry).map(|module| module.section)
}

/// Mistakes in an entry that does not run do not prevent the start.
fn tolerates(key: &str, entry: &Value) -> bool {
    let runs = meant(key, entry).is_some_and(|module| !matches!(module.role, Role::Missing));
    !runs || entry.get("enabled") == Some(&Value::Bool(false))
}

fn entries() -> Vec<Entry> {
    let entries = CATALOGUE.iter().flat_map(|module| {
        let keys = [module.key].into_iter().chain(module.other_keys.iter().chain(module.former_keys).copied());
        keys.map(|key| Entry { key, section: module.section, documentation: module.documentation })
    });
    entries.collect()
}
