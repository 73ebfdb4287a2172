//! List filters: query parameters become conditions on stored documents (`docs/protocol/06-rest-api.md` §4.5, §4.6),
//! and select a part of the list and its order (`docs/rest-api.md`).
//!
//! User input is compared as text. No part of it is ever interpreted as a pattern.

mod fields;
mod page;
mod value;

pub use fields::{FilterKind, Resource};
pub use page::{AFTER, LARGEST_LIMIT, LIMIT, OFFSET, SORT};
pub(crate) use page::{parse_list, unknown_position};

use store::Filter;

use crate::error::{ApplicationError, RuntimeError};
use fields::{Field, Rule};

/// Restricts a list by the owner of its objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// All.
    Any,
    /// Own ones only, regardless of the query.
    Own,
    /// Those of peers only, regardless of the query.
    Peer,
}

/// Reads the decoded query parameters of a list, in the order sent; repeated parameters are repeated.
///
/// # Errors
/// `error.runtime.validation.invalidPropertyValue`: a parameter that is not a filter of the resource, one that must not
/// be repeated, or one with a value outside its permitted ones.
pub fn parse(resource: Resource, query: &[(String, String)]) -> Result<Filter, ApplicationError> {
    let parameters = group(query);
    let known = |name: &str| resource.fields().iter().find(|field| field.name == name);
    if parameters.iter().any(|(name, _)| known(name).is_none()) {
        return Err(RuntimeError::property("query must NOT have additional properties").into());
    }
    let mut conditions = Vec::new();
    for field in resource.fields() {
        if let Some((_, values)) = parameters.iter().find(|(name, _)| *name == field.name) {
            check(field, values)?;
            conditions.extend(condition(field, values));
        }
    }
    Ok(Filter::And(conditions))
}

/// [`parse`] for a list of own objects, objects of peers, or both.
///
/// # Errors
/// Those of [`parse`].
pub(crate) fn parse_owned(
    resource: Resource,
    ownership: Ownership,
    query: &[(String, String)],
) -> Result<Filter, ApplicationError> {
    let is_own = match ownership {
        Ownership::Any => return parse(resource, query),
        Ownership::Own => true,
        Ownership::Peer => false,
    };
    parse(resource, query)?;
    let others: Vec<_> = query.iter().filter(|(name, _)| name != "isOwn").cloned().collect();
    Ok(parse(resource, &others)?.and(Filter::eq("isOwn", is_own)))
}

/// Groups values by name. A repeated name may carry `[]`.
fn group(query: &[(String, String)]) -> Vec<(&str, Vec<&str>)> {
    let mut parameters: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, value) in query.iter().filter(|(name, _)| name != "__proto__") {
        match parameters.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) => values.push(value),
            None => parameters.push((name, vec![value])),
        }
    }
    for (name, values) in &mut parameters {
        if values.len() > 1 {
            *name = name.strip_suffix("[]").unwrap_or(name);
        }
    }
    parameters
}

fn check(field: &Field, values: &[&str]) -> Result<(), ApplicationError> {
    let failure = |text: &str| Err(RuntimeError::property(format!("query/{} {text}", field.name)).into());
    if field.single && values.len() > 1 {
        return failure("must be string");
    }
    match field.allowed {
        Some(allowed) if values.iter().any(|value| !allowed.contains(value)) => {
            failure("must be equal to one of the allowed values")
        }
        _ => Ok(()),
    }
}

/// `None` if the parameter sets no condition.
fn condition(field: &Field, values: &[&str]) -> Option<Filter> {
    let path = field.path;
    match (field.rule, values) {
        (Rule::Operators, _) => Some(value::condition(path, values)),
        (Rule::Literal, [text]) => Some(Filter::eq(path, *text)),
        (Rule::Literal, _) => Some(Filter::any_of(path, values.iter().copied())),
        (Rule::Tags, _) => Some(Filter::Or(values.iter().map(|tag| Filter::eq(path, *tag)).collect())),
        // Every attachment has an id with this prefix.
        (Rule::Attachments, ["+"]) => Some(Filter::StartsWith(path.to_owned(), "FIL".to_owned())),
        (Rule::Attachments, _) => Some(Filter::any_of(path, values.iter().copied())),
        (Rule::BodyFormat, _) => Some(body_format(path, values)),
        (Rule::Participant, [one]) => {
            let one = value::convert(one);
            Some(Filter::eq("createdBy", one.clone()).or(Filter::eq("recipients.address", one)))
        }
        (Rule::Participant, _) => {
            Some(value::condition("createdBy", values).or(value::condition("recipients.address", values)))
        }
        (Rule::PasswordIsPin, ["!"]) => Some(Filter::eq(path, "pw")),
        (Rule::PasswordIsPin, _) => Some(Filter::StartsWith(path.to_owned(), "pin".to_owned())),
        (Rule::LocationIndicator, [indicator]) => Some(Filter::eq(path, value::location_indicator(indicator))),
        (Rule::LocationIndicator, _) => Some(Filter::None),
    }
}

/// Mails of releases before 7.1 name no format, and those of later ones are stored with the default.
fn body_format(path: &str, values: &[&str]) -> Filter {
    let named = value::condition(path, values);
    let unnamed = Filter::missing(path).and(Filter::eq("content.@type", "Mail"));
    if named.matches(&serde_json::json!({ "content": { "@type": "Mail", "bodyFormat": "PlainText" } })) {
        named.or(unnamed)
    } else {
        named.and(unnamed.negate())
    }
}

#[cfg(test)]
mod tests;
