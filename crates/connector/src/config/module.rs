//! The `modules` block: the modules that its entries refer to, and notices about those that do not run.

use modules::{COMMON, ModuleDescription, Role};
use serde_json::Value;
use settings::{Node, Wrong, closest};

use super::catalogue::{keys, meant};

/// One entry of the `modules` block.
#[derive(Clone)]
pub(crate) struct ModuleEntry {
    /// The key in the configuration.
    pub(crate) key: String,
    /// The module it refers to; `None` if it is unknown.
    pub(crate) description: Option<&'static ModuleDescription>,
    pub(crate) enabled: bool,
    /// The complete entry.
    pub(crate) block: Value,
}

impl ModuleEntry {
    /// Returns true if it refers to the module with this key in the catalogue.
    pub(crate) fn is(&self, key: &str) -> bool {
        self.description.is_some_and(|module| module.key == key)
    }

    /// Its settings, except those that every entry has.
    pub(crate) fn settings(&self) -> impl Iterator<Item = (&str, &Value)> {
        let is_common = |key: &str| key == "$schema" || COMMON.iter().any(|setting| setting.key == key);
        let members = self.block.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value));
        members.filter(move |(key, _)| !is_common(key))
    }

    /// The module, if this version has it.
    fn runs_here(&self) -> Option<&'static ModuleDescription> {
        self.description.filter(|module| !matches!(module.role, Role::Missing))
    }

    fn disable(&mut self) {
        self.enabled = false;
        if let Value::Object(block) = &mut self.block {
            block.insert("enabled".to_owned(), Value::Bool(false));
        }
    }
}

/// Reads the block in load order. `explicit` is the operator's own input: only that gets a notice.
pub(super) fn read(block: &Node<'_>, explicit: &Value) -> Vec<ModuleEntry> {
    let mut modules = Vec::new();
    for (key, entry) in block.members() {
        let written = explicit.get("modules").is_some_and(|modules| modules.get(key).is_some());
        if let Some(mut module) = read_entry(key, &entry) {
            note(&module, &entry, written);
            if module.runs_here().is_none() {
                module.disable();
            }
            modules.push(module);
        }
    }
    refuse_second_instances(&modules, block);
    give_way(&mut modules, block);
    modules
}

fn read_entry(key: &str, node: &Node<'_>) -> Option<ModuleEntry> {
    let description = meant(key, node.value());
    let mut module = ModuleEntry { key: key.to_owned(), description, enabled: false, block: node.value().clone() };
    let is_there = node.map()?.contains_key("enabled");
    if !is_there && module.runs_here().is_some() {
        node.mistake_at("enabled", Wrong::new("is missing").fix("write true or false"));
    } else if !is_there {
        // A module we do not run must not prevent the start, whatever its entry looks like.
        node.note(Wrong::new("has no member enabled, so it is ignored").fix("write true or false"));
    }
    module.enabled = node.boolean("enabled")?;
    Some(module)
}

fn note(module: &ModuleEntry, node: &Node<'_>, written: bool) {
    let key = module.key.as_str();
    let did_you_mean = || closest(key, keys()).map(|meant| format!("did you mean {meant}?"));
    match module.description {
        None if module.enabled => {
            let location = module.block.get("location").and_then(Value::as_str).unwrap_or("none");
            let message = format!(
                "is unknown (location: {location}) and does not run, because modules of others cannot be loaded"
            );
            let instead = "to learn of events use modules.webhooks, modules.messageBrokerPublisher or the event stream; to act use \
                           the REST interface";
            node.note(Wrong::new(message).fix(did_you_mean().unwrap_or_else(|| instead.to_owned())));
        }
        None => {
            if let Some(fix) = did_you_mean() {
                node.note(Wrong::new("is unknown").fix(fix));
            }
        }
        Some(_) if !module.enabled => {}
        Some(ModuleDescription { role: Role::Missing, .. }) if written => {
            node.note(Wrong::new("is enabled, but this version does not have the module, so it does not run"));
        }
        Some(description) => {
            let is_former = description.former_keys.contains(&key);
            let former = is_former.then(|| format!("modules.{}", description.key));
            if let Some(successor) = description.successor.map(str::to_owned).or(former) {
                node.note(Wrong::new(format!("is deprecated; its successor is {successor}")));
            }
        }
    }
}

/// A module may only run once (`docs/protocol/07 §1.4.6`).
fn refuse_second_instances(modules: &[ModuleEntry], block: &Node<'_>) {
    for (index, module) in modules.iter().enumerate().filter(|(_, module)| module.enabled) {
        let Some(description) = module.runs_here() else { continue };
        let first = modules.iter().take(index).find(|other| other.enabled && other.is(description.key));
        if let Some(first) = first {
            let message = format!("is the same module as modules.{}, which may run once only", first.key);
            block.mistake_at(&module.key, Wrong::new(message).fix("disable one of them"));
        }
    }
}

/// Both would do the same work, so only one of them runs (for sse and sync see `docs/protocol/07 §1.3`).
fn give_way(modules: &mut [ModuleEntry], block: &Node<'_>) {
    for index in 0..modules.len() {
        let Some(module) = modules.get(index).filter(|module| module.enabled) else { continue };
        let Some(preferred) = module.description.and_then(|description| description.gives_way_to) else { continue };
        let Some(preferred) = modules.iter().find(|other| other.enabled && other.is(preferred)) else { continue };
        let message = format!("modules.{} is enabled as well: modules.{} is switched off", preferred.key, module.key);
        if let Some(entry) = block.member(&module.key) {
            entry.note(Wrong::new(format!("does what another module does, and {message}")));
        }
        if let Some(module) = modules.get_mut(index) {
            module.disable();
        }
    }
}
