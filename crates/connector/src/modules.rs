//! From configured modules to running ones. What a module does is in the crate `modules`.

use std::sync::Arc;

use ::modules::sync::{SyncConfig, SyncModule};
use ::modules::webhooks::{WebhooksConfig, WebhooksModule};
use anyhow::anyhow;
use runtime::Module;
use serde_json::Value;

use crate::config::{ModuleEntry, ModuleKind};

/// The enabled modules in the order they start in: as configured, but what pulls comes last, so that whoever waits for
/// events waits already when they come in.
pub(crate) fn from_configuration(entries: &[ModuleEntry]) -> anyhow::Result<Vec<Arc<dyn Module>>> {
    let enabled = || entries.iter().filter(|entry| entry.enabled);
    let mut modules: Vec<Arc<dyn Module>> = Vec::new();
    for entry in enabled().filter(|entry| entry.kind == ModuleKind::Webhooks) {
        let config = WebhooksConfig::parse(&Value::Object(entry.settings()))
            .map_err(|error| anyhow!("{error} ({})", error.code()))?;
        modules.push(Arc::new(WebhooksModule::new(config)));
    }
    if let Some(entry) = puller(entries) {
        let config: SyncConfig = serde_path_to_error::deserialize(Value::Object(entry.settings()))
            .map_err(|error| anyhow!("modules.{}.{} is wrong: {}", entry.key, error.path(), error.inner()))?;
        modules.push(Arc::new(SyncModule::new(config)));
    }
    Ok(modules)
}

/// The entry that says how to synchronise. With `sse`, which this version does not have, it is the one that was switched
/// off for it: a Connector that is meant to receive messages must not stay deaf.
fn puller(entries: &[ModuleEntry]) -> Option<&ModuleEntry> {
    let sync = entries.iter().find(|entry| entry.kind == ModuleKind::Sync)?;
    let stands_in = entries.iter().any(|entry| entry.enabled && entry.kind == ModuleKind::Sse);
    if stands_in {
        tracing::warn!("modules.sse is not available in this version: modules.{} runs in its place.", sync.key);
    }
    (sync.enabled || stands_in).then_some(sync)
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
        from_configuration(entries).unwrap().iter().map(|module| module.name().to_owned()).collect()
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
    fn disabled_modules_do_not_start_and_sync_stands_in_for_sse() {
        let sync = entry("sync", ModuleKind::Sync, false, json!({"interval": 60}));
        assert_eq!(names(std::slice::from_ref(&sync)), Vec::<String>::new());
        let sse = entry("sse", ModuleKind::Sse, true, json!({}));
        assert_eq!(names(&[sync, sse]).len(), 1);
    }

    #[test]
    fn a_wrong_setting_is_named() {
        let wrong = entry("sync", ModuleKind::Sync, true, json!({"interval": "often"}));
        let error = from_configuration(&[wrong]).err().unwrap().to_string();
        assert!(error.starts_with("modules.sync.interval is wrong"), "{error}");
        let wrong = json!({"webhooks": [{"triggers": ["**"], "target": "nowhere"}]});
        let error =
            from_configuration(&[entry("webhooks", ModuleKind::Webhooks, true, wrong)]).err().unwrap().to_string();
        assert!(error.contains("modules.webhooks") && error.contains("nowhere"), "{error}");
    }
}
