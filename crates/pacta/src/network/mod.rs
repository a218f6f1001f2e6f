//! Networks: their founding, the directories of their nodes, and nodes on this machine.

pub mod ceremony;
pub mod directory;
pub mod enrolment;
pub mod founding;
pub mod interrupt;
pub mod process;
pub mod share;
pub mod vault;
