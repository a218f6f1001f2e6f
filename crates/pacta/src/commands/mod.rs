//! One file per command.

pub mod actor;
pub mod backup;
pub mod bench;
pub mod decide;
pub mod demo;
pub mod devnet;
pub mod diverge;
pub mod doctor;
pub mod file;
pub mod found;
pub mod join;
pub mod key;
pub mod node;
pub mod power;
pub mod receipt;
pub mod replay;
pub mod rule;
pub mod sim;
pub mod treaty;
pub mod validator;
pub mod verify;
