//! Large games of no simple form: random orders of the members, with a stated seed.
//!
//! In each order, and for each class, the others join one after the other: the sizes at which one
//! more member turns the outcome are found, so that every order speaks for coalitions of all sizes.
//! The bounds are those of Hoeffding (1963) for independent values from 0 to 1.

use alloc::vec;
use alloc::vec::Vec;

use num_bigint::{BigInt, BigUint};

use super::answer::{Answer, ClassPower, Exactness, Fraction, Indices, Method, coalitions_by_size};
use super::game::Game;

/// Most orders that are drawn.
pub const DRAWS_MAX: u32 = 1 << 24;

/// Half of the logarithm of two over the chance that a bound fails, rounded up. There are at most
/// 2 001 pairs of bounds, each of which fails with a chance of at most `2 e^-30`: all together with
/// less than one in a thousand million.
const HALF_LOGARITHM: u32 = 15;

/// Both indices of a monotone game, from so many orders drawn with a seed.
pub(crate) fn indices(game: &Game, seed: u64, draws: u32) -> Indices {
    let players = game.players();
    let mut chance = Chance(seed);
    let sizes = Sizes::of(players);
    let mut winning = BigUint::ZERO;
    let mut sums = vec![(BigUint::ZERO, 0_u64); game.classes.len()];
    for _ in 0..draws {
        let order = order(game, &mut chance);
        winning += sizes.from(&sizes.of_all, first_win(game, &order, None, false));
        for (class, (swings, pivots)) in sums.iter_mut().enumerate() {
            let without = first_win(game, &order, Some(class), false);
            let with = first_win(game, &order, Some(class), true).min(without);
            *swings += sizes.from(&sizes.of_others, with) - sizes.from(&sizes.of_others, without);
            *pivots += u64::from(without - with);
        }
    }

    let exactness = Exactness::Sampled { seed, draws };
    let count = |sum: &BigUint, all: u32| {
        let (low, high) = bounds(sum, &(BigUint::from(1_u32) << all), draws);
        Answer { method: Method::Sampling, exactness, low, high }
    };
    let scale = BigUint::from(1_u32) << 64;
    let found = sums.iter().map(|(swings, pivots)| {
        let share = (BigUint::from(*pivots) << 64) / players;
        let (low, high) = bounds(&share, &scale, draws);
        let of = |bound| Fraction::new(BigInt::from(bound), scale.clone());
        // The share was rounded down by less than one unit, and its sum over the draws with it.
        let (low, high) = (of(low), of((high + 1_u32).min(scale.clone())));
        ClassPower {
            swings: count(swings, players - 1),
            shapley: Answer { method: Method::Sampling, exactness, low, high },
        }
    });
    let found: Vec<_> = found.collect();
    Indices::of_classes(game, count(&winning, players), &found)
}

/// The bounds of a mean of values from 0 to `scale`, from their sum over the draws.
fn bounds(sum: &BigUint, scale: &BigUint, draws: u32) -> (BigUint, BigUint) {
    // Half the width is the root of HALF_LOGARITHM / draws, here in units of 2^-32, rounded up.
    let square = (u128::from(HALF_LOGARITHM) << 64).div_ceil(draws.into());
    let half = ((scale * (square.isqrt() + 1)) >> 32_u32) + 1_u32;
    let low = sum / draws;
    let high = (&low + 1_u32 + &half).min(scale.clone());
    (if low > half { low - half } else { BigUint::ZERO }, high)
}

/// Numbers of coalitions of at least each size.
struct Sizes {
    of_all: Vec<BigUint>,
    of_others: Vec<BigUint>,
}

impl Sizes {
    fn of(players: u32) -> Self {
        let at_least = |players| {
            let mut counts = coalitions_by_size(players);
            for size in (1..counts.len()).rev() {
                let larger = counts[size].clone();
                counts[size - 1] += larger;
            }
            counts
        };
        Self { of_all: at_least(players), of_others: at_least(players - 1) }
    }

    fn from(&self, counts: &[BigUint], size: u32) -> BigUint {
        counts.get(size as usize).cloned().unwrap_or_default()
    }
}

/// How many join before the coalition wins, in an order of classes; one more than all if it never
/// does. The first member of one class may be kept out, or be in from the start without counting.
fn first_win(game: &Game, order: &[usize], kept: Option<usize>, joins: bool) -> u32 {
    let mut values = vec![0; game.measures];
    let add = |values: &mut [i128], class: usize| {
        let gains = &game.classes[class].gains;
        values.iter_mut().zip(gains).for_each(|(value, gain)| *value += gain);
    };
    if let Some(class) = kept.filter(|_| joins) {
        add(&mut values, class);
    }
    let mut kept = kept;
    let mut size = 0;
    for &class in order {
        if game.root.holds(&values) {
            return size;
        }
        if kept == Some(class) {
            kept = None;
            continue;
        }
        add(&mut values, class);
        size += 1;
    }
    if game.root.holds(&values) { size } else { size + 1 }
}

/// All members in a random order, by class.
fn order(game: &Game, chance: &mut Chance) -> Vec<usize> {
    let classes = game.classes.iter().enumerate();
    let mut order: Vec<usize> =
        classes.flat_map(|(at, class)| core::iter::repeat_n(at, class.count as usize)).collect();
    for last in (1..order.len()).rev() {
        order.swap(last, chance.below(last as u32 + 1) as usize);
    }
    order
}

/// Numbers that look random and follow from a seed (SplitMix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below a limit. Draws that would favour some numbers are repeated.
    fn below(&mut self, limit: u32) -> u32 {
        let limit = u64::from(limit);
        loop {
            let drawn = self.next() >> 32;
            if drawn < (1 << 32) / limit * limit {
                return (drawn % limit) as u32;
            }
        }
    }
}
