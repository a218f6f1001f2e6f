//! Headers, finality certificates, proofs, receipts, admissions and evidence; their verification
//! offline.
//!
//! Needs no node and no network. Start with [`verify()`], then read [`Receipt`].

extern crate alloc;

pub mod admission;
pub mod certificate;
pub mod evidence;
pub mod header;
mod hex_bytes;
pub mod proof;
pub mod receipt;
pub mod verdict;

pub use admission::{Admission, Said};
pub use certificate::{FinalityCertificate, namespace};
pub use evidence::Evidence;
pub use header::{BadHeader, FinalBlock, Header, acts_root, body_root};
pub use pacta_law::Founding;
pub use proof::{AbsenceProof, JournalProof, LedgerProof};
pub use receipt::{Final, Receipt, verify};
pub use verdict::{Defect, Doubt, Proven, Unknown, Verdict};
