//! Instants, as X.509 and Key Vault count them: whole seconds of UTC.
//!
//! Never reads the clock except in [`UnixTime::now`], which only the outermost edge calls: everything else
//! is told the time, because an air-gapped machine's clock is often wrong.

use std::fmt;
use std::time::SystemTime;

use ::time::format_description::well_known::Rfc3339;
use ::time::{Date, OffsetDateTime, UtcOffset};

/// A moment in UTC, in whole seconds since 1970-01-01T00:00:00Z, between the years 0 and 9999: the range
/// that GeneralizedTime can write (RFC 5280 4.1.2.5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(OffsetDateTime);

impl UnixTime {
    /// The system's clock, to the second.
    pub fn now() -> Self {
        Self(OffsetDateTime::from(SystemTime::now()).to_offset(UtcOffset::UTC)).whole_seconds()
    }

    /// Reads Unix seconds, as Key Vault writes `nbf`, `exp`, `created` and `updated`.
    pub fn from_unix_seconds(seconds: i64) -> Result<Self, TimeError> {
        OffsetDateTime::from_unix_timestamp(seconds)
            .ok()
            .filter(|time| time.year() >= 0)
            .map(Self)
            .ok_or(TimeError::OutOfRange { seconds })
    }

    /// Reads RFC 3339, as `--at` is written: `2026-11-22T18:00:00Z`, or with a numeric offset.
    pub fn from_rfc3339(text: &str) -> Result<Self, TimeError> {
        OffsetDateTime::parse(text, &Rfc3339)
            .ok()
            .filter(|time| time.year() >= 0)
            .map(|time| Self(time.to_offset(UtcOffset::UTC)).whole_seconds())
            .ok_or_else(|| TimeError::NotRfc3339 { found: text.chars().take(SHOWN_CHARACTERS).collect() })
    }

    /// Reads the digits of a UTCTime, `YYMMDDhhmmssZ`; years from 50 are of the last century (RFC 5280 4.1.2.5.1).
    pub fn from_utc_time(text: &[u8]) -> Result<Self, TimeError> {
        let century = if text.first().is_some_and(|digit| *digit >= b'5') { "19" } else { "20" };
        Self::from_generalized_time(&[century.as_bytes(), text].concat())
    }

    /// Reads the digits of a GeneralizedTime, `YYYYMMDDhhmmssZ`: UTC, with seconds, without fractions (RFC 5280
    /// 4.1.2.5.2).
    pub fn from_generalized_time(text: &[u8]) -> Result<Self, TimeError> {
        let not_a_time = || TimeError::NotAsn1 {
            found: String::from_utf8_lossy(text).chars().take(SHOWN_CHARACTERS).collect(),
        };
        let [digits @ .., b'Z'] = text else { return Err(not_a_time()) };
        if digits.len() != 14 || !digits.iter().all(u8::is_ascii_digit) {
            return Err(not_a_time());
        }
        let number = |from: usize, to: usize| {
            digits[from..to].iter().fold(0u16, |number, digit| number * 10 + u16::from(digit - b'0'))
        };
        let small = |from: usize| u8::try_from(number(from, from + 2)).unwrap_or(u8::MAX);
        let month = ::time::Month::try_from(small(4)).map_err(|_| not_a_time())?;
        let date =
            Date::from_calendar_date(i32::from(number(0, 4)), month, small(6)).map_err(|_| not_a_time())?;
        let time = date.with_hms(small(8), small(10), small(12)).map_err(|_| not_a_time())?.assume_utc();
        Ok(Self(time))
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn unix_seconds(self) -> i64 {
        self.0.unix_timestamp()
    }

    /// This moment moved by a number of seconds, held within the years 0 to 9999.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(::time::Duration::seconds(seconds))).whole_seconds()
    }

    /// This moment moved on by calendar months, as Key Vault counts `validity_months`: the same day and
    /// second of a later month, or that month's last day where it has no such day.
    pub fn plus_months(self, months: u32) -> Result<Self, TimeError> {
        let out_of_range = || TimeError::BeyondCalendar { start: self, months };
        let whole =
            i64::from(self.0.year()) * 12 + i64::from(u8::from(self.0.month())) - 1 + i64::from(months);
        let year = i32::try_from(whole.div_euclid(12)).map_err(|_| out_of_range())?;
        let month = u8::try_from(whole.rem_euclid(12) + 1)
            .ok()
            .and_then(|month| ::time::Month::try_from(month).ok())
            .ok_or_else(out_of_range)?;
        let day = self.0.day().min(month.length(year));
        let date = Date::from_calendar_date(year, month, day).map_err(|_| out_of_range())?;
        Ok(Self(self.0.replace_date(date)))
    }

    /// The date alone, `2026-11-22`.
    pub fn date(self) -> String {
        let (year, month, day) = self.0.to_calendar_date();
        format!("{year:04}-{:02}-{day:02}", u8::from(month))
    }

    fn whole_seconds(self) -> Self {
        Self(self.0.truncate_to_second())
    }
}

/// RFC 3339 in UTC, to the second: `2026-11-22T18:00:00Z`.
impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute, second) = self.0.to_hms();
        write!(f, "{}T{hour:02}:{minute:02}:{second:02}Z", self.date())
    }
}

/// Why a text or number is no moment.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeError {
    /// The text is not RFC 3339.
    #[error("\"{found}\" is not a time in RFC 3339 form")]
    NotRfc3339 {
        /// The beginning of the text.
        found: String,
    },
    /// The text is not that of a UTCTime or GeneralizedTime in a certificate.
    #[error("{found:?} is not a time in the form YYMMDDhhmmssZ or YYYYMMDDhhmmssZ")]
    NotAsn1 {
        /// The beginning of the text.
        found: String,
    },
    /// The number of seconds lies outside the years 0 to 9999.
    #[error("{seconds} seconds is not a moment between the years 0 and 9999")]
    OutOfRange {
        /// Seconds since 1970.
        seconds: i64,
    },
    /// A number of months leads past the year 9999.
    #[error("{months} months after {start} is beyond the year 9999")]
    BeyondCalendar {
        /// Where the months were counted from.
        start: UnixTime,
        /// How many were counted.
        months: u32,
    },
}

impl TimeError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::NotRfc3339 { .. } => "write it like 2026-11-22T18:00:00Z".to_owned(),
            Self::NotAsn1 { .. } => {
                "ask the CA to issue it again, with dates as RFC 5280 writes them".to_owned()
            }
            Self::OutOfRange { .. } => "give seconds since 1970-01-01T00:00:00Z".to_owned(),
            Self::BeyondCalendar { .. } => "ask for a shorter validity".to_owned(),
        }
    }
}

/// An error quotes no more of a foreign text than this, so that one line stays one line.
const SHOWN_CHARACTERS: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UnixTime {
        UnixTime::from_rfc3339(text).unwrap()
    }

    #[test]
    fn months_are_counted_by_the_calendar() {
        assert_eq!(at("2026-01-31T10:20:30Z").plus_months(1), Ok(at("2026-02-28T10:20:30Z")));
        assert_eq!(at("2024-01-31T00:00:00Z").plus_months(1), Ok(at("2024-02-29T00:00:00Z")));
        assert_eq!(at("2026-11-22T00:00:00Z").plus_months(50), Ok(at("2031-01-22T00:00:00Z")));
        assert!(at("2026-11-22T00:00:00Z").plus_months(u32::MAX).is_err());
    }

    #[test]
    fn the_service_s_shell_ends_where_the_recording_says() {
        // recordings/21: created 1649092413, nbf 600 s before, exp 12 calendar months after nbf's day.
        let created = UnixTime::from_unix_seconds(1_649_092_413).unwrap();
        assert_eq!(created.plus_seconds(-600).unix_seconds(), 1_649_091_813);
        assert_eq!(created.plus_months(12).map(UnixTime::unix_seconds), Ok(1_680_628_413));
    }

    #[test]
    fn offsets_are_turned_into_utc_and_fractions_dropped() {
        assert_eq!(at("2026-11-22T19:00:00.75+01:00").to_string(), "2026-11-22T18:00:00Z");
    }

    #[test]
    fn the_two_forms_of_asn1_are_read_and_no_other() {
        assert_eq!(UnixTime::from_utc_time(b"500101120000Z"), Ok(at("1950-01-01T12:00:00Z")));
        assert_eq!(UnixTime::from_utc_time(b"491231235959Z"), Ok(at("2049-12-31T23:59:59Z")));
        assert_eq!(UnixTime::from_generalized_time(b"20500101000000Z"), Ok(at("2050-01-01T00:00:00Z")));
        for text in [
            "",
            "Z",
            "20500101000000",
            "205001010000Z",
            "20500101000000.5Z",
            "20501301000000Z",
            "20500230000000Z",
        ] {
            assert!(UnixTime::from_generalized_time(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_quoted_and_refused() {
        for text in ["", "now", "2026-11-22", "2026-13-01T00:00:00Z", "2026-11-22 18:00"] {
            assert!(UnixTime::from_rfc3339(text).is_err(), "{text}");
        }
        assert!(UnixTime::from_unix_seconds(i64::MAX).is_err());
    }
}
