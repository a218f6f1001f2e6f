//! HTTP API, pages and live feed of a node.
//!
//! A program that runs a node implements [`node::Node`] over it, opens the index, and starts two
//! tasks: [`follow`], which keeps the index at the tip and tells the [`live::Hub`], and [`serve`],
//! which answers requests from an [`AppState`] of the node, a reader of the index, and the hub.
//! Every page works without scripts; what is live is one small script of ours.

pub mod api;
mod assets;
mod cache;
mod connections;
mod cross_origin;
mod extract;
mod follow;
mod guard;
pub mod live;
pub mod node;
mod operate;
mod pages;
mod problem;
pub mod seats;
mod server;
pub mod standing;
mod state;
mod submitted;
mod turns;

pub use connections::Client;
pub use follow::{Stopped as FollowStopped, follow};
pub use guard::CONTENT_SECURITY_POLICY;
pub use node::Node;
pub use problem::Problem;
pub use server::{router, serve};
pub use state::AppState;
