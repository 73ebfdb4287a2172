//! The description that the program needs of a module before it runs.

use std::sync::Arc;

use network::Trust;
use runtime::Module;
use settings::{Kind, Names, Node, Section, Setting};

use crate::message_broker_publisher::MessageBrokerPublisherConfig;

/// An entry of the catalogue of modules. Nothing else about a module is stated outside its folder.
#[derive(Debug, Clone, Copy)]
pub struct ModuleDescription {
    /// The key in `modules` that selects it if there is no `location`.
    pub key: &'static str,
    /// Other such keys.
    pub other_keys: &'static [&'static str],
    /// Keys that selected it in earlier versions.
    pub former_keys: &'static [&'static str],
    /// The endings of a `location` that selects this module.
    pub classes: &'static [&'static str],
    /// The default of `enabled`, and its `location`; `None`: it exists only if it is configured.
    pub default: Option<(bool, &'static str)>,
    /// The permitted members of the entry.
    pub section: Section,
    /// The successor, if this is a name of earlier versions, and what to write there.
    pub successor: Option<&'static str>,
    /// The module that does the same and is preferred.
    pub gives_way_to: Option<&'static str>,
    /// Settings for debug mode only.
    pub for_debugging: &'static [&'static str],
    /// Its role.
    pub role: Role,
    /// Documentation for operators.
    pub documentation: &'static str,
}

/// The role of a module. Modules start in this order: receivers of events are ready when events arrive.
#[derive(Debug, Clone, Copy)]
pub enum Role {
    /// It does not exist yet.
    Missing,
    /// It is a part of the REST interface.
    Serves,
    /// It delivers events to others.
    Delivers(Make),
    /// It names the message brokers to which events are published.
    Publishes(fn(&Node<'_>) -> Option<MessageBrokerPublisherConfig>),
    /// It acts on events.
    Reacts(Make),
    /// It synchronises, which causes events.
    Pulls(Make),
}

/// Creates a module from its entry, which was checked against its table; `None` if there are mistakes.
pub type Make = fn(&Node<'_>, &Trust) -> Option<Arc<dyn Module>>;

/// The settings that every entry may have.
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
    /// A module that is off unless it is switched on.
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

    /// Returns true if an entry selects it: by the class at the end of `location`, or without that by its key.
    #[must_use]
    pub fn is_meant_by(&self, key: &str, location: Option<&str>) -> bool {
        let class = location.and_then(|location| location.rsplit([':', '/']).next());
        let name = class.unwrap_or(key);
        let mut keys = self.other_keys.iter().chain(self.former_keys).chain([&self.key]);
        self.classes.contains(&name) || keys.any(|key| *key == name)
    }
}
