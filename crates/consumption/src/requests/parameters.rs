//! Decisions about incoming Requests, item by item (`docs/protocol/05 §4.3`).

use content::{Attribute, ContentError, ErrorKind, Reader, RequestItem, Violation};
use core_types::{AttributeId, Timestamp};
use serde_json::Value;

use crate::ConsumptionError;

/// The decision about a Request.
#[derive(Debug, Clone, PartialEq)]
pub struct DecideParameters {
    /// One entry an item or group.
    pub items: Vec<EntryParameters>,
    /// The decider has made it.
    pub decided_by_automation: bool,
}

/// The decision about an item or a group. It is read without the Request, so it can be of the wrong kind.
#[derive(Clone, PartialEq)]
pub struct EntryParameters {
    /// The decisions about the items of a group.
    pub items: Option<Vec<ItemParameters>>,
    /// The decision about an item; of a group only that it has `accept` counts.
    pub item: ItemParameters,
}

/// The decision about an item.
#[derive(Clone, PartialEq)]
pub struct ItemParameters {
    json: Value,
}

/// The way an item is accepted.
#[derive(Clone, PartialEq)]
pub enum AcceptParameters {
    /// Without more.
    Plain,
    /// With an attribute.
    Attribute(AttributeAnswer),
    /// With a promise to delete an attribute at that time.
    Deletion(Timestamp),
    /// With what was filled in.
    FormField(Value),
}

/// An attribute that is asked for or proposed.
#[derive(Clone, PartialEq)]
pub enum AttributeAnswer {
    /// One that is here.
    Existing {
        /// Its id.
        id: AttributeId,
        /// Tags it gets in addition.
        tags: Vec<String>,
    },
    /// A new one: the content in the form in which it is stored.
    New(Value),
}

/// Decisions can hold attributes, which get into no log.
macro_rules! prints_name_only {
    ($($name:ident)+) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )+};
}

prints_name_only! { EntryParameters ItemParameters AcceptParameters AttributeAnswer }

impl DecideParameters {
    /// Reads `{ "items": […], "decidedByAutomation"? }`; other members do not count.
    ///
    /// # Errors
    /// `error.runtime.requestDeserialization`.
    pub fn read(json: &Value) -> Result<Self, ConsumptionError> {
        let items = json.get("items").filter(|items| !items.is_null());
        let items = items.ok_or_else(|| unreadable(Violation::Missing, "items", "Value is not defined"))?;
        let decided_by_automation = match json.get("decidedByAutomation") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(decided)) => *decided,
            Some(_) => {
                return Err(unreadable(Violation::WrongJsonType, "decidedByAutomation", "must be true or false"));
            }
        };
        Ok(Self { items: list(items, EntryParameters::read)?, decided_by_automation })
    }

    /// The decision of the decider.
    #[must_use]
    pub const fn by_automation(items: Vec<EntryParameters>) -> Self {
        Self { items, decided_by_automation: true }
    }
}

impl EntryParameters {
    fn read(json: &Value) -> Result<Self, ConsumptionError> {
        let item = ItemParameters::read(json)?;
        let items = json.get("items").filter(|items| !items.is_null());
        let items = items.map(|items| list(items, ItemParameters::read)).transpose()?;
        Ok(Self { items, item })
    }

    /// The decision about an item.
    #[must_use]
    pub const fn item(item: ItemParameters) -> Self {
        Self { items: None, item }
    }

    /// The decision about a group.
    #[must_use]
    pub fn group(items: Vec<ItemParameters>) -> Self {
        Self { items: Some(items), item: ItemParameters::empty() }
    }
}

impl ItemParameters {
    fn read(json: &Value) -> Result<Self, ConsumptionError> {
        if json.is_object() {
            Ok(Self { json: json.clone() })
        } else {
            Err(unreadable(Violation::WrongJsonType, "items", "each has to be an object"))
        }
    }

    /// The decision with these members.
    #[must_use]
    pub fn of(members: serde_json::Map<String, Value>) -> Self {
        Self { json: Value::Object(members) }
    }

    fn empty() -> Self {
        Self::of(serde_json::Map::new())
    }

    /// It has `accept`, whatever that is.
    #[must_use]
    pub fn has_accept(&self) -> bool {
        self.json.get("accept").is_some()
    }

    /// The item is accepted: `accept` is anything that counts as true in JavaScript.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        match self.json.get("accept") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(accept)) => *accept,
            Some(Value::Number(number)) => number.as_f64() != Some(0.0),
            Some(Value::String(text)) => !text.is_empty(),
            Some(Value::Array(_) | Value::Object(_)) => true,
        }
    }

    /// The code of a rejection, to be checked with the response.
    #[must_use]
    pub fn code(&self) -> Option<&Value> {
        self.json.get("code").filter(|code| !code.is_null())
    }

    /// The text of a rejection, to be checked with the response.
    #[must_use]
    pub fn message(&self) -> Option<&Value> {
        self.json.get("message").filter(|message| !message.is_null())
    }

    /// The way that item is accepted.
    ///
    /// # Errors
    /// `servalErrorDuringRequestItemProcessing`; `unexpectedErrorDuringRequestItemProcessing` for a text that is no date, of which the
    /// peers' reader makes no error of its own.
    pub fn accept_parameters(
        &self,
        item: &RequestItem<'_>,
        reader: &Reader,
    ) -> Result<AcceptParameters, ConsumptionError> {
        match item {
            RequestItem::ReadAttribute(_) => self.attribute("existingAttributeId", "newAttribute", reader),
            RequestItem::ProposeAttribute(_) => self.attribute("attributeId", "attribute", reader),
            RequestItem::DeleteAttribute(_) => self.deletion(),
            RequestItem::FormField(_) => self.form_field(),
            RequestItem::Authentication(_)
            | RequestItem::Consent(_)
            | RequestItem::CreateAttribute(_)
            | RequestItem::ShareAttribute(_)
            | RequestItem::ShareAuthorizationRequest(_)
            | RequestItem::ShareCredentialOffer(_)
            | RequestItem::TransferFileOwnership(_) => Ok(AcceptParameters::Plain),
        }
    }

    fn member(&self, name: &str) -> Option<&Value> {
        self.json.get(name).filter(|value| !value.is_null())
    }

    fn attribute(
        &self,
        existing: &'static str,
        new: &'static str,
        reader: &Reader,
    ) -> Result<AcceptParameters, ConsumptionError> {
        let tags = self.member("tags").map(tags).transpose()?;
        let answer = match (self.member(existing), self.member(new)) {
            (Some(_), Some(_)) => Err(refused(new, &format!("cannot be given together with {existing}"))),
            (None, None) => Err(refused(new, &format!("either it or {existing} has to be given"))),
            (None, Some(_)) if tags.is_some() => Err(refused(new, "cannot be given together with tags")),
            (None, Some(content)) => read_attribute(new, content, reader).map(AttributeAnswer::New),
            (Some(id), None) => {
                let id = id.as_str().ok_or_else(|| refused(existing, "must be a text"))?;
                Ok(AttributeAnswer::Existing { id: AttributeId::new(id), tags: tags.unwrap_or_default() })
            }
        };
        answer.map(AcceptParameters::Attribute)
    }

    fn deletion(&self) -> Result<AcceptParameters, ConsumptionError> {
        let date = self.member("deletionDate").ok_or_else(|| refused("deletionDate", "Value is not defined"))?;
        let date = match date {
            Value::String(text) => text.parse().ok(),
            Value::Number(millis) => millis.as_i64().map(Timestamp::from_millis),
            _ => return Err(refused("deletionDate", "must be a text")),
        };
        let no_date =
            || ConsumptionError::UnexpectedErrorDuringRequestItemProcessing("The deletionDate is no date.".to_owned());
        date.map(AcceptParameters::Deletion).ok_or_else(no_date)
    }

    fn form_field(&self) -> Result<AcceptParameters, ConsumptionError> {
        let response = self.member("response").ok_or_else(|| refused("response", "Value is not defined"))?;
        let is_allowed = match response {
            Value::Array(items) => items.iter().all(Value::is_string),
            other => other.is_string() || other.is_number() || other.is_boolean(),
        };
        if is_allowed {
            Ok(AcceptParameters::FormField(response.clone()))
        } else {
            Err(refused("response", "must be a text, a number, true, false or a list of texts"))
        }
    }
}

/// Most tags an attribute can have, and the length of the longest.
const MAX_TAGS: usize = 20;
const MAX_TAG_LENGTH: usize = 250;

fn tags(json: &Value) -> Result<Vec<String>, ConsumptionError> {
    let texts = json.as_array().map(|items| items.iter().map(|item| item.as_str().map(str::to_owned)));
    let tags: Option<Vec<String>> = texts.and_then(Iterator::collect);
    let tags = tags.ok_or_else(|| refused("tags", "must be a list of texts"))?;
    let unique: std::collections::BTreeSet<_> = tags.iter().collect();
    if unique.len() < tags.len() {
        return Err(refused("tags", "must differ"));
    }
    if tags.len() > MAX_TAGS || tags.iter().any(|tag| tag.encode_utf16().count() > MAX_TAG_LENGTH) {
        return Err(refused("tags", "are too many or too long"));
    }
    Ok(tags)
}

fn read_attribute(member: &'static str, json: &Value, reader: &Reader) -> Result<Value, ConsumptionError> {
    let content = reader
        .read(json)
        .map_err(|error| ConsumptionError::ServalErrorDuringRequestItemProcessing(error.to_string()))?;
    if Attribute::of(&content).is_none() {
        return Err(refused(member, "must be an IdentityAttribute or a RelationshipAttribute"));
    }
    Ok(content.into_value())
}

fn refused(member: &str, reason: &str) -> ConsumptionError {
    ConsumptionError::ServalErrorDuringRequestItemProcessing(format!("{member} :: {reason}"))
}

fn unreadable(violation: Violation, property: &str, reason: &str) -> ConsumptionError {
    ConsumptionError::Content(ContentError {
        kind: ErrorKind::Parsing,
        violation,
        type_name: Some("InternalDecideRequestParameters"),
        property: Some(property.to_owned()),
        path: property.to_owned(),
        reason: reason.to_owned(),
    })
}

fn list<T>(json: &Value, read: impl Fn(&Value) -> Result<T, ConsumptionError>) -> Result<Vec<T>, ConsumptionError> {
    let items = json.as_array().ok_or_else(|| unreadable(Violation::WrongJsonType, "items", "must be a list"))?;
    items.iter().map(read).collect()
}
