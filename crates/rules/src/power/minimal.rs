//! Minimal winning coalitions of a monotone rule: those in which everyone is needed.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use alloc::vec::Vec;

use num_bigint::BigUint;

use super::diagram::{Combine, Diagram, LOSES, Node, WINS};
use super::natural::{Natural, SHORT_PLAYERS_MAX};

/// Most minimal coalitions that an answer lists.
pub const MINIMAL_LISTED_MAX: usize = 100;

/// How many there are, and the first of them up to [`MINIMAL_LISTED_MAX`], by class; of those that
/// differ only in which members of a class take part, one. Nothing if the diagram grows too large.
pub(crate) fn minimal(diagram: &mut Diagram, classes: usize) -> Option<(BigUint, Vec<Vec<u32>>)> {
    if diagram.order.len() <= SHORT_PLAYERS_MAX as usize {
        Minimal::<u128>::of(diagram).answer(classes)
    } else {
        Minimal::<BigUint>::of(diagram).answer(classes)
    }
}

struct Minimal<'a, T> {
    diagram: &'a mut Diagram,
    /// By node, and by the node that must lose.
    known: Vec<BTreeMap<Node, T>>,
}

impl<'a, T: Natural> Minimal<'a, T> {
    fn of(diagram: &'a mut Diagram) -> Self {
        let known = vec![BTreeMap::new(); diagram.size() as usize];
        Self { diagram, known }
    }

    fn answer(&mut self, classes: usize) -> Option<(BigUint, Vec<Vec<u32>>)> {
        let count = self.new_ones(self.diagram.root, LOSES)?;
        Some((count.big(), self.list(classes)?))
    }

    /// How many coalitions are minimal for one node and lose from the other.
    fn new_ones(&mut self, node: Node, other: Node) -> Option<T> {
        if node == LOSES || other == WINS {
            return Some(T::small(0));
        }
        if node == WINS {
            return Some(T::small(u32::from(!self.wins_alone(other))));
        }
        if let Some(count) = self.known[node as usize].get(&other) {
            return Some(count.clone());
        }
        let ((low, high), (other_low, other_high)) =
            (self.diagram.split(node), self.diagram.split(other));
        // With the player in favour, it must be needed: those who win without it do not count.
        let already = self.diagram.combine(Combine::Or, low, other_high)?;
        let mut count = self.new_ones(low, other_low)?;
        count.add(&self.new_ones(high, already)?);
        self.diagram.ask()?;
        self.known[node as usize].insert(other, count.clone());
        Some(count)
    }

    /// Whether a node wins with nobody more in favour.
    fn wins_alone(&self, mut node: Node) -> bool {
        while node > WINS {
            node = self.diagram.branch(node).low;
        }
        node == WINS
    }

    fn list(&mut self, classes: usize) -> Option<Vec<Vec<u32>>> {
        let mut found = BTreeSet::new();
        self.visit(self.diagram.root, LOSES, 0, None, &mut vec![0; classes], &mut found)?;
        Some(found.into_iter().collect())
    }

    fn visit(
        &mut self,
        node: Node,
        other: Node,
        layer: usize,
        declined: Option<usize>,
        counts: &mut Vec<u32>,
        found: &mut BTreeSet<Vec<u32>>,
    ) -> Option<()> {
        if found.len() >= MINIMAL_LISTED_MAX || self.new_ones(node, other)?.is_zero() {
            return Some(());
        }
        if node == WINS {
            found.insert(counts.clone());
            return Some(());
        }
        let class = self.diagram.order[layer];
        let ((low, high), (other_low, other_high)) =
            (self.diagram.split(node), self.diagram.split(other));
        if declined != Some(class) {
            let already = self.diagram.combine(Combine::Or, low, other_high)?;
            counts[class] += 1;
            self.visit(high, already, layer + 1, None, counts, found)?;
            counts[class] -= 1;
        }
        self.visit(low, other_low, layer + 1, Some(class), counts, found)
    }
}
