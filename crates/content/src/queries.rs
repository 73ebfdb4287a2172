//! The meaning of queries, as pure functions: which attributes they select (`docs/protocol/04 §7.2`) and whether an attribute
//! answers them (`§7.3`).

use serde_json::Value;

use crate::values::RelationshipValue;
use crate::words::{Confidentiality, Owner, ThirdPartyOwner};
use crate::{
    Attribute, IdentityAttribute, Query, RelationshipAttribute, RelationshipAttributeQuery,
    ThirdPartyRelationshipAttributeQuery, iql,
};

/// A condition on a stored attribute `{content, peer?, …}`: simple enough to be translated into the filter of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// All of them hold.
    All(Vec<Self>),
    /// One of them holds.
    Any(Vec<Self>),
    /// The member is this text, or a list that contains it.
    Equals(&'static str, String),
    /// The member is not this text.
    Differs(&'static str, &'static str),
    /// The member is one of these texts, or a list that contains one.
    OneOf(&'static str, Vec<String>),
    /// The member is there.
    Exists(&'static str),
}

impl Condition {
    /// Returns whether it holds for a stored attribute.
    #[must_use]
    pub fn holds(&self, attribute: &Value) -> bool {
        let at = |path: &str| path.split('.').try_fold(attribute, |value, name| value.get(name));
        let is = |found: &Value, text: &str| match found {
            Value::Array(items) => items.iter().any(|item| item == text),
            other => other == text,
        };
        match self {
            Self::All(conditions) => conditions.iter().all(|condition| condition.holds(attribute)),
            Self::Any(conditions) => conditions.iter().any(|condition| condition.holds(attribute)),
            Self::Equals(path, text) => at(path).is_some_and(|found| is(found, text)),
            Self::Differs(path, text) => !at(path).is_some_and(|found| is(found, text)),
            Self::OneOf(path, texts) => at(path).is_some_and(|found| texts.iter().any(|text| is(found, text))),
            Self::Exists(path) => at(path).is_some(),
        }
    }
}

const TYPE: &str = "content.@type";
const VALUE_TYPE: &str = "content.value.@type";
const OWNER: &str = "content.owner";
const KEY: &str = "content.key";
const TAGS: &str = "content.tags";
const CONFIDENTIALITY: &str = "content.confidentiality";
const PEER: &str = "peer";
const PRIVATE: &str = Confidentiality::Private.as_str();

/// A selection among the attributes a Connector has stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// For the store.
    pub condition: Condition,
    /// The part the store cannot decide: an IQL query over the content.
    pub iql: Option<iql::Query>,
}

impl Selection {
    /// Returns whether a stored attribute is selected.
    #[must_use]
    pub fn selects(&self, attribute: &Value) -> bool {
        self.condition.holds(attribute)
            && self
                .iql
                .as_ref()
                .is_none_or(|query| attribute.get("content").is_some_and(|content| query.matches(content)))
    }
}

/// The selection a query makes at the Identity with that address. Of a RelationshipAttributeQuery only the first match counts.
/// Superseded versions are selected too.
///
/// # Errors
/// [`iql::IqlError`] for an IQL query that is none, which no reader lets through.
pub fn selection(query: &Query<'_>, own_address: &str) -> Result<Selection, iql::IqlError> {
    let equals = |path, text: &str| Condition::Equals(path, text.to_owned());
    let condition = match query {
        Query::Identity(query) => {
            let mut conditions = vec![
                equals(TYPE, IdentityAttribute::TYPE),
                equals(VALUE_TYPE, query.value_type()),
                equals(OWNER, own_address),
            ];
            if !query.tags().is_empty() {
                conditions.push(Condition::OneOf(TAGS, owned(query.tags())));
            }
            Condition::All(conditions)
        }
        Query::Relationship(query) => Condition::All(vec![
            equals(TYPE, RelationshipAttribute::TYPE),
            equals(KEY, query.key()),
            equals(OWNER, query.owner().or(own_address)),
            Condition::Differs(CONFIDENTIALITY, PRIVATE),
        ]),
        Query::ThirdParty(query) => third_party_condition(query, own_address),
        Query::Iql(query) => {
            let query = iql::Query::parse(query.query_string())?;
            let mut conditions = vec![equals(TYPE, IdentityAttribute::TYPE), equals(OWNER, own_address)];
            if let Some(types) = query.value_types() {
                conditions.push(Condition::OneOf(VALUE_TYPE, owned(&types)));
            }
            return Ok(Selection { condition: Condition::All(conditions), iql: Some(query) });
        }
    };
    Ok(Selection { condition, iql: None })
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn third_party_condition(query: &ThirdPartyRelationshipAttributeQuery<'_>, own_address: &str) -> Condition {
    let parties = owned(query.third_party());
    let any = query.is_for_any_third_party();
    let among = |path| if any { Condition::Exists(path) } else { Condition::OneOf(path, parties.clone()) };
    let own = Condition::Equals(OWNER, own_address.to_owned());
    let theirs = || if any { Condition::All(vec![Condition::Exists(OWNER)]) } else { among(OWNER) };
    let owner = match query.owner() {
        ThirdPartyOwner::Recipient => own,
        ThirdPartyOwner::ThirdParty => theirs(),
        ThirdPartyOwner::Any => Condition::Any(vec![own, theirs()]),
    };
    Condition::All(vec![
        Condition::Equals(TYPE, RelationshipAttribute::TYPE.to_owned()),
        Condition::Equals(KEY, query.key().to_owned()),
        among(PEER),
        Condition::Differs(CONFIDENTIALITY, PRIVATE),
        owner,
    ])
}

impl ThirdPartyRelationshipAttributeQuery<'_> {
    /// Any third party will do: one of those named is nobody.
    #[must_use]
    pub fn is_for_any_third_party(&self) -> bool {
        self.third_party().iter().any(|party| party.is_empty())
    }
}

/// Why an attribute does not answer a query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("The attribute does not answer the query: {0}.")]
pub struct QueryMismatch(&'static str);

impl QueryMismatch {
    /// The code the API reports it with.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "error.consumption.requests.attributeQueryMismatch"
    }
}

/// Checks an attribute that was chosen or created to answer the query of an item; `sender` and `recipient` are those of the
/// request. An IQL query is not evaluated again.
///
/// # Errors
/// [`QueryMismatch`] with the first condition that does not hold.
pub fn check_answer(
    query: &Query<'_>,
    attribute: &Attribute<'_>,
    sender: &str,
    recipient: &str,
) -> Result<(), QueryMismatch> {
    match query {
        Query::Identity(query) => {
            let attribute = owned_identity_attribute(attribute, recipient)?;
            require(attribute.value().type_name() == query.value_type(), "its value is of another type")?;
            let tags = query.tags();
            let has_one = attribute.tags().iter().any(|tag| tags.contains(tag));
            require(tags.is_empty() || has_one, "it has none of the tags")
        }
        Query::Iql(_) => owned_identity_attribute(attribute, recipient).map(|_| ()),
        Query::Relationship(query) => check_relationship_answer(query, relationship_attribute(attribute)?, recipient),
        Query::ThirdParty(query) => {
            check_third_party_answer(query, relationship_attribute(attribute)?, sender, recipient)
        }
    }
}

fn require(holds: bool, otherwise: &'static str) -> Result<(), QueryMismatch> {
    if holds { Ok(()) } else { Err(QueryMismatch(otherwise)) }
}

fn owned_identity_attribute<'a, 'c>(
    attribute: &'a Attribute<'c>,
    recipient: &str,
) -> Result<&'a IdentityAttribute<'c>, QueryMismatch> {
    let Attribute::Identity(attribute) = attribute else { return Err(QueryMismatch("it is no IdentityAttribute")) };
    require(attribute.owner() == Owner::from(recipient), "it does not belong to the recipient")?;
    Ok(attribute)
}

fn relationship_attribute<'a, 'c>(
    attribute: &'a Attribute<'c>,
) -> Result<&'a RelationshipAttribute<'c>, QueryMismatch> {
    match attribute {
        Attribute::Relationship(attribute) => Ok(attribute),
        Attribute::Identity(_) => Err(QueryMismatch("it is no RelationshipAttribute")),
    }
}

fn check_relationship_answer(
    query: &RelationshipAttributeQuery<'_>,
    attribute: &RelationshipAttribute<'_>,
    recipient: &str,
) -> Result<(), QueryMismatch> {
    let (owner, hints) = (query.owner().or(recipient), query.attribute_creation_hints());
    require(attribute.owner() == Owner::from(owner), "it belongs to somebody else")?;
    require(attribute.key() == query.key(), "it has another key")?;
    require(attribute.confidentiality() == hints.confidentiality(), "its confidentiality is another")?;
    require(attribute.value().type_name() == hints.value_type(), "its value is of another type")?;
    if matches!(attribute.value(), RelationshipValue::Consent(_)) {
        return Ok(());
    }
    let text = |name| attribute.value().object().text(name);
    require(text("title") == Some(hints.title()), "its title is another")?;
    require(text("description") == hints.description(), "its description is another")
}

fn check_third_party_answer(
    query: &ThirdPartyRelationshipAttributeQuery<'_>,
    attribute: &RelationshipAttribute<'_>,
    sender: &str,
    recipient: &str,
) -> Result<(), QueryMismatch> {
    let owner = attribute.owner();
    require(owner != Owner::from(sender), "it belongs to the sender")?;
    let (any, is_own) = (query.is_for_any_third_party(), owner == Owner::from(recipient));
    let is_named = query.third_party().iter().any(|party| owner == Owner::from(*party));
    let is_owner_asked_for = match query.owner() {
        ThirdPartyOwner::Recipient => is_own,
        ThirdPartyOwner::ThirdParty => is_named || (any && !is_own),
        ThirdPartyOwner::Any => is_own || any || is_named,
    };
    require(is_owner_asked_for, "it belongs to somebody else")?;
    require(attribute.key() == query.key(), "it has another key")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use core_types::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::{Content, Reader};

    const ME: &str = "did:e:a:dids:me";
    const PEER: &str = "did:e:a:dids:peer";
    const THIRD: &str = "did:e:a:dids:third";

    fn content(value: Value) -> Content {
        Reader::new(Timestamp::from_millis(0)).read(&value).unwrap()
    }

    fn selects(query: Value, attribute: Value) -> bool {
        selection(&Query::of(&content(query)).unwrap(), ME).unwrap().selects(&attribute)
    }

    fn answers(query: Value, attribute: Value) -> bool {
        let (query, attribute) = (content(query), content(attribute));
        check_answer(&Query::of(&query).unwrap(), &Attribute::of(&attribute).unwrap(), PEER, ME).is_ok()
    }

    fn given_name(owner: &str, tags: Value) -> Value {
        json!({"@type": "IdentityAttribute", "owner": owner, "tags": tags, "value": {"@type": "GivenName", "value": "Ann"}})
    }

    fn proprietary(owner: &str, confidentiality: &str) -> Value {
        json!({"@type": "RelationshipAttribute", "owner": owner, "key": "k", "isTechnical": false, "confidentiality": confidentiality,
            "value": {"@type": "ProprietaryString", "title": "T", "value": "v"}})
    }

    fn relationship_query(owner: &str, title: &str) -> Value {
        json!({"@type": "RelationshipAttributeQuery", "key": "k", "owner": owner,
            "attributeCreationHints": {"title": title, "valueType": "ProprietaryString", "confidentiality": "public"}})
    }

    fn third_party_query(owner: &str, parties: Value) -> Value {
        json!({"@type": "ThirdPartyRelationshipAttributeQuery", "key": "k", "owner": owner, "thirdParty": parties})
    }

    #[test]
    fn identity_queries() {
        let query = |tags: Value| json!({"@type": "IdentityAttributeQuery", "valueType": "GivenName", "tags": tags});
        let stored = json!({"content": given_name(ME, json!(["x:a", "x:b"]))});
        assert!(selects(query(json!([])), stored.clone()));
        assert!(selects(query(json!(["x:b", "x:c"])), stored.clone()));
        assert!(!selects(query(json!(["x:c"])), stored));
        assert!(!selects(query(json!([])), json!({"content": given_name(PEER, json!([]))})));
        assert!(answers(query(json!(["x:b"])), given_name(ME, json!(["x:b"]))));
        assert!(!answers(query(json!(["x:b"])), given_name(ME, json!([]))));
        assert!(!answers(query(json!([])), given_name(PEER, json!([]))));
        assert!(!answers(query(json!([])), proprietary(ME, "public")));
    }

    #[test]
    fn iql_queries() {
        let query = json!({"@type": "IQLQuery", "queryString": "GivenName=Bob || #x:a"});
        assert!(selects(query.clone(), json!({"content": given_name(ME, json!(["x:a"]))})));
        assert!(!selects(query.clone(), json!({"content": given_name(ME, json!(["x:b"]))})));
        assert!(!selects(query.clone(), json!({"content": given_name(PEER, json!(["x:a"]))})));
        assert!(answers(query, given_name(ME, json!([]))), "the query is not evaluated");
    }

    #[test]
    fn relationship_queries() {
        let stored = |owner, confidentiality| json!({"peer": PEER, "content": proprietary(owner, confidentiality)});
        assert!(selects(relationship_query("", "T"), stored(ME, "public")));
        assert!(selects(relationship_query(PEER, "other"), stored(PEER, "protected")), "hints play no part");
        assert!(!selects(relationship_query("", "T"), stored(ME, "private")));
        assert!(!selects(relationship_query(PEER, "T"), stored(ME, "public")));
        assert!(answers(relationship_query("", "T"), proprietary(ME, "public")));
        assert!(answers(relationship_query(PEER, "T"), proprietary(PEER, "public")));
        assert!(!answers(relationship_query("", "other"), proprietary(ME, "public")));
        assert!(!answers(relationship_query("", "T"), proprietary(ME, "protected")));
        assert!(!answers(relationship_query("", "T"), given_name(ME, json!([]))));
    }

    #[test]
    fn third_party_queries() {
        let stored = |peer, owner| json!({"peer": peer, "content": proprietary(owner, "public")});
        assert!(selects(third_party_query("recipient", json!([THIRD])), stored(THIRD, ME)));
        assert!(!selects(third_party_query("recipient", json!([THIRD])), stored(THIRD, THIRD)));
        assert!(selects(third_party_query("thirdParty", json!([THIRD])), stored(THIRD, THIRD)));
        assert!(selects(third_party_query("", json!([""])), stored(THIRD, THIRD)));
        assert!(!selects(third_party_query("", json!([THIRD])), stored(PEER, ME)));
        assert!(answers(third_party_query("recipient", json!([THIRD])), proprietary(ME, "public")));
        assert!(answers(third_party_query("thirdParty", json!([""])), proprietary(THIRD, "public")));
        assert!(!answers(third_party_query("thirdParty", json!([""])), proprietary(ME, "public")));
        assert!(answers(third_party_query("", json!([THIRD])), proprietary(THIRD, "public")));
        assert!(!answers(third_party_query("", json!([""])), proprietary(PEER, "public")), "the sender's own");
    }
}
