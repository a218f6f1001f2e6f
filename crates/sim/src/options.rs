//! What a simulation is asked to do.

use crate::error::Error;

/// Fewest validators of a simulation: fewer than four bear no faulty one.
pub const VALIDATORS_MIN: u32 = 4;
/// Most validators of a simulation; more take longer and find no other kind of fault.
pub const VALIDATORS_MAX: u32 = 7;
/// Most acts that the parties of a simulation attempt.
pub const ACTS_MAX: u32 = 2_000;
/// Acts attempted when nothing else is asked.
const ACTS: u32 = 40;

/// One simulation. All else follows from the seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// From it follow keys, acts, faults, and the order of everything that happens.
    pub seed: u64,
    /// Number of validators, of which each is operated by one State.
    pub validators: u32,
    /// Number of acts that the States attempt, besides the one that measures recovery.
    pub acts: u32,
    /// Whether links lose messages and part, validators crash, and the power fails.
    pub faults: bool,
    /// An error planted into one validator, to see whether it is found.
    pub bug: Option<Bug>,
}

/// An error planted into one validator: it executes the first act of the first State differently
/// from the law, and writes a record that the law does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bug {
    /// The validator, counted from 0.
    pub validator: u32,
}

impl Options {
    /// The simulation of a seed with a number of validators.
    pub fn new(seed: u64, validators: u32) -> Self {
        Self { seed, validators, acts: ACTS, faults: true, bug: None }
    }

    /// The simulation of a seed, which also chooses the number of validators.
    pub fn of_seed(seed: u64) -> Self {
        let choices = u64::from(VALIDATORS_MAX - VALIDATORS_MIN + 1);
        Self::new(seed, VALIDATORS_MIN + (seed % choices) as u32)
    }

    /// The command that runs this simulation again.
    pub fn replay(&self) -> String {
        format!("pacta sim --seed {} --validators {}", self.seed, self.validators)
    }

    /// Whether everything is within limits.
    ///
    /// # Errors
    /// What is not.
    pub fn check(&self) -> Result<(), Error> {
        if !(VALIDATORS_MIN..=VALIDATORS_MAX).contains(&self.validators) {
            return Err(Error::Validators(self.validators));
        }
        if self.acts > ACTS_MAX {
            return Err(Error::Acts(self.acts));
        }
        match self.bug {
            Some(bug) if bug.validator >= self.validators => Err(Error::Validators(bug.validator)),
            _ => Ok(()),
        }
    }
}
