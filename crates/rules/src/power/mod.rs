//! Who has how much power under a rule, and what the rule guarantees.
//!
//! A coalition votes in favour and everyone else against. From that come the power indices of
//! Banzhaf and Shapley, who can stop an act alone and who never matters, the smallest coalitions
//! that pass or block, and whether two contradictory acts could both pass. Exact methods come
//! first; what is bounded or sampled says so.

#[cfg(test)]
mod agreement;
pub mod answer;
mod count;
mod diagram;
pub mod game;
mod halves;
mod integration;
mod limbs;
pub mod lint;
mod minimal;
pub mod mixed;
mod natural;
mod paths;
mod quadrature;
pub mod quorum;
mod sample;
mod test;
mod weighted;
pub mod what_if;

use alloc::vec::Vec;

use num_bigint::BigUint;

pub use answer::{Answer, Exactness, Fraction, Indices, Method, Power};
pub use count::POINTS_MAX;
pub use diagram::{DIAGRAM_BYTES_MAX, DIAGRAM_NODES_MAX};
pub use game::{Class, Coalition, Entry, Game, PLAYERS_MAX, WEIGHT_BITS_MAX};
pub use halves::HALVES_PLAYERS_MAX;
pub use integration::{INTEGRATION_PLAYERS_MAX, INTEGRATION_WEIGHT_MAX, Integration, Part};
pub use minimal::MINIMAL_LISTED_MAX;
pub use paths::PATHS_MAX;
pub use sample::DRAWS_MAX;
pub use weighted::{SIZES_AND_WEIGHTS_STEPS_MAX, SPLIT_STEPS_MAX, TABLE_BYTES_MAX};

use answer::{ClassPower, Counts};
use diagram::Diagram;
use weighted::Weighted;

use crate::error::Error;

/// Most points that are gone through before other methods are tried.
const POINTS_FIRST: u64 = 100_000;
/// About how much work a decision diagram is, as [`Game::effort`] has it.
const DIAGRAM_EFFORT: u64 = 1 << 24;

impl Game {
    /// Both power indices of every member, exact by whichever method is first to serve.
    ///
    /// Large games of one weight and one quota get an exact Banzhaf index and proved bounds of the
    /// Shapley index; the bounds take seconds or minutes, and [`Integration`] divides that work.
    ///
    /// # Errors
    /// [`Error::Limit`] if no exact method serves: [`Game::sampled`] remains.
    pub fn indices(&self) -> Result<Indices, Error> {
        if let Some(exact) = self.exact_indices() {
            return Ok(exact);
        }
        let weighted = Weighted::of(self);
        let integration = weighted.as_ref().and_then(Integration::of_weighted);
        let indices = integration.and_then(|integration| {
            let points = 0..integration.points();
            let parts: Vec<_> = points.map(|point| integration.part(point)).collect();
            self.indices_from(&integration, &parts)
        });
        indices.ok_or(Error::Limit {
            what: "nodes of the decision diagram",
            found: DIAGRAM_NODES_MAX as u64 + 1,
            limit: DIAGRAM_NODES_MAX as u64,
        })
    }

    /// Both indices of every member, exactly, by whichever method is first to serve; nothing if
    /// none does.
    #[must_use]
    pub fn exact_indices(&self) -> Option<Indices> {
        self.exact().map(|(counts, method)| counts.indices(self, method))
    }

    /// Counts by size, by the first exact method that serves.
    fn exact(&self) -> Option<(Counts, Method)> {
        if self.root.is_constant().is_some()
            || count::points(self).is_some_and(|n| n <= POINTS_FIRST)
        {
            let counts = count::counts(self);
            if let Some(counts) = counts {
                return Some((counts, Method::ClassCounts));
            }
        }
        if let Some(counts) = halves::counts(self) {
            return Some((counts, Method::Halves));
        }
        if let Some(counts) = count::counts(self) {
            return Some((counts, Method::ClassCounts));
        }
        if let Some(weighted) = Weighted::of(self) {
            // Its diagram would have as many nodes as the table has cells.
            return Some((weighted.counts()?, Method::SizesAndWeights));
        }
        let mut diagram = Diagram::of(self)?;
        Some((paths::counts(self, &mut diagram)?, Method::Diagram))
    }

    /// Winning coalitions, swings and the Banzhaf index of a game of one weight and one quota,
    /// exactly, with the Shapley index from the parts of an integration; nothing if the game is not
    /// of that form or its table would be too large.
    ///
    /// # Panics
    /// If the integration is of another game, or there are not as many parts as points.
    #[must_use]
    pub fn indices_from(&self, integration: &Integration, parts: &[Part]) -> Option<Indices> {
        let (winning, swings) = Weighted::of(self)?.swings()?;
        let shares = integration.finish(parts);
        let measure = self.weight_measure()?;
        let found = self.classes.iter().zip(swings).map(|(class, swings)| {
            let weight = class.gains[measure];
            let share = shares.iter().find(|(of, _)| *of as i128 == weight);
            let none = Answer::exact(Method::Integration, Fraction::zero());
            let shapley = if weight == 0 {
                none
            } else {
                share.expect("the integration is of this game").1.clone()
            };
            ClassPower { swings: Answer::exact(Method::Weights, swings), shapley }
        });
        let found: Vec<_> = found.collect();
        Some(Indices::of_classes(self, Answer::exact(Method::Weights, winning), &found))
    }

    fn weight_measure(&self) -> Option<usize> {
        match self.root {
            test::Test::Reaches { measure, .. } => Some(measure),
            _ => None,
        }
    }

    /// Winning coalitions and, by line of the electorate, the swings of a member, where the Shapley
    /// index is not wanted: exact, and for one weight and one quota much quicker.
    ///
    /// # Errors
    /// [`Error::Limit`] if no exact method serves.
    pub fn swings(&self) -> Result<(BigUint, Vec<BigUint>), Error> {
        let Some((winning, swings)) = Weighted::of(self).and_then(|weighted| weighted.swings())
        else {
            let indices = self.indices()?;
            let swings = indices.members.into_iter().map(|member| member.swings.low);
            return Ok((indices.winning.low, swings.collect()));
        };
        let of_entry = |entry: &Entry| swings[entry.class].clone();
        Ok((winning, self.entries.iter().map(of_entry).collect()))
    }

    /// About how much work one exact analysis is, in tenths of a millionth of a second: for a
    /// budget over several of them.
    #[must_use]
    pub fn effort(&self) -> u64 {
        let points = count::points(self).map(|points| points * (self.measures as u64 + 1));
        let table = Weighted::of(self)
            .map(|weighted| (weighted.quota as u64).saturating_mul(self.players().into()) / 64);
        [points, table].into_iter().flatten().fold(DIAGRAM_EFFORT, u64::min).max(1)
    }

    /// How many random orders take at most so many steps: for each order, each class is kept out
    /// and let in while all members join. At least one, and no more than [`DRAWS_MAX`].
    #[must_use]
    pub fn draws_within(&self, steps: u64) -> u32 {
        let (classes, measures) = (self.classes.len() as u64, self.measures as u64);
        let of_one = u64::from(self.players().max(1)) * (2 * classes + 1) * (measures + 1);
        u32::try_from(steps / of_one).unwrap_or(DRAWS_MAX).clamp(1, DRAWS_MAX)
    }

    /// Both indices from random orders of the members: bounds that hold but for a chance of less
    /// than one in a thousand million, repeated exactly by the same seed.
    ///
    /// # Errors
    /// [`Error::Form`] if one more vote in favour could hurt, as far as signs tell, or if there are
    /// no members or no draws; [`Error::Limit`] for more than [`DRAWS_MAX`] draws.
    pub fn sampled(&self, seed: u64, draws: u32) -> Result<Indices, Error> {
        if draws > DRAWS_MAX {
            let limit = DRAWS_MAX.into();
            return Err(Error::Limit { what: "draws", found: draws.into(), limit });
        }
        if draws == 0 || self.players() == 0 {
            return Err(Error::form("sample", "has nothing to draw; give members and draws"));
        }
        if !self.plainly_monotone() {
            return Err(Error::form("rule", "is not monotone; sample only rules that are"));
        }
        Ok(sample::indices(self, seed, draws))
    }
}
