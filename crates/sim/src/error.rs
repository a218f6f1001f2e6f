//! Why a simulation cannot be run. A property that does not hold is no error: it is a report.

use crate::options::{ACTS_MAX, VALIDATORS_MAX, VALIDATORS_MIN};

/// Why a simulation cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Too few or too many validators, or a bug in one that does not exist.
    #[error(
        "{0} is no number of validators that can be simulated; choose {VALIDATORS_MIN} to \
         {VALIDATORS_MAX}, and a validator below it for a bug"
    )]
    Validators(u32),
    /// Too many hostile validators.
    #[error(
        "so many hostile validators and lying disks cannot be borne; choose at most {0} together, \
         or ask for what is beyond (--beyond)"
    )]
    Hostile(u32),
    /// Too few or too many hostile validators for a simulation of what cannot be borne.
    #[error(
        "beyond what is borne are {0} to {1} hostile validators and lying disks; choose so many"
    )]
    Beyond(u32, u32),
    /// Too many acts.
    #[error("{0} acts are too many for one simulation; ask for at most {ACTS_MAX}")]
    Acts(u32),
    /// The network cannot be set up.
    #[error("the network cannot be set up: {0}; this is a defect of the simulation, report it")]
    Setup(String),
}
