//! Running counts on which the conditions for entry into force are judged.
//!
//! Each test of the tree has one counter. A change of one participant changes the counters by
//! what it contributed before and contributes now, so nothing ever walks the participants.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::condition::{Amount, Condition, Counted};
use super::kind::ConsentKind;
use super::participant::Participant;
use crate::refusal::Refusal;

/// A standing consent that counts towards the conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contribution<'a> {
    /// Who consented.
    pub participant: &'a Participant,
    /// How: the first consent still standing.
    pub kind: ConsentKind,
    /// Whether the participant also signed.
    pub signed: bool,
}

/// The counters of all tests of a tree, in the order of reading: `treaty/<slug>/tally`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// One counter per test.
    pub tests: Vec<Counter>,
    /// Version of this record's form.
    pub v: u8,
}

/// The counter of one test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Counter {
    /// A number of participants, or a sum of weights.
    Sum(Amount),
    /// The places, from 0, of the listed participants that have consented, in rising order.
    Present(Vec<u32>),
}

impl Counter {
    fn have(&self) -> u128 {
        match self {
            Self::Sum(amount) => amount.0,
            Self::Present(places) => places.len() as u128,
        }
    }
}

impl Tally {
    /// The tally of a tree before any instrument.
    #[must_use]
    pub fn new(condition: &Condition) -> Self {
        let mut tests = Vec::new();
        for_each_test(condition, &mut |test| {
            tests.push(match test {
                Condition::Named { .. } => Counter::Present(Vec::new()),
                _ => Counter::Sum(Amount(0)),
            });
        });
        Self { tests, v: 1 }
    }

    /// Takes back what a participant contributed before and adds what it contributes now.
    pub fn replace(
        &mut self,
        condition: &Condition,
        before: Option<Contribution<'_>>,
        now: Option<Contribution<'_>>,
    ) {
        if before == now {
            return;
        }
        let mut counters = self.tests.iter_mut();
        for_each_test(condition, &mut |test| {
            let counter = counters.next().expect("a tally has one counter per test");
            change(counter, test, before, now);
        });
    }

    /// Whether the conditions hold.
    ///
    /// # Errors
    /// [`Refusal::ClauseOutOfForm`] when the numbers of the tree are above their limits.
    pub fn holds(&self, condition: &Condition) -> Result<bool, Refusal> {
        Ok(self.progress(condition)?.is_met())
    }

    /// How far each test is: what is still missing for entry into force.
    ///
    /// # Errors
    /// [`Refusal::ClauseOutOfForm`] when the numbers of the tree are above their limits.
    pub fn progress(&self, condition: &Condition) -> Result<Progress, Refusal> {
        progress(condition, &mut self.tests.iter())
    }
}

fn for_each_test(condition: &Condition, visit: &mut impl FnMut(&Condition)) {
    match condition {
        Condition::AllOf(all) | Condition::AnyOf(all) => {
            for each in all {
                for_each_test(each, visit);
            }
        }
        test => visit(test),
    }
}

fn change(
    counter: &mut Counter,
    test: &Condition,
    before: Option<Contribution<'_>>,
    now: Option<Contribution<'_>>,
) {
    match (counter, test) {
        (Counter::Present(places), Condition::Named { participants, of }) => {
            let place_of = |who: Contribution<'_>| {
                let place = participants.iter().position(|listed| listed == who.participant)?;
                counts(of, who).then(|| u32::try_from(place).expect("a list is short"))
            };
            if let Some(place) = before.and_then(place_of) {
                places.retain(|present| *present != place);
            }
            if let Some(place) = now.and_then(place_of) {
                let at = places.partition_point(|present| *present < place);
                places.insert(at, place);
            }
        }
        (Counter::Sum(amount), test) => {
            let taken = before.map_or(0, |who| worth(test, who));
            let added = now.map_or(0, |who| worth(test, who));
            amount.0 = amount.0.checked_sub(taken).expect("a tally holds what was added to it");
            amount.0 = amount.0.checked_add(added).expect("weights are limited by their table");
        }
        (Counter::Present(_), _) => unreachable!("only a list has places"),
    }
}

/// What a participant adds to the counter of a test.
fn worth(test: &Condition, who: Contribution<'_>) -> u128 {
    match test {
        Condition::Count { of, .. } | Condition::Fraction { of, .. } => u128::from(counts(of, who)),
        Condition::Weight { table, of, .. } if counts(of, who) => table
            .iter()
            .find(|row| row.participant == *who.participant)
            .map_or(0, |row| row.weight.0),
        _ => 0,
    }
}

fn counts(of: &Counted, who: Contribution<'_>) -> bool {
    (of.kinds.is_empty() || of.kinds.contains(&who.kind))
        && (!of.signatories || who.signed)
        && of.group.as_ref().is_none_or(|group| group.members.contains(who.participant))
}

/// How far a condition is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Progress {
    /// One test.
    Test {
        /// What is counted, such as "participants" or a measure.
        counted: String,
        /// What there is.
        have: Amount,
        /// What there must be.
        need: Amount,
        /// Which of a list are missing.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        missing: Vec<Participant>,
    },
    /// All of these must be met.
    AllOf(Vec<Progress>),
    /// One of these must be met.
    AnyOf(Vec<Progress>),
}

impl Progress {
    /// Whether the condition is met.
    #[must_use]
    pub fn is_met(&self) -> bool {
        match self {
            Self::Test { have, need, .. } => have >= need,
            Self::AllOf(all) => all.iter().all(Self::is_met),
            Self::AnyOf(any) => any.iter().any(Self::is_met),
        }
    }

    /// What is still missing, as a clause of a sentence; nothing when met.
    #[must_use]
    pub fn sentence(&self) -> Option<String> {
        if self.is_met() {
            return None;
        }
        Some(match self {
            Self::Test { counted, have, need, missing } if missing.is_empty() => {
                let more = need.0 - have.0;
                match counted.strip_prefix("participants") {
                    Some(rest) if more == 1 => {
                        format!("1 more participant{rest} ({have} of {need})")
                    }
                    _ => format!("{more} more {counted} ({have} of {need})"),
                }
            }
            Self::Test { counted, have, need, missing } => {
                let names: Vec<String> = missing.iter().map(|who| format!("{who}")).collect();
                format!("{counted} of {} ({have} of {need})", names.join(", "))
            }
            Self::AllOf(all) => joined(all, " and "),
            Self::AnyOf(any) => joined(any, " or "),
        })
    }
}

/// Joins what is missing; a combination within another stands in brackets.
fn joined(parts: &[Progress], word: &str) -> String {
    let bracketed = |part: &Progress| match part {
        Progress::Test { .. } => part.sentence(),
        _ => part.sentence().map(|sentence| format!("({sentence})")),
    };
    let sentences: Vec<String> = parts.iter().filter_map(bracketed).collect();
    sentences.join(word)
}

fn progress<'a>(
    condition: &Condition,
    counters: &mut impl Iterator<Item = &'a Counter>,
) -> Result<Progress, Refusal> {
    match condition {
        Condition::AllOf(all) => all
            .iter()
            .map(|each| progress(each, counters))
            .collect::<Result<_, _>>()
            .map(Progress::AllOf),
        Condition::AnyOf(any) => any
            .iter()
            .map(|each| progress(each, counters))
            .collect::<Result<_, _>>()
            .map(Progress::AnyOf),
        test => {
            let counter = counters.next().expect("a tally has one counter per test");
            Ok(Progress::Test {
                counted: counted_as(test),
                have: Amount(counter.have()),
                need: Amount(test.need()?.expect("a test has a number to reach")),
                missing: absent(test, counter),
            })
        }
    }
}

/// What a test counts, in words.
fn counted_as(test: &Condition) -> String {
    let (noun, of) = match test {
        Condition::Count { of, .. } => ("participants", of),
        Condition::Fraction { of, .. } => ("participants", of),
        Condition::Named { of, .. } => ("the consent", of),
        Condition::Weight { measure, of, .. } => (measure.as_str(), of),
        Condition::AllOf(_) | Condition::AnyOf(_) => unreachable!("a combination is no test"),
    };
    let mut words = String::from(noun);
    if of.signatories {
        let named = matches!(test, Condition::Named { .. });
        words.push_str(if named { " after signature" } else { " that signed" });
    }
    if let Some(group) = &of.group {
        words.push_str(&format!(" among {}", group.name));
    }
    if !of.kinds.is_empty() {
        let kinds: Vec<&str> = of.kinds.iter().map(|kind| kind.words()).collect();
        words.push_str(&format!(" by {}", kinds.join(" or ")));
    }
    words
}

fn absent(test: &Condition, counter: &Counter) -> Vec<Participant> {
    let (Condition::Named { participants, .. }, Counter::Present(places)) = (test, counter) else {
        return Vec::new();
    };
    let is_absent = |place: &usize| !places.iter().any(|present| *present as usize == *place);
    participants
        .iter()
        .enumerate()
        .filter(|(place, _)| is_absent(place))
        .map(|(_, participant)| participant.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use proptest::prelude::*;

    use super::super::condition::{Fraction, Group, Ratio, Weighed};
    use super::*;

    fn name(number: u8) -> Participant {
        Participant::Name(format!("p{number}"))
    }

    fn tree() -> Condition {
        let of = Counted::default;
        let signed = Counted { signatories: true, ..Counted::default() };
        let group = Group { name: "the group".into(), members: vec![name(0), name(1)] };
        let ratified = Counted { kinds: vec![ConsentKind::Ratification], ..Counted::default() };
        let row = |number| Weighed { participant: name(number), weight: Amount(number.into()) };
        let half = Fraction::AtLeast(Ratio::new(1, 2).expect("a half"));
        Condition::AllOf(vec![
            Condition::Count { at_least: 3, of: of() },
            Condition::AnyOf(vec![
                Condition::Named { participants: vec![name(1), name(3)], of: ratified },
                Condition::Count {
                    at_least: 1,
                    of: Counted { group: Some(group.into()), ..Counted::default() },
                },
            ]),
            Condition::Fraction { fraction: half, base: 4, of: signed },
            Condition::Weight {
                measure: "tonnes".into(),
                fraction: half,
                total: Amount(15),
                table: (1..6).map(row).collect(),
                of: of(),
            },
        ])
    }

    #[test]
    fn what_is_missing_is_one_sentence_and_nothing_when_met() {
        let (condition, mut tally) = (tree(), Tally::new(&tree()));
        let sentence = |tally: &Tally| tally.progress(&condition).expect("in range").sentence();
        assert_eq!(
            sentence(&tally).expect("much is missing"),
            "3 more participants (0 of 3) and (the consent by ratification of p1, p3 (0 of 2) or \
             1 more participant among the group (0 of 1)) and 2 more participants that signed \
             (0 of 2) and 8 more tonnes (0 of 8)"
        );
        for number in [0, 4, 5] {
            let (participant, kind) = (name(number), ConsentKind::Accession);
            let now = Contribution { participant: &participant, kind, signed: true };
            assert!(!tally.holds(&condition).expect("in range"));
            tally.replace(&condition, None, Some(now));
        }
        assert_eq!(sentence(&tally), None);
        assert!(tally.holds(&condition).expect("in range"));
    }

    type State = Option<(bool, bool)>;

    fn contribution(participant: &Participant, state: State) -> Option<Contribution<'_>> {
        let (ratified, signed) = state?;
        let kind = if ratified { ConsentKind::Ratification } else { ConsentKind::Accession };
        Some(Contribution { participant, kind, signed })
    }

    proptest! {
        #[test]
        fn a_tally_kept_by_changes_is_the_tally_counted_anew(
            changes in proptest::collection::vec((0_u8..7, any::<State>()), 0..60)
        ) {
            let (condition, mut kept) = (tree(), Tally::new(&tree()));
            let mut states: [State; 7] = [None; 7];
            for (number, state) in changes {
                let participant = name(number);
                let before = contribution(&participant, states[usize::from(number)]);
                kept.replace(&condition, before, contribution(&participant, state));
                states[usize::from(number)] = state;
            }
            let mut anew = Tally::new(&condition);
            for (number, state) in (0..).zip(states) {
                let participant = name(number);
                anew.replace(&condition, None, contribution(&participant, state));
            }
            prop_assert_eq!(kept, anew);
        }
    }
}
