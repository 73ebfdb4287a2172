//! Instants with millisecond precision (`docs/protocol/01 §7`).
//!
//! The calendar arithmetic is our own: years beyond 9999 (`+010000-…`) are exchanged, which common date libraries
//! refuse.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::CoreError;

const MILLIS_PER_DAY: i64 = 86_400_000;
const MILLIS_PER_HOUR: i64 = 3_600_000;
const MILLIS_PER_MINUTE: i64 = 60_000;

/// An instant, in milliseconds since 1970-01-01T00:00:00Z, written as `2024-01-01T00:00:00.000Z`.
///
/// Reads ISO 8601 (calendar, week and ordinal dates, basic and extended format, any offset, no zone meaning UTC), a
/// non-zero number of milliseconds, or an object with such a text as `date`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Earliest instant that can be written.
    pub const MIN: Self = Self(-8_640_000_000_000_000);
    /// Latest instant that can be written.
    pub const MAX: Self = Self(8_640_000_000_000_000);

    /// The instant `millis` milliseconds after 1970-01-01T00:00:00Z; values outside [`Self::MIN`] to [`Self::MAX`]
    /// become these.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        if millis < Self::MIN.0 {
            Self::MIN
        } else if millis > Self::MAX.0 {
            Self::MAX
        } else {
            Self(millis)
        }
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The instant `duration` later (in whole milliseconds), at most [`Self::MAX`].
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        Self::from_millis(self.0.saturating_add(whole_millis(duration)))
    }

    /// The instant `duration` earlier (in whole milliseconds), at least [`Self::MIN`].
    #[must_use]
    pub fn saturating_sub(self, duration: Duration) -> Self {
        Self::from_millis(self.0.saturating_sub(whole_millis(duration)))
    }

    /// Time passed since `earlier`; zero if `earlier` is later.
    #[must_use]
    pub fn duration_since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or_default())
    }

    /// Returns true if this instant has been reached at `now`: an expiry date equal to `now` has expired.
    #[must_use]
    pub fn is_expired(self, now: Self) -> bool {
        self <= now
    }
}

fn whole_millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.0.div_euclid(MILLIS_PER_DAY));
        let millis = self.0.rem_euclid(MILLIS_PER_DAY);
        let (hour, minute) = (millis / MILLIS_PER_HOUR, millis / MILLIS_PER_MINUTE % 60);
        let (second, fraction) = (millis / 1000 % 60, millis % 1000);
        match year {
            0..=9999 => write!(f, "{year:04}")?,
            10_000.. => write!(f, "+{year:06}")?,
            _ => write!(f, "-{:06}", -year)?,
        }
        write!(f, "-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:03}Z")
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = CoreError;

    fn from_str(text: &str) -> Result<Self, CoreError> {
        parse(text).ok_or(CoreError::InvalidDate)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TimestampVisitor)
    }
}

struct TimestampVisitor;

impl<'de> Visitor<'de> for TimestampVisitor {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an ISO 8601 date")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Timestamp, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_i64<E: serde::de::Error>(self, millis: i64) -> Result<Timestamp, E> {
        if millis == 0 || !(Timestamp::MIN.0..=Timestamp::MAX.0).contains(&millis) {
            return Err(E::custom(CoreError::InvalidDate));
        }
        Ok(Timestamp(millis))
    }

    fn visit_u64<E: serde::de::Error>(self, millis: u64) -> Result<Timestamp, E> {
        i64::try_from(millis).map_err(|_| E::custom(CoreError::InvalidDate)).and_then(|millis| self.visit_i64(millis))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Timestamp, A::Error> {
        let mut found = None;
        while let Some((name, value)) = members.next_entry::<String, serde_json::Value>()? {
            if name == "date" {
                found = value.as_str().map(str::to_owned);
            }
        }
        found.ok_or_else(|| A::Error::missing_field("date"))?.parse().map_err(A::Error::custom)
    }
}

/// Reads `date`, `dateTtime` or `dateTtimezone`.
fn parse(text: &str) -> Option<Timestamp> {
    let (date, time) = match text.split_once(['T', 't']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let days = calendar_date(date).or_else(|| week_date(date)).or_else(|| ordinal_date(date))?;
    let millis = time.map_or(Some(0), time_of_day)?;
    let instant = days.checked_mul(MILLIS_PER_DAY)?.checked_add(millis)?;
    (Timestamp::MIN.0..=Timestamp::MAX.0).contains(&instant).then_some(Timestamp(instant))
}

/// The rest of a text that is read from the front.
struct Cursor<'a>(&'a str);

impl Cursor<'_> {
    /// Exactly `count` digits as a number.
    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        let value = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
        self.0 = rest;
        Some(value)
    }

    fn skip(&mut self, separators: &[char]) -> bool {
        let rest = self.0.strip_prefix(separators);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    /// `separator` or nothing, then two digits; consumes nothing if the text does not continue like that.
    fn two_more(&mut self, separator: char) -> Option<i64> {
        let before = self.0;
        self.skip(&[separator]);
        let value = self.digits(2);
        if value.is_none() {
            self.0 = before;
        }
        value
    }

    fn at_end(&self) -> bool {
        self.0.is_empty()
    }
}

/// `2024`, `2024-01`, `2024-01-31`, `20240131`, `+010000-01-31`: days since 1970-01-01.
fn calendar_date(text: &str) -> Option<i64> {
    let mut rest = Cursor(text);
    let sign = if rest.skip(&['+']) {
        Some(1)
    } else if rest.skip(&['-']) {
        Some(-1)
    } else {
        None
    };
    let year = match sign {
        Some(sign) => sign * rest.digits(6)?,
        None => rest.digits(4)?,
    };
    let month = rest.two_more('-');
    let day = month.and_then(|_| rest.two_more('-'));
    let (month, day) = (month.unwrap_or(1), day.unwrap_or(1));
    (rest.at_end() && (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day))
        .then(|| days_from_civil(year, month, day))
}

/// `2024-W01`, `2024-W01-1`, `2024W011`: days since 1970-01-01.
fn week_date(text: &str) -> Option<i64> {
    let mut rest = Cursor(text);
    let year = rest.digits(4)?;
    rest.skip(&['-']);
    if !rest.skip(&['W']) {
        return None;
    }
    let week = rest.digits(2)?;
    let weekday = if rest.at_end() {
        1
    } else {
        rest.skip(&['-']);
        rest.digits(1)?
    };
    let monday_of_week_1 = monday_of_first_week(year);
    let weeks = (monday_of_first_week(year + 1) - monday_of_week_1) / 7;
    (rest.at_end() && (1..=weeks).contains(&week) && (1..=7).contains(&weekday))
        .then_some(monday_of_week_1 + (week - 1) * 7 + weekday - 1)
}

/// `2024-366`, `2024366`: days since 1970-01-01.
fn ordinal_date(text: &str) -> Option<i64> {
    let mut rest = Cursor(text);
    let year = rest.digits(4)?;
    rest.skip(&['-']);
    let day = rest.digits(3)?;
    let days = if is_leap(year) { 366 } else { 365 };
    (rest.at_end() && (1..=days).contains(&day)).then(|| days_from_civil(year, 1, 1) + day - 1)
}

/// `12`, `12:30`, `12:30:15`, `12:30:15.25`, the same without colons, each with `Z`, an offset or nothing: milliseconds
/// since midnight UTC, negative or beyond a day where the offset makes it so.
fn time_of_day(text: &str) -> Option<i64> {
    let mut rest = Cursor(text);
    let hour = rest.digits(2)?;
    let minute = rest.two_more(':');
    let second = minute.and_then(|_| rest.two_more(':'));
    let fraction = match second {
        Some(_) if rest.skip(&['.', ',']) => millis_of_fraction(&mut rest)?,
        _ => 0,
    };
    let (minute, second) = (minute.unwrap_or(0), second.unwrap_or(0));
    let valid = (hour < 24 && minute < 60 && second < 60) || (hour == 24 && minute + second + fraction == 0);
    let offset = offset_minutes(&mut rest)?;
    (valid && rest.at_end()).then_some((hour * 60 + minute - offset) * MILLIS_PER_MINUTE + second * 1000 + fraction)
}

/// Up to 30 digits, of which three count.
fn millis_of_fraction(rest: &mut Cursor<'_>) -> Option<i64> {
    let length = rest.0.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, after) = rest.0.split_at_checked(length)?;
    rest.0 = after;
    let millis: String = digits.chars().chain("00".chars()).take(3).collect();
    (1..=30).contains(&length).then(|| millis.parse().ok())?
}

/// `Z`, `+02`, `+02:00`, `+0200` or nothing.
fn offset_minutes(rest: &mut Cursor<'_>) -> Option<i64> {
    if rest.at_end() || rest.skip(&['Z', 'z']) {
        return Some(0);
    }
    let sign = if rest.skip(&['+']) {
        1
    } else if rest.skip(&['-']) {
        -1
    } else {
        return None;
    };
    let hours = rest.digits(2)?;
    Some(sign * (hours * 60 + rest.two_more(':').unwrap_or(0)))
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of the Monday of ISO week 1, the week that contains 4 January.
fn monday_of_first_week(year: i64) -> i64 {
    let fourth = days_from_civil(year, 1, 4);
    // 1970-01-01 was a Thursday, three days after a Monday.
    fourth - (fourth + 3).rem_euclid(7)
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar. Years are counted from March, so that the leap day is the
/// last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Inverse of [`days_from_civil`]: year, month, day.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn forms_beyond_the_vectors() {
        for (text, expected) in [
            ("2024", "2024-01-01T00:00:00.000Z"),
            ("2024-02", "2024-02-01T00:00:00.000Z"),
            ("20240229", "2024-02-29T00:00:00.000Z"),
            ("2020W537", "2021-01-03T00:00:00.000Z"),
            ("2020-W53", "2020-12-28T00:00:00.000Z"),
            ("2024366", "2024-12-31T00:00:00.000Z"),
            ("2024-01-01t10", "2024-01-01T10:00:00.000Z"),
            ("2024-01-01T10-0130", "2024-01-01T11:30:00.000Z"),
            ("2024-01-01T00:30:00,9999+01", "2023-12-31T23:30:00.999Z"),
            ("-000001-12-31T23:59:59.999Z", "-000001-12-31T23:59:59.999Z"),
            ("0000-02-29", "0000-02-29T00:00:00.000Z"),
            ("+010000", "+010000-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn refused_forms() {
        for text in [
            "",
            "T",
            "12:00",
            "T12:00",
            "2024-13",
            "2023-02-29",
            "1900-02-29",
            "2024-W00",
            "2021-W53",
            "2024-W01-8",
            "2023-366",
            "2024-000",
            "2024-01-01T25",
            "2024-01-01T24:01",
            "2024-01-01T12:60",
            "2024-01-01T12:00:00.",
            "2024-01-01T12:00Z ",
            " 2024-01-01",
            "2024-01-01T12:00+1",
            "2024-1-1",
            "+10000",
            "+300000-01-01",
            "2024-01-01T",
            "2024-01-01Z",
            "2024-01-01T12:00:00.1234567890123456789012345678901",
            "٢٠٢٤-01-01",
        ] {
            assert_eq!(text.parse::<Timestamp>(), Err(CoreError::InvalidDate), "{text}");
        }
    }

    #[test]
    fn expiry_includes_the_instant_itself() {
        let at = Timestamp::from_millis(1000);
        assert!(
            at.is_expired(at)
                && at.is_expired(Timestamp::from_millis(1001))
                && !at.is_expired(Timestamp::from_millis(999))
        );
    }

    #[test]
    fn arithmetic_stays_in_range() {
        assert_eq!(Timestamp::MAX.saturating_add(Duration::MAX), Timestamp::MAX);
        assert_eq!(Timestamp::MIN.saturating_sub(Duration::MAX), Timestamp::MIN);
        assert_eq!(Timestamp::from_millis(i64::MIN), Timestamp::MIN);
        assert_eq!(Timestamp::from_millis(5).duration_since(Timestamp::from_millis(2)), Duration::from_millis(3));
        assert_eq!(Timestamp::from_millis(2).duration_since(Timestamp::from_millis(5)), Duration::ZERO);
        assert_eq!(Timestamp::MAX.to_string(), "+275760-09-13T00:00:00.000Z");
        assert_eq!(Timestamp::MIN.to_string(), "-271821-04-20T00:00:00.000Z");
    }

    #[test]
    fn an_independent_calendar_agrees() {
        for millis in (-62_000_000_000_000_i64..250_000_000_000_000).step_by(7_777_777_777) {
            let oracle =
                jiff::Timestamp::from_millisecond(millis).unwrap().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
            assert_eq!(Timestamp::from_millis(millis).to_string(), oracle);
        }
    }

    proptest! {
        #[test]
        fn written_dates_read_back(millis in Timestamp::MIN.0..=Timestamp::MAX.0) {
            let at = Timestamp::from_millis(millis);
            prop_assert_eq!(at.to_string().parse::<Timestamp>().unwrap(), at);
            prop_assert_eq!(serde_json::from_str::<Timestamp>(&serde_json::to_string(&at).unwrap()).unwrap(), at);
        }

        #[test]
        fn parsing_never_panics(text in "\\PC*") {
            let _ = text.parse::<Timestamp>();
        }

        #[test]
        fn parsing_date_like_text_never_panics(text in "[+-]?[0-9W]{0,10}[-T:0-9]{0,12}[.,Z+-]?[0-9:]{0,6}") {
            let _ = text.parse::<Timestamp>();
        }
    }
}
