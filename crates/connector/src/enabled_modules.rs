//! From configured modules to running ones. The modules themselves are in the crate `modules`.

use std::path::Path;
use std::sync::Arc;

use modules::Role;
use modules::message_broker_publisher::{MessageBrokerPublisherConfig, MessageBrokerPublisherModule};
use network::Trust;
use runtime::Module;
use settings::{Kind, Mistakes, Node, Path as Place, Problem, Report, check};

use crate::config::ModuleEntry;

/// The enabled modules in starting order: as configured, but those that deliver events come first, and those that pull
/// last, so that events find their recipients waiting. Certificates are accepted by the same rules as those of the
/// Backbone.
///
/// # Errors
/// The mistakes in their settings.
pub(crate) fn from_configuration(entries: &[ModuleEntry], trust: &Trust) -> Result<Vec<Arc<dyn Module>>, Mistakes> {
    let report = Report::default();
    let modules = make(entries, trust, &report);
    if report.errors() == 0 { Ok(modules) } else { Err(Mistakes(report.into_problems())) }
}

/// The same for entries that have been checked against their tables. Mistakes beyond these are reported.
pub(crate) fn make(entries: &[ModuleEntry], trust: &Trust, report: &Report) -> Vec<Arc<dyn Module>> {
    let (mut tell, mut react, mut pull) = (Vec::new(), Vec::new(), Vec::new());
    for (role, node) in enabled(entries, report) {
        match role {
            Role::Delivers(make) => tell.extend(make(&node, trust)),
            Role::Reacts(make) => react.extend(make(&node, trust)),
            Role::Pulls(make) => pull.extend(make(&node, trust)),
            Role::Publishes(_) | Role::Serves | Role::Missing => {}
        }
    }
    if let Some(config) = brokers(entries, report) {
        tell.push(Arc::new(MessageBrokerPublisherModule::new(config.trusting(trust))));
    }
    [tell, react, pull].concat()
}

/// The brokers of all entries that name some: those under former names use the same publisher.
pub(crate) fn message_brokers(entries: &[ModuleEntry]) -> Option<MessageBrokerPublisherConfig> {
    brokers(entries, &Report::default())
}

fn brokers(entries: &[ModuleEntry], report: &Report) -> Option<MessageBrokerPublisherConfig> {
    let mut config: Option<MessageBrokerPublisherConfig> = None;
    for (role, node) in enabled(entries, report) {
        let Role::Publishes(read) = role else { continue };
        if let Some(read) = read(&node) {
            config.get_or_insert_default().append(read);
        }
    }
    config
}

/// The brokers of an unknown type.
pub(crate) fn unknown_brokers(entries: &[ModuleEntry]) -> Vec<Problem> {
    let report = Report::default();
    for entry in entries.iter().filter(|entry| entry.enabled) {
        if let Some(description) = entry.description.filter(|module| matches!(module.role, Role::Publishes(_))) {
            check(&Kind::Section(description.section), &node_of(entry, &report));
        }
    }
    let is_type = |problem: &Problem| problem.path.to_string().ends_with(".type");
    report.into_problems().into_iter().filter(is_type).collect()
}

/// The credential files that cannot be read, as sentences. `unreadable` returns the reason for a file.
pub(crate) fn unreadable_files(entries: &[ModuleEntry], unreadable: impl Fn(&Path) -> Option<String>) -> Vec<String> {
    let config = message_brokers(entries).unwrap_or_default();
    let notice = |broker: &modules::message_broker_publisher::Broker| {
        let file = broker.file()?;
        let reason = unreadable(file)?;
        Some(format!(
            "The file with the credentials for {} {}, {}, cannot be read: {reason}. Nothing is published there until it can.",
            broker.kind(),
            broker.endpoint(),
            std::path::absolute(file).unwrap_or_else(|_| file.to_owned()).display()
        ))
    };
    config.brokers.iter().filter_map(|config| notice(&config.broker)).collect()
}

fn enabled<'a>(entries: &'a [ModuleEntry], report: &'a Report) -> impl Iterator<Item = (Role, Node<'a>)> {
    let known = |entry: &'a ModuleEntry| Some((entry.description?, entry));
    entries
        .iter()
        .filter(|entry| entry.enabled)
        .filter_map(known)
        .map(|(description, entry)| (description.role, node_of(entry, report).with_code(description.section.code)))
}

fn node_of<'a>(entry: &'a ModuleEntry, report: &'a Report) -> Node<'a> {
    Node::new(Place::new("modules").key(&entry.key), &entry.block, report)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use network::Trust;
    use serde_json::{Value, json};

    use super::from_configuration;
    use crate::config::{CATALOGUE, ModuleEntry};

    fn entry(key: &str, enabled: bool, block: Value) -> ModuleEntry {
        let location = block.get("location").and_then(Value::as_str).filter(|location| *location != "x");
        let description = CATALOGUE.iter().find(|module| module.is_meant_by(key, location));
        ModuleEntry { key: key.to_owned(), description, enabled, block }
    }

    fn names(entries: &[ModuleEntry]) -> Vec<String> {
        from_configuration(entries, &Trust::default()).unwrap().iter().map(|module| module.name().to_owned()).collect()
    }

    #[test]
    fn what_pulls_starts_last() {
        let both = [
            entry("sync", true, json!({"enabled": true, "interval": 60})),
            entry("webhooks", true, json!({"enabled": true, "location": "x"})),
        ];
        let started = names(&both);
        assert_eq!(started.len(), 2);
        assert_eq!(started.last(), names(&both[..1]).last());
    }

    #[test]
    fn every_module_starts_under_its_own_name_unless_it_is_disabled() {
        for name in [
            "sync",
            "sse",
            "autoAcceptPendingRelationships",
            "autoAcceptRelationshipCreationChanges",
            "autoDecomposeDeletionProposedRelationships",
        ] {
            let entry = |enabled| [entry(name, enabled, json!({"location": "x"}))];
            assert_eq!(names(&entry(true)), [name]);
            assert_eq!(names(&entry(false)), Vec::<String>::new());
        }
    }

    #[test]
    fn one_publisher_carries_the_brokers_of_all_entries() {
        let amqp =
            json!({"enabled": true, "url": "amqp://guest:guest@localhost:5672", "exchange": "", "timeout": 2000});
        let pub_sub = json!({"enabled": true, "projectId": "p", "topic": "t", "keyFile": "/keys/key.json"});
        let brokers = json!([{"type": "MQTT", "configuration": {"url": "mqtt://localhost"}}]);
        let entries = [
            entry("amqpPublisher", true, amqp),
            entry("PubSubPublisher", true, pub_sub),
            entry("messageBrokerPublisher", true, json!({"brokers": brokers})),
            entry("other", false, json!({"location": "@nmshd/connector:MessageBrokerPublisherModule"})),
        ];
        assert_eq!(names(&entries), ["messageBrokerPublisher"]);
        let kinds = |config: super::MessageBrokerPublisherConfig| -> Vec<_> {
            config.brokers.iter().map(|broker| broker.broker.kind()).collect()
        };
        assert_eq!(kinds(super::message_brokers(&entries).unwrap()), ["AMQP", "PubSub", "MQTT"]);
    }

    #[test]
    fn what_no_table_says_is_checked_here() {
        let error = |key: &str, block: Value| {
            from_configuration(&[entry(key, true, block)], &Trust::default()).err().unwrap().to_string()
        };
        let wrong = json!({"webhooks": [{"triggers": ["**"], "target": "nowhere"}]});
        let text = error("webhooks", wrong);
        assert!(text.starts_with("modules.webhooks.webhooks[0].target names no target"), "{text}");
        assert!(
            text.contains("nowhere") && text.ends_with("(error.runtime.modules.webhooks.invalidTargetReference)"),
            "{text}"
        );
        let text = error("messageBrokerPublisher", json!({"brokers": []}));
        assert!(text.starts_with("modules.messageBrokerPublisher.brokers is empty"), "{text}");
    }
}
