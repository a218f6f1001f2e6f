//! Conditional ballots: in favour if others are.
//!
//! A member may vote in favour on a condition that more votes in favour can only bring about, never
//! undo. From a count in which no conditional ballot is in favour, those whose condition holds
//! become so, until none is left whose condition holds. Since no condition is undone, this ends and
//! the result depends on no order: it is the least set of ballots that meets its own conditions.
//! Two members of which each waits for the other therefore both stay as they are; one of them must
//! go first, or name a condition that the other does not.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use ethnum::I256;

use crate::case::NamedOutcome;
use crate::check::limit;
use crate::electorate::{Ballot, Count, Electorate};
use crate::error::Error;
use crate::evaluate::{OUTCOMES_MAX, Scrutiny};
use crate::tally::Running;
use crate::tree::{DEPTH_MAX, NODES_MAX, Rule};

/// Most conditional ballots of one vote; identical ones of one member are one.
pub const CONDITIONALS_MAX: usize = 1_024;

/// Ballots in favour on a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conditional {
    /// Whose, by its place in the electorate.
    pub member: usize,
    /// How many of its identical members.
    pub ballots: u32,
    /// What they cast unless the condition holds; neither in favour nor excluded.
    pub otherwise: Ballot,
    /// The condition.
    pub when: When,
}

/// On what a ballot is in favour. Whatever is built of these, more votes in favour do not undo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// A member, with all its ballots that are not excluded, is in favour.
    InFavour(usize),
    /// At least so many of these.
    AtLeast(u32, Vec<When>),
    /// A rule holds of the whole count. Refused unless each of its comparisons is helped, or at
    /// least not harmed, by every conditional ballot that becomes one in favour.
    Holds(Rule),
}

impl When {
    /// All of these.
    #[must_use]
    pub fn all(of: Vec<Self>) -> Self {
        // More than a tree may have is refused, so a number that does not fit is never used.
        Self::AtLeast(u32::try_from(of.len()).unwrap_or(u32::MAX), of)
    }

    /// One of these.
    #[must_use]
    pub fn any(of: Vec<Self>) -> Self {
        Self::AtLeast(1, of)
    }
}

/// The count once no further condition is met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The ballots, in member order.
    pub counts: Vec<Count>,
    /// By conditional ballot, in which round it became one in favour, from 1; none if it did not.
    pub rounds: Vec<Option<u32>>,
}

/// Resolves conditional ballots. The counts hold each as what it is otherwise.
///
/// # Errors
/// [`Error`] above a limit, if a member, set or column is unknown, if the counts do not hold the
/// conditional ballots, or if a condition could be undone by more votes in favour.
pub fn resolve(
    electorate: &Electorate,
    counts: Vec<Count>,
    conditionals: &[Conditional],
) -> Result<Resolved, Error> {
    limit("conditional ballots", conditionals.len(), CONDITIONALS_MAX)?;
    let mut conditions = Conditions { members: electorate.members.len(), ..Conditions::default() };
    let mut asked = Vec::with_capacity(conditionals.len());
    for (number, of) in conditionals.iter().enumerate() {
        asked.push(conditions.read(&of.when, &format!("conditionals[{number}].when"), 0)?);
    }
    let scrutiny = Scrutiny::new(&conditions.rules, "", electorate)?;
    let mut running = scrutiny.count(counts)?;
    check_ballots(&running, conditionals)?;
    check_not_undone(&scrutiny, &conditions.places, conditionals)?;

    let mut rounds = vec![None; conditionals.len()];
    // Each round but the last turns at least one, so there is one more round than ballots at most.
    for round in 1.. {
        let margins = scrutiny.margins(&running);
        let outcomes = scrutiny.outcomes.iter();
        let held = outcomes.map(|outcome| scrutiny.holds_with(outcome.node, &margins));
        let held: Vec<bool> = held.collect();
        let waiting = asked.iter().zip(&rounds).enumerate();
        let met = waiting.filter(|(_, (of, turned))| turned.is_none() && of.holds(&held, &running));
        let met: Vec<usize> = met.map(|(number, _)| number).collect();
        if met.is_empty() {
            break;
        }
        for number in met {
            let Conditional { member, ballots, otherwise, .. } = conditionals[number];
            scrutiny.measures.cast_alike(&mut running, member, otherwise, Ballot::Yes, ballots)?;
            rounds[number] = Some(round);
        }
    }
    Ok(Resolved { counts: running.counts().to_vec(), rounds })
}

/// A condition whose rules are numbered.
enum Asked {
    InFavour(usize),
    AtLeast(usize, Vec<Asked>),
    Holds(usize),
}

impl Asked {
    /// Whether it holds of a count, if these rules do.
    fn holds(&self, held: &[bool], running: &Running) -> bool {
        match self {
            Self::InFavour(member) => {
                let [yes, no, abstain, veto, absent, _] = running.counts()[*member];
                yes > 0 && [no, abstain, veto, absent] == [0; 4]
            }
            Self::AtLeast(k, of) => of.iter().filter(|of| of.holds(held, running)).count() >= *k,
            Self::Holds(number) => held[*number],
        }
    }
}

/// The rules that conditions name, each once.
#[derive(Default)]
struct Conditions {
    members: usize,
    nodes: usize,
    rules: Vec<NamedOutcome>,
    /// Where each rule stands first.
    places: Vec<String>,
}

impl Conditions {
    fn read(&mut self, when: &When, at: &str, depth: usize) -> Result<Asked, Error> {
        self.nodes += 1;
        limit("parts of all conditions", self.nodes, NODES_MAX)?;
        match when {
            When::InFavour(member) if *member < self.members => Ok(Asked::InFavour(*member)),
            When::InFavour(member) => {
                Err(Error::form(at, format!("there is no member {member}; name one that votes")))
            }
            When::AtLeast(k, of) => {
                limit("nested conditions", depth + 1, DEPTH_MAX)?;
                let k = *k as usize;
                if k == 0 || k > of.len() {
                    let problem = format!("k is {k}; it must be from 1 to {}", of.len());
                    return Err(Error::form(at, problem));
                }
                let parts = of.iter().enumerate();
                let parts = parts.map(|(n, of)| self.read(of, &format!("{at}.of[{n}]"), depth + 1));
                Ok(Asked::AtLeast(k, parts.collect::<Result<_, _>>()?))
            }
            When::Holds(rule) => self.number(rule, at).map(Asked::Holds),
        }
    }

    fn number(&mut self, rule: &Rule, at: &str) -> Result<usize, Error> {
        if let Some(known) = self.rules.iter().position(|known| known.rule == *rule) {
            return Ok(known);
        }
        rule.check()?;
        limit("rules in conditions", self.rules.len() + 1, OUTCOMES_MAX)?;
        self.rules.push(NamedOutcome { rule: rule.clone(), label: String::new() });
        self.places.push(at.into());
        Ok(self.rules.len() - 1)
    }
}

fn check_ballots(running: &Running, conditionals: &[Conditional]) -> Result<(), Error> {
    let mut left = running.counts().to_vec();
    for (number, Conditional { member, ballots, otherwise, .. }) in conditionals.iter().enumerate()
    {
        let at = || format!("conditionals[{number}]");
        if [Ballot::Yes, Ballot::Excluded].contains(otherwise) {
            let problem = format!("is `{}` otherwise; name another ballot", otherwise.name());
            return Err(Error::form(at(), problem));
        }
        let Some(count) = left.get_mut(*member) else {
            return Err(Error::form(at(), format!("there is no member {member}")));
        };
        let left = &mut count[*otherwise as usize];
        *left = left.checked_sub(*ballots).ok_or_else(|| {
            let problem = format!("the count lacks its `{}`; count it as that", otherwise.name());
            Error::form(at(), problem)
        })?;
    }
    Ok(())
}

fn check_not_undone(
    scrutiny: &Scrutiny,
    places: &[String],
    conditionals: &[Conditional],
) -> Result<(), Error> {
    let mut turns: Vec<(usize, Ballot)> = conditionals
        .iter()
        .filter_map(|of| Some((scrutiny.measures.class(of.member)?, of.otherwise)))
        .collect();
    turns.sort_unstable();
    turns.dedup();
    for (outcome, at) in scrutiny.outcomes.iter().zip(places) {
        let helps = scrutiny.helps(outcome.node, true);
        for (class, otherwise) in &turns {
            let gains = scrutiny.gains(&scrutiny.measures.classes()[*class], *otherwise);
            let undone = gains.iter().zip(&helps).any(|(gains, [less, more])| {
                let gain = gains[Ballot::Yes as usize];
                (*more && gain < I256::ZERO) || (*less && gain > I256::ZERO)
            });
            if undone {
                let problem = "votes in favour may undo this rule; take one that they only help";
                return Err(Error::form(at.as_str(), problem));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use alloc::boxed::Box;
    use alloc::string::ToString;

    use proptest::collection::vec as several;
    use proptest::prelude::*;

    use super::*;
    use crate::electorate::Ballots;
    use crate::random;
    use crate::tree::Quantity;

    fn electorate(members: usize) -> Electorate {
        let member = |n: usize| random::member(&n.to_string(), 1);
        Electorate { members: (0..members).map(member).collect() }
    }

    fn against(members: usize) -> Vec<Count> {
        vec![[0, 1, 0, 0, 0, 0]; members]
    }

    fn conditional(member: usize, when: When) -> Conditional {
        Conditional { member, ballots: 1, otherwise: Ballot::No, when }
    }

    fn at_least(yes: i64) -> When {
        let number = (yes, 1, Quantity::One);
        When::Holds(random::compare(false, (1, 1, random::unit(Ballots::YES)), number))
    }

    #[test]
    fn a_chain_falls_into_place_and_a_circle_stays() {
        let mut counts = against(5);
        counts[0] = [1, 0, 0, 0, 0, 0];
        let both = When::all(vec![When::InFavour(0), When::InFavour(1)]);
        let conditionals = [
            conditional(2, both),
            conditional(1, When::InFavour(0)),
            conditional(3, When::InFavour(4)),
            conditional(4, When::InFavour(3)),
        ];
        let resolved = resolve(&electorate(5), counts, &conditionals).unwrap();
        assert_eq!(resolved.rounds, [Some(2), Some(1), None, None]);
        let yes: Vec<u32> = resolved.counts.iter().map(|count| count[0]).collect();
        assert_eq!(yes, [1, 1, 1, 0, 0]);
    }

    #[test]
    fn a_number_in_favour_brings_the_next() {
        let mut counts = against(4);
        counts[0] = [1, 0, 0, 0, 0, 0];
        let conditionals = [
            conditional(1, at_least(1)),
            conditional(2, When::any(vec![When::InFavour(3), at_least(2)])),
            conditional(3, at_least(4)),
        ];
        let resolved = resolve(&electorate(4), counts, &conditionals).unwrap();
        assert_eq!(resolved.rounds, [Some(1), Some(2), None]);
    }

    #[test]
    fn identical_members_turn_together() {
        let members = Electorate { members: vec![random::member("many", u32::MAX)] };
        let counts = vec![[1, 0, u32::MAX - 1, 0, 0, 0]];
        let many = Conditional {
            ballots: u32::MAX - 1,
            otherwise: Ballot::Abstain,
            ..conditional(0, at_least(1))
        };
        let resolved = resolve(&members, counts, &[many]).unwrap();
        assert_eq!(resolved.counts, [[u32::MAX, 0, 0, 0, 0, 0]]);
    }

    #[test]
    fn a_condition_that_votes_in_favour_undo_is_refused() {
        let When::Holds(rule) = at_least(2) else { panic!("a rule") };
        let few = When::Holds(Rule::Not(Box::new(rule)));
        let refused = resolve(&electorate(2), against(2), &[conditional(0, few.clone())]);
        let message = refused.unwrap_err().to_string();
        assert!(message.starts_with("conditionals[0].when: votes in favour may undo"), "{message}");
        let within = When::any(vec![When::InFavour(1), few]);
        assert!(resolve(&electorate(2), against(2), &[conditional(0, within)]).is_err());
        // A share of the votes cast is helped in place of a vote against, as of an abstention.
        let share = conditional(0, When::Holds(random::two_thirds_of_cast()));
        assert!(resolve(&electorate(2), against(2), &[share]).is_ok());
    }

    #[test]
    fn what_does_not_fit_the_count_is_refused() {
        let of = |conditional| resolve(&electorate(2), against(2), &[conditional]);
        assert!(of(conditional(0, When::InFavour(1))).is_ok());
        assert!(of(conditional(2, When::InFavour(1))).is_err());
        assert!(of(conditional(0, When::InFavour(2))).is_err());
        assert!(of(conditional(0, When::AtLeast(2, vec![When::InFavour(1)]))).is_err());
        assert!(of(conditional(0, When::all(vec![]))).is_err());
        for otherwise in [Ballot::Yes, Ballot::Excluded, Ballot::Abstain] {
            let wrong = Conditional { otherwise, ..conditional(0, When::InFavour(1)) };
            assert!(of(wrong).is_err());
        }
        assert!(of(Conditional { ballots: 2, ..conditional(0, When::InFavour(1)) }).is_err());
    }

    #[test]
    fn conditions_at_their_limits_pass_and_one_above_is_refused() {
        let of = |when: Vec<When>| {
            let members = electorate(CONDITIONALS_MAX + 1);
            let conditionals: Vec<Conditional> =
                when.into_iter().enumerate().map(|(n, when)| conditional(n, when)).collect();
            resolve(&members, against(CONDITIONALS_MAX + 1), &conditionals).is_ok()
        };
        assert!(of(vec![When::InFavour(0); CONDITIONALS_MAX]));
        assert!(!of(vec![When::InFavour(0); CONDITIONALS_MAX + 1]));
        assert!(of(vec![When::any(vec![When::InFavour(0); NODES_MAX - 1])]));
        assert!(!of(vec![When::any(vec![When::InFavour(0); NODES_MAX])]));
        let nested = |depth| (0..depth).fold(When::InFavour(0), |of, _| When::any(vec![of]));
        assert!(of(vec![nested(DEPTH_MAX)]));
        assert!(!of(vec![nested(DEPTH_MAX + 1)]));
        let rules = |count: usize| When::any((1..=count as i64).map(at_least).collect());
        assert!(of(vec![rules(OUTCOMES_MAX)]));
        assert!(!of(vec![rules(OUTCOMES_MAX + 1)]));
    }

    fn when() -> impl Strategy<Value = When> {
        let leaf = prop_oneof![
            (0..6_usize).prop_map(When::InFavour),
            (1..6_i64).prop_map(at_least),
            Just(When::Holds(random::two_thirds_of_cast())),
        ];
        leaf.prop_recursive(2, 6, 3, |inner| {
            several(inner, 1..3).prop_flat_map(|of| {
                (1..=of.len() as u32).prop_map(move |k| When::AtLeast(k, of.clone()))
            })
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

        #[test]
        fn the_result_is_the_least_count_that_meets_its_own_conditions(
            whens in several(when(), 5), first in any::<bool>()
        ) {
            let electorate = electorate(6);
            let mut counts = against(6);
            counts[5] = if first { [1, 0, 0, 0, 0, 0] } else { [0, 0, 1, 0, 0, 0] };
            let mut conditionals: Vec<Conditional> =
                whens.into_iter().enumerate().map(|(n, when)| conditional(n, when)).collect();
            let resolved = resolve(&electorate, counts.clone(), &conditionals).unwrap();

            // All counts in which exactly the ballots whose condition holds are in favour.
            let meets = |bits: u32| {
                let mut trial = counts.clone();
                let turned = |n: &usize| bits & 1 << n != 0;
                (0..5).filter(turned).for_each(|n| trial[n] = [1, 0, 0, 0, 0, 0]);
                (0..5).all(|n| condition_holds(&conditionals[n].when, &trial) == turned(&n))
            };
            let meeting: Vec<u32> = (0..32).filter(|bits| meets(*bits)).collect();
            let least = meeting.iter().fold(31, |all, bits| all & bits);
            let turned = (0..5).filter(|n| resolved.rounds[*n].is_some());
            let found = turned.fold(0, |all, n| all | 1 << n);
            prop_assert!(meeting.contains(&least));
            prop_assert_eq!(found, least);

            conditionals.reverse();
            let reversed = resolve(&electorate, counts, &conditionals).unwrap();
            prop_assert_eq!(reversed.counts, resolved.counts);
        }
    }

    /// The conditions of the property, written out.
    fn condition_holds(when: &When, counts: &[Count]) -> bool {
        let sum = |ballot: Ballot| counts.iter().map(|count| count[ballot as usize]).sum::<u32>();
        let (yes, no) = (sum(Ballot::Yes), sum(Ballot::No));
        match when {
            When::InFavour(member) => counts[*member][0] == 1,
            When::AtLeast(k, of) => {
                of.iter().filter(|of| condition_holds(of, counts)).count() >= *k as usize
            }
            When::Holds(rule) if *rule == random::two_thirds_of_cast() => 3 * yes >= 2 * (yes + no),
            other => (1..6).any(|n| *other == at_least(n) && i64::from(yes) >= n),
        }
    }
}
