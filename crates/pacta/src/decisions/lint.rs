//! What is checked before a rule is admitted: each check with its verdict and, where it fails, with
//! the votes that show it.

use pacta_rules::condition::EmptyGroup;
use pacta_rules::decision_rule::SetOrigin;
use pacta_rules::power::lint::{Lint, Verdict, Witness, blocking_guarantee, smallest_block_of};
use pacta_rules::power::{Exactness, Indices, Power};
use pacta_rules::{Ballot, Membership, Rule};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::analysis::{self, SPENT, Work};
use super::game::{Asked, Direction, coalition, coalition_words, game, is_adoption, outcomes};
use super::power::{found, member};
use super::power_words::{by_power, percent};
use super::source::{Named, out_of_form};
use super::{count, lint_ballots as ballots, names};
use crate::failure::Result;
use crate::printer::progress;

/// From which effort on a reader is told what is going on.
const LONG: u64 = 1 << 22;

/// The sets that a blocking guarantee is about.
const SOVEREIGN: &str = "sovereign";
const AFFECTED: &str = "affected";

/// What became of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It holds: proved.
    Holds,
    /// It fails, and the rule would be refused.
    Refused,
    /// The analysis is too large to say, so the rule is not admitted.
    NotProved,
    /// Nothing to hold or to fail: a fact for those who vote on the rule.
    Shown,
}

/// A check of one rule or of one of its outcomes.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// What is checked.
    pub check: &'static str,
    /// What became of it.
    pub verdict: Standing,
    /// The same in words, with the witness.
    pub words: String,
    /// Who shows that it fails, or what is shown.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub detail: Value,
}

/// The checks of one outcome.
#[derive(Clone, Debug, Serialize)]
pub struct OutcomeChecks {
    /// The number of the stage, from zero.
    pub stage: usize,
    /// What comes of it.
    pub outcome: String,
    /// What those in a coalition cast; a case for which it is judged.
    pub inside: &'static str,
    /// What all others cast.
    pub outside: &'static str,
    /// The checks.
    pub checks: Vec<Check>,
}

/// The report on a rule.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Its name.
    pub rule: String,
    /// Whether it would be admitted.
    pub admitted: bool,
    /// The checks of the rule as a whole.
    pub checks: Vec<Check>,
    /// Those of its outcomes.
    pub outcomes: Vec<OutcomeChecks>,
}

impl Report {
    /// All checks.
    pub fn all(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().chain(self.outcomes.iter().flat_map(|outcome| &outcome.checks))
    }

    /// Whether some check became of this.
    pub fn any(&self, verdict: Standing) -> bool {
        self.all().any(|check| check.verdict == verdict)
    }
}

impl Check {
    /// A check with its verdict.
    pub fn new(check: &'static str, verdict: Standing, words: impl Into<String>) -> Self {
        Self { check, verdict, words: words.into(), detail: Value::Null }
    }

    /// A fact for those who vote on the rule.
    pub fn shown(check: &'static str, words: impl Into<String>, detail: Value) -> Self {
        Self { check, verdict: Standing::Shown, words: words.into(), detail }
    }
}

/// Checks a rule with its members.
///
/// # Errors
/// Exit code 65 when a set or weight of which the rule speaks is missing among the members, or
/// there are more members or greater weights than an analysis takes.
pub fn lint(named: &Named, membership: &Membership) -> Result<Report> {
    let asked = outcomes(named, membership)?;
    let default_adopts = named.rule.default.as_deref().is_some_and(is_adoption);
    let mut work = Work::OF_ANSWER;
    let mut checks = vec![fields(named)];
    checks.extend(exclusive(named, &asked, &mut work)?);
    checks.extend(guarantee(named, &asked)?);
    let of_outcome = |asked: &Asked| -> Result<OutcomeChecks> {
        if asked.subject.game.effort() >= LONG {
            progress(format!("{}: checking {}", named.name, asked.label));
        }
        Ok(OutcomeChecks {
            stage: asked.stage,
            outcome: asked.label.clone(),
            inside: asked.direction.inside.name(),
            outside: asked.direction.outside.name(),
            checks: outcome_checks(named, asked, default_adopts, &mut work)?,
        })
    };
    let outcomes = asked.iter().map(of_outcome).collect::<Result<Vec<_>>>()?;
    let mut report = Report { rule: named.name.clone(), admitted: false, checks, outcomes };
    report.admitted = !report.any(Standing::Refused) && !report.any(Standing::NotProved);
    Ok(report)
}

/// Whether every field is stated, and what the rule says of a group in which nobody voted.
fn fields(named: &Named) -> Check {
    const NAME: &str = "every field is stated";
    if let Err(error) = named.rule.check() {
        return Check::new(NAME, Standing::Refused, error.to_string());
    }
    let group = match named.rule.empty {
        None => "it speaks of no groups",
        Some(EmptyGroup::Counted) => "a group in which nobody voted is counted as it stands",
        Some(EmptyGroup::Holds) => "what a group must meet holds if nobody in it voted",
        Some(EmptyGroup::Fails) => "what a group must meet fails if nobody in it voted",
    };
    Check::new(NAME, Standing::Holds, format!("none has an implied value; {group}"))
}

/// Of one stage no two outcomes that contradict each other may hold at once, where everybody votes
/// in favour or against; nor after an adoption, whatever anybody casts. An outcome that stands
/// before an adoption prevents it by its place. Two adoptions do not contradict each other.
fn exclusive(named: &Named, asked: &[Asked], work: &mut Work) -> Result<Option<Check>> {
    const NAME: &str = "outcomes exclude others";
    let mut pairs = 0;
    for (at, one) in asked.iter().enumerate() {
        let others = asked[at + 1..].iter().filter(|other| other.stage == one.stage);
        for other in
            others.filter(|other| !(one.adopts && other.adopts) && one.label != other.label)
        {
            pairs += 1;
            let both = Rule::And(vec![one.subject.rule.clone(), other.subject.rule.clone()]);
            let electorate = &one.subject.electorate;
            let game = game(&named.rule, &both, electorate, Direction::FAVOUR)
                .map_err(|error| out_of_form(&named.name, &error))?;
            let labels = format!("{} and {}", one.label, other.label);
            if !work.take(&game, 1) {
                return Ok(Some(Check::new(NAME, Standing::NotProved, SPENT)));
            }
            match game.some_win() {
                Some(None) if !one.adopts => {}
                Some(None) => {
                    let check = ballots::excluded(NAME, &labels, named, one, other)?;
                    if check.is_some() {
                        return Ok(check);
                    }
                }
                None => return Ok(Some(Check::new(NAME, Standing::NotProved, labels))),
                Some(Some(found)) => {
                    let who = coalition_words(&found);
                    let words = format!("{labels} both hold if those in favour are {who}");
                    let mut check = Check::new(NAME, Standing::Refused, words);
                    check.detail = json!({ "in_favour": coalition(&found) });
                    return Ok(Some(check));
                }
            }
        }
    }
    let words = format!("of {}, none does", count(pairs, "pair"));
    Ok((pairs > 0).then(|| Check::new(NAME, Standing::Holds, words)))
}

/// Whether each sovereign can stop what affects it, where the rule speaks of the affected.
fn guarantee(named: &Named, asked: &[Asked]) -> Result<Option<Check>> {
    const NAME: &str = "each sovereign can stop what affects it";
    let declared = |set: &str| named.rule.sets.iter().any(|each| each.name == set);
    if !declared(AFFECTED) || !declared(SOVEREIGN) {
        return Ok(None);
    }
    let mut proved = 0;
    for each in asked.iter().filter(|each| each.adopts) {
        let (rule, electorate) = (&each.subject.rule, &each.subject.electorate);
        let found = blocking_guarantee(rule, electorate, SOVEREIGN, AFFECTED)
            .map_err(|error| out_of_form(&named.name, &error))?;
        for (id, verdict) in found {
            match &verdict {
                Verdict::Holds => proved += 1,
                Verdict::Open => {
                    let words = format!("not for {id}: the analysis is too large");
                    return Ok(Some(Check::new(NAME, Standing::NotProved, words)));
                }
                Verdict::Fails(witness) => {
                    let words = format!("not {id}: {}", witness_words(witness));
                    let mut check = Check::new(NAME, Standing::Refused, words);
                    check.detail = witness_json(witness);
                    return Ok(Some(check));
                }
            }
        }
    }
    Ok(Some(Check::new(NAME, Standing::Holds, format!("proved for {}", count(proved, "member")))))
}

fn outcome_checks(
    named: &Named,
    asked: &Asked,
    default_adopts: bool,
    work: &mut Work,
) -> Result<Vec<Check>> {
    let game = &asked.subject.game;
    let silence = ballots::silence(named, asked, default_adopts)?;
    if !work.take(game, 2) {
        let checks = [Some(Check::new("monotone", Standing::NotProved, SPENT)), silence];
        return Ok(checks.into_iter().flatten().collect());
    }
    let lint = game.lint();
    let monotone = match &lint.monotone {
        Verdict::Fails(_) => lint.monotone.clone(),
        _ => ballots::never_hurts(named, asked)?,
    };
    // Two groups that each block, or bring about a pause, do not contradict each other.
    let strict_proper = asked.adopts || default_adopts || asked.direction == Direction::FAVOUR;
    let never = "one more such vote never hurts, whatever all others cast";
    let mut checks = vec![
        verdict("monotone", &monotone, true, never),
        verdict("proper", &lint.proper, strict_proper, "no two coalitions apart both win"),
        verdict("can pass", &lint.can_pass, true, "some coalition wins"),
        verdict("can fail", &lint.can_fail, true, "not every coalition wins"),
    ];
    checks.extend(silence);
    checks.extend(members_shown(&lint));
    checks.extend(smallest_shown(named, asked, &lint, work));
    match analysis::indices(game, &named.name) {
        Ok(indices) => {
            checks.push(indices_shown(&indices));
            checks.push(passing_shown(&indices));
            checks.extend(equality_shown(named, asked, &indices, work));
        }
        Err(error) => {
            checks.push(Check::shown("power indices", format!("not found: {error}"), Value::Null));
        }
    }
    checks.push(base_shown(named, asked, work)?);
    Ok(checks)
}

fn verdict(name: &'static str, of: &Verdict, strict: bool, words: &str) -> Check {
    match of {
        Verdict::Holds => Check::new(name, Standing::Holds, words),
        Verdict::Open => Check::new(
            name,
            Standing::NotProved,
            "the analysis is too large; make the rule smaller",
        ),
        Verdict::Fails(witness) => {
            let standing = if strict { Standing::Refused } else { Standing::Shown };
            let mut check = Check::new(name, standing, witness_words(witness));
            check.detail = witness_json(witness);
            check
        }
    }
}

/// A witness in words.
pub fn witness_words(witness: &Witness) -> String {
    match witness {
        Witness::HurtByOneMore { coalition, one_more } => {
            format!("{} win, and lose if {one_more} joins", coalition_words(coalition))
        }
        Witness::Apart(one, other) => {
            let [one, other] = [one, other].map(coalition_words);
            format!("{one} win, and so do {other}, apart from them")
        }
        Witness::Loses(all) => format!("it fails even with {}", coalition_words(all)),
        Witness::Wins(some) => format!("it passes with {} alone", coalition_words(some)),
        Witness::HurtByBallot { ballots, one, from, to } => {
            let (from, to) = (from.name(), to.name());
            let words = ballots::words(ballots);
            format!("it holds with {words}, and fails if {one} casts {to} in place of {from}")
        }
        Witness::Both(ballots) => format!("both hold with {}", ballots::words(ballots)),
    }
}

/// A witness as JSON.
pub fn witness_json(witness: &Witness) -> Value {
    match witness {
        Witness::HurtByOneMore { coalition: one, one_more } => {
            json!({ "coalition": coalition(one), "one_more": one_more })
        }
        Witness::Apart(one, other) => json!({ "apart": [coalition(one), coalition(other)] }),
        Witness::Loses(one) => json!({ "loses": coalition(one) }),
        Witness::Wins(one) => json!({ "wins": coalition(one) }),
        Witness::HurtByBallot { ballots, one, from, to } => json!({
            "ballots": ballots::json(ballots), "one": one, "from": from.name(), "to": to.name(),
        }),
        Witness::Both(ballots) => json!({ "ballots": ballots::json(ballots) }),
    }
}

fn members_shown(lint: &Lint) -> Vec<Check> {
    let lists =
        [("vetoers", &lint.vetoers), ("dictators", &lint.dictators), ("dummies", &lint.dummies)];
    let shown = lists.map(|(name, list)| match list {
        Some(ids) => Check::shown(name, names(ids), json!(ids)),
        None => Check::shown(name, "not known", Value::Null),
    });
    shown.into()
}

fn smallest_shown(named: &Named, asked: &Asked, lint: &Lint, work: &mut Work) -> Vec<Check> {
    let pairs = [
        ("smallest passing", &lint.smallest_passing),
        ("smallest blocking", &lint.smallest_blocking),
    ];
    let mut shown: Vec<Check> = pairs
        .into_iter()
        .filter_map(|(name, of)| of.as_ref().map(|of| (name, of)))
        .map(|(name, of)| {
            let size: u32 = of.iter().map(|line| line.1).sum();
            let words = format!("{size}: {}", coalition_words(of));
            Check::shown(name, words, json!({ "members": size, "coalition": coalition(of) }))
        })
        .collect();
    // A set that depends on the matter, and one in which nobody is, has no block of its own.
    let sets = named.rule.sets.iter().filter(|set| set.of != SetOrigin::Matter);
    for set in sets.filter(|_| asked.direction == Direction::FAVOUR) {
        if !work.take(&asked.subject.game, 2) {
            let words = format!("{}: {SPENT}", set.name);
            shown.push(Check::shown("smallest block of a set", words, Value::Null));
            continue;
        }
        let (rule, electorate) = (&asked.subject.rule, &asked.subject.electorate);
        let Ok(found) = smallest_block_of(rule, electorate, &set.name) else { continue };
        let (words, detail) = match &found {
            Some(of) => {
                let size: u32 = of.iter().map(|line| line.1).sum();
                (format!("{}: {size}: {}", set.name, coalition_words(of)), json!(coalition(of)))
            }
            None => (format!("{}: cannot block", set.name), Value::Null),
        };
        let detail = json!({ "set": set.name, "coalition": detail });
        shown.push(Check::shown("smallest block of a set", words, detail));
    }
    shown
}

fn indices_shown(indices: &Indices) -> Check {
    let members = by_power(indices);
    let line =
        |of: &&Power| format!("{} {} and {}", of.id, percent(&of.banzhaf), percent(&of.shapley));
    let lines: Vec<String> = members.iter().map(line).collect();
    let first: Vec<String> = lines.iter().take(6).cloned().collect();
    let more = match lines.len() - first.len() {
        0 => String::new(),
        more => format!(" and {} with less", count(more, "line")),
    };
    let detail: Map<String, Value> =
        indices.members.iter().map(|of| (of.id.clone(), member(of).into())).collect();
    Check::shown("Banzhaf and Shapley", format!("{}{more}", first.join("; ")), detail.into())
}

fn passing_shown(indices: &Indices) -> Check {
    let drawn = match indices.winning.exactness {
        Exactness::Sampled { draws, .. } => format!(", by {draws} orders drawn"),
        Exactness::Exact | Exactness::Proved => String::new(),
    };
    let words = format!("{} of coalitions win{drawn}", percent(&indices.winning_share()));
    Check::shown("share that passes", words, Value::Object(found(indices)))
}

/// Where equality matters: the winning coalitions with `>` for `>=`, or the other way round.
fn equality_shown(named: &Named, asked: &Asked, indices: &Indices, work: &mut Work) -> Vec<Check> {
    const NAME: &str = "`>` against `>=`";
    const COMPARISONS_MAX: usize = 16;
    let Some(now) = indices.winning.value().map(ToString::to_string) else {
        return vec![Check::shown(NAME, "not counted: the rule is too large", Value::Null)];
    };
    let mut shown = Vec::new();
    for number in 0..COMPARISONS_MAX {
        let mut changed = asked.subject.rule.clone();
        let Some(condition) = turn_sign(&mut changed, &mut { number }) else { break };
        let game = game(&named.rule, &changed, &asked.subject.electorate, asked.direction);
        let game = game.ok().filter(|game| work.take(game, 1));
        let winning = game.and_then(|game| game.swings().ok()).map(|(n, _)| n.to_string());
        let words = match &winning {
            Some(winning) if *winning == now => continue,
            Some(winning) => format!("{winning} in place of {now} coalitions win with {condition}"),
            None => format!("not counted with {condition}: that is too much work"),
        };
        let detail = json!({ "condition": condition, "now": now, "then": winning });
        shown.push(Check::shown(NAME, words, detail));
    }
    if shown.is_empty() {
        shown.push(Check::shown(NAME, "makes no difference", Value::Null));
    }
    shown
}

/// Turns `>` into `>=`, or the other way round, at the comparison of a number; gives its new text,
/// or nothing if there is none.
fn turn_sign(rule: &mut Rule, left: &mut usize) -> Option<String> {
    match rule {
        Rule::And(args) | Rule::Or(args) | Rule::KOf { args, .. } => {
            args.iter_mut().find_map(|arg| turn_sign(arg, left))
        }
        Rule::Not(arg) => turn_sign(arg, left),
        Rule::Compare(comparison) => match left.checked_sub(1) {
            Some(fewer) => {
                *left = fewer;
                None
            }
            None => {
                comparison.strict = !comparison.strict;
                Some(rule.to_text())
            }
        },
    }
}

/// What the base makes of those who are not in favour: how few then pass it. With everybody voting,
/// `pv`, `pres` and `all` are the same.
fn base_shown(named: &Named, asked: &Asked, work: &mut Work) -> Result<Check> {
    let inside = asked.direction.inside;
    let mut words = Vec::new();
    let mut detail = Map::new();
    for (outside, others) in
        [(Ballot::No, "voting against"), (Ballot::Abstain, "abstaining"), (Ballot::Absent, "away")]
    {
        if outside == inside {
            continue;
        }
        let direction = Direction { inside, outside };
        let (rule, electorate) = (&asked.subject.rule, &asked.subject.electorate);
        let game = game(&named.rule, rule, electorate, direction)
            .map_err(|error| out_of_form(&named.name, &error))?;
        let smallest = work.take(&game, 1).then(|| game.smallest_passing()).flatten();
        let size = match smallest {
            Some(found) => found.iter().map(|line| line.1).sum::<u32>().to_string(),
            None => "none known".to_owned(),
        };
        words.push(format!("{size} with all others {others}"));
        detail.insert(outside.name().to_owned(), size.into());
    }
    let words = format!("fewest that pass: {}", words.join(", "));
    Ok(Check::shown("who does not vote", words, Value::Object(detail)))
}
