//! Parts of the node, each by itself. They are not unit tests of the library, since those would
//! compile the engine once more.

#![allow(clippy::unwrap_used)] // who fails here says where

mod contradiction;
mod dealer;
mod directory;
mod elastic;
mod fair;
mod files;
mod intake;
mod mempool;
mod pacing;
mod presence;
mod rollcall;
mod verify;
mod voting;
mod work;

#[path = "../support/mod.rs"]
mod support;
