//! Small games: every number of members of each class is gone through.

use alloc::vec;
use alloc::vec::Vec;

use num_bigint::BigUint;

use super::answer::Counts;
use super::game::Game;
use super::natural::{Natural, SHORT_PLAYERS_MAX, binomials};

/// Most numbers of members by class that are gone through.
pub const POINTS_MAX: u64 = 10_000_000;

/// How many points the method goes through; nothing above [`POINTS_MAX`].
pub(crate) fn points(game: &Game) -> Option<u64> {
    game.classes.iter().try_fold(1_u64, |product, class| {
        product.checked_mul(u64::from(class.count) + 1).filter(|product| *product <= POINTS_MAX)
    })
}

/// The counts, if the game has few enough points. It need not be monotone.
pub(crate) fn counts(game: &Game) -> Option<Counts> {
    points(game)?;
    Some(if game.players() <= SHORT_PLAYERS_MAX {
        Walk::<u128>::over(game)
    } else {
        Walk::<BigUint>::over(game)
    })
}

/// Which points win, in the order in which the last class runs fastest.
pub(crate) fn outcomes(game: &Game) -> Vec<bool> {
    fn visit(game: &Game, class: usize, values: &[i128], found: &mut Vec<bool>) {
        let Some(group) = game.classes.get(class) else {
            found.push(game.root.holds(values));
            return;
        };
        let mut values = values.to_vec();
        for count in 0..=group.count {
            if count > 0 {
                values.iter_mut().zip(&group.gains).for_each(|(value, gain)| *value += gain);
            }
            visit(game, class + 1, &values, found);
        }
    }
    let mut found = Vec::new();
    visit(game, 0, &vec![0; game.measures], &mut found);
    found
}

struct Walk<'a, T> {
    game: &'a Game,
    outcomes: Vec<bool>,
    /// How far apart are two points that differ by one member of a class.
    strides: Vec<usize>,
    binomials: Vec<Vec<T>>,
    winning: T,
    /// By class and size, the swings of all its members together.
    swings: Vec<Vec<T>>,
}

impl<T: Natural> Walk<'_, T> {
    fn over(game: &Game) -> Counts {
        let players = game.players() as usize;
        let mut strides = vec![1; game.classes.len()];
        for class in (1..game.classes.len()).rev() {
            strides[class - 1] = strides[class] * (game.classes[class].count as usize + 1);
        }
        let largest = game.classes.iter().map(|class| class.count).max().unwrap_or(0);
        let mut walk = Walk {
            game,
            outcomes: outcomes(game),
            strides,
            binomials: binomials::<T>(largest),
            winning: T::small(0),
            swings: vec![vec![T::small(0); players]; game.classes.len()],
        };
        walk.visit(0, 0, 0, &T::small(1), &mut vec![0; game.classes.len()]);

        let single = |(class, all): (usize, &Vec<T>)| -> Vec<BigUint> {
            all.iter().map(|count| count.big() / game.classes[class].count).collect()
        };
        let swings = walk.swings.iter().enumerate().map(single).collect();
        Counts { winning: walk.winning.big(), swings }
    }

    fn visit(&mut self, class: usize, point: usize, size: usize, ways: &T, counts: &mut Vec<u32>) {
        if class < counts.len() {
            for count in 0..=self.game.classes[class].count {
                let chosen = count as usize;
                let of = &self.binomials[self.game.classes[class].count as usize][chosen];
                let ways = ways.times(of);
                counts[class] = count;
                self.visit(
                    class + 1,
                    point + chosen * self.strides[class],
                    size + chosen,
                    &ways,
                    counts,
                );
            }
            return;
        }
        if self.outcomes[point] {
            self.winning.add(ways);
            return;
        }
        for (class, &count) in counts.iter().enumerate() {
            let outside = self.game.classes[class].count - count;
            if outside > 0 && self.outcomes[point + self.strides[class]] {
                self.swings[class][size].add(&ways.times(&T::small(outside)));
            }
        }
    }
}
