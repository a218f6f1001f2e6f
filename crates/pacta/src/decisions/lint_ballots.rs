//! Checks of a rule that look at every ballot, also those of who abstains or stays away.

use std::collections::BTreeMap;

use pacta_rules::condition::EmptyGroup;
use pacta_rules::power::lint::{Cast, Verdict};
use pacta_rules::power::mixed::{self, Alike};
use pacta_rules::{Ballot, Member};
use serde_json::{Value, json};

use super::game::Asked;
use super::lint::{Check, Standing, witness_json, witness_words};
use super::names;
use super::source::{Named, out_of_form};
use crate::failure::Result;

/// Whether one more ballot of its direction ever hurts an outcome, whatever all others cast.
///
/// # Errors
/// Exit code 65 when the rule cannot be counted with its members.
pub fn never_hurts(named: &Named, asked: &Asked) -> Result<Verdict> {
    let (rule, electorate) = (&asked.subject.rule, &asked.subject.electorate);
    mixed::never_hurts(rule, electorate, asked.direction.inside, counts_as(named))
        .map_err(|error| out_of_form(&named.name, &error))
}

/// The check that an adoption and an outcome after it exclude each other, if it does not hold.
///
/// # Errors
/// As [`never_hurts`].
pub fn excluded(
    name: &'static str,
    labels: &str,
    named: &Named,
    one: &Asked,
    other: &Asked,
) -> Result<Option<Check>> {
    let electorate = &one.subject.electorate;
    let rules = [&one.subject.rule, &other.subject.rule];
    let found = mixed::exclude(rules[0], rules[1], electorate, counts_as(named))
        .map_err(|error| out_of_form(&named.name, &error))?;
    Ok(match found {
        Verdict::Holds => None,
        Verdict::Open => {
            let words = format!("{labels}, where some abstain or are away");
            Some(Check::new(name, Standing::NotProved, words))
        }
        Verdict::Fails(witness) => {
            let words = format!("{labels}: {}", witness_words(&witness));
            let mut check = Check::new(name, Standing::Refused, words);
            check.detail = witness_json(&witness);
            Some(check)
        }
    })
}

/// Whether an adoption holds though nobody votes: refused if only since nothing is compared with
/// nothing, and shown if the rule says that no objection is enough, or adopts by default.
///
/// # Errors
/// As [`never_hurts`].
pub fn silence(named: &Named, asked: &Asked, default_adopts: bool) -> Result<Option<Check>> {
    const NAME: &str = "silence does not adopt";
    if !asked.adopts {
        return Ok(None);
    }
    let (rule, electorate) = (&asked.subject.rule, &asked.subject.electorate);
    let (mut adopts, mut of_nothing) = (Vec::new(), Vec::new());
    for (ballot, words) in [(Ballot::Absent, "is away"), (Ballot::Abstain, "abstains")] {
        let found = mixed::all_alike(rule, electorate, ballot, counts_as(named))
            .map_err(|error| out_of_form(&named.name, &error))?;
        match found {
            Alike::Fails => {}
            Alike::Holds => adopts.push((ballot.name(), words)),
            Alike::HoldsOfNothing => of_nothing.push((ballot.name(), words)),
        }
    }
    let stated = default_adopts || named.rule.empty == Some(EmptyGroup::Counted);
    let (standing, all, why) = match (of_nothing.is_empty(), adopts.is_empty()) {
        (false, _) if !stated => {
            let why = "since nothing is compared with nothing; ask for `yes > 0` or a quorum";
            (Standing::Refused, of_nothing, why)
        }
        (false, _) => (Standing::Shown, of_nothing, "as the rule states"),
        (true, false) => (Standing::Shown, adopts, "since nobody objects"),
        (true, true) => {
            let words = "it fails if everybody is away, and if everybody abstains";
            return Ok(Some(Check::new(NAME, Standing::Holds, words)));
        }
    };
    let words: Vec<&str> = all.iter().map(|(_, words)| *words).collect();
    let words = format!("it adopts if everybody {}, {why}", words.join(", or "));
    let mut check = Check::new(NAME, standing, words);
    check.detail = json!({ "all": all.iter().map(|(name, _)| *name).collect::<Vec<_>>() });
    Ok(Some(check))
}

fn counts_as(named: &Named) -> impl Fn(&Member, Ballot) -> Ballot {
    |member, ballot| named.rule.counts_as(member, ballot)
}

/// Ballots in words.
pub fn words(casts: &[Cast]) -> String {
    let one = |Cast { id, ballot, count }: &Cast| match count {
        1 => format!("{id} {}", ballot.name()),
        count => format!("{count} {id} {}", ballot.name()),
    };
    names(&casts.iter().map(one).collect::<Vec<_>>())
}

/// Ballots as JSON: by member, how many cast each.
pub fn json(casts: &[Cast]) -> Value {
    let mut by_member: BTreeMap<&str, BTreeMap<&str, u32>> = BTreeMap::new();
    for Cast { id, ballot, count } in casts {
        by_member.entry(id).or_default().insert(ballot.name(), *count);
    }
    json!(by_member)
}

#[cfg(test)]
mod tests {
    use pacta_rules::{DecisionRule, Membership};

    use super::super::lint::{Report, lint};
    use super::*;

    fn report(base: &str, outcomes: &str, default: &str) -> Report {
        let text = format!(
            "rule \"A\"\nsource \"B\"\n\nset sovereign in registry \"sovereigns\"\n\
             set affected in matter \"affected\"\n\nmap silent -> absent\nbase {base}\n\n\
             {outcomes}\n\ndefault {default}\ntie none\nbind all\nroute none\nbrake none\n\
             close end\n"
        );
        let rule = DecisionRule::from_text(&text).expect("a rule");
        let members = r#"[{"id": "m", "n": 9, "g": ["sovereign", "affected"]}]"#;
        let members = Membership::from_json(members, "members").expect("members");
        lint(&Named { name: "my".to_owned(), rule }, &members).expect("a report")
    }

    fn check(report: &Report, name: &str) -> (Standing, String) {
        let found = report.all().find(|check| check.check == name).expect("a check of this name");
        (found.verdict, found.words.clone())
    }

    #[test]
    fn a_rule_that_an_abstention_turns_against_those_in_favour_is_refused() {
        let found = report("none", "if yes > no & (0 >= abs | 3 >= yes) then adopted", "rejected");
        let (standing, words) = check(&found, "monotone");
        assert_eq!(standing, Standing::Refused, "{words}");
        assert!(words.contains("abstain") && words.contains("casts yes in place of"), "{words}");
        let found = report("none", "if yes > no & (3 > abs | 9 > yes) then adopted", "rejected");
        assert_eq!(check(&found, "monotone").0, Standing::Holds);
    }

    #[test]
    fn an_adoption_excludes_what_stands_after_it_whatever_is_cast() {
        let name = "outcomes exclude others";
        let adopted = "if yes > no & yes > 0 then adopted";
        let deferred = "if abs > yes + no then deferred";
        let found = report("none", &format!("{adopted}\n{deferred}"), "rejected");
        let (standing, words) = check(&found, name);
        assert_eq!(standing, Standing::Refused, "{words}");
        assert!(words.starts_with("adopted and deferred: both hold with"), "{words}");
        let found = report("none", &format!("{deferred}\n{adopted}"), "rejected");
        assert_eq!(check(&found, name).0, Standing::Holds, "its place says which comes first");
    }

    #[test]
    fn silence_adopts_only_if_the_rule_says_so() {
        let name = "silence does not adopt";
        let found = report("pv", "if yes >= 2/3 pv then adopted", "rejected");
        let (standing, words) = check(&found, name);
        assert_eq!(standing, Standing::Refused, "{words}");
        assert!(words.contains("everybody is away, or abstains"), "{words}");
        assert!(!found.admitted);
        let quorum = "if yes >= 2/3 pv & pres >= 1/2 all then adopted";
        let (standing, words) = check(&report("all, pv", quorum, "rejected"), name);
        assert_eq!(standing, Standing::Refused, "{words}");
        assert!(words.contains("everybody abstains"), "{words}");
        let floor = "if yes >= 2/3 pv & yes > 0 then adopted";
        assert_eq!(check(&report("pv", floor, "rejected"), name).0, Standing::Holds);
        let no_objection = report("none", "if no = 0 then adopted", "rejected");
        assert_eq!(check(&no_objection, name).0, Standing::Shown);
        let stated = report("pv", "if yes >= 2/3 pv then adopted", "adopted");
        assert_eq!(check(&stated, name).0, Standing::Shown);
    }

    #[test]
    fn a_guarded_rule_under_which_a_yes_may_hurt_is_reported_on() {
        let condition = "if yes > no & no@affected = 0 & no >= 1 then adopted";
        let found = report("none", condition, "rejected");
        let (standing, words) = check(&found, "each sovereign can stop what affects it");
        assert_eq!(standing, Standing::Refused, "{words}");
        assert!(words.contains("and lose if"), "{words}");
    }

    #[test]
    fn what_is_said_of_empty_groups_is_read_from_the_rule() {
        let name = "every field is stated";
        let found = report("none", "if yes > no then adopted", "rejected");
        let words = "none has an implied value; it speaks of no groups".to_owned();
        assert_eq!(check(&found, name), (Standing::Holds, words));
        let groups = "empty fails\n\nif each g in {sovereign}: yes@g > no@g then adopted";
        let (standing, words) = check(&report("none", groups, "rejected"), name);
        assert_eq!(standing, Standing::Holds);
        assert!(words.ends_with("fails if nobody in it voted"), "{words}");
    }
}
