//! Every other form that is read from canonical JSON: records, outcomes, evidence, certificates and
//! foundings. The first byte says which; whatever is read is written again in the same bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pacta_chain::{
    AbsenceProof, Evidence, FinalityCertificate, Founding, JournalProof, LedgerProof,
};
use pacta_law::actor::{Actor, Key, Mandate, NameHolder, Sequence, SigningKeys};
use pacta_law::network::{
    Attendance, Epochs, LastCeremony, PendingChange, PendingChanges, Validators,
};
use pacta_law::treaty::{Clauses, Negotiating, Party, Tally, Texts, Treaty};
use pacta_law::{DueItem, Genesis, Outcome, json};
use serde::{Serialize, de::DeserializeOwned};

fuzz_target!(|input: &[u8]| {
    let Some((form, bytes)) = input.split_first() else { return };
    match form % 26 {
        0 => same::<Outcome>(bytes),
        1 => same::<Actor>(bytes),
        2 => same::<Key>(bytes),
        3 => same::<Mandate>(bytes),
        4 => same::<NameHolder>(bytes),
        5 => same::<Sequence>(bytes),
        6 => same::<SigningKeys>(bytes),
        7 => same::<Treaty>(bytes),
        8 => same::<Clauses>(bytes),
        9 => same::<Texts>(bytes),
        10 => same::<Tally>(bytes),
        11 => same::<Negotiating>(bytes),
        12 => same::<Party>(bytes),
        13 => same::<DueItem>(bytes),
        14 => same::<FinalityCertificate>(bytes),
        15 => same::<LedgerProof>(bytes),
        16 => same::<AbsenceProof>(bytes),
        17 => same::<JournalProof>(bytes),
        20 => same::<Validators>(bytes),
        21 => same::<Epochs>(bytes),
        22 => same::<LastCeremony>(bytes),
        23 => same::<Attendance>(bytes),
        24 => same::<PendingChanges>(bytes),
        25 => same::<PendingChange>(bytes),
        18 => {
            if let Ok(evidence) = Evidence::from_bytes(bytes) {
                assert_eq!(evidence.to_bytes(), bytes, "evidence has one form");
                let _ = evidence.verify();
            }
        }
        _ => {
            same::<Founding>(bytes);
            // People may indent a genesis; what is read is the same genesis.
            if let Ok(genesis) = Genesis::from_bytes(bytes) {
                assert_eq!(Genesis::from_bytes(&genesis.to_bytes()), Ok(genesis));
            }
        }
    }
});

fn same<T: DeserializeOwned + Serialize>(bytes: &[u8]) {
    if let Ok(read) = json::from_bytes::<T>(bytes) {
        assert_eq!(String::from_utf8_lossy(&json::to_bytes(&read)), String::from_utf8_lossy(bytes));
    }
}
