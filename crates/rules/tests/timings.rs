//! Timings, printed on request: `cargo test --release -p pacta-rules --test timings -- --ignored
//! --nocapture`.

use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use std::time::{Duration, Instant};

use pacta_rules::{
    Ballot, Ballots, Comparison, Electorate, Linear, Member, Quantity, Rule, Scrutiny, Set, Tally,
    Term, Weight,
};

const ROUNDS: u32 = 2_000;

fn tally(ballots: Ballots, set: Set, weight: Weight) -> Quantity {
    Quantity::Tally(Tally { weight, set, ballots })
}

fn share(set: &Set, weight: &Weight, numerator: i64, denominator: u32) -> Rule {
    let left = tally(Ballots::YES, set.clone(), weight.clone());
    let right = tally(Ballots::CAST, set.clone(), weight.clone());
    Rule::Compare(Comparison {
        strict: false,
        left: Linear(vec![Term { numerator: 1, denominator: 1, of: left }]),
        right: Linear(vec![Term { numerator, denominator, of: right }]),
    })
}

/// Two thirds of the votes cast, of four groups each a half, and of weight three fifths.
fn rule() -> Rule {
    let groups = ["north", "south", "east", "west"];
    let mut all = vec![
        share(&Set::All, &Weight::Unit, 2, 3),
        share(&Set::All, &Weight::Column("population".into()), 3, 5),
    ];
    all.extend(groups.map(|group| share(&Set::Named(group.into()), &Weight::Unit, 1, 2)));
    Rule::And(all)
}

fn electorate(members: usize) -> Electorate {
    let groups = ["north", "south", "east", "west"];
    let member = |n: usize| Member {
        id: format!("member {n}"),
        count: 1,
        sets: BTreeSet::from([groups[n % 4].to_string()]),
        weights: BTreeMap::from([("population".to_string(), 1_000 + n as u64)]),
    };
    Electorate { members: (0..members).map(member).collect() }
}

fn timed(what: &str, members: usize, mut act: impl FnMut(u32)) -> Duration {
    let start = Instant::now();
    for round in 0..ROUNDS {
        act(round);
    }
    let each = start.elapsed() / ROUNDS;
    println!("{members:>6} members: {each:>10.2?} {what}");
    each
}

#[test]
#[ignore = "prints timings; nothing to fail on a busy machine"]
fn one_vote_takes_the_same_time_however_many_members_there_are() {
    for members in [20, 193, 2_000, 20_000] {
        let scrutiny = Scrutiny::of_rule(&rule(), &electorate(members)).unwrap();
        let mut running = scrutiny.measures().nobody_voted();
        let ballots = [Ballot::Absent, Ballot::Yes];
        timed("one vote and its outcome", members, |round| {
            let (from, to) = (round as usize % 2, (round as usize + 1) % 2);
            let member = round as usize / 2 % members;
            scrutiny.cast(&mut running, member, ballots[from], ballots[to]).unwrap();
            black_box(scrutiny.decide(&running));
        });
        for member in 0..members {
            let ballot = if member % 5 < 3 { Ballot::Yes } else { Ballot::No };
            let from = if running.counts()[member][0] == 1 { Ballot::Yes } else { Ballot::Absent };
            scrutiny.cast(&mut running, member, from, ballot).unwrap();
        }
        timed("outcome with explanation", members, |_| {
            black_box(scrutiny.explain(&running));
        });
        let start = Instant::now();
        let flips = black_box(scrutiny.flips(&running, Ballots::ELIGIBLE, Ballots::CAST));
        let text = format!("{flips:?}");
        println!("{members:>6} members: {:>10.2?} flips: {}", start.elapsed(), &text[..40]);
        let nobody = scrutiny.measures().nobody_voted();
        let start = Instant::now();
        black_box(scrutiny.prospect(&nobody, Ballots::ELIGIBLE));
        println!("{members:>6} members: {:>10.2?} prospect with all open", start.elapsed());
    }
}
