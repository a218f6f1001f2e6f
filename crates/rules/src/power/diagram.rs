//! Decision diagrams: the general method.
//!
//! The players are asked one after the other, class by class and in falling weight. What has been
//! reached so far decides the outcome, or leads on to two smaller questions; equal questions are
//! one node. A node stands for a whole interval of one measure, the one with most values: within it
//! every further course of the vote ends alike. Paths to the two ends may stop early; all others go
//! from each layer to the next.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use super::game::Game;
use super::test::Test;

/// Most nodes of one diagram.
pub const DIAGRAM_NODES_MAX: usize = 1 << 19;
/// Most answers that are remembered while a diagram grows, and while it is asked.
const QUESTIONS_MAX: usize = 1 << 22;
/// Most bytes of what is remembered while a diagram grows.
pub const DIAGRAM_BYTES_MAX: usize = 1 << 28;
/// Bytes of a first answer under a key, without its standings: a node of two nested maps.
const KEY_BYTES: usize = 704;
/// Bytes of a further answer under a known key.
const ANSWER_BYTES: usize = 96;

/// A node: [`LOSES`], [`WINS`], or one above them.
pub(crate) type Node = u32;
/// The coalition loses whatever the rest do.
pub(crate) const LOSES: Node = 0;
/// The coalition wins whatever the rest do.
pub(crate) const WINS: Node = 1;

/// A question to one player.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Branch {
    pub(crate) layer: u32,
    /// If it votes against.
    pub(crate) low: Node,
    /// If it votes in favour.
    pub(crate) high: Node,
}

/// The outcomes of all coalitions.
#[derive(Clone, Debug)]
pub(crate) struct Diagram {
    /// By layer, the class of the player.
    pub(crate) order: Vec<usize>,
    branches: Vec<Branch>,
    /// By layer, the node of each pair of what it leads to.
    unique: Vec<BTreeMap<u64, Node>>,
    /// By way to combine, the node of each pair.
    combined: [BTreeMap<u64, Node>; 2],
    questions: usize,
    /// What was remembered while it grew, in bytes.
    bytes: usize,
    bytes_max: usize,
    pub(crate) root: Node,
}

/// How two diagrams become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Combine {
    /// Where at least one wins.
    Or,
    /// Where the first wins and the second does not.
    Without,
}

impl Diagram {
    /// The diagram of a game; nothing if it grows beyond [`DIAGRAM_NODES_MAX`], or what must be
    /// remembered beyond [`DIAGRAM_BYTES_MAX`].
    pub(crate) fn of(game: &Game) -> Option<Self> {
        Self::within(game, DIAGRAM_BYTES_MAX)
    }

    /// The diagram of a game, if what must be remembered meanwhile takes no more bytes.
    fn within(game: &Game, bytes_max: usize) -> Option<Self> {
        let survey = Survey::of(game);
        let mut diagram = Self {
            order: survey.order.clone(),
            branches: Vec::new(),
            unique: vec![BTreeMap::new(); survey.order.len()],
            combined: Default::default(),
            questions: 0,
            bytes: 0,
            bytes_max,
            root: LOSES,
        };
        let mut known = vec![BTreeMap::new(); survey.order.len()];
        let start = vec![0; game.measures];
        diagram.root = diagram.grow(&survey, &mut known, 0, &start)?.0;
        Some(diagram)
    }

    /// How many nodes there are, the two ends included.
    pub(crate) fn size(&self) -> Node {
        self.branches.len() as Node + 2 // at most DIAGRAM_NODES_MAX and two
    }

    /// The question of a node that is not an end.
    pub(crate) fn branch(&self, node: Node) -> Branch {
        self.branches[node as usize - 2]
    }

    /// The layer of a node; the ends are below all.
    pub(crate) fn layer(&self, node: Node) -> u32 {
        if node <= WINS { self.order.len() as u32 } else { self.branch(node).layer }
    }

    /// What a node leads to at a layer that is not below it: an end stays what it is.
    pub(crate) fn split(&self, node: Node) -> (Node, Node) {
        if node <= WINS {
            return (node, node);
        }
        let branch = self.branch(node);
        (branch.low, branch.high)
    }

    pub(crate) fn node(&mut self, layer: u32, low: Node, high: Node) -> Option<Node> {
        if low == high && low <= WINS {
            return Some(low);
        }
        if let Some(node) = self.unique[layer as usize].get(&pair(low, high)) {
            return Some(*node);
        }
        if self.branches.len() >= DIAGRAM_NODES_MAX {
            return None;
        }
        let node = self.size();
        self.branches.push(Branch { layer, low, high });
        self.unique[layer as usize].insert(pair(low, high), node);
        Some(node)
    }

    /// The node for what was reached before a layer, and the interval of the main measure in which
    /// it stays the same.
    fn grow(
        &mut self,
        survey: &Survey<'_>,
        known: &mut [Known],
        layer: usize,
        values: &[i128],
    ) -> Option<(Node, Interval)> {
        if let Some(found) = survey.decided(layer, values) {
            return Some(found);
        }
        let key = survey.key(layer, values);
        let main = values[survey.main];
        let near = known[layer].get(&key).and_then(|spans| spans.range(..=main).next_back());
        if let Some((low, (high, node))) = near
            && main <= *high
        {
            return Some((*node, Interval { low: *low, high: *high }));
        }
        let gains = &survey.game.classes[survey.order[layer]].gains;
        let (low, without) = self.grow(survey, known, layer + 1, values)?;
        let raised: Vec<_> = values.iter().zip(gains).map(|(value, gain)| value + gain).collect();
        let (high, with) = self.grow(survey, known, layer + 1, &raised)?;
        let gain = gains[survey.main];
        let span = Interval {
            low: without.low.max(with.low.saturating_sub(gain)),
            high: without.high.min(with.high.saturating_sub(gain)),
        };
        let node = self.node(layer as u32, low, high)?;
        self.ask()?;
        self.remember(known[layer].contains_key(&key), key.len())?;
        known[layer].entry(key).or_default().insert(span.low, (span.high, node));
        Some((node, span))
    }

    /// One more answer is remembered, if there is room for it.
    fn remember(&mut self, key_is_known: bool, standings: usize) -> Option<()> {
        let key = if key_is_known { 0 } else { KEY_BYTES + standings * size_of::<Standing>() };
        self.bytes += ANSWER_BYTES + key;
        (self.bytes <= self.bytes_max).then_some(())
    }

    /// One more question is remembered, if not too many are.
    pub(crate) fn ask(&mut self) -> Option<()> {
        self.questions += 1;
        (self.questions <= QUESTIONS_MAX).then_some(())
    }

    /// Two diagrams over the same players made one; nothing if it grows too large.
    pub(crate) fn combine(&mut self, how: Combine, one: Node, other: Node) -> Option<Node> {
        match (how, one, other) {
            (_, one, LOSES) => return Some(one),
            (Combine::Or, LOSES, other) => return Some(other),
            (Combine::Or, WINS, _) | (Combine::Or, _, WINS) => return Some(WINS),
            (Combine::Without, LOSES, _) | (Combine::Without, _, WINS) => return Some(LOSES),
            _ if one == other => return Some(if how == Combine::Or { one } else { LOSES }),
            _ => {}
        }
        let pair = match how {
            Combine::Or => pair(one.min(other), one.max(other)),
            Combine::Without => pair(one, other),
        };
        if let Some(node) = self.combined[how as usize].get(&pair) {
            return Some(*node);
        }
        let layer = self.layer(one).min(self.layer(other));
        let ((one_low, one_high), (other_low, other_high)) = (self.split(one), self.split(other));
        let low = self.combine(how, one_low, other_low)?;
        let high = self.combine(how, one_high, other_high)?;
        let node = self.node(layer, low, high)?;
        self.ask()?;
        self.combined[how as usize].insert(pair, node);
        Some(node)
    }

    /// The diagram of the coalitions whose complement loses: who can block.
    pub(crate) fn dual(&self) -> Self {
        let mut dual = Self {
            order: self.order.clone(),
            branches: self.branches.clone(),
            unique: vec![BTreeMap::new(); self.order.len()],
            combined: Default::default(),
            ..*self
        };
        let turned = |node: Node| if node <= WINS { 1 - node } else { node };
        for (at, branch) in dual.branches.iter_mut().enumerate() {
            (branch.low, branch.high) = (turned(branch.high), turned(branch.low));
            dual.unique[branch.layer as usize]
                .insert(pair(branch.low, branch.high), at as Node + 2);
        }
        dual.root = turned(self.root);
        dual
    }

    /// A coalition that reaches the winning end from a node, as classes; `None` from [`LOSES`].
    /// Every other node reaches both ends.
    pub(crate) fn winning_from(&self, mut node: Node) -> Option<Vec<usize>> {
        let mut classes = Vec::new();
        while node > WINS {
            let branch = self.branch(node);
            if branch.low == LOSES {
                classes.push(self.order[branch.layer as usize]);
            }
            node = if branch.low == LOSES { branch.high } else { branch.low };
        }
        (node == WINS).then_some(classes)
    }
}

/// Two nodes as one key.
fn pair(one: Node, other: Node) -> u64 {
    u64::from(one) << 32 | u64::from(other)
}

/// Values of the main measure, both bounds included.
#[derive(Clone, Copy, Debug)]
struct Interval {
    low: i128,
    high: i128,
}

impl Interval {
    const ALL: Self = Self { low: i128::MIN, high: i128::MAX };
}

/// Where a measure other than the main one stands: at a value, or past so many of its bounds and
/// unable to cross another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    At(i128),
    Past(usize),
}

type Known = BTreeMap<Vec<Standing>, BTreeMap<i128, (i128, Node)>>;

/// What is known of a game before its diagram grows.
struct Survey<'a> {
    game: &'a Game,
    order: Vec<usize>,
    /// By layer and measure, the least and the most that the players from there on can add.
    rest: Vec<Vec<(i128, i128)>>,
    /// By measure, the bounds that the rule sets, ascending.
    bounds: Vec<Vec<i128>>,
    main: usize,
}

impl<'a> Survey<'a> {
    fn of(game: &'a Game) -> Self {
        let spread = |measure: &usize| -> i128 {
            game.classes.iter().map(|c| c.gains[*measure].abs() * i128::from(c.count)).sum()
        };
        let main = (0..game.measures).max_by_key(spread).unwrap_or(0);
        let mut classes: Vec<usize> = (0..game.classes.len()).collect();
        classes.sort_by_key(|class| {
            let gains = &game.classes[*class].gains;
            core::cmp::Reverse((gains.get(main).map(|gain| gain.abs()), gains))
        });
        let repeated =
            |class: usize| core::iter::repeat_n(class, game.classes[class].count as usize);
        let order: Vec<usize> = classes.into_iter().flat_map(repeated).collect();
        let mut rest = vec![vec![(0, 0); game.measures]];
        for class in order.iter().rev() {
            let added = rest[rest.len() - 1].iter().zip(&game.classes[*class].gains);
            rest.push(added.map(|((low, high), g)| (low + g.min(&0), high + g.max(&0))).collect());
        }
        rest.reverse();
        let bounds = (0..game.measures).map(|measure| {
            let mut bounds = Vec::new();
            game.root.bounds(measure, &mut bounds);
            bounds.sort_unstable();
            bounds.dedup();
            bounds
        });
        Self { game, order, rest, bounds: bounds.collect(), main }
    }

    /// The end that is certain at a layer, and how far the main measure may move without change.
    fn decided(&self, layer: usize, values: &[i128]) -> Option<(Node, Interval)> {
        let rest = &self.rest[layer];
        let wins = decide(&self.game.root, values, rest)?;
        let mut span = Interval::ALL;
        self.justify(&self.game.root, values, rest, wins, &mut span);
        Some((if wins { WINS } else { LOSES }, span))
    }

    /// Narrows the interval to where the bounds that decide a test still decide it.
    fn justify(
        &self,
        test: &Test,
        values: &[i128],
        rest: &[(i128, i128)],
        holds: bool,
        span: &mut Interval,
    ) {
        match test {
            Test::Reaches { measure, least: bound } | Test::Under { measure, limit: bound } => {
                if *measure != self.main {
                    return;
                }
                let reached = holds == matches!(test, Test::Reaches { .. });
                if reached {
                    span.low = span.low.max(bound - rest[*measure].0);
                } else {
                    span.high = span.high.min(bound - rest[*measure].1 - 1);
                }
            }
            Test::AtLeast { k, args } => {
                let needed = if holds { *k } else { (args.len() + 1).saturating_sub(*k) };
                let deciding = args.iter().filter(|arg| decide(arg, values, rest) == Some(holds));
                for arg in deciding.take(needed) {
                    self.justify(arg, values, rest, holds, span);
                }
            }
        }
    }

    fn key(&self, layer: usize, values: &[i128]) -> Vec<Standing> {
        let others = (0..self.game.measures).filter(|measure| *measure != self.main);
        let standing = |measure: usize| {
            let (low, high) = self.rest[layer][measure];
            let past = |value: i128| self.bounds[measure].partition_point(|bound| *bound <= value);
            let (least, most) = (past(values[measure] + low), past(values[measure] + high));
            if least == most { Standing::Past(least) } else { Standing::At(values[measure]) }
        };
        others.map(standing).collect()
    }
}

/// Whether a test is certain to hold or to fail, whatever the rest do; nothing if that is open.
fn decide(test: &Test, values: &[i128], rest: &[(i128, i128)]) -> Option<bool> {
    match test {
        Test::Reaches { measure, least: bound } | Test::Under { measure, limit: bound } => {
            let (low, high) = rest[*measure];
            let upward = matches!(test, Test::Reaches { .. });
            if values[*measure] + low >= *bound {
                Some(upward)
            } else if values[*measure] + high < *bound {
                Some(!upward)
            } else {
                None
            }
        }
        Test::AtLeast { k, args } => {
            let (mut certain, mut possible) = (0, 0);
            for arg in args {
                let decided = decide(arg, values, rest);
                certain += usize::from(decided == Some(true));
                possible += usize::from(decided != Some(false));
            }
            if certain >= *k {
                Some(true)
            } else if possible < *k {
                Some(false)
            } else {
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    /// So many measures, each of which gives every member another weight.
    fn game(measures: usize, players: usize) -> Game {
        let gain = |at: usize, measure: usize| ((at + 3) * (measure + 7) * 37 % 101) as i128;
        let gains = |at| (0..measures).map(|measure| gain(at, measure)).collect();
        let lines = (0..players).map(|at| (format!("m{at}"), 1, gains(at)));
        let game = Game::of_lines(lines.collect(), measures, Test::constant(true));
        let half = |measure| Test::Reaches { measure, least: game.total(measure) / 2 };
        let halves: Vec<_> = (0..measures).map(half).collect();
        game.with_test(Test::at_least(measures, halves))
    }

    #[test]
    fn a_diagram_grows_up_to_its_bytes_and_not_above() {
        let game = game(4, 12);
        let whole = Diagram::of(&game).unwrap();
        assert!(whole.bytes > KEY_BYTES + 3 * size_of::<Standing>());
        let within = Diagram::within(&game, whole.bytes).unwrap();
        assert_eq!((within.size(), within.root), (whole.size(), whole.root));
        assert!(Diagram::within(&game, whole.bytes - 1).is_none());
    }

    #[test]
    fn a_rule_of_many_measures_is_given_up_before_its_answers_fill_the_memory() {
        let (measures, players) = (200, 60);
        assert!(DIAGRAM_BYTES_MAX / (measures * size_of::<Standing>()) < QUESTIONS_MAX / 64);
        assert!(Diagram::within(&game(measures, players), DIAGRAM_BYTES_MAX / 64).is_none());
    }
}
