//! What the paths of a decision diagram tell: counts, power, monotony, the smallest coalition.

use alloc::vec;
use alloc::vec::Vec;

use num_bigint::BigUint;

use super::answer::Counts;
use super::diagram::{Combine, Diagram, LOSES, Node, WINS};
use super::game::Game;
use super::natural::{Natural, SHORT_PLAYERS_MAX, binomials};

/// Most numbers by node and size that are kept to count the paths of a diagram.
pub const PATHS_MAX: usize = 1 << 22;

/// Winning coalitions and swings by size; nothing if the diagram is too large for it, or that of a
/// rule that is not monotone grows too large.
pub(crate) fn counts(game: &Game, diagram: &mut Diagram) -> Option<Counts> {
    if game.players() <= SHORT_PLAYERS_MAX {
        counts_in::<u128>(game, diagram)
    } else {
        counts_in::<BigUint>(game, diagram)
    }
}

/// Numbers by the size of coalitions.
type BySize<T> = Vec<T>;

fn counts_in<T: Natural>(game: &Game, diagram: &mut Diagram) -> Option<Counts> {
    let players = diagram.order.len();
    let turning = turning(game, diagram)?;
    if diagram.size() as usize * (players + 1) > PATHS_MAX {
        return None;
    }
    let down = down::<T>(diagram);
    let up = up::<T>(diagram);

    let mut swings = vec![vec![T::small(0); players]; game.classes.len()];
    for &(node, turns) in &turning {
        let branch = diagram.branch(node);
        // A swing is a way down from in favour that is none from against.
        let ways = match turns {
            Some(turns) => below(diagram, &down, turns, branch.layer + 1),
            None => {
                let mut ways = below(diagram, &down, branch.high, branch.layer + 1);
                let against = below(diagram, &down, branch.low, branch.layer + 1);
                ways.iter_mut().zip(&against).for_each(|(all, same)| all.take(same));
                ways
            }
        };
        let found = &mut swings[diagram.order[branch.layer as usize]];
        for (chosen, above) in up[node as usize - 2].iter().enumerate() {
            if above.is_zero() {
                continue;
            }
            for (more, ways) in ways.iter().enumerate() {
                found[chosen + more].add(&above.times(ways));
            }
        }
    }
    let winning = below(diagram, &down, diagram.root, 0).iter().map(Natural::big).sum();
    let big = |sizes: &Vec<T>| sizes.iter().map(Natural::big).collect();
    Some(Counts { winning, swings: swings.iter().map(big).collect() })
}

/// The nodes at which the first member of each class is asked. Unless no gain is negative, each has
/// the node of coalitions that win with it in favour and not with it against.
fn turning(game: &Game, diagram: &mut Diagram) -> Option<Vec<(Node, Option<Node>)>> {
    let monotone = game.plainly_monotone();
    let mut found = Vec::new();
    for node in 2..=diagram.root {
        let branch = diagram.branch(node);
        let layer = branch.layer as usize;
        let first = layer == 0 || diagram.order[layer - 1] != diagram.order[layer];
        if !first || branch.low == branch.high {
            continue;
        }
        let turns = if monotone {
            None
        } else {
            Some(diagram.combine(Combine::Without, branch.high, branch.low)?)
        };
        found.push((node, turns));
    }
    Some(found)
}

/// By node, the winning ways down by how many vote in favour. Nodes come after those they lead to.
fn down<T: Natural>(diagram: &Diagram) -> Vec<BySize<T>> {
    let mut down: Vec<BySize<T>> = Vec::new();
    let ways = binomials::<T>(diagram.order.len() as u32);
    for node in 2..diagram.size() {
        let branch = diagram.branch(node);
        let rest = diagram.order.len() - branch.layer as usize;
        let mut sum = vec![T::small(0); rest + 1];
        for (child, shift) in [(branch.low, 0), (branch.high, 1)] {
            let from: &[T] = match child {
                LOSES => &[],
                WINS => &ways[rest - 1],
                node => &down[node as usize - 2],
            };
            sum[shift..].iter_mut().zip(from).for_each(|(sum, ways)| sum.add(ways));
        }
        down.push(sum);
    }
    down
}

/// The winning ways from a node, as seen from a layer that is not below it.
fn below<T: Natural>(diagram: &Diagram, down: &[BySize<T>], node: Node, layer: u32) -> BySize<T> {
    let rest = diagram.order.len() - layer as usize;
    match node {
        LOSES => vec![T::small(0); rest + 1],
        WINS => binomials::<T>(rest as u32).pop().expect("the triangle has a first row"),
        node => down[node as usize - 2].clone(),
    }
}

/// By node, the ways to it from the root by how many vote in favour. The root is the last of its
/// nodes; what was combined later is above it.
fn up<T: Natural>(diagram: &Diagram) -> Vec<BySize<T>> {
    if diagram.root <= WINS {
        return Vec::new();
    }
    let mut up: Vec<BySize<T>> = vec![Vec::new(); diagram.root as usize - 1];
    up[diagram.root as usize - 2] = vec![T::small(1)];
    for node in (2..=diagram.root).rev() {
        let here = core::mem::take(&mut up[node as usize - 2]);
        let branch = diagram.branch(node);
        for (child, shift) in [(branch.low, 0), (branch.high, 1)] {
            if child <= WINS {
                continue;
            }
            let there = &mut up[child as usize - 2];
            there.resize(there.len().max(here.len() + 1), T::small(0));
            there[shift..].iter_mut().zip(&here).for_each(|(sum, ways)| sum.add(ways));
        }
        up[node as usize - 2] = here;
    }
    up
}

/// A coalition that wins and would lose if one more, of the class named, joined it; `None` if
/// there is none. Nothing if the diagram grows too large.
pub(crate) fn hurt_by_one_more(diagram: &mut Diagram) -> Option<Option<(Vec<usize>, usize)>> {
    for node in 2..=diagram.root {
        let branch = diagram.branch(node);
        let hurt = diagram.combine(Combine::Without, branch.low, branch.high)?;
        if let Some(rest) = diagram.winning_from(hurt) {
            let mut coalition = path_to(diagram, node);
            coalition.extend(rest);
            return Some(Some((coalition, diagram.order[branch.layer as usize])));
        }
    }
    Some(None)
}

/// The classes in favour on one way from the root to a node. Every node has one.
fn path_to(diagram: &Diagram, node: Node) -> Vec<usize> {
    let mut classes = Vec::new();
    let mut at = node;
    for from in node + 1..=diagram.root {
        let branch = diagram.branch(from);
        if branch.low == at {
            at = from;
        } else if branch.high == at {
            classes.push(diagram.order[branch.layer as usize]);
            at = from;
        }
    }
    classes
}

/// A smallest winning coalition by class, and nothing if none wins.
pub(crate) fn smallest(diagram: &Diagram, classes: usize) -> Option<Vec<u32>> {
    let mut least: Vec<Option<u32>> = vec![None, Some(0)];
    for node in 2..=diagram.root {
        let branch = diagram.branch(node);
        let (low, high) = (least[branch.low as usize], least[branch.high as usize]);
        let with = high.map(|size| size + 1);
        least.push(low.into_iter().chain(with).min());
    }
    least[diagram.root as usize]?;
    let mut counts = vec![0; classes];
    let mut node = diagram.root;
    while node > WINS {
        let branch = diagram.branch(node);
        let size = |node: Node| least[node as usize];
        let with = size(branch.high).map(|size| size + 1);
        let joins = size(branch.low).is_none_or(|low| with.is_some_and(|with| with < low));
        counts[diagram.order[branch.layer as usize]] += u32::from(joins);
        node = if joins { branch.high } else { branch.low };
    }
    Some(counts)
}
