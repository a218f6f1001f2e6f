//! One weight and one quota: coalitions are counted by weight, or by size and weight.
//!
//! The dual quota `total - quota + 1` gives the same indices, so the smaller of both is taken. A
//! member is taken out again by a sum with changing signs, so that no table per member is needed.

use alloc::vec;
use alloc::vec::Vec;

use num_bigint::BigUint;

use super::answer::Counts;
use super::game::Game;
use super::limbs::Limbs;
use super::test::Test;

/// Most bytes of a table of counts.
pub const TABLE_BYTES_MAX: usize = 1 << 28;
/// Most additions to fill a table of sizes and weights.
pub const SIZES_AND_WEIGHTS_STEPS_MAX: usize = 1 << 28;
/// Most steps to look for two coalitions apart that both win.
pub const SPLIT_STEPS_MAX: usize = 1 << 31;

/// A game of one weight and one quota, with members by weight. Those without weight are left out.
pub(crate) struct Weighted {
    /// By class, the weight of a member; zero for those left out.
    weights: Vec<usize>,
    /// The weights of the members that have any, ascending.
    pub(crate) ascending: Vec<usize>,
    pub(crate) total: usize,
    /// The smaller of the quota and its dual.
    pub(crate) quota: usize,
    /// Whether the quota was replaced by its dual.
    dual: bool,
    /// How many members have no weight.
    weightless: u32,
}

impl Weighted {
    /// The game in this form, if it is one.
    pub(crate) fn of(game: &Game) -> Option<Self> {
        let Test::Reaches { measure, least } = game.root else { return None };
        let gains = game.classes.iter().map(|class| usize::try_from(class.gains[measure]).ok());
        let weights = gains.collect::<Option<Vec<_>>>()?;
        let total = usize::try_from(game.total(measure)).ok()?;
        let quota = usize::try_from(least).ok().filter(|quota| (1..=total).contains(quota))?;
        let mut ascending = Vec::new();
        for (class, &weight) in game.classes.iter().zip(&weights) {
            ascending.extend((0..class.count).filter(|_| weight > 0).map(|_| weight));
        }
        ascending.sort_unstable();
        let dual = total - quota + 1;
        let weightless = game.players() - ascending.len() as u32;
        let (quota, dual) = (quota.min(dual), dual < quota);
        Some(Self { weights, ascending, total, quota, dual, weightless })
    }

    /// Winning coalitions and, by class, the swings of a member, if the table is not too large.
    pub(crate) fn swings(&self) -> Option<(BigUint, Vec<BigUint>)> {
        self.in_limbs(|length| self.quota.checked_mul(length * 8), Some(0))?;
        Some(match self.limbs()? {
            1 => self.by_weight::<1>(),
            2 => self.by_weight::<2>(),
            3 => self.by_weight::<3>(),
            4 => self.by_weight::<4>(),
            8 => self.by_weight::<8>(),
            _ => self.by_weight::<16>(),
        })
    }

    /// The counts by size, if the table is not too large and quickly filled.
    pub(crate) fn counts(&self) -> Option<Counts> {
        let players = self.ascending.len();
        let cells = self.quota.checked_mul(players + 1);
        let steps = cells.and_then(|cells| cells.checked_mul(players));
        self.in_limbs(|length| cells?.checked_mul(length * 8), steps)?;
        Some(match self.limbs()? {
            1 => self.by_size::<1>(),
            2 => self.by_size::<2>(),
            3 => self.by_size::<3>(),
            4 => self.by_size::<4>(),
            8 => self.by_size::<8>(),
            _ => self.by_size::<16>(),
        })
    }

    /// A coalition, by class, that wins while the others also do; `Some(None)` if there is none,
    /// and nothing if the weights are too many to say.
    pub(crate) fn split(&self, game: &Game) -> Option<Option<Vec<u32>>> {
        self.split_within(game, SPLIT_STEPS_MAX)
    }

    /// The same in at most so many steps.
    pub(crate) fn split_within(&self, game: &Game, steps_max: usize) -> Option<Option<Vec<u32>>> {
        let quota = if self.dual { self.total - self.quota + 1 } else { self.quota };
        let none = vec![0; self.weights.len()];
        if quota > self.total - quota {
            return Some(None);
        }
        (self.total < TABLE_BYTES_MAX / size_of::<u32>()).then_some(())?;
        self.total.checked_mul(self.ascending.len()).filter(|n| *n <= steps_max)?;
        // By weight, the first member that makes it reachable, counted from one. What it leaves was
        // reachable without it and those after it.
        let mut first = vec![0_u32; self.total + 1];
        first[0] = u32::MAX;
        for (member, &weight) in (1..).zip(&self.ascending) {
            for at in (weight..first.len()).rev() {
                if first[at] == 0 && first[at - weight] != 0 {
                    first[at] = member;
                }
            }
        }
        let Some(mut at) = (quota..=self.total - quota).find(|at| first[*at] != 0) else {
            return Some(None);
        };
        let mut counts = none;
        while at > 0 {
            let weight = self.ascending[first[at] as usize - 1];
            let taken = |class: &usize| {
                self.weights[*class] == weight && counts[*class] < game.classes[*class].count
            };
            let class = (0..counts.len()).find(taken);
            counts[class.expect("a weight is taken no more often than there are members")] += 1;
            at -= weight;
        }
        Some(Some(counts))
    }

    fn in_limbs(&self, bytes: impl Fn(usize) -> Option<usize>, steps: Option<usize>) -> Option<()> {
        let bytes = bytes(self.limbs()?)?;
        (bytes <= TABLE_BYTES_MAX && steps? <= SIZES_AND_WEIGHTS_STEPS_MAX).then_some(())
    }

    /// How many parts of 64 bits hold all counts: fewer than `2^players` each.
    fn limbs(&self) -> Option<usize> {
        [1, 2, 3, 4, 8, 16].into_iter().find(|length| self.ascending.len() < 64 * length)
    }

    fn by_weight<const L: usize>(&self) -> (BigUint, Vec<BigUint>) {
        let mut table = self.table::<L>();
        for weight in 1..table.len() {
            table[weight] = table[weight].plus(table[weight - 1]);
        }
        let all = |swings: Limbs<L>| swings.big() << self.weightless;
        let light = all(table[self.quota - 1]);
        let players = self.ascending.len() as u32 + self.weightless;
        let winning = if self.dual { light } else { (BigUint::from(1_u32) << players) - light };
        let swings = self.weights.iter().map(|&weight| match weight {
            0 => BigUint::ZERO,
            weight => all(alternating(&table, weight)),
        });
        (winning, swings.collect())
    }

    /// By weight below the quota, how many coalitions have it.
    fn table<const L: usize>(&self) -> Vec<Limbs<L>> {
        let mut table = vec![Limbs::<L>::ZERO; self.quota];
        table[0] = Limbs::one();
        // Of the members so far: their weight, and how far the table is filled. As many coalitions
        // are lighter than the rest as heavier: the upper half of the table is the lower, mirrored.
        let (mut sum, mut filled) = (0, 1);
        for &weight in &self.ascending {
            let filled_then = self.quota.min((sum + weight) / 2 + 1);
            for at in filled..filled_then.min(sum + 1) {
                table[at] = table[sum - at];
            }
            for at in (weight..filled_then).rev() {
                table[at] = table[at].plus(table[at - weight]);
            }
            (sum, filled) = (sum + weight, filled_then);
        }
        table
    }

    fn by_size<const L: usize>(&self) -> Counts {
        let players = self.ascending.len();
        let width = players + 1;
        let mut table = vec![Limbs::<L>::ZERO; self.quota * width];
        table[0] = Limbs::one();
        let mut sum = 0;
        for (taken, &weight) in self.ascending.iter().enumerate() {
            sum += weight;
            for at in (weight..self.quota.min(sum + 1)).rev() {
                let (below, row) = table.split_at_mut(at * width);
                let below = &below[(at - weight) * width..][..=taken];
                for (more, fewer) in row[1..].iter_mut().zip(below) {
                    *more = more.plus(*fewer);
                }
            }
        }
        for at in width..table.len() {
            table[at] = table[at].plus(table[at - width]);
        }
        let light: BigUint =
            table[(self.quota - 1) * width..].iter().map(|count| count.big()).sum();
        let light = light << self.weightless;
        let all = BigUint::from(1_u32) << (players as u32 + self.weightless);
        let winning = if self.dual { light } else { all - light };
        let swings = self.weights.iter().map(|&weight| self.swings_by_size(&table, weight));
        Counts { winning, swings: swings.collect() }
    }

    /// The swings of a member by the size of coalitions of those who have weight; the weightless
    /// are spread over them, which the sizes must tell.
    fn swings_by_size<const L: usize>(&self, table: &[Limbs<L>], weight: usize) -> Vec<BigUint> {
        let players = self.ascending.len();
        let all_players = players + self.weightless as usize;
        let mut spread = vec![BigUint::ZERO; all_players];
        if weight == 0 {
            return spread;
        }
        let width = players + 1;
        // Coalitions without the member of a size and at most so much weight: all such coalitions,
        // less those with the member, which without it are one smaller and lighter by its weight.
        let without = |size: usize, most: usize| {
            (0..=size.min(most / weight)).rev().fold(Limbs::<L>::ZERO, |count, taken| {
                table[(most - taken * weight) * width + size - taken].minus(count)
            })
        };
        let most = self.quota - 1;
        let ways = super::answer::coalitions_by_size(self.weightless);
        for size in 0..players {
            let lighter = most.checked_sub(weight).map_or(Limbs::ZERO, |most| without(size, most));
            let swings = without(size, most).minus(lighter).big();
            let size = if self.dual { players - 1 - size } else { size };
            for (more, ways) in ways.iter().enumerate() {
                spread[size + more] += &swings * ways;
            }
        }
        spread
    }
}

/// The swings of a member, from how many coalitions have at most each weight below the quota.
fn alternating<const L: usize>(lighter: &[Limbs<L>], weight: usize) -> Limbs<L> {
    let mut sum = Limbs::ZERO;
    let mut most = lighter.len() - 1;
    let mut added = false;
    while let Some(next) = most.checked_sub(weight) {
        most = next;
        sum = if added { sum.plus(lighter[most]) } else { sum.minus(lighter[most]) };
        added = !added;
    }
    lighter[lighter.len() - 1].plus(sum).plus(sum)
}
