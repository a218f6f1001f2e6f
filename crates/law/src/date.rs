//! Days and instants, always UTC and always the block's.

use alloc::format;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::refusal::Refusal;

const MS_PER_DAY: u64 = 86_400_000;
/// Days from 0000-03-01 to 1970-01-01.
const DAYS_BEFORE_1970: i64 = 719_468;
/// Days of 400 years.
const DAYS_PER_ERA: i64 = 146_097;
/// The instant after 9999-12-31, in milliseconds.
const END_MS: u64 = 253_402_300_800_000;

/// A day of the Gregorian calendar (also before 1582), UTC, of the years 1 to 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// The first day: 0001-01-01.
    pub const MIN: Self = Self { year: 1, month: 1, day: 1 };
    /// The last day: 9999-12-31.
    pub const MAX: Self = Self { year: 9999, month: 12, day: 31 };

    /// A day that exists.
    ///
    /// # Errors
    /// [`Refusal::ImpossibleDate`].
    pub fn new(year: u16, month: u8, day: u8) -> Result<Self, Refusal> {
        let exists = (1..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_in_month(year, month)).contains(&day);
        if exists { Ok(Self { year, month, day }) } else { Err(Refusal::ImpossibleDate) }
    }

    /// 1 to 9999.
    #[must_use]
    pub fn year(self) -> u16 {
        self.year
    }

    /// 1 to 12.
    #[must_use]
    pub fn month(self) -> u8 {
        self.month
    }

    /// 1 to 31.
    #[must_use]
    pub fn day(self) -> u8 {
        self.day
    }

    /// Days since 1970-01-01; negative before.
    #[must_use]
    pub fn days_since_1970(self) -> i64 {
        // Years that begin in March put the leap day last.
        let (year, month) = if self.month > 2 {
            (i64::from(self.year), i64::from(self.month) - 3)
        } else {
            (i64::from(self.year) - 1, i64::from(self.month) + 9)
        };
        let day_of_year = (153 * month + 2) / 5 + i64::from(self.day) - 1;
        365 * year + year / 4 - year / 100 + year / 400 + day_of_year - DAYS_BEFORE_1970
    }

    /// The day so many days after 1970-01-01, or before it.
    ///
    /// # Errors
    /// [`Refusal::DateOutOfRange`] outside the years 1 to 9999.
    pub fn from_days_since_1970(days: i64) -> Result<Self, Refusal> {
        if !(Self::MIN.days_since_1970()..=Self::MAX.days_since_1970()).contains(&days) {
            return Err(Refusal::DateOutOfRange);
        }
        let days = days + DAYS_BEFORE_1970;
        let (era, day_of_era) = (days / DAYS_PER_ERA, days % DAYS_PER_ERA);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let (year, month) = (era * 400 + year_of_era, month);
        let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
        let out = |_| Refusal::DateOutOfRange;
        Self::new(
            year.try_into().map_err(out)?,
            month.try_into().map_err(out)?,
            day.try_into().map_err(out)?,
        )
    }

    /// The day `days` later.
    ///
    /// # Errors
    /// [`Refusal::DateOutOfRange`] past the year 9999.
    pub fn plus_days(self, days: u32) -> Result<Self, Refusal> {
        Self::from_days_since_1970(self.days_since_1970() + i64::from(days))
    }

    /// The same day of the month, `months` later; the last day of that month if it has no such day.
    ///
    /// # Errors
    /// [`Refusal::DateOutOfRange`] past the year 9999.
    pub fn plus_months(self, months: u32) -> Result<Self, Refusal> {
        let month = u64::from(self.year) * 12 + u64::from(self.month) - 1 + u64::from(months);
        let out = |_| Refusal::DateOutOfRange;
        let year = u16::try_from(month / 12).map_err(out)?;
        let month = u8::try_from(month % 12 + 1).map_err(out)?;
        if year > Self::MAX.year {
            return Err(Refusal::DateOutOfRange);
        }
        Self::new(year, month, self.day.min(days_in_month(year, month)))
    }

    /// The day after.
    ///
    /// # Errors
    /// [`Refusal::DateOutOfRange`] past the year 9999.
    pub fn next(self) -> Result<Self, Refusal> {
        self.plus_days(1)
    }

    /// The first millisecond of the day; none before 1970.
    #[must_use]
    pub fn start(self) -> Option<Instant> {
        let days = u64::try_from(self.days_since_1970()).ok()?;
        Some(Instant(days * MS_PER_DAY))
    }
}

fn days_in_month(year: u16, month: u8) -> u8 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 31,
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Date {
    type Err = Refusal;

    /// Reads `YYYY-MM-DD` and nothing else.
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let text = text.as_bytes();
        if text.len() != 10 || text[4] != b'-' || text[7] != b'-' {
            return Err(Refusal::ImpossibleDate);
        }
        let number = |digits: &[u8]| {
            digits.iter().try_fold(0_u16, |number, digit| {
                digit.is_ascii_digit().then(|| number * 10 + u16::from(digit - b'0'))
            })
        };
        let small = |digits| number(digits).and_then(|number| u8::try_from(number).ok());
        match (number(&text[..4]), small(&text[5..7]), small(&text[8..])) {
            (Some(year), Some(month), Some(day)) => Self::new(year, month, day),
            _ => Err(Refusal::ImpossibleDate),
        }
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DateVisitor;
        impl Visitor<'_> for DateVisitor {
            type Value = Date;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a date that exists, written YYYY-MM-DD")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Date, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(DateVisitor)
    }
}

/// A UTC millisecond since 1970-01-01, before the year 10000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Instant(u64);

impl Instant {
    /// 1970-01-01, the first millisecond.
    pub const MIN: Self = Self(0);
    /// The last millisecond of the year 9999.
    pub const MAX: Self = Self(END_MS - 1);

    /// The instant, if it is before the year 10000.
    ///
    /// # Errors
    /// [`Refusal::DateOutOfRange`].
    pub fn from_ms(ms: u64) -> Result<Self, Refusal> {
        if ms < END_MS { Ok(Self(ms)) } else { Err(Refusal::DateOutOfRange) }
    }

    /// Milliseconds since 1970-01-01.
    #[must_use]
    pub fn ms(self) -> u64 {
        self.0
    }

    /// The UTC day that holds the instant.
    #[must_use]
    pub fn date(self) -> Date {
        let days = i64::try_from(self.0 / MS_PER_DAY).expect("an instant is before the year 10000");
        Date::from_days_since_1970(days).expect("an instant is before the year 10000")
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, ms) = (self.0 / 1_000, self.0 % 1_000);
        let (minutes, second) = (seconds / 60, seconds % 60);
        let (hour, minute) = (minutes / 60 % 24, minutes % 60);
        write!(f, "{}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z", self.date())
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ms = u64::deserialize(deserializer)?;
        Self::from_ms(ms).map_err(D::Error::custom)
    }
}

impl From<Date> for String {
    fn from(date: Date) -> Self {
        format!("{date}")
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use proptest::prelude::*;

    use super::*;

    fn date(text: &str) -> Date {
        text.parse().expect("a date of the test")
    }

    #[test]
    fn only_days_that_exist_are_dates() {
        for right in ["0001-01-01", "2000-02-29", "2024-02-29", "9999-12-31"] {
            assert_eq!(date(right).to_string(), right);
        }
        for wrong in [
            "0000-01-01",
            "1900-02-29",
            "2023-02-29",
            "2023-04-31",
            "2023-13-01",
            "2023-00-10",
            "2023-01-00",
            "2023-1-01",
            "20230101",
            "2023-01-01 ",
            "+023-01-01",
            "2023-01-0a",
            "",
        ] {
            assert_eq!(wrong.parse::<Date>(), Err(Refusal::ImpossibleDate), "{wrong}");
        }
    }

    #[test]
    fn known_days_have_their_numbers() {
        for (text, days) in [
            ("1970-01-01", 0),
            ("1969-12-31", -1),
            ("2000-02-29", 11_016),
            ("2000-03-01", 11_017),
            ("0001-01-01", -719_162),
            ("9999-12-31", 2_932_896),
        ] {
            assert_eq!(date(text).days_since_1970(), days, "{text}");
            assert_eq!(Date::from_days_since_1970(days), Ok(date(text)));
        }
        assert!(Date::MAX.next().is_err());
        assert!(Date::from_days_since_1970(-719_163).is_err());
        assert!(Date::from_days_since_1970(i64::MAX).is_err());
    }

    #[test]
    fn a_month_later_is_the_same_day_or_the_last() {
        assert_eq!(date("2024-01-31").plus_months(1), Ok(date("2024-02-29")));
        assert_eq!(date("2024-02-29").plus_months(12), Ok(date("2025-02-28")));
        assert_eq!(date("2024-12-15").plus_months(0), Ok(date("2024-12-15")));
        assert_eq!(date("9999-12-01").plus_months(1), Err(Refusal::DateOutOfRange));
        assert_eq!(date("2024-12-15").plus_months(u32::MAX), Err(Refusal::DateOutOfRange));
    }

    #[test]
    fn an_instant_shows_its_day_and_time() {
        let instant = Instant::from_ms(1_700_000_000_123).expect("in range");
        assert_eq!(instant.to_string(), "2023-11-14T22:13:20.123Z");
        assert_eq!(date("2023-11-14").start().expect("after 1970").date(), date("2023-11-14"));
        assert_eq!(date("1969-12-31").start(), None);
        assert_eq!(Instant::MAX.date(), Date::MAX);
        assert!(Instant::from_ms(END_MS).is_err());
    }

    proptest! {
        #[test]
        fn days_and_dates_are_one_to_one(days in -719_162_i64..=2_932_896) {
            let date = Date::from_days_since_1970(days)?;
            prop_assert_eq!(date.days_since_1970(), days);
            prop_assert_eq!(date.to_string().parse(), Ok(date));
            if let Ok(next) = date.next() {
                prop_assert!(next > date);
                prop_assert_eq!(next.days_since_1970(), days + 1);
            }
        }
    }
}
