//! What holds whatever ballots are mixed: some in favour or against, others abstaining or away.
//!
//! A game knows two ballots, one inside and one outside of the coalition. Where a rule also counts
//! other ballots, more must be shown: first by the signs of what a ballot adds to each comparison,
//! then by going through all mixes of ballots of those parts of the rule whose signs do not show
//! it, if they are few enough.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::lint::{Cast, Verdict, Witness};
use crate::case::NamedOutcome;
use crate::electorate::{Ballot, Electorate, Member};
use crate::error::Error;
use crate::evaluate::{Node, Scrutiny};
use crate::exact::Exact;
use crate::tree::{Quantity, Rule};
use ethnum::I256;

/// Most steps in going through mixes of ballots for one question.
pub const MIXES_STEPS_MAX: u64 = 1 << 24;

/// What a member may do; it counts as the rule says.
const CHOICES: [Ballot; 5] =
    [Ballot::Yes, Ballot::No, Ballot::Abstain, Ballot::Absent, Ballot::Veto];

/// Whether a member who casts a ballot in place of any other never turns what holds into what does
/// not, whatever all others cast. The last argument gives as what a ballot of a member counts.
///
/// # Errors
/// As [`Scrutiny::of_rule`].
pub fn never_hurts(
    rule: &Rule,
    electorate: &Electorate,
    to: Ballot,
    counts_as: impl Fn(&Member, Ballot) -> Ballot,
) -> Result<Verdict, Error> {
    let scrutiny = Scrutiny::of_rule(rule, electorate)?;
    let mut mixes = Mixes::new(&scrutiny, electorate, &counts_as);
    Ok(mixes.never_hurts(scrutiny.outcomes[0].node, true, to))
}

/// Whether two rules never hold at once, whatever anybody casts.
///
/// # Errors
/// As [`Scrutiny::new`].
pub fn exclude(
    one: &Rule,
    other: &Rule,
    electorate: &Electorate,
    counts_as: impl Fn(&Member, Ballot) -> Ballot,
) -> Result<Verdict, Error> {
    let outcome = |rule: &Rule| NamedOutcome { rule: rule.clone(), label: String::new() };
    let scrutiny = Scrutiny::new(&[outcome(one), outcome(other)], "", electorate)?;
    let mut mixes = Mixes::new(&scrutiny, electorate, &counts_as);
    let [one, other] = [0, 1].map(|at| scrutiny.outcomes[at].node);
    if mixes.exclude((one, true), (other, true)) {
        return Ok(Verdict::Holds);
    }
    let both =
        |margins: &[I256]| scrutiny.holds_with(one, margins) && scrutiny.holds_with(other, margins);
    let search = mixes.search(&[one, other], Ballot::Yes);
    Ok(match search.map(|search| search.first(|margins, _| both(margins).then_some(None))) {
        None => Verdict::Open,
        Some(None) => Verdict::Holds,
        Some(Some((ballots, _))) => Verdict::Fails(Witness::Both(ballots)),
    })
}

/// What comes of a rule if all do the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alike {
    /// It does not hold.
    Fails,
    /// It holds, and would also if no comparison of nothing with nothing did.
    Holds,
    /// It holds since nothing is compared with nothing: two thirds of no votes are no votes.
    HoldsOfNothing,
}

/// What comes of a rule if all members do the same, such as to stay away.
///
/// # Errors
/// As [`Scrutiny::of_rule`].
pub fn all_alike(
    rule: &Rule,
    electorate: &Electorate,
    ballot: Ballot,
    counts_as: impl Fn(&Member, Ballot) -> Ballot,
) -> Result<Alike, Error> {
    let scrutiny = Scrutiny::of_rule(rule, electorate)?;
    let counts = electorate.members.iter().map(|member| {
        let mut count = [0; 6];
        count[counts_as(member, ballot) as usize] = member.count;
        count
    });
    let running = scrutiny.count(counts.collect())?;
    let node = scrutiny.outcomes[0].node;
    let holds = |number: usize| {
        let inequality = &scrutiny.inequalities[number];
        inequality.holds(inequality.margin(&running))
    };
    if !scrutiny.holds(node, true, &|number, _| holds(number)) {
        return Ok(Alike::Fails);
    }
    let of_nothing = |number: usize| {
        let inequality = &scrutiny.inequalities[number];
        let source = &inequality.source;
        let terms = source.left.0.iter().chain(&source.right.0);
        let tallies = terms.filter_map(|term| match &term.of {
            Quantity::Tally(tally) => Some(tally),
            Quantity::One => None,
        });
        let tallies: Vec<_> = tallies.collect();
        // A single tally against nothing is a statement: `no = 0`, or `pv@group = 0`.
        tallies.len() > 1
            && tallies.iter().any(|tally| tally.ballots.contains(Ballot::Yes))
            && inequality.sides(&running)[..2].iter().all(Exact::is_zero)
    };
    let test = |number, helps: bool| if of_nothing(number) { !helps } else { holds(number) };
    Ok(if scrutiny.holds(node, true, &test) { Alike::Holds } else { Alike::HoldsOfNothing })
}

/// Members that add the same, whatever they cast.
struct Kind {
    class: usize,
    /// By choice, as what it counts.
    ballots: [Ballot; CHOICES.len()],
    count: u32,
    /// Their lines of the electorate.
    lines: Vec<usize>,
}

struct Mixes<'a> {
    scrutiny: &'a Scrutiny,
    electorate: &'a Electorate,
    kinds: Vec<Kind>,
    nobody: Vec<I256>,
    left: u64,
}

impl<'a> Mixes<'a> {
    fn new(
        scrutiny: &'a Scrutiny,
        electorate: &'a Electorate,
        counts_as: &impl Fn(&Member, Ballot) -> Ballot,
    ) -> Self {
        let mut kinds: Vec<Kind> = Vec::new();
        for (line, member) in electorate.members.iter().enumerate() {
            let class = scrutiny.measures.class(line).unwrap_or_default(); // every line has one
            let ballots = CHOICES.map(|choice| counts_as(member, choice));
            match kinds.iter_mut().find(|kind| kind.class == class && kind.ballots == ballots) {
                Some(kind) => {
                    kind.count += member.count;
                    kind.lines.push(line);
                }
                None => kinds.push(Kind { class, ballots, count: member.count, lines: vec![line] }),
            }
        }
        let nobody = scrutiny.margins(&scrutiny.measures.nobody_voted());
        Self { scrutiny, electorate, kinds, nobody, left: MIXES_STEPS_MAX }
    }

    /// What a member of a kind adds to a comparison with each choice, against being away.
    fn gains(&self, kind: &Kind, number: usize) -> [I256; CHOICES.len()] {
        let class = &self.scrutiny.measures.classes()[kind.class];
        let gains = self.scrutiny.inequalities[number].gains(class);
        kind.ballots.map(|ballot| gains[ballot as usize] - gains[Ballot::Absent as usize])
    }

    fn never_hurts(&mut self, node: usize, helps: bool, to: Ballot) -> Verdict {
        let scrutiny = self.scrutiny;
        let shown = match &scrutiny.nodes[node] {
            Node::Compare(number) => self.only_helps(*number, helps, to),
            Node::Not(of) => self.never_hurts(*of, !helps, to) == Verdict::Holds,
            Node::AtLeast(_, parts) => {
                parts.iter().all(|part| self.never_hurts(*part, helps, to) == Verdict::Holds)
            }
        };
        if shown {
            return Verdict::Holds;
        }
        let holds = |margins: &[I256]| scrutiny.holds_with(node, margins) == helps;
        let Some(search) = self.search(&[node], to) else { return Verdict::Open };
        let found = search.first(|margins, mix| {
            let mut changes = search.changes(mix);
            let hurt = |change: &Change| !holds(&search.after(margins, *change));
            holds(margins).then(|| changes.find(hurt)).flatten().map(Some)
        });
        let Some((ballots, changed)) = found else { return Verdict::Holds };
        let (one, from) = changed.unwrap_or((String::new(), to)); // the search names a change
        Verdict::Fails(Witness::HurtByBallot { ballots, one, from, to })
    }

    /// Whether a ballot in place of any other only ever raises the margin of a comparison, or only
    /// ever lowers that of one that harms if it holds.
    fn only_helps(&self, number: usize, helps: bool, to: Ballot) -> bool {
        let Some(to) = CHOICES.iter().position(|choice| *choice == to) else { return false };
        self.kinds.iter().all(|kind| {
            let gains = self.gains(kind, number);
            gains.iter().all(|gain| if helps { *gain <= gains[to] } else { *gain >= gains[to] })
        })
    }

    /// Whether two parts plainly exclude each other: `true` is certain, `false` is not. Each comes
    /// with whether it is to hold or to fail.
    fn exclude(&mut self, one: (usize, bool), other: (usize, bool)) -> bool {
        let scrutiny = self.scrutiny;
        match (&scrutiny.nodes[one.0], &scrutiny.nodes[other.0]) {
            (Node::Not(of), _) => self.exclude((*of, !one.1), other),
            (_, Node::Not(of)) => self.exclude(one, (*of, !other.1)),
            (Node::Compare(a), Node::Compare(b)) => self.contradict((*a, one.1), (*b, other.1)),
            (Node::Compare(_), Node::AtLeast(..)) => self.exclude(other, one),
            // What holds by one of its parts alone is taken apart first.
            (Node::AtLeast(k, parts), Node::AtLeast(l, others))
                if needed(*k, parts, one.1) > 1 && needed(*l, others, other.1) == 1 =>
            {
                self.exclude(other, one)
            }
            (Node::AtLeast(k, parts), _) => {
                let excluded = parts.iter().filter(|part| self.exclude((**part, one.1), other));
                excluded.count() + needed(*k, parts, one.1) > parts.len()
            }
        }
    }

    /// Whether the margins of two comparisons, of which each is to hold or to fail, cannot both be
    /// as they must, since their sum cannot.
    fn contradict(&mut self, one: (usize, bool), other: (usize, bool)) -> bool {
        let Some(left) = self.left.checked_sub(self.kinds.len() as u64) else { return false };
        self.left = left;
        let denominator = |number: usize| {
            let source = &self.scrutiny.inequalities[number].source;
            let terms = source.left.0.iter().chain(&source.right.0);
            terms.fold(1, |common, term| common_multiple(common, term.denominator.into()))
        };
        // Margins are multiplied out: to add them, each is taken times the other's denominator.
        let factors = [(one, other), (other, one)].map(|((_, holds), (by, _))| {
            let by = I256::from(denominator(by));
            if holds { by } else { -by }
        });
        let sum = |margins: [I256; 2]| -> Option<I256> {
            margins[0].checked_mul(factors[0])?.checked_add(margins[1].checked_mul(factors[1])?)
        };
        let most = |kind: &Kind| -> Option<I256> {
            let gains = [one, other].map(|(number, _)| self.gains(kind, number));
            let sums = (0..CHOICES.len()).map(|choice| sum(gains.map(|gains| gains[choice])));
            let most = sums.collect::<Option<Vec<_>>>()?.into_iter().max()?;
            most.checked_mul(kind.count.into())
        };
        let nobody = sum([one, other].map(|(number, _)| self.nobody[number]));
        let greatest = self
            .kinds
            .iter()
            .try_fold(nobody, |sum, kind| Some(Some(sum?.checked_add(most(kind)?)?)));
        let strict = [one, other].iter().any(|(number, holds)| {
            // What fails is strict where what holds is not.
            self.scrutiny.inequalities[*number].strict == *holds
        });
        let Some(Some(greatest)) = greatest else { return false };
        greatest < I256::ZERO || greatest == I256::ZERO && strict
    }

    /// All mixes as the comparisons of some parts see them, with a ballot that members change to;
    /// nothing if they are too many.
    fn search(&mut self, nodes: &[usize], to: Ballot) -> Option<Search<'_>> {
        let target = CHOICES.iter().position(|choice| *choice == to)?;
        let mut numbers = Vec::new();
        nodes.iter().for_each(|node| self.collect(*node, &mut numbers));
        let mut groups: BTreeMap<(Options, usize), Group> = BTreeMap::new();
        for (at, kind) in self.kinds.iter().enumerate() {
            let gains: Vec<_> = numbers.iter().map(|number| self.gains(kind, *number)).collect();
            let of = |choice: usize| gains.iter().map(|gains| gains[choice]).collect::<Vec<_>>();
            let mut first = BTreeMap::new();
            for (choice, ballot) in CHOICES.into_iter().enumerate() {
                first.entry(of(choice)).or_insert(ballot);
            }
            let (options, ballots): (Vec<_>, Vec<_>) = first.into_iter().unzip();
            let target = options.iter().position(|option| *option == of(target))?;
            let group = groups.entry((options, target)).or_default();
            group.count += kind.count;
            group.kinds.push((at, ballots));
        }
        let mut steps = numbers.len() as u64 + 1;
        let mut changes = 1;
        for ((options, _), group) in &groups {
            changes += options.len() as u64;
            for option in 1..options.len() as u64 {
                // One after the other, these are binomials.
                steps = steps.checked_mul(u64::from(group.count) + option)? / option;
            }
        }
        self.left = self.left.checked_sub(steps.checked_mul(changes)?)?;
        Some(Search { mixes: self, numbers, groups: groups.into_iter().collect() })
    }

    fn collect(&self, node: usize, numbers: &mut Vec<usize>) {
        match &self.scrutiny.nodes[node] {
            Node::Compare(number) => numbers.push(*number),
            Node::Not(of) => self.collect(*of, numbers),
            Node::AtLeast(_, parts) => parts.iter().for_each(|part| self.collect(*part, numbers)),
        }
    }
}

/// The least common multiple of denominators, which were admitted.
fn common_multiple(one: u64, other: u64) -> u64 {
    let (mut divisor, mut rest) = (one, other);
    while rest != 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    one / divisor.max(1) * other
}

/// How many of the parts must be as they should, if the whole is to hold or to fail.
fn needed(k: usize, parts: &[usize], holds: bool) -> usize {
    if holds { k } else { (parts.len() + 1).saturating_sub(k) }
}

/// Kinds that add the same to some comparisons, whichever option they take.
#[derive(Default)]
struct Group {
    count: u32,
    /// By kind, the first choice that amounts to each option.
    kinds: Vec<(usize, Vec<Ballot>)>,
}

/// A member of a group changes from one option to that of the ballot which is asked about.
#[derive(Clone, Copy)]
struct Change {
    group: usize,
    from: usize,
}

/// What each option adds to each comparison.
type Options = Vec<Vec<I256>>;

/// By group and option, how many take it.
type Mix = Vec<Vec<u32>>;

/// A mix that was found, with one who changes and from which ballot.
type Found = (Vec<Cast>, Option<(String, Ballot)>);

struct Search<'a> {
    mixes: &'a Mixes<'a>,
    /// The comparisons.
    numbers: Vec<usize>,
    /// By group, what each option adds to each comparison, and the option that is changed to.
    groups: Vec<((Options, usize), Group)>,
}

impl Search<'_> {
    /// The first mix of which the test says something.
    fn first(&self, test: impl Fn(&[I256], &Mix) -> Option<Option<Change>>) -> Option<Found> {
        let mut margins = self.mixes.nobody.clone();
        let mut mix: Mix = self.groups.iter().map(|((of, _), _)| vec![0; of.len()]).collect();
        let count = self.groups.first().map_or(0, |(_, group)| group.count);
        let change = self.visit(0, 0, count, &mut margins, &mut mix, &test)?;
        Some(self.named(&mix, change))
    }

    /// Goes on at an option of a group, with so many of its members left.
    fn visit(
        &self,
        group: usize,
        option: usize,
        left: u32,
        margins: &mut Vec<I256>,
        mix: &mut Mix,
        test: &impl Fn(&[I256], &Mix) -> Option<Option<Change>>,
    ) -> Option<Option<Change>> {
        let Some(((options, _), _)) = self.groups.get(group) else { return test(margins, mix) };
        let last = option + 1 == options.len();
        for taken in if last { left } else { 0 }..=left {
            self.add(margins, &options[option], taken.into());
            mix[group][option] = taken;
            let found = if last {
                let next = self.groups.get(group + 1).map_or(0, |(_, group)| group.count);
                self.visit(group + 1, 0, next, margins, mix, test)
            } else {
                self.visit(group, option + 1, left - taken, margins, mix, test)
            };
            if found.is_some() {
                return found;
            }
            self.add(margins, &options[option], -I256::from(taken));
        }
        None
    }

    fn add(&self, margins: &mut [I256], option: &[I256], times: I256) {
        for (number, gain) in self.numbers.iter().zip(option) {
            margins[*number] += gain * times;
        }
    }

    /// What single members may change in a mix.
    fn changes<'b>(&'b self, mix: &'b Mix) -> impl Iterator<Item = Change> + 'b {
        self.groups.iter().zip(mix).enumerate().flat_map(|(group, (((_, target), _), taken))| {
            let others = (0..taken.len()).filter(move |from| from != target && taken[*from] > 0);
            others.map(move |from| Change { group, from })
        })
    }

    /// The margins after a change.
    fn after(&self, margins: &[I256], change: Change) -> Vec<I256> {
        let ((options, target), _) = &self.groups[change.group];
        let mut margins = margins.to_vec();
        self.add(&mut margins, &options[*target], I256::ONE);
        self.add(&mut margins, &options[change.from], -I256::ONE);
        margins
    }

    /// A mix by member, in member order, and one who changes.
    fn named(&self, mix: &Mix, change: Option<Change>) -> Found {
        let members = &self.mixes.electorate.members;
        let mut casts = Vec::new();
        let mut one = None;
        for (at, ((_, group), taken)) in self.groups.iter().zip(mix).enumerate() {
            let mut left = taken.clone();
            let lines = group.kinds.iter().flat_map(|(kind, ballots)| {
                self.mixes.kinds[*kind].lines.iter().map(move |line| (*line, ballots))
            });
            for (line, ballots) in lines {
                let mut room = members[line].count;
                for (option, ballot) in ballots.iter().enumerate() {
                    let count = room.min(left[option]);
                    if count == 0 {
                        continue;
                    }
                    (room, left[option]) = (room - count, left[option] - count);
                    casts.push((line, *ballot, count));
                    if change.is_some_and(|change| (change.group, change.from) == (at, option)) {
                        one.get_or_insert_with(|| (members[line].id.clone(), *ballot));
                    }
                }
            }
        }
        casts.sort_by_key(|(line, ..)| *line);
        let cast = |(line, ballot, count): (usize, Ballot, u32)| Cast {
            id: members[line].id.clone(),
            ballot,
            count,
        };
        (casts.into_iter().map(cast).collect(), one)
    }
}

#[cfg(test)]
mod tests;
