//! Delays: from the date that starts one to the date on which it ends.
//!
//! Calendar days, in UTC. No delay shifts for a weekend or a holiday.

use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::date::Date;
use crate::refusal::Refusal;

/// Longest delay in days: a hundred years.
pub const DELAY_DAYS_MAX: u32 = 36_525;
/// Longest delay in months: a hundred years.
pub const DELAY_MONTHS_MAX: u32 = 1_200;

/// How long after a date something takes effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Delay {
    /// The same day.
    None,
    /// `d + n`: "on the nth day following", and how the United Nations reads "n days after".
    Days(u32),
    /// `d + n + 1`: the reading of "n days after" by the IAEA.
    ClearDays(u32),
    /// The same day of the month, n months later; the last day of the month if there is none.
    Months(u32),
    /// As 12 n months.
    Years(u32),
    /// The first day of the month after the month that holds `d + n` days.
    FirstOfMonthAfterDays(u32),
    /// The first day of the month after the month that holds `d + n` months.
    FirstOfMonthAfterMonths(u32),
    /// The first day of the nth month after the month of `d`.
    FirstOfNthMonthAfterMonth(u32),
    /// The first day of the month after the month of `d`.
    FirstOfMonthFollowing,
    /// Received by a day of the year, inclusive: the next effect day; received later: the one a
    /// year after.
    CutOff {
        /// Last day of the year on which receipt still counts for the next effect day.
        received_by: DayOfYear,
        /// Day of the year on which the effect begins.
        effect: DayOfYear,
    },
}

impl Delay {
    /// The date on which a delay that starts on `start` ends.
    ///
    /// # Errors
    /// [`Refusal::DateOutOfRange`] past the year 9999.
    pub fn after(&self, start: Date) -> Result<Date, Refusal> {
        match *self {
            Self::None => Ok(start),
            Self::Days(n) => start.plus_days(n),
            Self::ClearDays(n) => start.plus_days(n.saturating_add(1)),
            Self::Months(n) => start.plus_months(n),
            Self::Years(n) => start.plus_months(n.saturating_mul(12)),
            Self::FirstOfMonthAfterDays(n) => first_of_month(start.plus_days(n)?, 1),
            Self::FirstOfMonthAfterMonths(n) => first_of_month(start.plus_months(n)?, 1),
            Self::FirstOfNthMonthAfterMonth(n) => first_of_month(start, n),
            Self::FirstOfMonthFollowing => first_of_month(start, 1),
            Self::CutOff { received_by, effect } => {
                let cut = received_by.on_or_after(start)?;
                effect.on_or_after(cut.plus_days(1)?)
            }
        }
    }

    /// Checks that the delay is within the limits.
    ///
    /// # Errors
    /// [`Refusal::ClauseOutOfForm`] above [`DELAY_DAYS_MAX`] or [`DELAY_MONTHS_MAX`].
    pub fn check(&self) -> Result<(), Refusal> {
        let within = match *self {
            Self::Days(n) | Self::ClearDays(n) | Self::FirstOfMonthAfterDays(n) => {
                n <= DELAY_DAYS_MAX
            }
            Self::Months(n) | Self::FirstOfMonthAfterMonths(n) => n <= DELAY_MONTHS_MAX,
            Self::FirstOfNthMonthAfterMonth(n) => (1..=DELAY_MONTHS_MAX).contains(&n),
            Self::Years(n) => n <= DELAY_MONTHS_MAX / 12,
            Self::CutOff { received_by, effect } => received_by.exists() && effect.exists(),
            Self::None | Self::FirstOfMonthFollowing => true,
        };
        if within {
            return Ok(());
        }
        Err(Refusal::ClauseOutOfForm {
            clause: "delay".into(),
            problem: "is longer than a hundred years, or names a day that not every year has"
                .into(),
        })
    }
}

fn first_of_month(date: Date, months: u32) -> Result<Date, Refusal> {
    Date::new(date.year(), date.month(), 1)?.plus_months(months)
}

impl fmt::Display for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("the same day"),
            Self::Days(n) => write!(f, "{n} {}", plural(*n, "day")),
            Self::ClearDays(n) => write!(f, "{n} clear {}", plural(*n, "day")),
            Self::Months(n) => write!(f, "{n} {}", plural(*n, "month")),
            Self::Years(n) => write!(f, "{n} {}", plural(*n, "year")),
            Self::FirstOfMonthAfterDays(n) => {
                write!(f, "{n} {}, then the first of the next month", plural(*n, "day"))
            }
            Self::FirstOfMonthAfterMonths(n) => {
                write!(f, "{n} {}, then the first of the next month", plural(*n, "month"))
            }
            Self::FirstOfNthMonthAfterMonth(n) => {
                write!(f, "the first of month {n} after that month")
            }
            Self::FirstOfMonthFollowing => f.write_str("the first of the next month"),
            Self::CutOff { received_by, effect } => {
                write!(f, "the {effect} that follows the next {received_by}")
            }
        }
    }
}

fn plural(n: u32, one: &str) -> String {
    let mut word = String::from(one);
    if n != 1 {
        word.push('s');
    }
    word
}

/// A day that every year has, written `MM-DD`; so never 29 February.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct DayOfYear {
    month: u8,
    day: u8,
}

impl DayOfYear {
    /// The day, if every year has it.
    #[must_use]
    pub fn new(month: u8, day: u8) -> Option<Self> {
        let day = Self { month, day };
        day.exists().then_some(day)
    }

    fn exists(self) -> bool {
        Date::new(2001, self.month, self.day).is_ok() // 2001 has no 29 February
    }

    /// The first such day on `date` or after it.
    fn on_or_after(self, date: Date) -> Result<Date, Refusal> {
        let same_year = Date::new(date.year(), self.month, self.day)?;
        if same_year >= date { Ok(same_year) } else { same_year.plus_months(12) }
    }
}

impl fmt::Display for DayOfYear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}-{:02}", self.month, self.day)
    }
}

impl From<DayOfYear> for String {
    fn from(day: DayOfYear) -> Self {
        alloc::format!("{day}")
    }
}

impl TryFrom<String> for DayOfYear {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const FORM: &str = "a day of the year is written MM-DD and is not 02-29";
        let (month, day) = text.split_once('-').ok_or(FORM)?;
        let two = |digits: &str| {
            let plain = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
            plain.then(|| digits.parse().ok()).flatten().ok_or(FORM)
        };
        Self::new(two(month)?, two(day)?).ok_or(FORM)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().expect("a date of the test")
    }

    #[test]
    fn every_kind_of_delay_gives_the_date_of_its_article() {
        let day = |text: &str| DayOfYear::try_from(String::from(text)).expect("a day of the test");
        let first_of_july = Delay::CutOff { received_by: day("07-01"), effect: day("01-01") };
        let cases = [
            ("1979-12-28", Delay::Days(30), "1980-01-27"),  // VCLT
            ("2025-09-19", Delay::Days(120), "2026-01-17"), // BBNJ Agreement
            ("1987-01-26", Delay::ClearDays(30), "1987-02-26"), // Nuclear Assistance
            ("1975-10-03", Delay::Months(3), "1976-01-03"), // ICESCR
            ("1993-11-16", Delay::Months(12), "1994-11-16"), // UNCLOS
            ("2030-11-30", Delay::Months(3), "2031-02-28"),
            ("2031-11-30", Delay::Months(3), "2032-02-29"),
            ("2030-01-31", Delay::Months(1), "2030-02-28"),
            ("2028-02-29", Delay::Years(2), "2030-02-28"),
            ("2028-02-29", Delay::Years(4), "2032-02-29"),
            ("2030-05-14", Delay::FirstOfMonthAfterDays(60), "2030-08-01"),
            ("2030-05-02", Delay::FirstOfMonthAfterDays(60), "2030-08-01"),
            ("2004-03-18", Delay::FirstOfMonthAfterMonths(3), "2004-07-01"), // Budapest
            ("1986-12-11", Delay::FirstOfMonthAfterMonths(12), "1988-01-01"), // CISG
            ("1998-09-16", Delay::FirstOfNthMonthAfterMonth(6), "1999-03-01"), // Ottawa
            ("2009-11-13", Delay::FirstOfMonthFollowing, "2009-12-01"),      // Lisbon
            ("2009-12-01", Delay::FirstOfMonthFollowing, "2010-01-01"),
            ("1978-10-05", Delay::None, "1978-10-05"), // ENMOD
            ("2026-07-01", first_of_july.clone(), "2027-01-01"),
            ("2026-07-02", first_of_july.clone(), "2028-01-01"),
            ("2026-01-01", first_of_july, "2027-01-01"),
        ];
        for (start, delay, end) in cases {
            assert_eq!(delay.after(date(start)), Ok(date(end)), "{start} + {delay}");
        }
    }

    #[test]
    fn a_delay_past_the_year_9999_is_refused() {
        assert!(Delay::Days(1).after(date("9999-12-30")).is_ok());
        assert!(Delay::Days(1).after(date("9999-12-31")).is_err());
        assert!(Delay::FirstOfMonthFollowing.after(date("9999-12-01")).is_err());
    }

    #[test]
    fn a_delay_of_a_hundred_years_is_the_longest() {
        assert!(Delay::Days(DELAY_DAYS_MAX).check().is_ok());
        assert!(Delay::Days(DELAY_DAYS_MAX + 1).check().is_err());
        assert!(Delay::Months(DELAY_MONTHS_MAX).check().is_ok());
        assert!(Delay::Months(DELAY_MONTHS_MAX + 1).check().is_err());
        assert!(Delay::Years(100).check().is_ok());
        assert!(Delay::Years(101).check().is_err());
        assert!(Delay::FirstOfNthMonthAfterMonth(0).check().is_err());
    }

    #[test]
    fn a_day_of_the_year_is_one_that_every_year_has() {
        assert!(DayOfYear::try_from(String::from("02-28")).is_ok());
        for wrong in ["02-29", "13-01", "04-31", "4-30", "04-3", "", "+4-01"] {
            assert!(DayOfYear::try_from(String::from(wrong)).is_err(), "{wrong}");
        }
    }
}
