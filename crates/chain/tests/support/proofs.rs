//! Proofs of the engine's databases, in the form of receipts.

use commonware_cryptography::sha256;
use commonware_storage::{
    mmr,
    qmdb::current::{ordered::proof::ExclusionProof, proof::operation::Proof as OperationProof},
};
use commonware_utils::NZU64;
use pacta_chain::proof::{ActivePlace, Span, TreePath};
use pacta_chain::{AbsenceProof, Header, JournalProof, LedgerProof};
use pacta_law::Digest;

use super::databases::{Databases, Location, to_engine};

type Operation = OperationProof<mmr::Family, sha256::Digest, [u8; 32]>;

pub async fn journal(databases: &Databases, header: &Header, location: u64) -> JournalProof {
    let (proof, _) = databases.journal.proof(Location::new(location), NZU64!(1)).await.unwrap();
    let (leaves, start) = (header.journal_end, header.journal_start);
    let tree = TreePath::of_engine(leaves, start, location, &digests(&proof.digests)).unwrap();
    JournalProof { tree }
}

pub async fn ledger(databases: &Databases, header: &Header, key: &Digest) -> LedgerProof {
    let proof = databases.ledger.key_value_proof(to_engine(key)).await.unwrap();
    LedgerProof { next_key: from_engine(proof.next_key), place: place(header, &proof.proof) }
}

pub async fn absence(databases: &Databases, header: &Header, key: &Digest) -> AbsenceProof {
    let proof = databases.ledger.exclusion_proof(&to_engine(key)).await.unwrap();
    let (proof, before) = match proof {
        ExclusionProof::KeyValue(proof, before) => (proof, before),
        ExclusionProof::Commit(proof, _) => {
            return AbsenceProof { place: place(header, &proof), span: None };
        }
    };
    let span = Span {
        key: from_engine(before.key),
        next_key: from_engine(before.next_key),
        value: from_engine(before.value),
    };
    AbsenceProof { place: place(header, &proof), span: Some(span) }
}

fn place(header: &Header, proof: &Operation) -> ActivePlace {
    let (leaves, start, location) = (header.ledger_end, header.ledger_start, *proof.loc);
    let digests = digests(&proof.range_proof.proof.digests);
    let in_last_chunk = location / 256 == leaves / 256;
    let partial = proof.range_proof.partial_chunk_digest.filter(|_| !in_last_chunk);
    ActivePlace {
        chunk: proof.chunk,
        location,
        partial: partial.map(from_engine),
        tree: TreePath::of_engine(leaves, start, location, &digests).unwrap(),
    }
}

fn from_engine(digest: sha256::Digest) -> Digest {
    Digest(digest.0)
}

fn digests(digests: &[sha256::Digest]) -> Vec<Digest> {
    digests.iter().copied().map(from_engine).collect()
}
