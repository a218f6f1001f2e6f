//! Power under a rule, with what a case expects of it.

use std::fmt::Display;
use std::path::Path;
use std::str::FromStr;

use pacta_rules::power::{Answer, Exactness, Fraction, Indices, Power};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::analysis;
use super::decide::plain;
use super::difference::Difference;
use super::game::Subject;
use super::source::{Published, out_of_form};
use crate::failure::Result;

/// Places of a decimal, which is for reading only.
const PLACES: u32 = 10;

/// Who has how much power in one case.
#[derive(Clone, Debug, Serialize)]
pub struct Powers {
    /// The case.
    pub id: String,
    /// What it is of.
    pub title: String,
    /// How many members there are.
    pub players: u32,
    /// How swings were found, and how exact they are.
    #[serde(flatten)]
    pub found: Map<String, Value>,
    /// Without whom nothing passes; null if the rule is not monotone.
    pub vetoers: Option<Vec<String>>,
    /// Who passes an act alone, and without whom nothing passes; null as for vetoers.
    pub dictators: Option<Vec<String>>,
    /// Who never turns an outcome; null as for vetoers.
    pub dummies: Option<Vec<String>>,
    /// Swings and indices of a single member, by id.
    #[serde(serialize_with = "by_id")]
    pub per_member: Vec<(String, Map<String, Value>)>,
    /// In what this differs from what the case expects.
    pub differences: Vec<Difference>,
    /// What the case expects exactly, and is known only between bounds that hold it.
    pub not_compared: Vec<String>,
    /// Whether nothing differs.
    pub ok: bool,
    /// The indices, for the words.
    #[serde(skip)]
    pub indices: Indices,
}

fn by_id<S: Serializer>(
    members: &[(String, Map<String, Value>)],
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_map(members.iter().map(|(id, member)| (id, member)))
}

/// Finds the power of a case.
///
/// # Errors
/// Exit code 65 when its rule cannot be counted with its members, or is too large and not monotone,
/// naming the case.
pub fn power(published: &Published, file: &Path) -> Result<Powers> {
    let Subject { game, .. } = Subject::of_case(published, file)?;
    let case = &published.case;
    let indices = analysis::indices(&game, &case.id)
        .map_err(|error| out_of_form(&published.place, &error))?;
    let lint = game.lint();
    let Comparison { differences, not_compared } =
        compare(&published.value, &case.expect, &indices);
    Ok(Powers {
        id: case.id.clone(),
        title: case.title.clone(),
        players: indices.players,
        found: found(&indices),
        dictators: lint.dictators,
        // Whoever only ever hurts has no swing either, and yet turns outcomes.
        dummies: lint.vetoers.as_ref().map(|_| indices.dummies().map(str::to_owned).collect()),
        vetoers: lint.vetoers,
        per_member: indices.members.iter().map(|of| (of.id.clone(), member(of))).collect(),
        ok: differences.is_empty(),
        differences,
        not_compared,
        indices,
    })
}

/// What was found of all members together: numbers, methods, exactness.
pub fn found(indices: &Indices) -> Map<String, Value> {
    let mut found = Map::new();
    let winning = &indices.winning;
    bounded(&mut found, "winning_coalitions", winning);
    bounded(&mut found, "winning_share", &indices.winning_share());
    put_decimal(&mut found, "winning_share", &indices.winning_share());
    found.insert("method".to_owned(), winning.method.name().into());
    found.insert("exactness".to_owned(), exactness(winning.exactness).into());
    if let Some(shapley) = indices.members.first().map(|of| &of.shapley) {
        found.insert("shapley_method".to_owned(), shapley.method.name().into());
        found.insert("shapley_exactness".to_owned(), exactness(shapley.exactness).into());
    }
    if let Exactness::Sampled { seed, draws } = winning.exactness {
        found.insert("sample".to_owned(), json!({ "seed": seed.to_string(), "draws": draws }));
    }
    found
}

fn exactness(of: Exactness) -> &'static str {
    match of {
        Exactness::Exact => "exact",
        Exactness::Proved => "proved",
        Exactness::Sampled { .. } => "sampled",
    }
}

/// The power of a single member of a line.
pub fn member(of: &Power) -> Map<String, Value> {
    let mut member = Map::new();
    member.insert("n".to_owned(), of.count.into());
    bounded(&mut member, "swings", &of.swings);
    for (name, index) in [("banzhaf_norm", &of.banzhaf), ("shapley", &of.shapley)] {
        bounded(&mut member, name, index);
        put_decimal(&mut member, name, index);
    }
    member
}

/// A value under its name, or its bounds under two.
fn bounded<T: ToString + Clone>(into: &mut Map<String, Value>, name: &str, of: &Answer<T>) {
    match of.value() {
        Some(value) => drop(into.insert(name.to_owned(), value.to_string().into())),
        None => {
            into.insert(format!("{name}_low"), of.low.to_string().into());
            into.insert(format!("{name}_high"), of.high.to_string().into());
        }
    }
}

/// A decimal for reading, where the bounds are close enough for one.
fn put_decimal(into: &mut Map<String, Value>, name: &str, of: &Answer<Fraction>) {
    if !matches!(of.exactness, Exactness::Sampled { .. }) {
        into.insert(format!("{name}_dec"), decimal(of).into());
    }
}

/// The middle of the bounds as a decimal.
fn decimal(of: &Answer<Fraction>) -> String {
    middle(of).decimal(PLACES)
}

/// The middle of the bounds; the value, if it is known exactly.
pub fn middle(of: &Answer<Fraction>) -> Fraction {
    let sum = of.low.plus(&of.high);
    Fraction::new(sum.numerator().clone(), sum.denominator() * 2_u32)
}

/// What a comparison with a case came to.
#[derive(Default)]
struct Comparison {
    differences: Vec<Difference>,
    not_compared: Vec<String>,
}

impl Comparison {
    fn text(&mut self, of: &str, expected: Option<&Value>, is: impl ToString) {
        let expected = expected.map(plain);
        self.differences.extend(expected.and_then(|text| Difference::between(of, text, is)));
    }

    /// A number of coalitions: equal, or outside of its bounds, or not compared.
    fn number<T: Clone + Display + FromStr + Ord>(
        &mut self,
        of: &str,
        expected: Option<&Value>,
        answer: &Answer<T>,
    ) {
        let (Some(expected), Answer { low, high, .. }) = (expected, answer) else { return };
        let number = plain(expected).parse::<T>().ok();
        match answer.value() {
            Some(value) => self.text(of, Some(expected), value),
            None if number.is_some_and(|number| *low <= number && number <= *high) => {
                self.not_compared.push(of.to_owned());
            }
            None => self.text(of, Some(expected), format!("{low} to {high}")),
        }
    }
}

fn compare(value: &Value, expect: &Value, indices: &Indices) -> Comparison {
    let mut found = Comparison::default();
    found.text("players", value.get("players"), indices.players);
    found.number("winning_coalitions", value.get("winning_coalitions"), &indices.winning);
    found.number("sum_swings", expect.get("sum_swings"), &indices.swings());
    match indices.members.iter().all(|of| of.swings.value().is_some()) {
        true => {
            let dummies: Vec<&str> = indices.dummies().collect();
            let expected = expect.get("dummies").and_then(|list| in_order(list, indices));
            found.text("dummies", expected.as_ref(), dummies.join(", "));
        }
        false => found.not_compared.extend(expect.get("dummies").map(|_| "dummies".to_owned())),
    }
    let members = |of: &str| expect.get(of).and_then(Value::as_object).into_iter().flatten();
    for (id, expected) in members("per_member") {
        match indices.of(id) {
            Some(of) => compare_member(&mut found, of, expected),
            None => found.differences.extend(Difference::between(id, "a member", "none")),
        }
    }
    for (index, figures) in members("published") {
        for (id, figure) in figures.as_object().into_iter().flatten() {
            let place = format!("published.{index}.{id}");
            found.differences.extend(match indices.of(id) {
                Some(of) if index == "shapley" => rounded(&place, figure, &of.shapley),
                Some(of) => rounded(&place, figure, &of.banzhaf),
                None => Difference::between(&place, plain(figure), "no such member"),
            });
        }
    }
    found
}

/// Names in the order of the members.
fn in_order(list: &Value, indices: &Indices) -> Option<Value> {
    let mut names: Vec<&str> = list.as_array()?.iter().filter_map(Value::as_str).collect();
    names.sort_by_key(|name| indices.members.iter().position(|of| of.id == **name));
    Some(names.join(", ").into())
}

fn compare_member(found: &mut Comparison, of: &Power, expected: &Value) {
    found.number(&format!("{}.swings", of.id), expected.get("swings"), &of.swings);
    for (name, answer) in [("banzhaf_norm", &of.banzhaf), ("shapley", &of.shapley)] {
        let place = format!("{}.{name}", of.id);
        let decimal = expected.get(format!("{name}_dec"));
        found.differences.extend(match (expected.get(name), answer.value()) {
            (Some(expected), Some(value)) => equal(&place, expected, value),
            (Some(expected), None) => within(&place, expected, answer),
            (None, _) => decimal.and_then(|of| tenth_place(&place, of, answer)),
        });
    }
}

/// Fractions of cases are not all in lowest terms.
fn equal(of: &str, expected: &Value, value: &Fraction) -> Option<Difference> {
    match plain(expected).parse::<Fraction>() {
        Ok(expected) => Difference::between(of, expected, value),
        Err(_) => Difference::between(of, plain(expected), value),
    }
}

/// Whether an expected fraction lies between the bounds.
fn within(of: &str, expected: &Value, answer: &Answer<Fraction>) -> Option<Difference> {
    let text = plain(expected);
    let value = text.parse::<Fraction>().ok();
    differs(of, &text, value, &Fraction::zero(), answer)
}

/// Whether a decimal, good to its tenth place, agrees with the bounds.
fn tenth_place(of: &str, expected: &Value, answer: &Answer<Fraction>) -> Option<Difference> {
    let text = expected.as_f64().map_or_else(|| plain(expected), |value| format!("{value:.10}"));
    differs(of, &text, text.parse().ok(), &Fraction::new(1, 10_000_000_000_u64), answer)
}

/// Whether a rounded figure agrees to the digits shown.
fn rounded(of: &str, expected: &Value, answer: &Answer<Fraction>) -> Option<Difference> {
    let text = plain(expected);
    let places = text.split_once('.').map_or(0, |(_, places)| places.len()).min(18) as u32;
    let half = Fraction::new(1, 2 * 10_u64.pow(places));
    differs(of, &text, text.parse().ok(), &half, answer)
}

fn differs(
    of: &str,
    text: &str,
    expected: Option<Fraction>,
    slack: &Fraction,
    answer: &Answer<Fraction>,
) -> Option<Difference> {
    let agrees = expected.is_some_and(|expected| {
        answer.low <= expected.plus(slack) && answer.high >= expected.minus(slack)
    });
    match agrees {
        true => None,
        false => Difference::between(of, text, decimal(answer)),
    }
}

#[cfg(test)]
mod tests {
    use pacta_rules::power::Game;
    use pacta_rules::{Case, CaseMembers, Question};

    use super::*;

    fn game() -> (Game, Value) {
        let text = include_str!("../../../rules/data/cases/indices.json");
        let list: Vec<Value> = serde_json::from_str(text).expect("it is JSON");
        let value = list.into_iter().find(|case| case["id"] == "idx-unsc-15").expect("a case");
        let case = Case::from_value(&value).expect("it is in form");
        let (Question::Power { rule }, CaseMembers::Listed(members)) =
            (case.question, case.members)
        else {
            panic!("members and a rule")
        };
        (Game::new(&rule, &members).expect("a game"), value)
    }

    #[test]
    fn a_published_figure_of_nobody_is_a_difference() {
        let (game, mut value) = game();
        let indices = game.exact_indices().expect("a small game");
        let expect = &mut value["expect"];
        expect["published"] = json!({ "banzhaf": { "permanent": 0.1669, "nobody": 0.5 } });
        let found = compare(&value, &value["expect"], &indices);
        let places: Vec<&str> = found.differences.iter().map(|each| each.of.as_str()).collect();
        assert_eq!(places, ["published.banzhaf.nobody"]);
        assert!(found.not_compared.is_empty());
    }

    #[test]
    fn what_is_known_between_bounds_differs_or_is_said_not_to_be_compared() {
        let (game, mut value) = game();
        let sampled = game.sampled(1, 1_000).expect("a sample");
        value["winning_coalitions"] = json!(848);
        value["expect"] = json!({
            "sum_swings": 5 * 848 + 10 * 84,
            "dummies": [],
            "per_member": { "permanent": { "swings": 848 } },
        });
        let found = compare(&value, &value["expect"], &sampled);
        assert_eq!(found.differences, []);
        let names = ["winning_coalitions", "sum_swings", "dummies", "permanent.swings"];
        assert_eq!(found.not_compared, names);

        value["winning_coalitions"] = json!(32_768);
        value["expect"] = json!({ "sum_swings": 1_000_000 });
        let found = compare(&value, &value["expect"], &sampled);
        let places: Vec<&str> = found.differences.iter().map(|each| each.of.as_str()).collect();
        assert_eq!(places, ["winning_coalitions", "sum_swings"]);
    }
}
