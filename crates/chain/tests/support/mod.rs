//! Makes the frozen vectors.

pub mod databases;
pub mod network;
pub mod proofs;
pub mod tamper;
pub mod world;
