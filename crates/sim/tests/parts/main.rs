//! Parts of simulations, each by itself. They are not unit tests of the library, since those would
//! compile the engine once more.

#![allow(clippy::unwrap_used)] // who fails here says where

mod capitals;
mod faults;
mod machine;
mod options;
mod panics;
mod properties;
