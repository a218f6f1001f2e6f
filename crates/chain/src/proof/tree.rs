//! Paths from an operation to the root of its tree: a Merkle mountain range.
//!
//! A tree of `leaves` operations is a row of perfect trees, its *peaks*, the largest first: one for
//! each binary digit 1 of `leaves`. Every node is hashed together with its position, which follows
//! from the location of the operation. The first peaks may be *inactive*: they hold only operations
//! before `start`. Inactive peaks are folded from the left, the others from the right.

use pacta_law::Digest;
use serde::{Deserialize, Serialize};

/// Operations of a tree, at most: what JSON can number exactly.
const LEAVES_MAX: u64 = 1 << 53;
/// Height of the nodes to which a chunk of the activity bitmap is joined: 256 operations.
pub(super) const CHUNK_HEIGHT: u32 = 8;
/// Marks the family of the tree (0: mountain range) and the folding of its peaks (1: as above).
const FAMILY: [u8; 2] = [0, 1];

/// A path from an operation to the root.
///
/// In JSON: `{"after":[digest...],"before":[digest...],"path":[digest...]}`. How many digests there
/// are follows from the sizes in the header; any other number is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TreePath {
    /// The peaks after that of the operation: inactive ones alone, the others folded into one.
    pub after: Vec<Digest>,
    /// The peaks before that of the operation: inactive ones folded into one, the others alone.
    pub before: Vec<Digest>,
    /// The siblings on the way from the operation up to its peak.
    pub path: Vec<Digest>,
}

/// Which tree a root is of, as a header says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tree {
    /// Number of operations.
    pub leaves: u64,
    /// Operations before this one are inactive.
    pub start: u64,
}

/// How many digests a path has, and how they fold.
struct Shape {
    /// Peaks that are inactive.
    inactive: usize,
    /// Siblings up to the operation's peak: the height of that peak.
    path: usize,
    before: usize,
    after: usize,
    /// Of `before`, the peak itself and `after`, how many fold from the left.
    from_left: usize,
}

impl Shape {
    fn of(tree: Tree, location: u64) -> Option<Self> {
        let Tree { leaves, start } = tree;
        if leaves > LEAVES_MAX || location >= leaves {
            return None;
        }
        let (mut end, mut peaks, mut inactive, mut own) = (0, 0, 0, None);
        for height in (0..u64::BITS).rev().filter(|height| leaves >> height & 1 == 1) {
            end += 1 << height;
            inactive += usize::from(end <= start);
            if own.is_none() && location < end {
                own = Some((peaks, height as usize));
            }
            peaks += 1;
        }
        let (own, path) = own?;
        let (before, after, from_left) = if own < inactive {
            let folded = usize::from(own > 0);
            let alone = inactive - 1 - own;
            (folded, alone + usize::from(inactive < peaks), folded + 1 + alone)
        } else {
            let folded = usize::from(inactive > 0);
            (folded + own - inactive, usize::from(own + 1 < peaks), folded)
        };
        Some(Self { inactive, path, before, after, from_left })
    }
}

impl TreePath {
    /// Arranges the digests of a proof of one operation, as the engine orders them: peaks before,
    /// peaks after, then siblings from the left. `start` and `leaves` are as in the header.
    ///
    /// `None` when their number is not that of such a proof.
    #[must_use]
    pub fn of_engine(leaves: u64, start: u64, location: u64, digests: &[Digest]) -> Option<Self> {
        let shape = Shape::of(Tree { leaves, start }, location)?;
        if digests.len() != shape.before + shape.after + shape.path {
            return None;
        }
        let (before, rest) = digests.split_at(shape.before);
        let (after, mut siblings) = rest.split_at(shape.after);
        let mut path = Vec::with_capacity(shape.path);
        for height in (0..shape.path).rev() {
            let left = location >> height & 1 == 1;
            let (sibling, rest) =
                if left { siblings.split_first()? } else { siblings.split_last()? };
            path.push(*sibling);
            siblings = rest;
        }
        path.reverse();
        Some(Self { after: after.to_vec(), before: before.to_vec(), path })
    }

    /// The root that an operation at a location leads to. `chunk` is joined at its height.
    pub(super) fn root(
        &self,
        tree: Tree,
        location: u64,
        operation: &[u8],
        chunk: Option<&[u8; 32]>,
    ) -> Option<Digest> {
        let shape = Shape::of(tree, location)?;
        let lengths = (self.before.len(), self.after.len(), self.path.len());
        if lengths != (shape.before, shape.after, shape.path) {
            return None;
        }
        let mut digest = Digest::of(&[&position(location, 0), operation]);
        for (height, sibling) in (1..).zip(&self.path) {
            let position = position(location, height);
            let is_right = location >> (height - 1) & 1 == 1;
            let (left, right) = if is_right { (sibling, &digest) } else { (&digest, sibling) };
            digest = Digest::of(&[&position, &left.0, &right.0]);
            if let (CHUNK_HEIGHT, Some(chunk)) = (height, chunk) {
                digest = Digest::of(&[chunk, &digest.0]);
            }
        }
        let mut peaks: Vec<Digest> = self.before.clone();
        peaks.push(digest);
        peaks.extend(&self.after);
        let folded = fold(&peaks, shape.from_left)?;
        let (leaves, inactive) = (tree.leaves.to_be_bytes(), (shape.inactive as u64).to_be_bytes());
        let inactive: &[u8] = if shape.inactive > 0 { &inactive } else { &[] };
        Some(Digest::of(&[&FAMILY, &leaves, inactive, &folded.0]))
    }
}

/// The position of the node at a height above an operation, in the order in which nodes come to be.
fn position(location: u64, height: u32) -> [u8; 8] {
    let first = location >> height << height;
    let leaf = 2 * first - u64::from(first.count_ones());
    (leaf + (2 << height) - 2).to_be_bytes()
}

/// Folds the first peaks from the left into one, and then all from the right.
fn fold(peaks: &[Digest], from_left: usize) -> Option<Digest> {
    let (left, rest) = peaks.split_at_checked(from_left)?;
    let join = |left: Digest, right: Digest| Digest::of(&[&left.0, &right.0]);
    let left = left.iter().copied().reduce(join);
    let right = rest.iter().rev().copied().reduce(|folded, peak| join(peak, folded));
    match (left, right) {
        (Some(left), Some(right)) => Some(join(left, right)),
        (left, right) => left.or(right),
    }
}
