//! The configuration of the decider (`docs/protocol/05 §10.1`): `[{ "requestConfig": …, "responseConfig": … }]`.

use serde_json::{Map, Value};

/// Conditions on items begin like that.
pub(super) const ITEM_PREFIX: &str = "content.item.";
/// The condition that is about the Relationship.
pub(super) const RELATIONSHIP_ALREADY_EXISTS: &str = "relationshipAlreadyExists";

/// Which Requests are decided how. It was checked: a Connector with another does not start.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Automation {
    entries: Vec<AutomationEntry>,
}

/// Conditions, and the decision about items that fulfil them.
#[derive(Clone, PartialEq)]
pub struct AutomationEntry {
    request: Map<String, Value>,
    response: Map<String, Value>,
}

/// Decisions can hold attributes.
impl std::fmt::Debug for AutomationEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AutomationEntry").field("request", &self.request.keys()).finish_non_exhaustive()
    }
}

/// A configuration that cannot be used: the place, the mistake and what would help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("automationConfig{place}: {reason}; {fix}")]
pub struct ConfigError {
    /// The place: index and key.
    pub place: String,
    /// The mistake.
    pub reason: String,
    /// The way to correct it.
    pub fix: String,
}

impl ConfigError {
    /// Stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "error.runtime.decide.requestConfigDoesNotMatchResponseConfig"
    }
}

impl Automation {
    /// Reads and checks a configuration; without one everything is left to people.
    ///
    /// # Errors
    /// The first thing that is wrong. Keys nobody knows are not: they are looked up in the Request like all others.
    pub fn read(json: &Value) -> Result<Self, ConfigError> {
        let entries = match json {
            Value::Null => return Ok(Self::default()),
            Value::Array(entries) => entries,
            _ => return Err(error("", "it is no list", "give a list of entries")),
        };
        let read = |(index, entry)| AutomationEntry::read(&format!("[{index}]"), entry);
        Ok(Self { entries: entries.iter().enumerate().map(read).collect::<Result<_, _>>()? })
    }

    /// The entries in their order.
    #[must_use]
    pub fn entries(&self) -> &[AutomationEntry] {
        &self.entries
    }
}

impl AutomationEntry {
    fn read(place: &str, json: &Value) -> Result<Self, ConfigError> {
        let part = |name: &str| {
            let found = json.get(name).and_then(Value::as_object).cloned();
            found.ok_or_else(|| error(&format!("{place}.{name}"), "it is no object", "give an object"))
        };
        let entry = Self { request: part("requestConfig")?, response: part("responseConfig")? };
        entry.check_conditions(&format!("{place}.requestConfig"))?;
        entry.check_response(&format!("{place}.responseConfig"))?;
        Ok(entry)
    }

    /// Conditions that could only ever fail when a Request is compared with them.
    fn check_conditions(&self, place: &str) -> Result<(), ConfigError> {
        for (key, condition) in &self.request {
            let place = format!("{place}.{key}");
            let is_text_or_texts = condition.is_string()
                || condition.as_array().is_some_and(|conditions| conditions.iter().all(Value::is_string));
            if key == RELATIONSHIP_ALREADY_EXISTS && !condition.is_boolean() {
                return Err(error(&place, "it is neither true nor false", "give true or false"));
            }
            if key.ends_with("At") && !is_text_or_texts {
                return Err(error(
                    &place,
                    "it is no date",
                    "give a date, or a list of dates, each with or without < or >",
                ));
            }
        }
        Ok(())
    }

    /// Only some items can be accepted without more, and some need more.
    fn check_response(&self, place: &str) -> Result<(), ConfigError> {
        let needs = |name: &str| {
            let fix = format!("give '{name}'");
            let is_given = self.response.contains_key(name);
            if is_given { Ok(()) } else { Err(error(place, "it does not go with the requestConfig", &fix)) }
        };
        if self.response.get("accept") == Some(&Value::Bool(false)) {
            return Ok(());
        }
        let item_type = if self.is_general() { None } else { self.request.get("content.item.@type") };
        match item_type.and_then(Value::as_str) {
            Some("DeleteAttributeRequestItem") => needs("deletionDate"),
            Some("ProposeAttributeRequestItem") => needs("attribute"),
            Some("ReadAttributeRequestItem") => needs("newAttribute"),
            _ if self.response.len() == 1 && self.accepts() => Ok(()),
            _ => {
                let fix = "give 'accept' alone, as true or false";
                Err(error(place, "it does not go with the requestConfig", fix))
            }
        }
    }

    /// It is about whole Requests.
    pub(super) fn is_general(&self) -> bool {
        !self.request.keys().any(|key| key.starts_with(ITEM_PREFIX))
    }

    /// It accepts.
    pub(super) fn accepts(&self) -> bool {
        self.response.get("accept") == Some(&Value::Bool(true))
    }

    /// The conditions.
    pub(super) fn conditions(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.request.iter().map(|(key, condition)| (key.as_str(), condition))
    }

    /// The decision about an item.
    pub(super) const fn response(&self) -> &Map<String, Value> {
        &self.response
    }
}

fn error(place: &str, reason: &str, fix: &str) -> ConfigError {
    ConfigError { place: place.to_owned(), reason: reason.to_owned(), fix: fix.to_owned() }
}
