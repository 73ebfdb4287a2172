//! What the program has to know of a module before it runs.

use std::sync::Arc;

use network::Trust;
use runtime::Module;
use settings::{Kind, Names, Node, Section, Setting};

use crate::message_broker_publisher::MessageBrokerPublisherConfig;

/// An entry of the catalogue of modules. It is all there is to be said of a module outside of its folder.
#[derive(Debug, Clone, Copy)]
pub struct ModuleDescription {
    /// The key in `modules` that means it where there is no `location`.
    pub key: &'static str,
    /// Other such keys.
    pub other_keys: &'static [&'static str],
    /// Keys that meant it in earlier versions.
    pub former_keys: &'static [&'static str],
    /// What `location` ends in when it means this module.
    pub classes: &'static [&'static str],
    /// Whether it runs unless told otherwise, and its `location`; `None`: it is not there unless somebody writes it.
    pub default: Option<(bool, &'static str)>,
    /// What the entry may hold.
    pub section: Section,
    /// What follows it, if it is a name of earlier versions, and what to write there.
    pub successor: Option<&'static str>,
    /// The module that does the same and is preferred.
    pub gives_way_to: Option<&'static str>,
    /// Settings that are for debug mode only.
    pub for_debugging: &'static [&'static str],
    /// What it does.
    pub role: Role,
    /// For operators.
    pub documentation: &'static str,
}

/// What a module does. In this order they start: what waits for events waits already when they come in.
#[derive(Debug, Clone, Copy)]
pub enum Role {
    /// It is not there yet.
    Missing,
    /// It is a part of the REST interface.
    Serves,
    /// It tells others of events.
    Delivers(Make),
    /// It says which message brokers are told of events.
    Publishes(fn(&Node<'_>) -> Option<MessageBrokerPublisherConfig>),
    /// It acts on events.
    Reacts(Make),
    /// It fetches what causes events.
    Pulls(Make),
}

/// Makes a module of its entry, which was checked against its table; `None` if there are mistakes.
pub type Make = fn(&Node<'_>, &Trust) -> Option<Arc<dyn Module>>;

/// What every entry may hold.
pub const COMMON: &[Setting] = &[
    Setting::new("enabled", Kind::Boolean, "whether the module runs"),
    Setting::new("location", Kind::ANY_TEXT, "which module it is; the key says it as well"),
    Setting::new("displayName", Kind::ANY_TEXT, "accepted, without effect"),
    Setting::new("requiredInfrastructure", Kind::List(&Kind::ANY_TEXT, 0), "accepted, without effect"),
];

/// The name of an event, or a pattern of names.
pub(crate) const TRIGGER: Kind = Kind::Name(&Names {
    what: "event",
    known: runtime::events::EventKind::NAMES,
    elsewhere: runtime::events::FOREIGN_EVENT_NAMES,
    separator: '.',
    covers: runtime::events::matches,
});

impl ModuleDescription {
    /// A module that is off unless somebody switches it on.
    #[must_use]
    pub const fn new(key: &'static str, role: Role, documentation: &'static str) -> Self {
        Self {
            key,
            other_keys: &[],
            former_keys: &[],
            classes: &[],
            default: None,
            section: Section::new(&[]).sharing(&[COMMON]),
            successor: None,
            gives_way_to: None,
            for_debugging: &[],
            role,
            documentation,
        }
    }

    /// With settings of its own.
    #[must_use]
    pub const fn with(self, settings: &'static [Setting]) -> Self {
        Self { section: Section::new(settings).sharing(&[COMMON]), ..self }
    }

    /// Whether an entry is meant for it: by the class that `location` ends in, without one by its key.
    #[must_use]
    pub fn is_meant_by(&self, key: &str, location: Option<&str>) -> bool {
        let class = location.and_then(|location| location.rsplit([':', '/']).next());
        let name = class.unwrap_or(key);
        let mut keys = self.other_keys.iter().chain(self.former_keys).chain([&self.key]);
        self.classes.contains(&name) || keys.any(|key| *key == name)
    }
}
