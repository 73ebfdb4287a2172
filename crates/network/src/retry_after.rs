//! The pause that a server asks for (RFC 9110 §10.2.3).

use std::time::{Duration, SystemTime};

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// The value of `Retry-After`: seconds, or a date, which counts from the server's own `Date` if there is one, so that
/// clocks need not agree. `None` for a header that is missing or meaningless; zero for a date that has passed.
#[must_use]
pub fn read(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number can hold mean a very long time.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let date = headers.get(DATE).and_then(|date| date.to_str().ok());
    let theirs = date.and_then(|date| httpdate::parse_http_date(date.trim()).ok());
    Some(until.duration_since(theirs.unwrap_or(now)).unwrap_or_default())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn pause(retry_after: &str, date: Option<&str>) -> Option<u64> {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, retry_after.parse().unwrap());
        headers.extend(date.map(|date| (DATE, date.parse().unwrap())));
        read(&headers, now).map(|pause| pause.as_secs())
    }

    #[test]
    fn seconds_and_all_three_forms_of_a_date_are_kept_to() {
        for (text, expected) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sunday, 06-Nov-94 08:50:37 GMT", Some(60)),
            ("Sun Nov  6 08:50:37 1994", Some(60)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("soon", None),
            ("-5", None),
            ("1.5", None),
            ("", None),
        ] {
            assert_eq!(pause(text, None), expected, "{text:?}");
        }
    }

    #[test]
    fn a_date_counts_by_the_clock_of_the_server() {
        let until = "Mon, 01 Jan 2035 00:00:30 GMT";
        assert_eq!(pause(until, Some("Mon, 01 Jan 2035 00:00:00 GMT")), Some(30));
        assert!(pause(until, Some("no date")).unwrap() > 1_000_000);
    }

    #[test]
    fn without_the_header_nothing_is_asked_for() {
        assert_eq!(read(&HeaderMap::new(), SystemTime::UNIX_EPOCH), None);
    }
}
