//! The requested part of a list and its order. Without these parameters it is the whole list, in the order of storage.

use store::{Query, Sort};

use super::{Ownership, Resource, parse_owned};
use crate::error::{ApplicationError, RuntimeError};

/// The parameter with the maximum number of objects.
pub const LIMIT: &str = "limit";
/// The parameter with the number of objects to skip.
pub const OFFSET: &str = "offset";
/// The parameter that names the object after which the list begins.
pub const AFTER: &str = "after";
/// The parameter that names the member to sort by.
pub const SORT: &str = "sort";

/// Largest value of [`LIMIT`].
pub const LARGEST_LIMIT: u64 = 1000;

/// Reads all query parameters of a list.
///
/// # Errors
/// Those of [`super::parse`], and `error.runtime.validation.invalidPropertyValue` for an invalid part or order.
pub(crate) fn parse_list(
    resource: Resource,
    ownership: Ownership,
    query: &[(String, String)],
) -> Result<Query, ApplicationError> {
    let (page, filters): (Vec<_>, Vec<_>) =
        query.iter().cloned().partition(|(name, _)| [LIMIT, OFFSET, AFTER, SORT].contains(&name.as_str()));
    let mut list = Query::new(parse_owned(resource, ownership, &filters)?);
    list.limit = single(&page, LIMIT)?.map(limit).transpose()?;
    let offset = single(&page, OFFSET)?.map(offset).transpose()?;
    let after = single(&page, AFTER)?;
    if offset.is_some() && after.is_some() {
        return Err(RuntimeError::property("query must NOT have both offset and after").into());
    }
    list.offset = offset.unwrap_or_default();
    list.after = after.map(str::to_owned);
    list.sort.extend(single(&page, SORT)?.map(|text| sort(resource, text)).transpose()?);
    Ok(list)
}

/// The object after which a list should begin does not exist.
pub(crate) fn unknown_position() -> ApplicationError {
    failure(AFTER, "must be the id of an object that exists")
}

fn single<'a>(page: &'a [(String, String)], name: &str) -> Result<Option<&'a str>, ApplicationError> {
    let mut values = page.iter().filter(|(given, _)| given == name).map(|(_, value)| value.as_str());
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        _ => Err(failure(name, "must be string")),
    }
}

fn limit(text: &str) -> Result<u64, ApplicationError> {
    let limit = number(text).filter(|limit| (1..=LARGEST_LIMIT).contains(limit));
    limit.ok_or_else(|| failure(LIMIT, &format!("must be an integer from 1 to {LARGEST_LIMIT}")))
}

fn offset(text: &str) -> Result<u64, ApplicationError> {
    number(text).ok_or_else(|| failure(OFFSET, "must be an integer >= 0"))
}

/// Digits and nothing else.
fn number(text: &str) -> Option<u64> {
    text.parse::<u64>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

fn sort(resource: Resource, text: &str) -> Result<Sort, ApplicationError> {
    let (name, descending) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
    let field = resource.fields().iter().find(|field| field.sortable && field.name == name);
    let field = field.ok_or_else(|| failure(SORT, "must be equal to one of the allowed values"))?;
    Ok(Sort { path: field.path.to_owned(), descending })
}

fn failure(name: &str, text: &str) -> ApplicationError {
    ApplicationError::from(RuntimeError::property(format!("query/{name} {text}")))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use store::Filter;

    fn read(query: &[(&str, &str)]) -> Result<Query, String> {
        let query: Vec<_> = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        parse_list(Resource::Relationships, Ownership::Any, &query).map_err(|error| {
            assert_eq!(error.code(), "error.runtime.validation.invalidPropertyValue");
            error.message().to_owned()
        })
    }

    #[test]
    fn parts_and_orders() {
        assert_eq!(read(&[]).unwrap(), Query::new(Filter::And(Vec::new())));
        let all = Query::new(Filter::And(Vec::new()));
        assert_eq!(read(&[("limit", "1000"), ("offset", "0")]).unwrap(), all.clone().limit(1000));
        assert_eq!(read(&[("offset", "18446744073709551615")]).unwrap(), all.clone().offset(u64::MAX));
        let part = all.clone().limit(1).after("REL1").sort_by(Sort::descending("peer.address"));
        assert_eq!(read(&[("sort", "-peer"), ("after", "REL1"), ("limit", "01")]).unwrap(), part);
        assert_eq!(read(&[("sort", "status")]).unwrap(), all.sort_by(Sort::ascending("status")));
        let filtered = read(&[("limit", "5"), ("status", "Active")]).unwrap();
        assert_eq!(filtered.filter, Filter::And(vec![Filter::eq("status", "Active")]));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for value in ["", "0", "1001", "-1", "+1", "1.0", "1e1", " 1", "x", "!", "99999999999999999999"] {
            assert_eq!(
                read(&[("limit", value)]).unwrap_err(),
                "query/limit must be an integer from 1 to 1000",
                "{value}"
            );
        }
        for value in ["", "-1", "+1", "0.5", "18446744073709551616"] {
            assert_eq!(read(&[("offset", value)]).unwrap_err(), "query/offset must be an integer >= 0", "{value}");
        }
        for value in ["", "-", "--peer", "peer.address", "id", "-nope", "PEER", "peer,status"] {
            let expected = "query/sort must be equal to one of the allowed values";
            assert_eq!(read(&[("sort", value)]).unwrap_err(), expected, "{value}");
        }
        for name in ["limit", "offset", "after", "sort"] {
            assert_eq!(read(&[(name, "1"), (name, "1")]).unwrap_err(), format!("query/{name} must be string"));
        }
        let both = read(&[("offset", "0"), ("after", "REL1")]).unwrap_err();
        assert_eq!(both, "query must NOT have both offset and after");
        assert_eq!(read(&[("limit", "x"), ("foo", "1")]).unwrap_err(), "query must NOT have additional properties");
    }

    #[test]
    fn lists_are_sorted_by_plain_values_only() {
        assert_eq!(Resource::Relationships.orders(), ["peer", "status", "templateId"]);
        let messages = Resource::Messages.orders();
        assert!(messages.contains(&"createdAt") && messages.contains(&"content.@type"), "{messages:?}");
        assert!(!messages.contains(&"recipients.address") && !messages.contains(&"participant"), "{messages:?}");
        // An order by a secret would reveal something about it.
        assert!(!Resource::Tokens.orders().iter().any(|name| name.starts_with("passwordProtection")));
        for resource in [Resource::Files, Resource::Messages, Resource::RelationshipTemplates, Resource::Tokens] {
            let filters = resource.parameters();
            assert!([LIMIT, OFFSET, AFTER, SORT].iter().all(|name| !filters.contains(name)), "{filters:?}");
        }
    }
}
