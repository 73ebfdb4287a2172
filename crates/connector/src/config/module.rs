//! The `modules` block: which entry is which module, and what to say about those that do not run.

use serde_json::{Map, Value};

use super::problems::{Problems, Section, kind_of};

/// One entry of the `modules` block.
#[derive(Clone)]
pub(crate) struct ModuleEntry {
    /// The key in the configuration.
    pub(crate) key: String,
    pub(crate) kind: ModuleKind,
    pub(crate) enabled: bool,
    /// The complete entry.
    pub(crate) block: Value,
}

/// What an entry asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ModuleKind {
    CoreHttpApi,
    Sync,
    Webhooks,
    Sse,
    AutoAcceptPendingRelationships,
    /// The former name of the module above.
    AutoAcceptRelationshipCreationChanges,
    AutoDecomposeDeletionProposedRelationships,
    MessageBrokerPublisher,
    /// The former name of a publisher to one broker of type AMQP.
    AmqpPublisher,
    /// The former name of a publisher to one broker of type PubSub.
    PubSubPublisher,
    /// A module of the existing Connector that this version does not have.
    Missing,
    /// A name nobody knows.
    Unknown,
}

impl ModuleKind {
    /// By the class that `location` ends in; an entry without a location is known by its key.
    fn of(key: &str, location: Option<&str>) -> Self {
        let class = location.and_then(|location| location.rsplit([':', '/']).next());
        match class.unwrap_or(key) {
            "CoreHttpApiModule" | "coreHttpApi" => Self::CoreHttpApi,
            "SyncModule" | "sync" => Self::Sync,
            "WebhooksModule" | "WebhooksV2Module" | "webhooks" | "webhooksV2" => Self::Webhooks,
            "SseModule" | "sse" => Self::Sse,
            "AutoAcceptPendingRelationshipsModule" | "autoAcceptPendingRelationships" => {
                Self::AutoAcceptPendingRelationships
            }
            "AutoAcceptRelationshipCreationChangesModule" | "autoAcceptRelationshipCreationChanges" => {
                Self::AutoAcceptRelationshipCreationChanges
            }
            "AutoDecomposeDeletionProposedRelationshipsModule" | "autoDecomposeDeletionProposedRelationships" => {
                Self::AutoDecomposeDeletionProposedRelationships
            }
            "MessageBrokerPublisherModule" | "messageBrokerPublisher" => Self::MessageBrokerPublisher,
            "AMQPPublisherModule" | "amqpPublisher" => Self::AmqpPublisher,
            "PubSubPublisherModule" | "PubSubPublisher" | "pubSubPublisher" => Self::PubSubPublisher,
            "NotificationModule"
            | "notification"
            | "DeciderModule"
            | "decider"
            | "RequestModule"
            | "request"
            | "AttributeListenerModule"
            | "attributeListener"
            | "MessageModule" => Self::Missing,
            _ => Self::Unknown,
        }
    }

    fn runs_here(self) -> bool {
        !matches!(self, Self::Missing | Self::Unknown)
    }
}

/// The names of earlier versions and what follows them.
fn successor(module: &ModuleEntry) -> Option<&'static str> {
    match module.kind {
        ModuleKind::AmqpPublisher => Some(
            "modules.messageBrokerPublisher: its url, exchange and timeout go into the configuration of a broker of type AMQP \
             in brokers",
        ),
        ModuleKind::PubSubPublisher => Some(
            "modules.messageBrokerPublisher: its projectId, keyFile and topic, as topicName, go into the configuration of a \
             broker of type PubSub in brokers",
        ),
        ModuleKind::AutoAcceptRelationshipCreationChanges => Some(
            "modules.autoAcceptPendingRelationships. Its responseContent is sent with the acceptance, but peers of \
             version 7 do not read it",
        ),
        _ if module.key == "webhooksV2" => Some("modules.webhooks"),
        _ => None,
    }
}

/// Reads the block in load order. `explicit` is what the operator wrote: only that earns a notice.
pub(super) fn read<'a>(
    block: &'a Value,
    explicit: &Value,
    problems: &'a Problems<'a>,
    notices: &mut Vec<String>,
) -> Vec<ModuleEntry> {
    let Some(section) = Section::of("modules", block, problems) else { return Vec::new() };
    let mut modules = Vec::new();
    for (key, entry) in section.map() {
        if let Some(mut module) = read_entry(key, entry, problems, notices) {
            if module.enabled {
                let written = explicit.pointer(&format!("/modules/{}", escape(key))).is_some();
                notices.extend(notices_about(&module, written));
            }
            if matches!(module.kind, ModuleKind::Missing | ModuleKind::Unknown) {
                module.disable();
            }
            modules.push(module);
        }
    }
    refuse_second_instances(&modules, problems);
    prefer(ModuleKind::Sse, ModuleKind::Sync, &mut modules, notices);
    let (current, former) =
        (ModuleKind::AutoAcceptPendingRelationships, ModuleKind::AutoAcceptRelationshipCreationChanges);
    prefer(current, former, &mut modules, notices);
    modules
}

fn read_entry<'a>(
    key: &str,
    entry: &'a Value,
    problems: &'a Problems<'a>,
    notices: &mut Vec<String>,
) -> Option<ModuleEntry> {
    let location = entry.get("location").and_then(Value::as_str);
    let kind = ModuleKind::of(key, location);
    let path = format!("modules.{key}");
    if !kind.runs_here() {
        // A module we do not run must not stop the start, whatever its entry looks like.
        let enabled = match entry.get("enabled") {
            Some(Value::Bool(enabled)) => *enabled,
            other => {
                let found = other.map_or("missing", kind_of);
                notices
                    .push(format!("{path}.enabled should be true or false, but it is {found}: the entry is ignored."));
                return None;
            }
        };
        return Some(ModuleEntry { key: key.to_owned(), kind, enabled, block: entry.clone() });
    }
    let section = Section::of(&path, entry, problems)?;
    section.text("location");
    section.text("displayName");
    if !section.map().contains_key("enabled") {
        section.problem("enabled", "is missing: write true or false.");
    }
    let enabled = section.boolean("enabled")?;
    Some(ModuleEntry { key: key.to_owned(), kind, enabled, block: entry.clone() })
}

fn notices_about(module: &ModuleEntry, written: bool) -> Vec<String> {
    let key = &module.key;
    let mut notices = Vec::new();
    if let Some(successor) = successor(module) {
        notices.push(format!("modules.{key} is deprecated; its successor is {successor}."));
    }
    match module.kind {
        ModuleKind::Missing if written => {
            notices
                .push(format!("modules.{key} is enabled, but this version does not have the module: it does not run."));
        }
        ModuleKind::Unknown => {
            let location = module.block.get("location").and_then(Value::as_str).unwrap_or("none");
            notices.push(format!(
                "modules.{key} is unknown (location: {location}) and does not run: modules of others cannot be loaded. \
                 To learn of events use modules.webhooks, modules.messageBrokerPublisher or the event stream; \
                 to act use the REST interface."
            ));
        }
        _ => {}
    }
    notices
}

/// A module may run once only (`docs/protocol/07 §1.4.6`).
fn refuse_second_instances(modules: &[ModuleEntry], problems: &Problems<'_>) {
    for (index, module) in modules.iter().enumerate().filter(|(_, module)| module.enabled && module.kind.runs_here()) {
        let first = modules.iter().take(index).find(|other| other.enabled && other.kind == module.kind);
        if let Some(first) = first {
            problems.add(
                &format!("modules.{}", module.key),
                &format!("is the same module as modules.{}, which may run once only: disable one of them.", first.key),
            );
        }
    }
}

/// Both would do the same work, so only one of them runs (for sse and sync see `docs/protocol/07 §1.3`).
fn prefer(wanted: ModuleKind, other: ModuleKind, modules: &mut [ModuleEntry], notices: &mut Vec<String>) {
    let Some(wanted) = modules.iter().find(|module| module.kind == wanted && module.enabled) else { return };
    let wanted = wanted.key.clone();
    if let Some(other) = modules.iter_mut().find(|module| module.kind == other && module.enabled) {
        notices
            .push(format!("modules.{wanted} and modules.{} are both enabled: modules.{0} is switched off.", other.key));
        other.disable();
    }
}

impl ModuleEntry {
    fn disable(&mut self) {
        self.enabled = false;
        if let Value::Object(block) = &mut self.block {
            block.insert("enabled".to_owned(), Value::Bool(false));
        }
    }

    /// The settings of the module without the keys every entry has.
    pub(crate) fn settings(&self) -> Map<String, Value> {
        const COMMON: [&str; 5] = ["enabled", "location", "displayName", "requiredInfrastructure", "$schema"];
        let entries = self.block.as_object().into_iter().flatten();
        entries
            .filter(|(key, _)| !COMMON.contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }
}

/// A key as part of a JSON pointer.
fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
