//! Parts of the node, each by itself. They are not unit tests of the library, since those would
//! compile the engine once more.

#![allow(clippy::unwrap_used)] // who fails here says where

mod committees;
mod contradiction;
mod dealer;
mod dial;
mod directory;
mod early;
mod elastic;
mod fair;
mod files;
mod intake;
mod mempool;
mod misconduct;
mod pacing;
mod peers;
mod presence;
mod rollcall;
mod secrets;
mod verify;
mod voting;
mod work;

#[path = "../support/mod.rs"]
mod support;
