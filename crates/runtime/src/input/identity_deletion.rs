//! The deletion of the own Identity (`docs/protocol/06-rest-api.md` §5.14).

use crate::error::{ApplicationError, RuntimeError};

const LENGTH: &str = "lengthOfGracePeriodInDays";
/// Ten thousand years; anything beyond is not a date.
const MAX_DAYS: f64 = 3_652_500.0;

/// `POST /IdentityDeletionProcess`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct InitiateIdentityDeletionRequest {
    /// Days until the Identity is deleted, fractions allowed; the Backbone chooses if absent.
    pub length_of_grace_period_in_days: Option<f64>,
}

impl InitiateIdentityDeletionRequest {
    /// # Errors
    /// `error.runtime.validation.invalidPropertyValue`.
    pub fn parse(query: &[(String, String)]) -> Result<Self, ApplicationError> {
        let mut given = query.iter().filter(|(name, _)| name == LENGTH).map(|(_, value)| value);
        let invalid = |rule: String| ApplicationError::from(RuntimeError::property(format!("{LENGTH} {rule}")));
        let length_of_grace_period_in_days = match (given.next(), given.next()) {
            (None, _) => None,
            (Some(text), None) => {
                let days = text.trim().parse::<f64>().ok().filter(|days| days.is_finite());
                let days = days.ok_or_else(|| invalid("must be number".to_owned()))?;
                if days.abs() > MAX_DAYS {
                    let rule =
                        if days > 0.0 { format!("must be <= {MAX_DAYS}") } else { format!("must be >= -{MAX_DAYS}") };
                    return Err(invalid(rule));
                }
                Some(days)
            }
            (Some(_), Some(_)) => return Err(invalid("must be number".to_owned())),
        };
        Ok(Self { length_of_grace_period_in_days })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(values: &[&str]) -> Result<Option<f64>, String> {
        let query: Vec<_> = values.iter().map(|value| (LENGTH.to_owned(), (*value).to_owned())).collect();
        let request = InitiateIdentityDeletionRequest::parse(&query);
        request.map(|request| request.length_of_grace_period_in_days).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn lengths_are_numbers_of_days() {
        assert_eq!(parse(&[]), Ok(None));
        for (text, days) in [("7", 7.0), ("0", 0.0), ("0.5", 0.5), ("-1", -1.0), ("1e2", 100.0)] {
            assert_eq!(parse(&[text]), Ok(Some(days)), "{text}");
        }
        for values in [&["x"][..], &[""], &["NaN"], &["inf"], &["1", "2"], &["1,5"]] {
            assert_eq!(parse(values), Err(format!("{LENGTH} must be number")), "{values:?}");
        }
        assert_eq!(parse(&["1e300"]), Err(format!("{LENGTH} must be <= 3652500")));
        assert_eq!(parse(&["-1e300"]), Err(format!("{LENGTH} must be >= -3652500")));
    }
}
