use std::convert::Infallible;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use backbone_api::{Bytes, codes, paging};

use super::ApiError;
use crate::ids::{WireId, is_well_formed};

/// Query parameters; names are compared in any case (`docs/protocol/03 §1.3`).
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

impl Query {
    fn parse(query: &str) -> Self {
        Self(
            form_urlencoded::parse(query.as_bytes())
                .map(|(name, value)| (name.to_ascii_lowercase(), value.into_owned()))
                .collect(),
        )
    }

    /// The first value of a parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    fn all<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        self.0.iter().filter(move |(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// A parameter that must be present and not empty.
    pub(crate) fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.get(name)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| ApiError::cannot_parse(format!("'{name}': The value is required.")))
    }

    /// A parameter of another type than text.
    pub(crate) fn parsed<T: FromStr>(&self, name: &str) -> Result<Option<T>, ApiError> {
        self.get(name)
            .filter(|value| !value.is_empty())
            .map(|value| {
                value.parse().map_err(|_| ApiError::cannot_parse(format!("'{name}': The value is not valid.")))
            })
            .transpose()
    }

    /// A number that is not negative and, for the reference, 32 bits wide.
    fn int32(&self, name: &str) -> Result<Option<u64>, ApiError> {
        let number = self.parsed::<u64>(name)?;
        if number.is_some_and(|number| i32::try_from(number).is_err()) {
            return Err(ApiError::cannot_parse(format!("'{name}': The value is not valid.")));
        }
        Ok(number)
    }

    /// A parameter holding base64.
    pub(crate) fn bytes(&self, name: &str) -> Result<Option<Bytes>, ApiError> {
        self.get(name).filter(|value| !value.is_empty()).map(|value| base64(name, value)).transpose()
    }

    /// The repeated parameter `ids`.
    pub(crate) fn ids<T: WireId>(&self) -> Result<Vec<T>, ApiError> {
        self.all("ids").map(|id| checked_id(id)).collect()
    }

    /// A list of objects with `id` and `password`: `templates.0.id=…&templates.0.password=…`. It ends at
    /// the first number without any member.
    pub(crate) fn guarded_ids<T: WireId>(&self, list: &str) -> Result<Vec<(T, Option<Bytes>)>, ApiError> {
        let mut items = Vec::new();
        loop {
            let id = format!("{list}.{}.id", items.len());
            let password = format!("{list}.{}.password", items.len());
            match (self.get(&id), self.bytes(&password)?) {
                (Some(id), password) => items.push((checked_id(id)?, password)),
                (None, Some(_)) => return Err(ApiError::invalid_property(format!("'{id}' must not be empty."))),
                (None, None) => return Ok(items),
            }
        }
    }

    pub(crate) fn paging(&self) -> Result<Paging, ApiError> {
        let number = self.int32(paging::PAGE_NUMBER)?.unwrap_or(1);
        let size = self.int32(paging::PAGE_SIZE)?.unwrap_or(paging::DEFAULT_PAGE_SIZE);
        if number == 0 {
            return Err(ApiError::invalid_property("'PageNumber' must be greater than 0."));
        }
        if !(1..=paging::MAX_PAGE_SIZE).contains(&size) {
            let message = format!("The page size must be between 1 and {}.", paging::MAX_PAGE_SIZE);
            return Err(ApiError::rule(codes::INVALID_PAGE_SIZE, message));
        }
        Ok(Paging { number, size })
    }
}

fn base64(name: &str, value: &str) -> Result<Bytes, ApiError> {
    Bytes::parse(value).map_err(|error| ApiError::cannot_parse(format!("'{name}': {error}")))
}

/// An id of well-formed text.
pub(super) fn checked_id<T: WireId>(id: &str) -> Result<T, ApiError> {
    let id = T::from(id.to_owned());
    if is_well_formed(&id) {
        Ok(id)
    } else {
        Err(ApiError::invalid_property("The ID is not valid. Check length, prefix and the used characters."))
    }
}

/// The page a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Paging {
    /// Starting at 1.
    pub(crate) number: u64,
    pub(crate) size: u64,
}

impl Paging {
    /// Records before this page, for SQL.
    pub(crate) fn offset(self) -> i64 {
        i64::try_from((self.number - 1).saturating_mul(self.size)).unwrap_or(i64::MAX)
    }

    /// Records of this page, for SQL.
    pub(crate) fn limit(self) -> i64 {
        i64::try_from(self.size).unwrap_or(i64::MAX)
    }

    /// The number of all records, if it follows from this page: only behind a full page can there be more.
    pub(crate) fn total_behind(self, items: usize) -> Option<u64> {
        let items = items as u64;
        (items < self.size).then(|| (self.number - 1).saturating_mul(self.size).saturating_add(items))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use core_types::{FileId, TokenId};

    use super::*;

    #[test]
    fn names_are_read_in_any_case() {
        let query = Query::parse("PAGENUMBER=3&pagesize=7");
        assert_eq!(query.paging().unwrap(), Paging { number: 3, size: 7 });
    }

    #[test]
    fn paging_has_defaults_and_limits() {
        assert_eq!(Query::parse("").paging().unwrap(), Paging { number: 1, size: 50 });
        for query in ["pageSize=201", "pageSize=0", "pageNumber=0", "pageNumber=x", "pageSize=-1"] {
            assert!(Query::parse(query).paging().is_err(), "{query}");
        }
        let last = Query::parse(&format!("pageNumber={}&pageSize=200", i32::MAX)).paging().unwrap();
        assert_eq!(last.offset(), (i64::from(i32::MAX) - 1) * 200);
    }

    #[test]
    fn reads_repeated_ids() {
        let ids: Vec<FileId> = Query::parse("ids=FIL1&ids=FIL2").ids().unwrap();
        assert_eq!(ids, [FileId::new("FIL1"), FileId::new("FIL2")]);
        assert!(Query::parse("ids=FIL1&ids=TOK2").ids::<FileId>().is_err());
    }

    #[test]
    fn reads_lists_of_objects_up_to_the_first_gap() {
        let query = Query::parse("tokens.0.id=TOK1&tokens.1.id=TOK2&tokens.1.password=AAE%3D&tokens.3.id=TOK4");
        let items: Vec<(TokenId, Option<Bytes>)> = query.guarded_ids("tokens").unwrap();
        assert_eq!(items, [(TokenId::new("TOK1"), None), (TokenId::new("TOK2"), Some(Bytes(vec![0, 1])))]);
        assert!(Query::parse("tokens.0.password=AAE%3D").guarded_ids::<TokenId>("tokens").is_err());
        assert!(Query::parse("tokens.0.id=TOK1&tokens.0.password=%25").guarded_ids::<TokenId>("tokens").is_err());
    }
}
