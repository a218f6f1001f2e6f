//! The ledger part of a receipt: the record at a path, or that there is none.

use pacta_law::Digest;

use super::form::{LedgerForm, one_subject};
use crate::header::Header;
use crate::verdict::{Defect, Doubt};

/// Checks the part, and says what it proves.
pub(super) fn check(ledger: &LedgerForm, header: &Header) -> Result<String, Doubt> {
    let at = super::at(header.height, header.instant);
    let path = &ledger.path;
    let key = Digest::of(&[path.as_bytes()]);
    match (&ledger.absence, &ledger.proof, &ledger.record) {
        (None, Some(proof), Some(record)) => {
            let value = Digest::of(&[record.get().as_bytes()]);
            if !proof.verify(header, &key, &value) {
                return Err(Defect::BadLedgerProof.into());
            }
            Ok(format!("the ledger held the record {value} at {path} {at}"))
        }
        (Some(proof), None, None) => {
            if !proof.verify(header, &key) {
                return Err(Defect::BadLedgerProof.into());
            }
            Ok(format!("the ledger held nothing at {path} {at}"))
        }
        _ => Err(one_subject().into()),
    }
}
