//! What comes of the ballots of one stage of a decision rule.
//!
//! Windows, times, routes, brakes and an early close are for whoever runs the stages one after
//! another: they need a clock and other decisions. All else that the rule states is applied here.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use crate::case::NamedOutcome;
use crate::condition::{Condition, Groups, Partition};
use crate::decision_rule::{Bound, DecisionRule, Derivation, SetOrigin, Then, Tie};
use crate::electorate::{Ballot, Count, Electorate, Member};
use crate::error::Error;
use crate::evaluate::Scrutiny;
use crate::tree::{Comparison, Rule};

/// What came of a stage, and of which ballots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// What came of it.
    pub came: Came,
    /// The number of the outcome that held; none if none did.
    pub outcome: Option<usize>,
    /// Whether it was a tie: no outcome held, and one would have if each `>` of it were `>=`.
    pub tie: bool,
    /// Who decided: the members, or the groups that cast one ballot each.
    pub electorate: Electorate,
    /// The ballots as they counted, in the order of who decided.
    pub ballots: Vec<Count>,
    /// Whom the rule binds by a decision, by id: nobody while there is none. An opt-out comes
    /// later, and so do consents to be bound in a stage that counts them.
    pub bound: Vec<String>,
}

/// What came of a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Came {
    /// An outcome of this name.
    Outcome(String),
    /// The default of the rule, of this name.
    Default(String),
    /// Nothing: the rule has no default.
    Lapsed,
    /// The next stage.
    Next,
    /// A tie that one more vote, the lot, or a casting vote not yet cast must decide.
    Tie,
}

impl DecisionRule {
    /// What comes of the ballots of a stage, counted from zero, in the order of the members.
    ///
    /// # Errors
    /// [`Error`] if there is no such stage, the members or ballots do not fit the rule, a member is
    /// in no group although groups cast the ballots, or a casting vote is not that of one member.
    pub fn decide(
        &self,
        stage: usize,
        electorate: &Electorate,
        ballots: &[Count],
    ) -> Result<Ruling, Error> {
        let mut expanded = self.expand()?;
        let (Some(of), true) = (self.stages.get(stage), stage < expanded.len()) else {
            return Err(Error::form("stage", format!("the rule has no stage {stage}")));
        };
        let outcomes = expanded.swap_remove(stage);
        let members = self.prepare(electorate)?;
        let counted = self.counted(&members, ballots)?;
        let (voters, counted) = match &self.derived {
            None => (members.clone(), counted),
            Some(derivation) => self.groups(derivation, &members, &counted)?,
        };
        let mut held = self.held(&outcomes, &voters, &counted)?;
        let in_favour = counted.iter().any(|count| count[Ballot::Yes as usize] > 0);
        let relaxed = match held.is_none() && in_favour {
            true => self.held(&relaxed_outcomes(&outcomes), &voters, &counted)?,
            false => None,
        };
        let mut undecided = false;
        let mut rejects = false;
        match (relaxed, &self.tie) {
            (None, _) | (_, Tie::Nothing) => {}
            (Some(_), Tie::Rejects) => rejects = true,
            (Some(_), Tie::Repeat | Tie::Lot) => undecided = true,
            (Some(outcome), Tie::Casting(set)) => match casting(set, &members, ballots)? {
                Some(Ballot::Yes) => held = Some(outcome),
                Some(_) => {}
                None => undecided = true,
            },
        }
        let came = match held {
            _ if undecided => Came::Tie,
            _ if rejects => self.came(&Then::Default),
            Some(number) => self.came(&of.outcomes[number].then),
            None => self.came(&of.otherwise),
        };
        let bound = match came {
            Came::Outcome(_) | Came::Default(_) => self.bound(of.consents, &voters, &counted),
            Came::Lapsed | Came::Next | Came::Tie => Vec::new(),
        };
        let tie = relaxed.is_some();
        Ok(Ruling { came, outcome: held, tie, electorate: voters, ballots: counted, bound })
    }

    fn came(&self, then: &Then) -> Came {
        match (then, &self.default) {
            (Then::Next, _) => Came::Next,
            (Then::Label(label), _) => Came::Outcome(label.clone()),
            (Then::Default, Some(label)) => Came::Default(label.clone()),
            (Then::Default, None) => Came::Lapsed,
        }
    }

    /// The number of the first outcome that holds.
    fn held(
        &self,
        outcomes: &[NamedOutcome],
        electorate: &Electorate,
        ballots: &[Count],
    ) -> Result<Option<usize>, Error> {
        // Of the registry a set without members is a mistake; in a matter there may be nobody.
        let sets = self.sets.iter().filter(|set| set.of != SetOrigin::Registry);
        let declared: Vec<&str> = sets.map(|set| set.name.as_str()).collect();
        let scrutiny = Scrutiny::with_sets(outcomes, "default", electorate, &declared)?;
        let running = scrutiny.count(ballots.to_vec())?;
        Ok(scrutiny.decide(&running).outcome)
    }

    /// The groups as members, with the ballot that each casts: in favour if the condition holds
    /// within it, else against. A group weighs what those of it weigh together that may vote; it
    /// is in the sets that all of them are in; if none may vote, neither may the group.
    fn groups(
        &self,
        derivation: &Derivation,
        electorate: &Electorate,
        ballots: &[Count],
    ) -> Result<(Electorate, Vec<Count>), Error> {
        let Some(partition) = self.partitions.iter().find(|of| of.name == derivation.partition)
        else {
            let problem = format!("`{}` is no partition; declare it", derivation.partition);
            return Err(Error::form("derive", problem));
        };
        check_all_in_a_group(partition, electorate, ballots)?;
        let (mut groups, mut cast) = (Vec::new(), Vec::new());
        for group in &partition.groups {
            let pairs = electorate.members.iter().zip(ballots);
            let of_group: Vec<_> = pairs.filter(|(m, _)| m.sets.contains(group)).collect();
            let Some(member) = group_member(group, &of_group)? else { continue };
            let holds = Condition::Groups {
                k: None,
                variable: derivation.variable.clone(),
                of: Groups::Listed(vec![group.clone()]),
                holds: Box::new(derivation.holds.clone()),
            };
            let rule = holds.expand(self.surroundings())?;
            let outcome = NamedOutcome { rule, label: "yes".into() };
            let held = self.held(&[outcome], electorate, ballots)?;
            let may_vote = of_group.iter().any(|(_, count)| may_vote(count) > 0);
            let mut count = Count::default();
            count[match (may_vote, held) {
                (false, _) => Ballot::Excluded,
                (true, Some(_)) => Ballot::Yes,
                (true, None) => Ballot::No,
            } as usize] = 1;
            groups.push(member);
            cast.push(count);
        }
        Ok((Electorate { members: groups }, cast))
    }

    fn bound(&self, consents: bool, electorate: &Electorate, ballots: &[Count]) -> Vec<String> {
        let in_favour = |count: &Count| count[Ballot::Yes as usize] > 0;
        let pairs = electorate.members.iter().zip(ballots);
        let bound = pairs.filter(|(member, count)| match &self.bound {
            Bound::All | Bound::AllButOptOut(_) => true,
            Bound::Nobody => false,
            Bound::InFavour => in_favour(count),
            Bound::Ratifiers => consents && in_favour(count),
            Bound::Set(set) => member.sets.contains(set),
        });
        bound.map(|(member, _)| member.id.clone()).collect()
    }
}

/// What the member with the casting vote cast; none if it has not.
fn casting(set: &str, electorate: &Electorate, ballots: &[Count]) -> Result<Option<Ballot>, Error> {
    let pairs = electorate.members.iter().zip(ballots);
    let mut chairs = pairs.filter(|(member, _)| member.sets.contains(set));
    match (chairs.next(), chairs.next()) {
        (Some((member, count)), None) if member.count == 1 => {
            let cast = |ballot: &Ballot| count[*ballot as usize] > 0;
            Ok([Ballot::Yes, Ballot::No, Ballot::Veto].into_iter().find(cast))
        }
        _ => Err(Error::form(set, "one member has the casting vote; put exactly one in this set")),
    }
}

fn may_vote(count: &Count) -> u32 {
    count[..Ballot::Excluded as usize].iter().sum() // ballots of one id have 32 bits
}

fn check_all_in_a_group(
    partition: &Partition,
    electorate: &Electorate,
    ballots: &[Count],
) -> Result<(), Error> {
    let outside = |member: &Member| !partition.groups.iter().any(|of| member.sets.contains(of));
    let mut pairs = electorate.members.iter().zip(ballots);
    match pairs.find(|(member, count)| may_vote(count) > 0 && outside(member)) {
        None => Ok(()),
        Some((member, _)) => {
            let problem = format!("is in no group of {}; put it in one", partition.name);
            Err(Error::form(member.id.as_str(), problem))
        }
    }
}

fn group_member(group: &str, of: &[(&Member, &Count)]) -> Result<Option<Member>, Error> {
    let Some((first, _)) = of.first() else { return Ok(None) };
    let mut sets: BTreeSet<String> = first.sets.clone();
    let mut weights: BTreeMap<String, u64> = BTreeMap::new();
    for (member, count) in of {
        sets.retain(|set| member.sets.contains(set));
        for (column, weight) in &member.weights {
            let sum = weights.entry(column.clone()).or_default();
            let added = weight.checked_mul(u64::from(may_vote(count)));
            *sum = added.and_then(|added| sum.checked_add(added)).ok_or_else(|| {
                Error::form(group, format!("its `{column}` is too large; scale the column"))
            })?;
        }
    }
    Ok(Some(Member { id: group.into(), count: 1, sets, weights }))
}

fn relaxed_outcomes(outcomes: &[NamedOutcome]) -> Vec<NamedOutcome> {
    let relax =
        |of: &NamedOutcome| NamedOutcome { rule: relaxed(&of.rule, true), label: of.label.clone() };
    outcomes.iter().map(relax).collect()
}

/// The tree with `>=` for each `>` that helps it to hold.
fn relaxed(rule: &Rule, helps: bool) -> Rule {
    let all = |args: &[Rule]| args.iter().map(|arg| relaxed(arg, helps)).collect();
    match rule {
        Rule::And(args) => Rule::And(all(args)),
        Rule::Or(args) => Rule::Or(all(args)),
        Rule::KOf { k, args } => Rule::KOf { k: *k, args: all(args) },
        Rule::Not(arg) => Rule::Not(Box::new(relaxed(arg, !helps))),
        Rule::Compare(comparison) => {
            Rule::Compare(Comparison { strict: comparison.strict && !helps, ..comparison.clone() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::LibraryRule;

    fn member(id: &str, sets: &[&str], seats: u64) -> Member {
        let sets = sets.iter().map(|set| String::from(*set)).collect();
        let weights = [(String::from("seats"), seats), (String::from("pop"), seats)];
        Member { id: id.into(), count: 1, sets, weights: weights.into() }
    }

    fn rule(slug: &str) -> DecisionRule {
        LibraryRule::of_slug(slug).unwrap().read().unwrap()
    }

    fn one(ballot: Ballot) -> Count {
        let mut count = [0; 6];
        count[ballot as usize] = 1;
        count
    }

    fn came(rule: &DecisionRule, of: &[(&[&str], Ballot)]) -> Result<Ruling, Error> {
        let names = ["A", "B", "C", "D", "E"];
        let members = names.iter().zip(of).map(|(id, (sets, _))| member(id, sets, 1));
        let electorate = Electorate { members: members.collect() };
        let ballots: Vec<Count> = of.iter().map(|(_, ballot)| one(*ballot)).collect();
        rule.decide(0, &electorate, &ballots)
    }

    #[test]
    fn a_land_that_does_not_vote_as_one_is_not_in_favour() {
        let rule = rule("72-bundesrat");
        let seats = [("BY", 6), ("NW", 6), ("HE", 5), ("NI", 6), ("BW", 6), ("BE", 4), ("SN", 2)];
        let mut members = Vec::new();
        for (land, seats) in seats {
            members.push(member(&format!("{land}1"), &[land], seats - 1));
            members.push(member(&format!("{land}2"), &[land], 1));
        }
        let electorate = Electorate { members };
        let mut ballots = vec![one(Ballot::Yes); 14];
        let all = rule.decide(0, &electorate, &ballots).unwrap();
        assert_eq!(all.came, Came::Outcome("adopted".into()));
        assert_eq!(all.electorate.members[0].weights["seats"], 6);
        assert_eq!(all.bound.len(), 7);
        ballots[13] = one(Ballot::Abstain); // one seat of Saxony, and both do not count
        let split = rule.decide(0, &electorate, &ballots).unwrap();
        assert_eq!(split.came, Came::Default("rejected".into()));
        assert_eq!(split.ballots[6], one(Ballot::No));
    }

    #[test]
    fn who_may_not_vote_neither_adds_to_its_group_nor_must_be_in_one() {
        let mut rule = rule("72-bundesrat");
        rule.excluded = vec!["BE".into()];
        let weighs = |sets: &[&str]| {
            let members = vec![member("A", &["BY"], 3), member("B", sets, 3)];
            rule.decide(0, &Electorate { members }, &[one(Ballot::Yes), one(Ballot::Yes)])
        };
        assert!(weighs(&[]).is_err(), "a voter in no group");
        let ruling = weighs(&["BE"]).unwrap();
        assert_eq!(ruling.ballots, [one(Ballot::Yes), one(Ballot::Excluded)]);
    }

    #[test]
    fn a_tie_does_what_the_rule_says() {
        let even: [(&[&str], Ballot); 2] = [(&[], Ballot::Yes), (&[], Ballot::No)];
        let mut majority = rule("04-unga-majority");
        let ruling = came(&majority, &even).unwrap();
        assert_eq!((ruling.came, ruling.tie), (Came::Tie, true));
        majority.tie = Tie::Nothing;
        assert_eq!(came(&majority, &even).unwrap().came, Came::Default("rejected".into()));
        majority.tie = Tie::Rejects;
        majority.default = None;
        assert_eq!(came(&majority, &even).unwrap().came, Came::Lapsed);
        let silent = came(&rule("04-unga-majority"), &[(&[], Ballot::Absent)]).unwrap();
        assert!(!silent.tie, "that nobody votes is no tie");
        let behind: [(&[&str], Ballot); 1] = [(&[], Ballot::No)];
        assert!(!came(&majority, &behind).unwrap().tie);
    }

    #[test]
    fn the_chair_decides_a_tie_and_nothing_else() {
        let rule = rule("70-us-senate");
        let with = |second, chair| {
            came(&rule, &[(&[], Ballot::Yes), (&[], second), (&["chair"], chair)]).unwrap().came
        };
        let adopted = Came::Outcome("adopted".into());
        assert_eq!(with(Ballot::No, Ballot::Yes), adopted);
        assert_eq!(with(Ballot::No, Ballot::No), Came::Default("rejected".into()));
        assert_eq!(with(Ballot::No, Ballot::Absent), Came::Tie);
        assert_eq!(with(Ballot::Yes, Ballot::No), adopted);
        assert!(came(&rule, &[(&[], Ballot::Yes), (&[], Ballot::No)]).is_err(), "no chair");
        let two: [(&[&str], Ballot); 4] = [
            (&["chair"], Ballot::Yes),
            (&["chair"], Ballot::Yes),
            (&[], Ballot::Yes),
            (&[], Ballot::No),
        ];
        assert!(came(&rule, &two).is_err(), "two chairs");
    }

    #[test]
    fn stages_go_on_fall_back_and_end_and_a_rule_without_default_lapses() {
        let (gef, asean) = (rule("69-african-union"), rule("68-asean"));
        let members = vec![member("A", &[], 1), member("B", &[], 1), member("C", &[], 1)];
        let electorate = Electorate { members };
        let ballots = [one(Ballot::Yes), one(Ballot::Yes), one(Ballot::No)];
        let came =
            |rule: &DecisionRule, stage| rule.decide(stage, &electorate, &ballots).map(|r| r.came);
        assert_eq!(came(&gef, 0), Ok(Came::Next));
        assert_eq!(came(&gef, 1), Ok(Came::Outcome("adopted".into())));
        assert_eq!(came(&asean, 1), Ok(Came::Lapsed));
        assert!(came(&gef, 2).is_err());
    }

    #[test]
    fn nobody_in_a_set_of_the_matter_counts_zero_and_nobody_in_one_of_the_registry_is_a_mistake() {
        let yes: [(&[&str], Ballot); 2] = [(&[], Ballot::Yes), (&[], Ballot::Abstain)];
        let ruling = came(&rule("52-eu-constructive-abstention"), &yes).unwrap();
        assert_eq!(ruling.came, Came::Outcome("adopted".into()));
        assert_eq!(ruling.bound, ["A", "B"]);
        assert!(came(&rule("01-unsc-substance"), &yes).is_err());
    }

    #[test]
    fn those_are_bound_whom_the_rule_names() {
        let mut rule = rule("52-eu-constructive-abstention");
        let ballots: [(&[&str], Ballot); 4] = [
            (&[], Ballot::Yes),
            (&[], Ballot::Absent),
            (&[], Ballot::Yes),
            (&["abstainers"], Ballot::Abstain),
        ];
        assert_eq!(came(&rule, &ballots).unwrap().bound, ["A", "B", "C"]);
        for (bound, ids) in [
            (Bound::All, &["A", "B", "C", "D"][..]),
            (Bound::AllButOptOut(9), &["A", "B", "C", "D"]),
            (Bound::InFavour, &["A", "C"]),
            (Bound::Ratifiers, &[]),
            (Bound::Nobody, &[]),
        ] {
            rule.bound = bound;
            assert_eq!(came(&rule, &ballots).unwrap().bound, ids);
        }
        rule.bound = Bound::Ratifiers;
        rule.stages[0].consents = true;
        assert_eq!(came(&rule, &ballots).unwrap().bound, ["A", "C"]);
    }
}
