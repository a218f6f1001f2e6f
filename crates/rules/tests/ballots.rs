//! Lists of ballots made up for the rules of the library, in `data/ballots.txt`: each comes out as
//! written there, and each outcome of each stage has one that just suffices and one that does not.

use std::collections::{BTreeMap, BTreeSet};

use pacta_rules::decision_rule::Then;
use pacta_rules::library::{LIBRARY, LibraryRule};
use pacta_rules::{Ballot, Came, Count, DecisionRule, Electorate, Member};

/// A list of ballots, by the members of one line of the file, and what comes of it.
struct List {
    slug: &'static str,
    /// The line that names the members.
    electorate: usize,
    stage: usize,
    ballots: Vec<Count>,
    comes: &'static str,
}

fn member(text: &str) -> Member {
    let (head, columns) = text.split_once('*').map_or((text, None), |(a, b)| (a, Some(b)));
    let mut sets = head.split('@');
    let name = sets.next().expect("a name");
    let (id, count) = name.split_once(':').unwrap_or((name, "1"));
    let weights = columns.into_iter().flat_map(|columns| columns.split('*'));
    let weight = |column: &str| {
        let (name, weight) = column.split_once('=').expect(text);
        (name.to_owned(), weight.parse().expect(text))
    };
    Member {
        id: id.into(),
        count: count.parse().expect(text),
        sets: sets.map(str::to_owned).collect(),
        weights: weights.map(weight).collect(),
    }
}

fn count(member: &Member, text: &str) -> Count {
    let (mut count, mut number) = (Count::default(), String::new());
    for letter in text.chars() {
        let ballot = match letter {
            'y' => Ballot::Yes,
            'n' => Ballot::No,
            'a' => Ballot::Abstain,
            'v' => Ballot::Veto,
            digit => {
                number.push(digit);
                continue;
            }
        };
        let ballots = if number.is_empty() { 1 } else { number.parse().expect(text) };
        count[ballot as usize] += ballots;
        number.clear();
    }
    assert!(number.is_empty(), "{text}");
    let cast: u32 = count.iter().sum();
    count[Ballot::Absent as usize] = member.count.checked_sub(cast).expect("no more than members");
    count
}

fn list(electorate: &Electorate, text: &'static str) -> (usize, Vec<Count>, &'static str) {
    let (ballots, comes) = text.split_once("->").expect(text);
    let (stage, ballots) = ballots.split_once(':').unwrap_or(("1", ballots));
    let stage: usize = stage.trim().parse().expect(text);
    let mut named = BTreeMap::new();
    for each in ballots.split_whitespace() {
        let (id, ballots) = each.split_once('=').expect(text);
        assert!(named.insert(id, ballots).is_none(), "{text}: {id} twice");
    }
    let counts = electorate.members.iter();
    let counts = counts.map(|of| count(of, named.remove(of.id.as_str()).unwrap_or(""))).collect();
    assert!(named.is_empty(), "{text}: no member {named:?}");
    (stage - 1, counts, comes.trim())
}

fn lists() -> (Vec<Electorate>, Vec<List>) {
    let (mut electorates, mut lists) = (Vec::new(), Vec::new());
    let mut slug = "";
    let lines = include_str!("../data/ballots.txt").lines();
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some((of, members)) = line.split_once('|') {
            slug = of.trim();
            let members = members.split_whitespace().map(member).collect();
            electorates.push(Electorate { members });
            continue;
        }
        let electorate = electorates.len() - 1;
        for text in line.split(';') {
            let (stage, ballots, comes) = list(&electorates[electorate], text);
            lists.push(List { slug, electorate, stage, ballots, comes });
        }
    }
    (electorates, lists)
}

fn read(slug: &str) -> DecisionRule {
    let rule = LibraryRule::of_slug(slug).unwrap_or_else(|| panic!("no rule {slug}"));
    rule.read().expect(slug)
}

#[test]
fn each_list_of_ballots_has_the_outcome_that_its_source_gives_it() {
    let (electorates, lists) = lists();
    let mut wrong = Vec::new();
    for List { slug, electorate, stage, ballots, comes } in &lists {
        let ruling = read(slug).decide(*stage, &electorates[*electorate], ballots);
        let came = match ruling.unwrap_or_else(|error| panic!("{slug}: {error}")).came {
            Came::Outcome(label) | Came::Default(label) => label,
            Came::Lapsed => "lapsed".into(),
            Came::Next => "next".into(),
            Came::Tie => "tie".into(),
        };
        if came != *comes {
            wrong.push(format!(
                "{slug}, stage {}: {ballots:?} gives {came}, not {comes}",
                stage + 1
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether one member casts one ballot otherwise, and all else is the same.
fn differ_by_one(a: &List, b: &List) -> bool {
    let pairs = a.ballots.iter().flatten().zip(b.ballots.iter().flatten());
    let changed: u32 = pairs.map(|(a, b)| a.abs_diff(*b)).sum();
    let members = a.ballots.iter().zip(&b.ballots).filter(|(a, b)| a != b).count();
    a.electorate == b.electorate && a.stage == b.stage && changed == 2 && members == 1
}

#[test]
fn each_outcome_of_each_stage_is_reached_by_a_list_and_just_missed_by_another() {
    let (_, lists) = lists();
    let mut missing = Vec::new();
    for library in LIBRARY {
        let rule = read(library.slug);
        for (stage, of) in rule.stages.iter().enumerate() {
            let thens = of.outcomes.iter().map(|branch| &branch.then).chain([&of.otherwise]);
            let labels: BTreeSet<&str> = thens
                .map(|then| match then {
                    Then::Default => rule.default.as_deref().unwrap_or("lapsed"),
                    other => other.word(),
                })
                .collect();
            for label in labels {
                let here = |list: &&List| list.slug == library.slug && list.stage == stage;
                let (reach, miss): (Vec<&List>, Vec<&List>) =
                    lists.iter().filter(here).partition(|list| list.comes == label);
                let just = |a: &&List| miss.iter().any(|b| differ_by_one(a, b));
                if !reach.iter().any(just) {
                    missing.push(format!("{}, stage {}: {label}", library.slug, stage + 1));
                }
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
