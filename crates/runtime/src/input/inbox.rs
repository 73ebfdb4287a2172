use transport::documents::InboxState;

use super::deliveries::check_repetition;
use crate::error::{ApplicationError, RuntimeError};

/// Maximum number of entries that one request lists.
const MAXIMUM_ENTRIES: u64 = 1000;
/// The number that it lists by default.
const USUAL_ENTRIES: u64 = 100;

/// The selection of inbox entries to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListInboxRequest {
    pub(crate) state: Option<InboxState>,
    pub(crate) limit: u64,
    pub(crate) offset: u64,
}

impl ListInboxRequest {
    /// Parses the query parameters `state`, `limit` and `offset`.
    ///
    /// # Errors
    /// `error.delivery.invalidQuery`.
    pub fn parse(parameters: &[(String, String)]) -> Result<Self, ApplicationError> {
        let invalid = |message: &str| RuntimeError::DeliveryInvalidQuery(message.to_owned());
        check_repetition(parameters, &[])?;
        let mut request = Self { state: None, limit: USUAL_ENTRIES, offset: 0 };
        for (name, value) in parameters {
            match name.as_str() {
                "state" => {
                    request.state = Some(match value.as_str() {
                        "waiting" => InboxState::Waiting,
                        "givenUp" => InboxState::GivenUp,
                        _ => return Err(invalid("'state' must be 'waiting' or 'givenUp'.").into()),
                    });
                }
                "limit" => {
                    let limit = value.parse().ok().filter(|limit| (1..=MAXIMUM_ENTRIES).contains(limit));
                    request.limit = limit.ok_or_else(|| {
                        invalid(&format!("'limit' must be a whole number from 1 to {MAXIMUM_ENTRIES}."))
                    })?;
                }
                "offset" => {
                    let offset = value.parse::<u32>().ok().map(u64::from);
                    request.offset = offset.ok_or_else(|| invalid("'offset' must be a whole number, 0 or more."))?;
                }
                _ => return Err(invalid("Known parameters are 'state', 'limit' and 'offset'.").into()),
            }
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(parameters: &[(&str, &str)]) -> Result<ListInboxRequest, ApplicationError> {
        let owned: Vec<_> = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        ListInboxRequest::parse(&owned)
    }

    #[test]
    fn known_parameters_are_read_and_others_refused() {
        assert_eq!(parse(&[]), Ok(ListInboxRequest { state: None, limit: 100, offset: 0 }));
        let all = parse(&[("state", "givenUp"), ("limit", "1000"), ("offset", "7")]);
        assert_eq!(all, Ok(ListInboxRequest { state: Some(InboxState::GivenUp), limit: 1000, offset: 7 }));
        for repeated in ["state", "limit", "offset"] {
            let value = if repeated == "state" { "waiting" } else { "1" };
            let error = parse(&[(repeated, value), (repeated, value)]).map_err(|error| error.code().to_owned());
            assert_eq!(error, Err("error.delivery.invalidQuery".to_owned()), "{repeated}");
        }
        for wrong in [("state", "dead"), ("limit", "0"), ("limit", "1001"), ("offset", "-1"), ("after", "1")] {
            assert_eq!(
                parse(&[wrong]).map_err(|error| error.code().to_owned()),
                Err("error.delivery.invalidQuery".to_owned())
            );
        }
    }
}
