use backbone_api::quotas::QuotaPeriod;
use core_types::Timestamp;
use jiff::ToSpan as _;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::validation::LAST_INSTANT;

/// The calendar period around an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interval {
    pub(super) start: Timestamp,
    /// The last instant that belongs to it.
    pub(super) end: Timestamp,
}

/// The period of a kind that an instant lies in, by the calendar of UTC.
pub(super) fn around(period: QuotaPeriod, now: Timestamp) -> Interval {
    // An instant beyond the calendar has no other period than all of time.
    calendar_period(period, now).unwrap_or(Interval { start: Timestamp::from_millis(i64::MIN), end: LAST_INSTANT })
}

fn calendar_period(period: QuotaPeriod, now: Timestamp) -> Option<Interval> {
    let now = jiff::Timestamp::from_millisecond(now.as_millis()).ok()?.to_zoned(TimeZone::UTC).datetime();
    let midnight = now.date().at(0, 0, 0, 0);
    let (start, length) = match period {
        QuotaPeriod::Hour => (now.date().at(now.hour(), 0, 0, 0), 1.hour()),
        QuotaPeriod::Day => (midnight, 1.day()),
        QuotaPeriod::Week => {
            let days = now.weekday().to_monday_zero_offset();
            (midnight.checked_sub(i64::from(days).days()).ok()?, 1.week())
        }
        QuotaPeriod::Month => (now.date().first_of_month().at(0, 0, 0, 0), 1.month()),
        QuotaPeriod::Year => (now.date().first_of_year().at(0, 0, 0, 0), 1.year()),
        QuotaPeriod::Total => return None,
    };
    let end = start.checked_add(length).ok()?.checked_sub(1.millisecond()).ok()?;
    Some(Interval { start: timestamp(start)?, end: timestamp(end)? })
}

fn timestamp(time: DateTime) -> Option<Timestamp> {
    let zoned = time.to_zoned(TimeZone::UTC).ok()?;
    Some(Timestamp::from_millis(zoned.timestamp().as_millisecond()))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn periods_follow_the_calendar() {
        // A Thursday.
        let now: Timestamp = "2026-01-01T10:30:15.123Z".parse().unwrap();
        for (period, start, end) in [
            (QuotaPeriod::Hour, "2026-01-01T10:00:00.000Z", "2026-01-01T10:59:59.999Z"),
            (QuotaPeriod::Day, "2026-01-01T00:00:00.000Z", "2026-01-01T23:59:59.999Z"),
            (QuotaPeriod::Week, "2025-12-29T00:00:00.000Z", "2026-01-04T23:59:59.999Z"),
            (QuotaPeriod::Month, "2026-01-01T00:00:00.000Z", "2026-01-31T23:59:59.999Z"),
            (QuotaPeriod::Year, "2026-01-01T00:00:00.000Z", "2026-12-31T23:59:59.999Z"),
        ] {
            let interval = around(period, now);
            assert_eq!((interval.start.to_string().as_str(), interval.end.to_string().as_str()), (start, end));
        }
        assert_eq!(around(QuotaPeriod::Total, now).end, LAST_INSTANT);
        assert_eq!(around(QuotaPeriod::Day, Timestamp::MAX).end, LAST_INSTANT);
    }
}
