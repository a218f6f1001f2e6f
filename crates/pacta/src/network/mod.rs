//! Networks on this machine: their directories and their nodes.

pub mod directory;
pub mod founding;
pub mod interrupt;
pub mod process;
pub mod share;
