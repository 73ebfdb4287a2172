//! The Backbone's time, as reported in its answers.

use std::sync::atomic::{AtomicI64, Ordering};

use core_types::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{DATE, HeaderMap};

/// The latest time of a Backbone; its clock may differ from the local one.
#[derive(Debug, Default)]
pub(super) struct ServerTime(AtomicI64);

impl ServerTime {
    /// Records the time of an answer, which has a resolution of one second.
    pub(super) fn note(&self, headers: &HeaderMap) {
        let date = headers.get(DATE).and_then(|date| date.to_str().ok());
        if let Some(date) = date.and_then(|date| rfc2822::parse(date).ok()) {
            self.0.fetch_max(date.timestamp().as_millisecond(), Ordering::Relaxed);
        }
    }

    pub(super) fn latest(&self) -> Option<Timestamp> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            millis => Some(Timestamp::from_millis(millis)),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn never_goes_back_and_ignores_what_is_no_time() {
        let time = ServerTime::default();
        assert_eq!(time.latest(), None);
        for (date, latest) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37.000Z"),
            ("Sun, 06 Nov 1994 08:49:30 GMT", "1994-11-06T08:49:37.000Z"),
            ("tomorrow", "1994-11-06T08:49:37.000Z"),
            ("Mon, 07 Nov 1994 00:00:00 GMT", "1994-11-07T00:00:00.000Z"),
        ] {
            time.note(&HeaderMap::from_iter([(DATE, date.parse().unwrap())]));
            assert_eq!(time.latest().unwrap().to_string(), latest, "{date}");
        }
    }
}
