//! Conditions of a file of data, as the law's.

use pacta_law::treaty::{
    Amount, Condition, ConsentKind, Counted, FactKind, Fraction, Group, Participant, Ratio, Weighed,
};

use super::clauses::require_known;
use super::data::{ClausesData, ConditionData};

/// What is told for readers and decides no date.
const INFORMATION: [&str; 2] = ["action", "parties_counted"];

/// Turns conditions of a file into those of the law; `untested` gathers those that the file's
/// data do not suffice to test, and that are taken as met.
///
/// # Errors
/// Which member is out of form, and how.
pub fn condition(
    data: &ConditionData,
    clauses: &ClausesData,
    untested: &mut Vec<String>,
) -> Result<Condition, String> {
    let all = tests(data, clauses, untested)?;
    joined(all, Condition::AllOf).ok_or_else(|| "conditions: none can be tested".to_owned())
}

/// One condition is itself; several are combined.
fn joined(
    mut all: Vec<Condition>,
    combine: impl FnOnce(Vec<Condition>) -> Condition,
) -> Option<Condition> {
    match all.len() {
        0 | 1 => all.pop(),
        _ => Some(combine(all)),
    }
}

fn tests(
    data: &ConditionData,
    clauses: &ClausesData,
    untested: &mut Vec<String>,
) -> Result<Vec<Condition>, String> {
    require_known("conditions", &data.others, &INFORMATION)?;
    let of = Counted { kinds: kinds(data)?, ..Counted::default() };
    let signatories = Counted { signatories: true, ..of.clone() };
    let mut all = Vec::new();
    if let Some(at_least) = data.instruments {
        all.push(Condition::Count { at_least, of: of.clone() });
    }
    if let Some(names) = &data.named_parties {
        all.push(Condition::Named { participants: named(names), of: of.clone() });
    }
    all.extend(from_group(data, clauses, &of, untested));
    all.extend(weight(data, clauses, &of, untested)?);
    if let Some(share) = &data.fraction_of_parties {
        let fraction = at_least("fraction_of_parties", &share.fraction)?;
        all.push(Condition::Fraction { fraction, base: share.base, of: of.clone() });
    }
    if let Some(share) = &data.fraction_of_members {
        let fraction = at_least("fraction_of_members", &share.fraction)?;
        all.push(Condition::Fraction { fraction, base: share.members, of });
    }
    match (&data.fraction_of_signatories, data.signatories) {
        (None, None) => {}
        (Some(share), Some(base)) => {
            let fraction = at_least("fraction_of_signatories", share)?;
            all.push(Condition::Fraction { fraction, base, of: signatories.clone() });
        }
        _ => return Err("fraction_of_signatories: needs the number of signatories".to_owned()),
    }
    if let Some(at_least) = data.all_signatories {
        all.push(Condition::Count { at_least, of: signatories });
    }
    combined(data, clauses, untested, &mut all)?;
    Ok(all)
}

fn combined(
    data: &ConditionData,
    clauses: &ClausesData,
    untested: &mut Vec<String>,
    all: &mut Vec<Condition>,
) -> Result<(), String> {
    for each in data.all_of.iter().flatten() {
        all.extend(tests(each, clauses, untested)?);
    }
    let Some(list) = &data.min_of else { return Ok(()) };
    let any = list
        .iter()
        .map(|each| condition(each, clauses, untested))
        .collect::<Result<Vec<_>, _>>()?;
    all.extend(joined(any, Condition::AnyOf));
    Ok(())
}

fn kinds(data: &ConditionData) -> Result<Vec<ConsentKind>, String> {
    let kind = |kind: &FactKind| {
        let consent = kind.consent();
        consent.ok_or_else(|| format!("kinds_counted: {} is no consent", kind.words()))
    };
    data.kinds_counted.iter().flatten().map(kind).collect()
}

fn from_group(
    data: &ConditionData,
    clauses: &ClausesData,
    of: &Counted,
    untested: &mut Vec<String>,
) -> Option<Condition> {
    let wanted = data.instruments_from_group.as_ref()?;
    let Some(members) = clauses.groups.get(&wanted.group) else {
        untested.push(format!("{} of {}: the members are not given", wanted.n, wanted.group));
        return None;
    };
    let group = Group { name: wanted.group.clone(), members: named(members) };
    let of = Counted { group: Some(Box::new(group)), ..of.clone() };
    Some(Condition::Count { at_least: wanted.n, of })
}

fn weight(
    data: &ConditionData,
    clauses: &ClausesData,
    of: &Counted,
    untested: &mut Vec<String>,
) -> Result<Option<Condition>, String> {
    let Some(wanted) = &data.weight else { return Ok(None) };
    let Some(table) = &wanted.table else {
        let (share, measure) = (&wanted.min_fraction, &wanted.measure);
        untested.push(format!("{share} of {measure}: the weights are not given"));
        return Ok(None);
    };
    if table != "weights" || clauses.weights.is_empty() {
        return Err(format!("weight: the file has no table \"{table}\""));
    }
    let weighed = |(name, weight): (&String, &u64)| Weighed {
        participant: Participant::Name(name.clone()),
        weight: Amount(u128::from(*weight)),
    };
    Ok(Some(Condition::Weight {
        measure: wanted.measure.clone(),
        fraction: at_least("weight", &wanted.min_fraction)?,
        total: wanted
            .denominator
            .map(|total| Amount(u128::from(total)))
            .ok_or("weight: has a table and no denominator")?,
        table: clauses.weights.iter().map(weighed).collect(),
        of: of.clone(),
    }))
}

/// Names as participants.
pub fn named(names: &[String]) -> Vec<Participant> {
    names.iter().cloned().map(Participant::Name).collect()
}

fn at_least(member: &str, share: &str) -> Result<Fraction, String> {
    let ratio = Ratio::try_from(share.to_owned());
    ratio.map(Fraction::AtLeast).map_err(|problem| format!("{member}: {problem}"))
}
