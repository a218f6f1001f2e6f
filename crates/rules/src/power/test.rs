//! What a coalition must reach: a tree of bounds on measures, without negation.

use alloc::boxed::Box;
use alloc::vec::Vec;

/// A test of the values of measures.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Test {
    /// The measure is at least so much.
    Reaches {
        /// Which.
        measure: usize,
        /// How much.
        least: i128,
    },
    /// The measure is less than this.
    Under {
        /// Which.
        measure: usize,
        /// The first value that is too much.
        limit: i128,
    },
    /// At least so many of these hold.
    AtLeast {
        /// How many.
        k: usize,
        /// Of what.
        args: Box<[Test]>,
    },
}

impl Test {
    /// What always or never holds.
    pub(crate) fn constant(holds: bool) -> Self {
        Self::AtLeast { k: usize::from(!holds), args: Box::default() }
    }

    /// At least `k` of these, without constants, doubles of an *and* or *or*, and needless levels.
    pub(crate) fn at_least(k: usize, args: Vec<Self>) -> Self {
        let mut needed = k;
        let mut open = Vec::new();
        for arg in args {
            match arg.is_constant() {
                Some(true) => needed = needed.saturating_sub(1),
                Some(false) => {}
                None => open.push(arg),
            }
        }
        if needed == 0 || needed > open.len() {
            return Self::constant(needed == 0);
        }
        if needed == 1 || needed == open.len() {
            let all = needed == open.len() && needed > 1;
            open.sort();
            open.dedup();
            needed = if all { open.len() } else { 1 };
        }
        match open.pop() {
            Some(only) if open.is_empty() => only,
            last => {
                open.extend(last);
                Self::AtLeast { k: needed, args: open.into() }
            }
        }
    }

    /// Both of two.
    pub(crate) fn both(one: Self, other: Self) -> Self {
        Self::at_least(2, [one, other].into())
    }

    /// Whether it holds whatever the values are, or never does; nothing if that depends.
    pub(crate) fn is_constant(&self) -> Option<bool> {
        match self {
            Self::AtLeast { k: 0, .. } => Some(true),
            Self::AtLeast { k, args } if *k > args.len() => Some(false),
            _ => None,
        }
    }

    /// Whether it holds for these values.
    pub(crate) fn holds(&self, values: &[i128]) -> bool {
        match self {
            Self::Reaches { measure, least } => values[*measure] >= *least,
            Self::Under { measure, limit } => values[*measure] < *limit,
            Self::AtLeast { k, args } => {
                let mut missing = *k;
                args.iter().any(|arg| {
                    missing -= usize::from(missing > 0 && arg.holds(values));
                    missing == 0
                }) || missing == 0
            }
        }
    }

    /// Whether all bounds are of a kind; the first argument says whether the bound is one to reach.
    pub(crate) fn all_leaves(&self, kind: &impl Fn(bool, usize) -> bool) -> bool {
        match self {
            Self::Reaches { measure, .. } => kind(true, *measure),
            Self::Under { measure, .. } => kind(false, *measure),
            Self::AtLeast { args, .. } => args.iter().all(|arg| arg.all_leaves(kind)),
        }
    }

    /// The bounds on one measure, added to a list.
    pub(crate) fn bounds(&self, of: usize, found: &mut Vec<i128>) {
        match self {
            Self::Reaches { measure, least: bound } | Self::Under { measure, limit: bound } => {
                if *measure == of {
                    found.push(*bound);
                }
            }
            Self::AtLeast { args, .. } => args.iter().for_each(|arg| arg.bounds(of, found)),
        }
    }

    /// The test that the members outside a coalition pass this one. The first argument gives the
    /// total of each measure.
    pub(crate) fn mirrored(&self, total: &impl Fn(usize) -> i128) -> Self {
        match self {
            Self::Reaches { measure, least } => {
                Self::Under { measure: *measure, limit: total(*measure) - least + 1 }
            }
            Self::Under { measure, limit } => {
                Self::Reaches { measure: *measure, least: total(*measure) - limit + 1 }
            }
            Self::AtLeast { k, args } => {
                let args = args.iter().map(|arg| arg.mirrored(total)).collect();
                Self::AtLeast { k: *k, args }
            }
        }
    }

    /// Whether two tests plainly exclude each other, since one measure cannot satisfy both: `true`
    /// is certain, `false` is not.
    pub(crate) fn excludes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::AtLeast { k, args }, other) | (other, Self::AtLeast { k, args }) => {
                let excluded = args.iter().filter(|arg| arg.excludes(other)).count();
                excluded + k > args.len()
            }
            (Self::Reaches { measure: a, least }, Self::Under { measure: b, limit })
            | (Self::Under { measure: b, limit }, Self::Reaches { measure: a, least }) => {
                a == b && limit <= least
            }
            _ => false,
        }
    }
}
