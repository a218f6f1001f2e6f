//! Computed dates that explain themselves: rule, inputs, steps.

use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Serialize};

use super::delay::Delay;
use crate::date::Date;
use crate::refusal::Refusal;

/// A date and how it came about. Its text reads, for example,
/// `2016-10-05 + 30 days (art. 21(1)) = 2016-11-04`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Explanation {
    /// The rule that gave the date.
    pub rule: Rule,
    /// The date from which it is reckoned.
    pub start: Date,
    /// The delay after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<Delay>,
    /// What the date is never earlier than.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<Floor>,
    /// Where the treaty says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub article: Option<String>,
    /// The date.
    pub date: Date,
}

/// The earliest date that a rule allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Floor {
    /// The date.
    pub date: Date,
    /// Why, such as "the treaty's entry into force".
    pub why: String,
}

/// The rule by which a date was computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The day on which the conditions were met, plus a delay (VCLT art. 24(1)).
    Threshold,
    /// The fixed date, the conditions having been met in time.
    FixedDate,
    /// The conditions were met after the fixed date.
    FixedDateMissed,
    /// Consent on or before the cut: the treaty's own date.
    WithTheTreaty,
    /// Consent after the cut: its own delay.
    LateParty,
    /// The treaty is silent: the day on which consent is established (VCLT art. 24(3)).
    ConsentEstablished,
    /// The date of succession.
    Succession,
    /// The date that a history states as published.
    Published,
    /// The receipt of the notice, plus its period (VCLT art. 54(a)).
    WithdrawalNotice,
    /// Twelve months, since the treaty is silent but permits it (VCLT art. 56(2)).
    WithdrawalFromSilentTreaty,
}

impl Explanation {
    /// The date `start`, without further steps.
    #[must_use]
    pub fn plain(rule: Rule, start: Date) -> Self {
        Self { rule, start, delay: None, floor: None, article: None, date: start }
    }

    /// `start` plus `delay`, as an article says.
    ///
    /// # Errors
    /// [`Refusal::DateOutOfRange`] past the year 9999.
    pub fn delayed(
        rule: Rule,
        start: Date,
        delay: &Delay,
        article: Option<&String>,
    ) -> Result<Self, Refusal> {
        Ok(Self {
            rule,
            start,
            delay: Some(delay.clone()),
            floor: None,
            article: article.cloned(),
            date: delay.after(start)?,
        })
    }

    /// The same, but never before `floor`; the floor is mentioned only where it decides.
    #[must_use]
    pub fn not_before(mut self, floor: Date, why: &str) -> Self {
        if floor > self.date {
            self.date = floor;
            self.floor = Some(Floor { date: floor, why: why.into() });
        }
        self
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { start, date, .. } = self;
        match self.rule {
            Rule::FixedDate => write!(f, "fixed date {start}")?,
            Rule::WithTheTreaty => write!(f, "with the treaty on {start}")?,
            Rule::Succession => write!(f, "date of succession {start}")?,
            Rule::Published => write!(f, "published as {start}")?,
            Rule::ConsentEstablished => write!(f, "consent established on {start}")?,
            _ => write!(f, "{start}")?,
        }
        match &self.delay {
            Some(Delay::None) => f.write_str(", the same day")?,
            Some(delay) => write!(f, " + {delay}")?,
            None => {}
        }
        if let Some(article) = &self.article {
            write!(f, " ({article})")?;
        }
        match &self.floor {
            Some(floor) => write!(f, ", but not before {date}, {}", floor.why)?,
            None if date != start => write!(f, " = {date}")?,
            None => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    fn date(text: &str) -> Date {
        text.parse().expect("a date of the test")
    }

    #[test]
    fn a_date_explains_itself_with_its_article() {
        let article = Some(String::from("art. 21(1)"));
        let paris = Explanation::delayed(
            Rule::Threshold,
            date("2016-10-05"),
            &Delay::Days(30),
            article.as_ref(),
        )
        .expect("a date in range");
        assert_eq!(paris.to_string(), "2016-10-05 + 30 days (art. 21(1)) = 2016-11-04");
    }

    #[test]
    fn a_floor_is_mentioned_only_where_it_decides() {
        let own = Explanation::delayed(Rule::LateParty, date("1994-10-05"), &Delay::Days(30), None)
            .expect("a date in range");
        let why = "the treaty's entry into force";
        assert_eq!(
            own.clone().not_before(date("1994-11-16"), why).to_string(),
            "1994-10-05 + 30 days, but not before 1994-11-16, the treaty's entry into force"
        );
        assert_eq!(
            own.not_before(date("1994-11-04"), why).to_string(),
            "1994-10-05 + 30 days = 1994-11-04"
        );
    }
}
