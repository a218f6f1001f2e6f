//! Number and weight: the coalitions of two halves of the members are sorted and matched.
//!
//! A rule of the kind "so many members with so much weight", however combined, comes down to the
//! least weight that a coalition of each size needs. The method is that of Horowitz and Sahni
//! (1974) for sums of subsets.

use alloc::vec;
use alloc::vec::Vec;

use num_bigint::BigUint;

use super::answer::Counts;
use super::game::Game;

/// Most members of a game that is split into halves.
pub const HALVES_PLAYERS_MAX: u32 = 40;

/// The counts, if the game is one of number and weight that is plainly monotone.
pub(crate) fn counts(game: &Game) -> Option<Counts> {
    let players = game.players();
    if players > HALVES_PLAYERS_MAX || !game.plainly_monotone() {
        return None;
    }
    let least = least_weights(game)?;
    let weighed = weighed(game)?;
    let (one, other) = weights(game, weighed)?;
    let found = Match { one: Half::of(&one), other: Half::of(&other), least }.counts();

    let mut first = vec![None; game.classes.len()];
    for (player, class) in players_by_class(game).enumerate() {
        first[class].get_or_insert(player);
    }
    let with = first.iter().flatten().map(|player| big(&found.with[*player])).collect::<Vec<_>>();
    Some(Counts::of_monotone(game, &big(&found.winning), &with))
}

fn big(counts: &[u64]) -> Vec<BigUint> {
    counts.iter().map(|count| BigUint::from(*count)).collect()
}

/// Which measure is a weight, if there are no more than one and one that counts members. Where all
/// count, the last is the weight.
fn weighed(game: &Game) -> Option<Option<usize>> {
    let mut weighed = None;
    for measure in 0..game.measures {
        if game.classes.iter().any(|class| class.gains[measure] != 1) {
            if weighed.is_some() {
                return None;
            }
            weighed = Some(measure);
        }
    }
    Some(weighed)
}

/// By size, the least weight that wins; nothing if none does.
fn least_weights(game: &Game) -> Option<Vec<Option<u64>>> {
    let weighed = weighed(game)?;
    let mut bounds = vec![0];
    if let Some(measure) = weighed {
        game.root.bounds(measure, &mut bounds);
    }
    bounds.retain(|bound| *bound >= 0);
    bounds.sort_unstable();
    bounds.dedup();
    let mut values = vec![0; game.measures];
    let mut least = Vec::new();
    for size in 0..=game.players() {
        values.iter_mut().for_each(|value| *value = i128::from(size));
        let wins = |bound: &&i128| {
            if let Some(measure) = weighed {
                values[measure] = **bound;
            }
            game.root.holds(&values)
        };
        least.push(bounds.iter().find(wins).copied());
    }
    least.into_iter().map(|bound| bound.map(u64::try_from).transpose().ok()).collect()
}

fn players_by_class(game: &Game) -> impl Iterator<Item = usize> {
    let classes = game.classes.iter().enumerate();
    classes.flat_map(|(at, class)| core::iter::repeat_n(at, class.count as usize))
}

/// The weights of the two halves of the players; nothing if their sum does not fit.
fn weights(game: &Game, weighed: Option<usize>) -> Option<(Vec<u64>, Vec<u64>)> {
    if let Some(measure) = weighed {
        u64::try_from(game.total(measure)).ok()?;
    }
    let gain = |class: usize| match weighed {
        Some(measure) => u64::try_from(game.classes[class].gains[measure]).ok(),
        None => Some(0),
    };
    let mut one = players_by_class(game).map(gain).collect::<Option<Vec<_>>>()?;
    let other = one.split_off(one.len() / 2);
    Some((one, other))
}

/// The coalitions of one half of the players.
struct Half {
    players: usize,
    /// By size, the weights with the coalition as bits, ascending.
    by_size: Vec<Vec<(u64, u32)>>,
}

impl Half {
    fn of(weights: &[u64]) -> Self {
        // Adding a player merges two ascending lists for each size: without it and with it.
        let mut by_size: Vec<Vec<(u64, u32)>> = vec![vec![(0, 0)]];
        for (player, &weight) in weights.iter().enumerate() {
            by_size.push(Vec::new());
            for size in (1..by_size.len()).rev() {
                let with =
                    by_size[size - 1].iter().map(|(sum, bits)| (sum + weight, bits | 1 << player));
                let merged = merge(&by_size[size], with);
                by_size[size] = merged;
            }
        }
        Self { players: weights.len(), by_size }
    }
}

fn merge(one: &[(u64, u32)], other: impl ExactSizeIterator<Item = (u64, u32)>) -> Vec<(u64, u32)> {
    let mut merged = Vec::with_capacity(one.len() + other.len());
    let (mut one, mut other) = (one.iter().copied().peekable(), other.peekable());
    while let (Some(left), Some(right)) = (one.peek(), other.peek()) {
        let next = if left.0 <= right.0 { one.next() } else { other.next() };
        merged.extend(next);
    }
    merged.extend(one);
    merged.extend(other);
    merged
}

/// Winning coalitions by size, and by player those that hold it.
struct Found {
    winning: Vec<u64>,
    with: Vec<Vec<u64>>,
}

struct Match {
    one: Half,
    other: Half,
    least: Vec<Option<u64>>,
}

impl Match {
    fn counts(&self) -> Found {
        let players = self.one.players + self.other.players;
        let mut found =
            Found { winning: vec![0; players + 1], with: vec![vec![0; players + 1]; players] };
        let mut one = vec![0; 1 << self.one.players];
        let mut other = vec![0; 1 << self.other.players];
        for size in 0..=players {
            let Some(least) = self.least[size] else { continue };
            one.fill(0);
            other.fill(0);
            for chosen in size.saturating_sub(self.other.players)..=size.min(self.one.players) {
                let (left, right) = (&self.one.by_size[chosen], &self.other.by_size[size - chosen]);
                partners(left, right, least, &mut one);
                partners(right, left, least, &mut other);
            }
            found.winning[size] = one.iter().sum();
            let by_player = by_player(&mut one).chain(by_player(&mut other));
            for (with, count) in found.with.iter_mut().zip(by_player) {
                with[size] = count;
            }
        }
        found
    }
}

/// Adds to each coalition of the left how many on the right make it heavy enough. Both ascend, so
/// that the first partner that is heavy enough only moves down.
fn partners(left: &[(u64, u32)], right: &[(u64, u32)], least: u64, found: &mut [u64]) {
    let mut light = right.len();
    for &(weight, bits) in left {
        let needed = least.saturating_sub(weight);
        while light > 0 && right[light - 1].0 >= needed {
            light -= 1;
        }
        found[bits as usize] += (right.len() - light) as u64;
    }
}

/// By player, the sum over the coalitions that hold it. The last player's coalitions are the upper
/// half; folded onto the lower half, they leave the same question for one player fewer.
fn by_player(counts: &mut [u64]) -> impl Iterator<Item = u64> {
    let players = counts.len().trailing_zeros() as usize;
    let mut sums = vec![0; players];
    for player in (0..players).rev() {
        let (lower, upper) = counts[..2 << player].split_at_mut(1 << player);
        for (below, above) in lower.iter_mut().zip(upper.iter()) {
            *below += above;
            sums[player] += above;
        }
    }
    sums.into_iter()
}
