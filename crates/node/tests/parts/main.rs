//! Parts of the node, each by itself. They are not unit tests of the library, since those would
//! compile the engine once more.

#![allow(clippy::unwrap_used)] // who fails here says where

mod committees;
mod dealer;
mod directory;
mod dial;
mod elastic;
mod files;
mod mempool;
mod pacing;
mod presence;
mod peers;
mod rollcall;
mod verify;
mod voting;
