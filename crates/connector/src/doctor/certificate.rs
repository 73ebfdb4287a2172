//! The two facts about a certificate not available elsewhere: the end of its validity, and its fingerprint.

use core_types::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The SHA-256 fingerprint in the form used for pins.
pub(super) fn fingerprint(certificate: &[u8]) -> String {
    crypto::hash::sha256(certificate).iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

/// The end of its validity, from the DER form (RFC 5280 §4.1). `None` if it is not a certificate.
pub(super) fn valid_until(certificate: &[u8]) -> Option<Timestamp> {
    let (contents, _) = expect(certificate, SEQUENCE)?;
    let (mut fields, _) = expect(contents, SEQUENCE)?;
    if let Some((_, rest)) = expect(fields, VERSION) {
        fields = rest;
    }
    // Serial number, algorithm and issuer come before the validity.
    for _ in 0..3 {
        fields = element(fields)?.2;
    }
    let (validity, _) = expect(fields, SEQUENCE)?;
    let (_, _, validity) = element(validity)?;
    let (tag, time, _) = element(validity)?;
    instant(tag, std::str::from_utf8(time).ok()?)
}

/// The first element, if it has the tag, and the rest.
fn expect(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    element(bytes).filter(|(found, _, _)| *found == tag).map(|(_, content, rest)| (content, rest))
}

/// Tag and content of the first element, and the rest.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, bytes) = bytes.split_first()?;
    let (&length, bytes) = bytes.split_first()?;
    let (length, bytes) = match length {
        0..=0x7f => (usize::from(length), bytes),
        // Four bytes are enough for the length of any certificate.
        0x81..=0x84 => {
            let (digits, bytes) = bytes.split_at_checked(usize::from(length - 0x80))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), bytes)
        }
        _ => return None,
    };
    let (content, rest) = bytes.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// `YYMMDDHHMMSSZ`, with years from 50 on in the last century, or `YYYYMMDDHHMMSSZ`.
fn instant(tag: u8, text: &str) -> Option<Timestamp> {
    let digits = text.strip_suffix('Z').filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))?;
    let (year, rest) = match (tag, digits.len()) {
        (UTC_TIME, 12) => {
            let (year, rest) = digits.split_at(2);
            let year: i16 = year.parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        (GENERALIZED_TIME, 14) => {
            let (year, rest) = digits.split_at(4);
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let part = |index: usize| rest.get(2 * index..2 * index + 2)?.parse::<i8>().ok();
    let time = Time::new(part(2)?, part(3)?, part(4)?, 0).ok()?;
    let day = Date::new(year, part(0)?, part(1)?).ok()?;
    let instant = DateTime::from_parts(day, time).to_zoned(TimeZone::UTC).ok()?.timestamp();
    Some(Timestamp::from_millis(instant.as_millisecond()))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;

    use super::{GENERALIZED_TIME, UTC_TIME, fingerprint, instant, valid_until};

    #[test]
    fn certificates_are_read_and_anything_else_is_none() {
        let pem = include_bytes!("../../tests/system/tls/localhost.pem");
        let certificate = CertificateDer::from_pem_slice(pem).unwrap();
        assert_eq!(valid_until(&certificate).unwrap().to_string(), "2119-01-01T00:00:00.000Z");
        assert!(fingerprint(&certificate).starts_with("43:33:2F:5B:1C:0F:BE:2B:"));
        for end in 0..certificate.len() {
            assert_eq!(valid_until(certificate.get(..end).unwrap()), None, "{end} bytes");
        }
        for odd in [&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff][..], &[0x30, 0x80], &[0x30], b"no certificate at all"] {
            assert_eq!(valid_until(odd), None, "{odd:?}");
        }
    }

    #[test]
    fn both_kinds_of_time_are_understood() {
        for (tag, text, expected) in [
            (UTC_TIME, "490101000000Z", Some("2049-01-01T00:00:00.000Z")),
            (UTC_TIME, "500101000000Z", Some("1950-01-01T00:00:00.000Z")),
            (GENERALIZED_TIME, "20500229000000Z", None),
            (GENERALIZED_TIME, "20520229235959Z", Some("2052-02-29T23:59:59.000Z")),
            (GENERALIZED_TIME, "490101000000Z", None),
            (UTC_TIME, "4901010000000", None),
            (UTC_TIME, "49010100000€Z", None),
        ] {
            assert_eq!(instant(tag, text).map(|instant| instant.to_string()).as_deref(), expected, "{text}");
        }
    }
}
