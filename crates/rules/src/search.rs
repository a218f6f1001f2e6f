//! The search for the fewest ballots whose change turns an outcome.

use alloc::vec;
use alloc::vec::Vec;

use ethnum::I256;

use crate::electorate::{Ballot, Ballots};
use crate::evaluate::{Node, Scrutiny};
use crate::flips::{Change, LISTED_MAX, SETS_MAX, TRIED_MAX};
use crate::tally::Running;

/// Most moves times comparisons up to which changes are tried one by one.
const TRIED_GAINS_MAX: usize = 1 << 18;
/// Most different moves of one set that is tried.
const DIFFERENT_MOVES_MAX: usize = 64;
/// Most times that changes which suffice are repaired, since one comparison undid another.
const REPAIRS_MAX: usize = 4;

/// A way to change ballots: those of one class and kind, to another kind.
#[derive(Clone, Debug)]
struct Move {
    class: usize,
    /// Moves of one group share their ballots.
    group: usize,
    from: Ballot,
    to: Ballot,
    /// By comparison, what one changed ballot adds to the margin.
    gains: Vec<I256>,
    /// How many comparisons it serves.
    serves: usize,
}

/// What is sought: changes after which a part of the tree, which holds, does not.
pub(crate) struct Search<'a> {
    scrutiny: &'a Scrutiny,
    holding: usize,
    margins: Vec<I256>,
    /// By group, how many ballots there are.
    groups: Vec<u64>,
    moves: Vec<Move>,
    /// By node, how many ballots are needed for it not to hold, and to hold; once known.
    needed: Vec<[Option<Option<u64>>; 2]>,
    /// By move and comparison, the least and the greatest gain of this and all later moves; nothing
    /// if that were too many.
    later: Option<Vec<Vec<[I256; 2]>>>,
    tried: u32,
}

/// Changes so far: how many ballots by move, what is left by group, and the margins they lead to.
#[derive(Clone)]
pub(crate) struct Changed {
    by_move: Vec<u64>,
    left: Vec<u64>,
    margins: Vec<I256>,
}

impl Changed {
    /// How many ballots change.
    pub(crate) fn ballots(&self) -> u64 {
        self.by_move.iter().sum()
    }
}

impl<'a> Search<'a> {
    /// Ballots of some kinds may become others; excluded ones stay so.
    pub(crate) fn new(
        scrutiny: &'a Scrutiny,
        holding: usize,
        running: &Running,
        from: Ballots,
        to: Ballots,
    ) -> Self {
        let helps = scrutiny.helps(holding, false);
        let (mut groups, mut moves) = (Vec::new(), Vec::new());
        for (class, contributions) in scrutiny.measures.classes().iter().enumerate() {
            for from in from.iter().filter(|ballot| *ballot != Ballot::Excluded) {
                let ballots = running.classes()[class][from as usize];
                if ballots == 0 {
                    continue;
                }
                let gains = scrutiny.gains(contributions, from);
                let group = groups.len();
                let to = to.iter().filter(|ballot| ![Ballot::Excluded, from].contains(ballot));
                let all = to.map(|to| {
                    let gains: Vec<I256> = gains.iter().map(|of| of[to as usize]).collect();
                    let serves = serves(&gains, &helps);
                    Move { class, group, from, to, gains, serves }
                });
                moves.extend(useful(all.collect(), &helps));
                groups.push(ballots);
            }
        }
        let margins = scrutiny.margins(running);
        let needed = vec![[None; 2]; scrutiny.nodes.len()];
        let later =
            (moves.len() * margins.len() <= TRIED_GAINS_MAX).then(|| later(&moves, margins.len()));
        Self { scrutiny, holding, margins, groups, moves, needed, later, tried: 0 }
    }

    /// How many ballots may change at all.
    pub(crate) fn ballots(&self) -> u64 {
        self.groups.iter().sum()
    }

    fn start(&self) -> Changed {
        Changed {
            by_move: vec![0; self.moves.len()],
            left: self.groups.clone(),
            margins: self.margins.clone(),
        }
    }

    /// How many ballots at least must change; none if no change suffices.
    pub(crate) fn needed(&mut self) -> Option<u64> {
        self.needed_by(self.holding, false)
    }

    /// How many ballots at least must change for a part to hold, or not to; none if it cannot. Each
    /// comparison is exact; of several that are needed at once, the largest number is a bound.
    fn needed_by(&mut self, node: usize, wanted: bool) -> Option<u64> {
        if let Some(known) = self.needed[node][usize::from(wanted)] {
            return known;
        }
        let scrutiny = self.scrutiny;
        let needed = match &scrutiny.nodes[node] {
            Node::Not(of) => self.needed_by(*of, !wanted),
            Node::Compare(number) => {
                let changed = self.greedy_comparison(*number, wanted, self.start());
                changed.map(|changed| changed.ballots())
            }
            Node::AtLeast(k, parts) => {
                let enough = enough(*k, parts.len(), wanted);
                let order = self.cheapest(parts, wanted);
                let last = enough.checked_sub(1);
                last.map_or(Some(0), |last| order.get(last).map(|(needed, _)| *needed))
            }
        };
        self.needed[node][usize::from(wanted)] = Some(needed);
        needed
    }

    /// The parts that can hold, or not hold, those that need the fewest ballots first.
    fn cheapest(&mut self, parts: &[usize], wanted: bool) -> Vec<(u64, usize)> {
        let mut order: Vec<(u64, usize)> = Vec::with_capacity(parts.len());
        for part in parts {
            order.extend(self.needed_by(*part, wanted).map(|needed| (needed, *part)));
        }
        order.sort_unstable();
        order
    }

    /// Changes that suffice, if they are found.
    pub(crate) fn greedy(&mut self) -> Option<Changed> {
        let mut changed = self.start();
        for _ in 0..REPAIRS_MAX {
            changed = self.greedy_part(self.holding, false, changed)?;
            if !self.scrutiny.holds_with(self.holding, &changed.margins) {
                return Some(changed);
            }
        }
        None
    }

    fn greedy_part(&mut self, node: usize, wanted: bool, changed: Changed) -> Option<Changed> {
        let scrutiny = self.scrutiny;
        match &scrutiny.nodes[node] {
            Node::Not(of) => self.greedy_part(*of, !wanted, changed),
            Node::Compare(number) => self.greedy_comparison(*number, wanted, changed),
            Node::AtLeast(k, parts) => {
                let enough = enough(*k, parts.len(), wanted);
                let order = self.cheapest(parts, wanted);
                let chosen = order.get(..enough)?;
                let mut parts = chosen.iter().map(|(_, part)| *part);
                parts.try_fold(changed, |changed, part| self.greedy_part(part, wanted, changed))
            }
        }
    }

    /// The fewest changes after which one comparison holds, or does not; none if there are none.
    ///
    /// Exact from the start, since ballots add up: those that add most come first. Of moves that
    /// add the same, the one that serves more of the other comparisons comes first.
    fn greedy_comparison(
        &self,
        number: usize,
        wanted: bool,
        mut changed: Changed,
    ) -> Option<Changed> {
        let strict = self.scrutiny.inequalities[number].strict;
        let sign = if wanted { I256::ONE } else { I256::MINUS_ONE };
        // A margin is a whole number: above zero is at least one.
        let least = if strict == wanted { I256::ONE } else { I256::ZERO };
        let moves = self.moves.iter().enumerate();
        let mut order: Vec<(I256, usize, usize)> = moves
            .map(|(at, of)| (-(of.gains[number] * sign), usize::MAX - of.serves, at))
            .filter(|(loss, _, _)| *loss < 0)
            .collect();
        order.sort_unstable();
        for (loss, _, at) in order {
            let missing = least - changed.margins[number] * sign;
            if missing <= 0 {
                break;
            }
            let gain = -loss;
            let left = changed.left[self.moves[at].group];
            let wanted = (missing + gain - I256::ONE) / gain;
            // At most what is left, so it has 64 bits.
            let ballots = wanted.min(I256::from(left)).as_u64();
            self.change(&mut changed, at, ballots);
        }
        (changed.margins[number] * sign >= least).then_some(changed)
    }

    fn change(&self, changed: &mut Changed, at: usize, ballots: u64) {
        let of = &self.moves[at];
        changed.by_move[at] += ballots;
        changed.left[of.group] -= ballots;
        for (margin, gain) in changed.margins.iter_mut().zip(&of.gains) {
            *margin += gain * I256::from(ballots);
        }
    }

    fn undo(&self, changed: &mut Changed, at: usize, ballots: u64) {
        let of = &self.moves[at];
        changed.by_move[at] -= ballots;
        changed.left[of.group] += ballots;
        for (margin, gain) in changed.margins.iter_mut().zip(&of.gains) {
            *margin -= gain * I256::from(ballots);
        }
    }

    /// Sets of so many changes that suffice, up to [`SETS_MAX`], and whether these are all.
    pub(crate) fn try_all(&mut self, ballots: u64) -> (Vec<Changed>, bool) {
        let Some(later) = self.later.take() else { return (Vec::new(), false) };
        let mut trial = Trial { search: self, later: &later, found: Vec::new(), different: 0 };
        let complete = trial.from(0, ballots, &mut trial.search.start());
        let found = trial.found;
        self.later = Some(later);
        (found, complete)
    }

    /// As if there were too much to try.
    #[cfg(test)]
    pub(crate) fn try_nothing(&mut self) {
        self.later = None;
    }

    /// Changes as they are told.
    pub(crate) fn changes(&self, changed: &Changed, running: &Running) -> Vec<Change> {
        let made = self.moves.iter().zip(&changed.by_move).filter(|(_, ballots)| **ballots > 0);
        let changes = made.map(|(of, ballots)| {
            let members = self.scrutiny.measures.members_of(of.class);
            let members = members.filter(|member| running.counts()[*member][of.from as usize] > 0);
            let members = members.map(|member| self.scrutiny.ids[member].clone());
            let members = members.take(LISTED_MAX).collect();
            Change { members, from: of.from, to: of.to, ballots: *ballots }
        });
        changes.collect()
    }
}

/// A run through all sets of a number of changes.
struct Trial<'a, 'b> {
    search: &'b mut Search<'a>,
    later: &'b [Vec<[I256; 2]>],
    found: Vec<Changed>,
    different: usize,
}

impl Trial<'_, '_> {
    /// Tries all sets of so many more changes by this and later moves; whether all were tried.
    fn from(&mut self, first: usize, ballots: u64, changed: &mut Changed) -> bool {
        if ballots == 0 {
            return self.end(changed);
        }
        if self.different == DIFFERENT_MOVES_MAX {
            return false;
        }
        for at in first..self.search.moves.len() {
            if self.search.tried == TRIED_MAX {
                return false;
            }
            self.search.tried += 1;
            if !self.may_suffice(at, ballots, &changed.margins) {
                return true; // later moves are among those that were just asked for
            }
            let most = changed.left[self.search.moves[at].group].min(ballots);
            // After the last move nothing is left to take: it takes all that is missing.
            let is_last = at + 1 == self.search.moves.len();
            for taken in (if is_last { ballots } else { 1 }..=most).rev() {
                if self.search.tried == TRIED_MAX {
                    return false;
                }
                self.search.tried += 1;
                self.search.change(changed, at, taken);
                self.different += 1;
                let all = self.from(at + 1, ballots - taken, changed);
                self.different -= 1;
                self.search.undo(changed, at, taken);
                if !all {
                    return false;
                }
            }
        }
        true
    }

    fn end(&mut self, changed: &Changed) -> bool {
        if self.search.tried == TRIED_MAX {
            return false;
        }
        self.search.tried += 1;
        if self.search.scrutiny.holds_with(self.search.holding, &changed.margins) {
            return true;
        }
        if self.found.len() == SETS_MAX {
            return false;
        }
        self.found.push(changed.clone());
        true
    }

    /// Whether so many more changes may suffice, each comparison by itself taking those that serve
    /// it most.
    fn may_suffice(&self, first: usize, ballots: u64, margins: &[I256]) -> bool {
        let scrutiny = self.search.scrutiny;
        let test = |number: usize, helps: bool| {
            let gain = self.later[first][number][usize::from(helps)];
            let margin = margins[number] + gain * I256::from(ballots);
            scrutiny.inequalities[number].holds(margin)
        };
        !scrutiny.holds(self.search.holding, false, &test)
    }
}

/// By move and comparison, the least and the greatest gain of this and all later moves.
fn later(moves: &[Move], comparisons: usize) -> Vec<Vec<[I256; 2]>> {
    let mut later: Vec<Vec<[I256; 2]>> = Vec::with_capacity(moves.len());
    for of in moves.iter().rev() {
        let before = later.last();
        let gains = (0..comparisons).map(|number| {
            let gain = of.gains[number];
            before.map_or([gain; 2], |before| {
                let [least, greatest] = before[number];
                [least.min(gain), greatest.max(gain)]
            })
        });
        let gains = gains.collect();
        later.push(gains);
    }
    later.reverse();
    later
}

/// Of how many parts the same is needed, for at least k to hold, or fewer.
fn enough(k: usize, parts: usize, wanted: bool) -> usize {
    if wanted { k } else { (parts + 1).saturating_sub(k) }
}

/// How many comparisons these gains serve.
fn serves(gains: &[I256], helps: &[[bool; 2]]) -> usize {
    let each = gains.iter().zip(helps);
    let served = each.filter(|(gain, [less, more])| (*more && **gain > 0) || (*less && **gain < 0));
    served.count()
}

/// Moves that nothing is lost without: those that serve no comparison are left out, and those that
/// another move of the same ballots serves as well in every comparison.
fn useful(moves: Vec<Move>, helps: &[[bool; 2]]) -> Vec<Move> {
    let as_good = |gains: &[I256], other: &[I256]| {
        helps.iter().zip(gains.iter().zip(other)).all(|([less, more], (gain, other))| {
            (!more || gain >= other) && (!less || gain <= other)
        })
    };
    let nothing = vec![I256::ZERO; helps.len()];
    let mut kept: Vec<Move> = Vec::new();
    for of in moves {
        let replaced = kept.iter().any(|other| as_good(&other.gains, &of.gains));
        if !replaced && !as_good(&nothing, &of.gains) {
            kept.retain(|other| !as_good(&of.gains, &other.gains));
            kept.push(of);
        }
    }
    kept
}

impl Scrutiny {
    /// By comparison, whether a smaller and whether a greater margin may help a part to hold (or,
    /// if that is not wanted, not to hold).
    pub(crate) fn helps(&self, node: usize, wanted: bool) -> Vec<[bool; 2]> {
        let mut helps = vec![[false; 2]; self.inequalities.len()];
        let mut seen = vec![[false; 2]; self.nodes.len()];
        let mut waiting = vec![(node, wanted)];
        while let Some((node, more)) = waiting.pop() {
            if core::mem::replace(&mut seen[node][usize::from(more)], true) {
                continue;
            }
            match &self.nodes[node] {
                Node::Compare(number) => helps[*number][usize::from(more)] = true,
                Node::Not(of) => waiting.push((*of, !more)),
                Node::AtLeast(_, parts) => waiting.extend(parts.iter().map(|part| (*part, more))),
            }
        }
        helps
    }
}
