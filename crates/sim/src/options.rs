//! What a simulation is asked to do.

use crate::{error::Error, machine::Lie};

/// Fewest validators of a simulation: fewer than four bear no faulty one.
pub const VALIDATORS_MIN: u32 = 4;
/// Most validators of a simulation; more take longer and find no other kind of fault.
pub const VALIDATORS_MAX: u32 = 21;
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
    /// Number of hostile validators: less than a third of all, together with those whose disks lie.
    pub hostile: u32,
    /// Number of validators whose disks lie.
    pub lying_disks: u32,
    /// Whether more validators may be hostile than so many bear. Then safety may be lost; no node
    /// may crash, and who contradicts itself must be named.
    pub beyond: bool,
    /// A planted error, to see whether it is found.
    pub bug: Option<Bug>,
}

/// A planted error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// A validator executes the first act of the first State differently from the law, and writes a
    /// record that the law does not know.
    ExecutesDifferently {
        /// The validator, counted from 0.
        validator: u32,
    },
    /// No validator keeps evidence against those that contradict themselves.
    Forgives,
    /// All validators vote for blocks whatever their clocks say.
    IgnoresClocks,
}

/// Faulty validators that so many bear, at most: less than a third.
pub const fn faulty_max(validators: u32) -> u32 {
    validators.saturating_sub(1) / 3
}

impl Options {
    /// The simulation of a seed with a number of validators.
    pub fn new(seed: u64, validators: u32) -> Self {
        Self {
            seed,
            validators,
            acts: ACTS,
            faults: true,
            hostile: 0,
            lying_disks: 0,
            beyond: false,
            bug: None,
        }
    }

    /// The simulation of a seed, which also chooses the number of validators.
    pub fn of_seed(seed: u64) -> Self {
        let validators = match seed % 64 {
            61 => 10,
            62 => 13,
            63 => VALIDATORS_MAX,
            _ => VALIDATORS_MIN + (seed % 4) as u32,
        };
        let bearable = faulty_max(validators);
        let lying_disks =
            if seed % 3 == 2 { 1 + (seed / 3 % u64::from(bearable)) as u32 } else { 0 };
        let hostile = if seed.is_multiple_of(3) { 0 } else { bearable - lying_disks };
        Self { hostile, lying_disks, ..Self::new(seed, validators) }
    }

    /// The command that runs this simulation again.
    pub fn replay(&self) -> String {
        let Self { seed, validators, hostile, lying_disks, beyond, .. } = self;
        let beyond = if *beyond { " --beyond" } else { "" };
        format!(
            "pacta sim --seed {seed} --validators {validators} --hostile {hostile} \
             --lying-disks {lying_disks}{beyond}"
        )
    }

    /// Whether validators are in different capitals, by the seed; else all delays are alike.
    pub fn is_between_capitals(&self) -> bool {
        (self.seed / 2) % 2 == 1
    }

    /// Whether a validator is hostile: the last ones are.
    pub fn is_hostile(&self, validator: u32) -> bool {
        validator >= self.validators.saturating_sub(self.hostile)
    }

    /// How a validator's disk lies, if it does: those of the last ones that are not hostile do.
    pub fn lie(&self, validator: u32) -> Option<Lie> {
        let honest = self.validators.saturating_sub(self.hostile + self.lying_disks);
        let lies = validator >= honest && !self.is_hostile(validator);
        let by_turns = [Lie::Forgets, Lie::Misreads];
        lies.then(|| by_turns[((self.seed / 12 + u64::from(validator)) % 2) as usize])
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
        let bearable = faulty_max(self.validators);
        let faulty = self.hostile.saturating_add(self.lying_disks);
        if faulty > bearable && !self.beyond {
            return Err(Error::Hostile(bearable));
        }
        if self.beyond && (faulty <= bearable || faulty >= self.validators) {
            return Err(Error::Beyond(bearable + 1, self.validators - 1));
        }
        match self.bug {
            Some(Bug::ExecutesDifferently { validator }) if validator >= self.validators => {
                Err(Error::Validators(validator))
            }
            _ => Ok(()),
        }
    }
}
