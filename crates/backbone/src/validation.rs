//! Field rules that several resources share. Only the first failure is reported (`docs/protocol/03 §1.8`).

use std::ops::RangeInclusive;

use backbone_api::Bytes;
use core_types::{IdentityAddress, Timestamp};

use crate::http::ApiError;
use crate::ids::{WireId, is_well_formed};

/// Largest encrypted content of a template, token or message.
pub(crate) const MAX_CONTENT: usize = 10 * 1024 * 1024;
/// Largest encrypted content of a file. Peers may upload 10 MiB, which is a third larger when encrypted.
pub(crate) const MAX_FILE: usize = 15 * 1024 * 1024;

/// 9999-12-31T23:59:59.999Z, the last instant the reference can name.
pub(crate) const LAST_INSTANT: Timestamp = Timestamp::from_millis(253_402_300_799_999);
/// 0001-01-01T00:00:00.000Z, the first one.
const FIRST_INSTANT: Timestamp = Timestamp::from_millis(-62_135_596_800_000);

const PASSWORD: RangeInclusive<usize> = 1..=200;

pub(crate) fn length(name: &str, bytes: &Bytes, range: &RangeInclusive<usize>) -> Result<(), ApiError> {
    if range.contains(&bytes.len()) {
        return Ok(());
    }
    let (least, most) = (range.start(), range.end());
    Err(ApiError::invalid_property(format!("'{name}' must have between {least} and {most} bytes.")))
}

pub(crate) fn password(password: Option<&Bytes>) -> Result<(), ApiError> {
    password.map_or(Ok(()), |password| length("password", password, &PASSWORD))
}

pub(crate) fn max_characters(name: &str, text: &str, most: usize) -> Result<(), ApiError> {
    if text.chars().count() <= most {
        return Ok(());
    }
    Err(ApiError::invalid_property(format!("'{name}' must have at most {most} characters.")))
}

pub(crate) fn address(name: &str, address: &IdentityAddress) -> Result<(), ApiError> {
    if address.is_valid() {
        Ok(())
    } else {
        Err(ApiError::invalid_property(format!("'{name}' is not a valid address.")))
    }
}

pub(crate) fn id<T: WireId>(name: &str, id: &T) -> Result<(), ApiError> {
    if is_well_formed(id) { Ok(()) } else { Err(ApiError::invalid_property(format!("'{name}' is not a valid id."))) }
}

pub(crate) fn in_future(name: &str, time: Timestamp, now: Timestamp) -> Result<(), ApiError> {
    if !(FIRST_INSTANT..=LAST_INSTANT).contains(&time) {
        return Err(ApiError::cannot_parse(format!("'{name}': The date is out of range.")));
    }
    if time > now { Ok(()) } else { Err(ApiError::invalid_property(format!("'{name}' must be in the future."))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_are_the_dates_they_claim_to_be() {
        assert_eq!(LAST_INSTANT.to_string(), "9999-12-31T23:59:59.999Z");
        assert_eq!(FIRST_INSTANT.to_string(), "0001-01-01T00:00:00.000Z");
    }

    #[test]
    fn lengths_include_both_ends() {
        for (bytes, ok) in [(0, false), (1, true), (2, true), (3, false)] {
            assert_eq!(length("x", &Bytes(vec![0; bytes]), &(1..=2)).is_ok(), ok, "{bytes}");
        }
    }
}
