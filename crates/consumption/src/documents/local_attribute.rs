use std::fmt;

use content::{Content, ContentError, Owner, Reader};
use core_types::{AttributeId, Timestamp};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::{AttributeDetails, AttributeKind, Document, EmittedDetails, ReceivedDetails, prints_id_only};

/// One version of an attribute as this Identity keeps it (`docs/protocol/05 §1.1`).
#[derive(Clone, PartialEq)]
pub struct LocalAttribute {
    /// Made by whoever has it first; the peers know it by the same id.
    pub id: AttributeId,
    /// The IdentityAttribute or RelationshipAttribute, with `@type` in it and in its value.
    pub content: Value,
    /// When it was stored here.
    pub created_at: Timestamp,
    /// The version before.
    pub succeeds: Option<AttributeId>,
    /// The version after.
    pub succeeded_by: Option<AttributeId>,
    /// When it was first marked as viewed.
    pub was_viewed_at: Option<Timestamp>,
    /// Details specific to its kind.
    pub details: AttributeDetails,
    /// Members nobody here knows.
    pub other: Map<String, Value>,
}

impl LocalAttribute {
    /// A first version. `content` has to be in the form a [`Reader`] writes.
    #[must_use]
    pub fn new(id: AttributeId, content: Value, created_at: Timestamp, details: AttributeDetails) -> Self {
        Self {
            id,
            content,
            created_at,
            succeeds: None,
            succeeded_by: None,
            was_viewed_at: None,
            details,
            other: Map::new(),
        }
    }

    /// The kind, which is the `@type`.
    #[must_use]
    pub const fn kind(&self) -> AttributeKind {
        self.details.kind()
    }

    /// The content, checked: what can be looked at as a [`content::Attribute`].
    ///
    /// # Errors
    /// The first thing that is wrong with what is stored.
    pub fn checked_content(&self, reader: &Reader) -> Result<Content, ContentError> {
        reader.read(&self.content)
    }

    /// Whom the attribute is about.
    #[must_use]
    pub fn owner(&self) -> Owner<'_> {
        Owner::from(self.text("owner"))
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> &Value {
        self.content.get("value").unwrap_or(&Value::Null)
    }

    /// The `@type` of the value.
    #[must_use]
    pub fn value_type(&self) -> &str {
        self.value().get("@type").and_then(Value::as_str).unwrap_or_default()
    }

    /// The key of a RelationshipAttribute.
    #[must_use]
    pub fn attribute_key(&self) -> Option<&str> {
        self.content.get("key").and_then(Value::as_str)
    }

    /// The tags of an IdentityAttribute.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.content.get("tags").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    /// Of no interest to people: a RelationshipAttribute can be.
    #[must_use]
    pub fn is_technical(&self) -> bool {
        self.content.get("isTechnical") == Some(&Value::Bool(true))
    }

    /// Nobody but the two may read this RelationshipAttribute.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.text("confidentiality") == content::Confidentiality::Private.as_str()
    }

    /// It is the default of its value type.
    #[must_use]
    pub const fn is_default(&self) -> bool {
        matches!(self.details, AttributeDetails::OwnIdentity { is_default: true })
    }

    fn text(&self, member: &str) -> &str {
        self.content.get(member).and_then(Value::as_str).unwrap_or_default()
    }
}

impl Document for LocalAttribute {
    const COLLECTION: &'static str = "Attributes";
    const INDEXES: &'static [&'static str] = &[
        "@type",
        "content.key",
        "content.owner",
        "content.tags",
        "content.value.@type",
        "content.value.value",
        "createdAt",
        "peer",
    ];
    const TECHNICAL: &'static [&'static str] = &[
        "@type",
        "@context",
        "createdAt",
        "succeeds",
        "succeededBy",
        "wasViewedAt",
        "isDefault",
        "peer",
        "sourceReference",
        "initialAttributePeer",
        "deletionInfo",
    ];
    const USERDATA: &'static [&'static str] = &["content"];

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

/// The members in the order of their names, as the peers write them.
impl Serialize for LocalAttribute {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(None)?;
        members.serialize_entry("@type", &self.kind())?;
        members.serialize_entry("content", &self.content)?;
        members.serialize_entry("createdAt", &self.created_at)?;
        match &self.details {
            AttributeDetails::OwnRelationship(emitted) => entry(&mut members, "deletionInfo", &emitted.deletion_info)?,
            details => {
                let info = details.received().and_then(|received| received.deletion_info);
                entry(&mut members, "deletionInfo", &info)?;
            }
        }
        members.serialize_entry("id", &self.id)?;
        entry(&mut members, "initialAttributePeer", &self.details.initial_attribute_peer())?;
        entry(&mut members, "isDefault", &self.is_default().then_some(true))?;
        entry(&mut members, "peer", &self.details.peer())?;
        entry(&mut members, "sourceReference", &self.details.source_reference())?;
        entry(&mut members, "succeededBy", &self.succeeded_by)?;
        entry(&mut members, "succeeds", &self.succeeds)?;
        entry(&mut members, "wasViewedAt", &self.was_viewed_at)?;
        for (name, value) in &self.other {
            members.serialize_entry(name, value)?;
        }
        members.end()
    }
}

fn entry<M: SerializeMap, T: Serialize>(members: &mut M, name: &str, value: &Option<T>) -> Result<(), M::Error> {
    value.as_ref().map_or(Ok(()), |value| members.serialize_entry(name, value))
}

impl<'de> Deserialize<'de> for LocalAttribute {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AttributeVisitor)
    }
}

/// Reads the members all kinds have as they come, because many attributes are read at once; those that depend on the kind, which may
/// come late, afterwards.
struct AttributeVisitor;

impl<'de> Visitor<'de> for AttributeVisitor {
    type Value = LocalAttribute;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a LocalAttribute")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<LocalAttribute, A::Error> {
        let (mut kind, mut id, mut content, mut created_at) = (None, None, None, None);
        let (mut succeeds, mut succeeded_by, mut was_viewed_at) = (None, None, None);
        let mut members = Members(Map::new());
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "@type" => kind = Some(map.next_value()?),
                "id" => id = Some(map.next_value()?),
                "content" => content = Some(map.next_value::<Value>()?),
                "createdAt" => created_at = Some(map.next_value()?),
                "succeeds" => succeeds = map.next_value()?,
                "succeededBy" => succeeded_by = map.next_value()?,
                "wasViewedAt" => was_viewed_at = map.next_value()?,
                _ => {
                    let value = map.next_value()?;
                    members.0.insert(name, value);
                }
            }
        }
        let missing = A::Error::missing_field;
        let content = content.ok_or_else(|| missing("content"))?;
        if !content.is_object() {
            return Err(A::Error::custom("content is no object"));
        }
        Ok(LocalAttribute {
            content,
            id: id.ok_or_else(|| missing("id"))?,
            created_at: created_at.ok_or_else(|| missing("createdAt"))?,
            succeeds,
            succeeded_by,
            was_viewed_at,
            details: details(kind.ok_or_else(|| missing("@type"))?, &mut members)?,
            other: members.0,
        })
    }
}

fn details<E: serde::de::Error>(kind: AttributeKind, members: &mut Members) -> Result<AttributeDetails, E> {
    let received = |members: &mut Members| -> Result<ReceivedDetails, E> {
        Ok(ReceivedDetails {
            peer: members.needed("peer")?,
            source_reference: members.needed("sourceReference")?,
            deletion_info: members.optional("deletionInfo")?,
        })
    };
    Ok(match kind {
        AttributeKind::OwnIdentityAttribute => {
            AttributeDetails::OwnIdentity { is_default: members.optional("isDefault")?.unwrap_or_default() }
        }
        AttributeKind::PeerIdentityAttribute => AttributeDetails::PeerIdentity(received(members)?),
        AttributeKind::OwnRelationshipAttribute => AttributeDetails::OwnRelationship(EmittedDetails {
            peer: members.needed("peer")?,
            source_reference: members.needed("sourceReference")?,
            deletion_info: members.optional("deletionInfo")?,
        }),
        AttributeKind::PeerRelationshipAttribute => AttributeDetails::PeerRelationship(received(members)?),
        AttributeKind::ThirdPartyRelationshipAttribute => AttributeDetails::ThirdPartyRelationship {
            received: received(members)?,
            initial_attribute_peer: members.needed("initialAttributePeer")?,
        },
    })
}

/// Members that were not taken yet. Those of another kind of attribute stay, and are kept as unknown ones.
struct Members(Map<String, Value>);

impl Members {
    fn optional<T: for<'a> Deserialize<'a>, E: serde::de::Error>(&mut self, name: &str) -> Result<Option<T>, E> {
        let Some(value) = self.0.shift_remove(name).filter(|value| !value.is_null()) else { return Ok(None) };
        serde_json::from_value(value).map(Some).map_err(|error| E::custom(format_args!("{name}: {error}")))
    }

    fn needed<T: for<'a> Deserialize<'a>, E: serde::de::Error>(&mut self, name: &'static str) -> Result<T, E> {
        self.optional(name)?.ok_or_else(|| E::missing_field(name))
    }
}

prints_id_only!(LocalAttribute);
