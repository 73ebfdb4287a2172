//! From configured modules to running ones. What a module does is in the crate `modules`.

use std::sync::Arc;

use ::modules::auto_accept_pending_relationships::AutoAcceptPendingRelationshipsModule;
use ::modules::auto_accept_relationship_creation_changes::AutoAcceptRelationshipCreationChangesModule;
use ::modules::auto_decompose_deletion_proposed_relationships::AutoDecomposeDeletionProposedRelationshipsModule;
use ::modules::message_broker_publisher::{MessageBrokerPublisherConfig, MessageBrokerPublisherModule};
use ::modules::sse::{SseConfig, SseModule};
use ::modules::sync::SyncModule;
use ::modules::webhooks::{WebhooksConfig, WebhooksModule};
use anyhow::{anyhow, ensure};
use runtime::Module;
use serde::de::DeserializeOwned;
use serde_json::Value;
use transport::CertificatePinning;
use url::Url;

use crate::config::{ModuleEntry, ModuleKind};

/// The enabled modules in the order they start in: as configured, but what pulls comes last, so that whoever waits for
/// events waits already when they come in. What is pinned counts for webhooks as for the Backbone.
pub(crate) fn from_configuration(
    entries: &[ModuleEntry],
    pinning: Option<&CertificatePinning>,
) -> anyhow::Result<Vec<Arc<dyn Module>>> {
    let enabled = || entries.iter().filter(|entry| entry.enabled);
    let mut modules: Vec<Arc<dyn Module>> = Vec::new();
    for entry in enabled().filter(|entry| entry.kind == ModuleKind::Webhooks) {
        let mut config = WebhooksConfig::parse(&Value::Object(entry.settings()))
            .map_err(|error| anyhow!("{error} ({})", error.code()))?;
        config.certificate_pinning = pinning.cloned();
        modules.push(Arc::new(WebhooksModule::new(config)));
    }
    if let Some(config) = message_brokers(entries)? {
        modules.push(Arc::new(MessageBrokerPublisherModule::new(config)));
    }
    for entry in enabled() {
        match entry.kind {
            ModuleKind::AutoAcceptPendingRelationships => {
                modules.push(Arc::new(AutoAcceptPendingRelationshipsModule::new()));
            }
            ModuleKind::AutoAcceptRelationshipCreationChanges => {
                modules.push(Arc::new(AutoAcceptRelationshipCreationChangesModule::new(settings_of(entry)?)));
            }
            ModuleKind::AutoDecomposeDeletionProposedRelationships => {
                modules.push(Arc::new(AutoDecomposeDeletionProposedRelationshipsModule::new()));
            }
            _ => {}
        }
    }
    for entry in enabled() {
        match entry.kind {
            ModuleKind::Sync => modules.push(Arc::new(SyncModule::new(settings_of(entry)?))),
            ModuleKind::Sse => modules.push(Arc::new(SseModule::new(sse_settings(entry)?))),
            _ => {}
        }
    }
    Ok(modules)
}

/// The brokers of all entries that name some: those of former names are carried by the same publisher.
fn message_brokers(entries: &[ModuleEntry]) -> anyhow::Result<Option<MessageBrokerPublisherConfig>> {
    let mut config: Option<MessageBrokerPublisherConfig> = None;
    for entry in entries.iter().filter(|entry| entry.enabled) {
        let parse = match entry.kind {
            ModuleKind::MessageBrokerPublisher => MessageBrokerPublisherConfig::parse,
            ModuleKind::AmqpPublisher => MessageBrokerPublisherConfig::parse_amqp_publisher,
            ModuleKind::PubSubPublisher => MessageBrokerPublisherConfig::parse_pub_sub_publisher,
            _ => continue,
        };
        let read = parse(&format!("modules.{}", entry.key), &Value::Object(entry.settings()))?;
        for notice in &read.notices {
            tracing::warn!("{notice}");
        }
        config.get_or_insert_default().append(read);
    }
    Ok(config)
}

/// The settings as the module wants them.
fn settings_of<T: DeserializeOwned>(entry: &ModuleEntry) -> anyhow::Result<T> {
    serde_path_to_error::deserialize(Value::Object(entry.settings()))
        .map_err(|error| anyhow!("modules.{}.{} is wrong: {}", entry.key, error.path(), error.inner()))
}

fn sse_settings(entry: &ModuleEntry) -> anyhow::Result<SseConfig> {
    let config: SseConfig = settings_of(entry)?;
    let is_url = |text: &String| {
        Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.query().is_none())
    };
    ensure!(
        config.base_url_override.as_ref().is_none_or(is_url),
        "modules.{}.baseUrlOverride is wrong: write a URL that starts with http:// or https://, or remove it.",
        entry.key
    );
    Ok(config)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::{Value, json};

    use super::from_configuration;
    use crate::config::{ModuleEntry, ModuleKind};

    fn entry(key: &str, kind: ModuleKind, enabled: bool, block: Value) -> ModuleEntry {
        ModuleEntry { key: key.to_owned(), kind, enabled, block }
    }

    fn names(entries: &[ModuleEntry]) -> Vec<String> {
        from_configuration(entries, None).unwrap().iter().map(|module| module.name().to_owned()).collect()
    }

    #[test]
    fn what_pulls_starts_last() {
        let both = [
            entry("sync", ModuleKind::Sync, true, json!({"enabled": true, "interval": 60})),
            entry("webhooks", ModuleKind::Webhooks, true, json!({"enabled": true, "location": "x"})),
        ];
        let started = names(&both);
        assert_eq!(started.len(), 2);
        assert_eq!(started.last(), names(&both[..1]).last());
    }

    #[test]
    fn every_module_starts_under_its_own_name_unless_it_is_disabled() {
        for (name, kind) in [
            ("sync", ModuleKind::Sync),
            ("sse", ModuleKind::Sse),
            ("autoAcceptPendingRelationships", ModuleKind::AutoAcceptPendingRelationships),
            ("autoAcceptRelationshipCreationChanges", ModuleKind::AutoAcceptRelationshipCreationChanges),
            ("autoDecomposeDeletionProposedRelationships", ModuleKind::AutoDecomposeDeletionProposedRelationships),
        ] {
            let entry = |enabled| [entry("any", kind, enabled, json!({"location": "x"}))];
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
            entry("amqpPublisher", ModuleKind::AmqpPublisher, true, amqp),
            entry("PubSubPublisher", ModuleKind::PubSubPublisher, true, pub_sub),
            entry("messageBrokerPublisher", ModuleKind::MessageBrokerPublisher, true, json!({"brokers": brokers})),
            entry("other", ModuleKind::MessageBrokerPublisher, false, json!({})),
        ];
        assert_eq!(names(&entries), ["messageBrokerPublisher"]);
        let kinds = |config: super::MessageBrokerPublisherConfig| -> Vec<_> {
            config.brokers.iter().map(|broker| broker.broker.kind()).collect()
        };
        assert_eq!(kinds(super::message_brokers(&entries).unwrap().unwrap()), ["AMQP", "PubSub", "MQTT"]);
    }

    #[test]
    fn a_wrong_setting_is_named() {
        let wrong = entry("sync", ModuleKind::Sync, true, json!({"interval": "often"}));
        let error = from_configuration(&[wrong], None).err().unwrap().to_string();
        assert!(error.starts_with("modules.sync.interval is wrong"), "{error}");
        for (key, value) in [("idleTimeout", json!(-1)), ("baseUrlOverride", json!("localhost:8090"))] {
            let wrong = entry("sse", ModuleKind::Sse, true, json!({key: value}));
            let error = from_configuration(&[wrong], None).err().unwrap().to_string();
            assert!(error.starts_with(&format!("modules.sse.{key} is wrong")), "{error}");
        }
        let wrong = [entry("amqpPublisher", ModuleKind::AmqpPublisher, true, json!({"url": "http://user:pw@h"}))];
        let error = from_configuration(&wrong, None).err().unwrap().to_string();
        assert!(error.starts_with("modules.amqpPublisher.url: ") && !error.contains("pw"), "{error}");
        let wrong = json!({"webhooks": [{"triggers": ["**"], "target": "nowhere"}]});
        let error = from_configuration(&[entry("webhooks", ModuleKind::Webhooks, true, wrong)], None)
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains("modules.webhooks") && error.contains("nowhere"), "{error}");
    }
}
