//! What a rule guarantees, each with a witness where it fails.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use num_bigint::BigUint;

use super::diagram::{DIAGRAM_NODES_MAX, Diagram, LOSES};
use super::game::{Coalition, Game};
use super::halves::HALVES_PLAYERS_MAX;
use super::minimal::minimal;
use super::paths::{hurt_by_one_more, smallest};
use super::test::Test;
use super::weighted::Weighted;
use crate::electorate::{Ballot, Electorate, Member};
use crate::error::Error;
use crate::tree::Rule;

/// Whether something holds of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does: proved.
    Holds,
    /// It does not: here is why.
    Fails(Witness),
    /// The analysis is too large to say.
    Open,
}

/// Why something does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Witness {
    /// This coalition wins, and loses if one more joins it.
    HurtByOneMore {
        /// Who wins.
        coalition: Coalition,
        /// Who makes it lose by joining.
        one_more: String,
    },
    /// These coalitions both win and, but for those who are hostile, have nobody in common: two
    /// contradictory acts could both pass.
    Apart(Coalition, Coalition),
    /// This coalition loses, though it should win.
    Loses(Coalition),
    /// This coalition wins, though it should lose.
    Wins(Coalition),
    /// With these ballots the rule holds, and it fails if one of them becomes another.
    HurtByBallot {
        /// Who casts what.
        ballots: Vec<Cast>,
        /// Who changes.
        one: String,
        /// What that member casts.
        from: Ballot,
        /// What it casts instead.
        to: Ballot,
    },
    /// With these ballots two rules hold that should exclude each other.
    Both(Vec<Cast>),
}

/// So many of the identical members of a line cast a ballot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cast {
    /// Who.
    pub id: String,
    /// What.
    pub ballot: Ballot,
    /// How many.
    pub count: u32,
}

/// Coalitions in which everyone is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MinimalCoalitions {
    /// How many there are, members of a line told apart.
    pub count: BigUint,
    /// Up to [`super::MINIMAL_LISTED_MAX`] of them, members of a line not told apart.
    pub listed: Vec<Coalition>,
}

/// What a rule guarantees and who matters in it. Lists that need a monotone rule, or a smaller one,
/// are absent where it is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lint {
    /// One more vote in favour never turns a win into a loss.
    pub monotone: Verdict,
    /// No two coalitions without a member in common both win.
    pub proper: Verdict,
    /// Some coalition wins.
    pub can_pass: Verdict,
    /// Not every coalition wins.
    pub can_fail: Verdict,
    /// Without whom nothing passes.
    pub vetoers: Option<Vec<String>>,
    /// Who passes an act alone, and without whom nothing passes.
    pub dictators: Option<Vec<String>>,
    /// Who never turns an outcome.
    pub dummies: Option<Vec<String>>,
    /// A coalition that wins with the fewest members.
    pub smallest_passing: Option<Coalition>,
    /// A coalition without which nothing passes, with the fewest members.
    pub smallest_blocking: Option<Coalition>,
    /// The minimal winning coalitions.
    pub passing: Option<MinimalCoalitions>,
    /// The minimal blocking coalitions.
    pub blocking: Option<MinimalCoalitions>,
}

impl Game {
    /// What the rule guarantees.
    #[must_use]
    pub fn lint(&self) -> Lint {
        let mut diagram = self.diagram();
        let monotone = self.monotone_by(diagram.as_mut());
        let proper = self.proper();
        let certain = monotone == Verdict::Holds;
        let mut lint = Lint {
            can_pass: self.can_pass(certain, diagram.as_ref()),
            can_fail: self.can_fail(certain, diagram.as_ref()),
            monotone,
            proper,
            vetoers: None,
            dictators: None,
            dummies: None,
            smallest_passing: None,
            smallest_blocking: None,
            passing: None,
            blocking: None,
        };
        if certain {
            lint.vetoers = Some(self.ids(|class| self.is_vetoer(class)));
            lint.dictators =
                Some(self.ids(|class| self.is_vetoer(class) && self.wins_alone(class)));
            lint.dummies =
                self.dummy_classes(diagram.as_ref()).map(|dummy| self.ids(|class| dummy[class]));
            let dual = diagram.as_ref().map(Diagram::dual);
            lint.smallest_passing = self.smallest(diagram.as_ref(), false);
            lint.smallest_blocking = self.smallest(dual.as_ref(), true);
            lint.passing = diagram.as_mut().and_then(|diagram| self.minimal(diagram));
            lint.blocking = dual.and_then(|mut dual| self.minimal(&mut dual));
        }
        lint
    }

    /// Whether one more vote in favour never turns a win into a loss.
    #[must_use]
    pub fn monotone(&self) -> Verdict {
        if self.plainly_monotone() {
            return Verdict::Holds;
        }
        self.monotone_by(self.diagram().as_mut())
    }

    /// A coalition that wins, if any does; nothing at all if the analysis is too large to say.
    #[must_use]
    pub fn some_win(&self) -> Option<Option<Coalition>> {
        let everyone = self.everyone();
        if self.wins(&everyone) {
            return Some(Some(self.named(&everyone)));
        }
        let diagram = self.diagram()?;
        let classes = diagram.winning_from(diagram.root);
        Some(classes.map(|classes| self.named(&self.counted(&classes))))
    }

    /// A coalition that wins with the fewest members; nothing if none does, or the rule is too
    /// large
    /// or not monotone.
    #[must_use]
    pub fn smallest_passing(&self) -> Option<Coalition> {
        let mut diagram = self.diagram();
        let monotone = self.monotone_by(diagram.as_mut()) == Verdict::Holds;
        monotone.then(|| self.smallest(diagram.as_ref(), false)).flatten()
    }

    fn monotone_by(&self, diagram: Option<&mut Diagram>) -> Verdict {
        if self.plainly_monotone() {
            return Verdict::Holds;
        }
        match diagram.and_then(hurt_by_one_more) {
            None => Verdict::Open,
            Some(None) => Verdict::Holds,
            Some(Some((classes, class))) => {
                let mut counts = self.counted(&classes);
                let coalition = self.named(&counts);
                counts[class] += 1;
                let joined = self.named(&counts);
                let grown = joined.into_iter().find(|line| !coalition.contains(line));
                let one_more = grown.map(|line| line.0).unwrap_or_default();
                Verdict::Fails(Witness::HurtByOneMore { coalition, one_more })
            }
        }
    }

    /// Whether no two coalitions without a member in common both win.
    #[must_use]
    pub fn proper(&self) -> Verdict {
        let mirrored = self.root.mirrored(&|measure| self.total(measure));
        if self.root.excludes(&mirrored) {
            return Verdict::Holds;
        }
        let one = if let Some(weighted) = Weighted::of(self) {
            match weighted.split(self) {
                Some(split) => split,
                None => return Verdict::Open,
            }
        } else {
            match self.with_test(Test::both(self.root.clone(), mirrored)).diagram() {
                Some(diagram) => {
                    diagram.winning_from(diagram.root).map(|classes| self.counted(&classes))
                }
                None => return Verdict::Open,
            }
        };
        let Some(one) = one else { return Verdict::Holds };
        let others =
            self.everyone().iter().zip(&one).map(|(all, one)| all - one).collect::<Vec<_>>();
        Verdict::Fails(Witness::Apart(self.named(&one), self.named_from_last(&others)))
    }

    fn can_pass(&self, monotone: bool, diagram: Option<&Diagram>) -> Verdict {
        let everyone = self.everyone();
        if self.wins(&everyone) {
            return Verdict::Holds;
        }
        match diagram {
            Some(diagram) if diagram.root != LOSES => Verdict::Holds,
            None if !monotone => Verdict::Open,
            _ => Verdict::Fails(Witness::Loses(self.named(&everyone))),
        }
    }

    fn can_fail(&self, monotone: bool, diagram: Option<&Diagram>) -> Verdict {
        if !self.wins(&vec![0; self.classes.len()]) {
            return Verdict::Holds;
        }
        match diagram {
            Some(diagram) if diagram.dual().root != LOSES => Verdict::Holds,
            None if !monotone => Verdict::Open,
            _ => Verdict::Fails(Witness::Wins(Vec::new())),
        }
    }

    /// Whether nothing passes without a member of a class, in a monotone rule.
    pub(crate) fn is_vetoer(&self, class: usize) -> bool {
        let mut counts = self.everyone();
        counts[class] -= 1;
        !self.wins(&counts)
    }

    fn wins_alone(&self, class: usize) -> bool {
        let mut counts = vec![0; self.classes.len()];
        counts[class] = 1;
        self.wins(&counts)
    }

    /// Which classes never matter, in a monotone rule.
    fn dummy_classes(&self, diagram: Option<&Diagram>) -> Option<Vec<bool>> {
        if let Some(diagram) = diagram {
            let mut dummy = vec![true; self.classes.len()];
            for branch in (2..=diagram.root).map(|node| diagram.branch(node)) {
                dummy[diagram.order[branch.layer as usize]] &= branch.low == branch.high;
            }
            return Some(dummy);
        }
        if let Some((_, swings)) = Weighted::of(self).and_then(|weighted| weighted.swings()) {
            return Some(swings.iter().map(|swings| *swings == BigUint::ZERO).collect());
        }
        let (counts, _) = self.exact()?;
        let without = |sizes: &Vec<BigUint>| sizes.iter().all(|swings| *swings == BigUint::ZERO);
        Some(counts.swings.iter().map(without).collect())
    }

    /// A smallest coalition that wins, or that blocks if the diagram is the dual one.
    fn smallest(&self, diagram: Option<&Diagram>, blocks: bool) -> Option<Coalition> {
        if let Some(diagram) = diagram {
            return smallest(diagram, self.classes.len()).map(|counts| self.named(&counts));
        }
        // With one weight, the heaviest are the fewest.
        let Test::Reaches { measure, .. } = self.root else { return None };
        let mut classes: Vec<usize> = (0..self.classes.len()).collect();
        classes.sort_by_key(|class| core::cmp::Reverse(self.classes[*class].gains[measure]));
        let mut counts = vec![0; self.classes.len()];
        for class in classes {
            for _ in 0..self.classes[class].count {
                let others: Vec<u32> =
                    self.everyone().iter().zip(&counts).map(|(all, count)| all - count).collect();
                if if blocks { !self.wins(&others) } else { self.wins(&counts) } {
                    return Some(self.named(&counts));
                }
                counts[class] += 1;
            }
        }
        Some(self.named(&counts))
    }

    fn minimal(&self, diagram: &mut Diagram) -> Option<MinimalCoalitions> {
        let (count, listed) = minimal(diagram, self.classes.len())?;
        Some(MinimalCoalitions { count, listed: listed.iter().map(|c| self.named(c)).collect() })
    }

    /// The diagram of the game, unless it is sure to be too large.
    fn diagram(&self) -> Option<Diagram> {
        if let Some(weighted) = Weighted::of(self).filter(|_| self.players() > HALVES_PLAYERS_MAX) {
            weighted
                .quota
                .checked_mul(self.players() as usize)
                .filter(|n| *n <= DIAGRAM_NODES_MAX)?;
        }
        Diagram::of(self)
    }

    fn ids(&self, wanted: impl Fn(usize) -> bool) -> Vec<String> {
        let wanted = self.entries.iter().filter(|entry| wanted(entry.class));
        wanted.map(|entry| entry.id.clone()).collect()
    }

    fn counted(&self, classes: &[usize]) -> Vec<u32> {
        let mut counts = vec![0; self.classes.len()];
        classes.iter().for_each(|class| counts[*class] += 1);
        counts
    }
}

/// A smallest block within one set: the fewest of its members without whom nothing passes, even if
/// everyone else is in favour; nothing if the set cannot block.
///
/// # Errors
/// As [`Game::new`], and [`Error::Form`] if the rule is not known to be monotone.
pub fn smallest_block_of(
    rule: &Rule,
    electorate: &Electorate,
    set: &str,
) -> Result<Option<Coalition>, Error> {
    let game = Game::with_ballots(rule, electorate, |member| {
        (Ballot::Yes, if member.sets.contains(set) { Ballot::No } else { Ballot::Yes })
    })?;
    require_monotone(&game)?;
    if game.wins(&vec![0; game.classes.len()]) {
        return Ok(None);
    }
    let dual = game.diagram().map(|diagram| diagram.dual());
    let found = game.smallest(dual.as_ref(), true);
    found.map(Some).ok_or_else(|| Error::form("rule", "is too large; analyse a smaller one"))
}

/// Most diagrams that are grown to prove a guarantee.
pub const GUARANTEE_DIAGRAMS_MAX: usize = 16;

/// Whether each member of one set could stop alone whatever affects it: by member, the verdict if
/// it alone were in the other set, that of the affected. A rule under which a vote in favour may
/// hurt guarantees nothing. Of members alike, the witness is that of the first; what takes more
/// than
/// [`GUARANTEE_DIAGRAMS_MAX`] diagrams is left open.
///
/// # Errors
/// As [`Game::new`].
pub fn blocking_guarantee(
    rule: &Rule,
    electorate: &Electorate,
    sovereign: &str,
    affected: &str,
) -> Result<Vec<(String, Verdict)>, Error> {
    let mut known: Vec<(&Member, Verdict)> = Vec::new();
    let mut diagrams = 0;
    let mut found = Vec::new();
    for (at, member) in electorate.members.iter().enumerate() {
        if !member.sets.contains(sovereign) {
            continue;
        }
        let alike =
            |of: &&(&Member, Verdict)| of.0.sets == member.sets && of.0.weights == member.weights;
        let verdict = match known.iter().find(alike) {
            Some((_, verdict)) => verdict.clone(),
            None => can_block(rule, electorate, at, affected, &mut diagrams)?,
        };
        known.push((member, verdict.clone()));
        found.push((member.id.clone(), verdict));
    }
    Ok(found)
}

/// Whether nothing passes without one member if it is the only one affected.
fn can_block(
    rule: &Rule,
    electorate: &Electorate,
    at: usize,
    affected: &str,
    diagrams: &mut usize,
) -> Result<Verdict, Error> {
    let member = &electorate.members[at];
    let mut asked = electorate.clone();
    for other in &mut asked.members {
        other.sets.remove(affected);
    }
    // Of identical members, one is affected and the others are not.
    let mut rest = asked.members[at].clone();
    rest.count = member.count - 1;
    asked.members[at].count = 1;
    asked.members[at].sets.insert(affected.into());
    if rest.count > 0 {
        asked.members.push(rest);
    }
    let game = Game::new(rule, &asked)?;
    *diagrams += usize::from(!game.plainly_monotone());
    if *diagrams > GUARANTEE_DIAGRAMS_MAX {
        return Ok(Verdict::Open);
    }
    let monotone = game.monotone();
    if monotone != Verdict::Holds {
        return Ok(monotone);
    }
    let class = game.entries[at].class;
    if game.is_vetoer(class) {
        return Ok(Verdict::Holds);
    }
    let mut others = game.everyone();
    others[class] -= 1;
    Ok(Verdict::Fails(Witness::Wins(game.named(&others))))
}

pub(crate) fn require_monotone(game: &Game) -> Result<(), Error> {
    if game.monotone() == Verdict::Holds {
        return Ok(());
    }
    Err(Error::form("rule", "is not known to be monotone; change it so that a yes never hurts"))
}
