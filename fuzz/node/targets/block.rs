//! Blocks, as validators send and store them: what is read is written again in the same bytes.
//! The input is the acts; the header is made to fit them, with changes, or is the input's own.

#![no_main]

use commonware_codec::{DecodeExt as _, Encode as _, EncodeSize as _};
use commonware_cryptography::{Digestible as _, Signer as _, ed25519};
use libfuzzer_sys::fuzz_target;
use pacta_chain::{Header, acts_root};
use pacta_law::{Digest, Instant};
use pacta_node::block::{ACT_BYTES_MAX, BLOCK_ACTS_MAX, BLOCK_BYTES_MAX, Block, root_of_body};

fuzz_target!(|input: &[u8]| {
    read(input);
    let Some((change, acts)) = input.split_first() else { return };
    let acts: Vec<&[u8]> = acts.split(|byte| *byte == 0xff).collect();
    let mut bytes = header(acts_root(&acts)).encode().to_vec();
    bytes.extend((acts.len() as u32).to_be_bytes());
    for act in &acts {
        bytes.extend((act.len() as u32).to_be_bytes());
        bytes.extend(*act);
    }
    bytes.push(0); // no step of a ceremony
    let block = read(&bytes).expect("a block of this header and these acts");
    assert!(block.acts().iter().map(AsRef::as_ref).eq(acts.iter().copied()));
    let at = usize::from(*change) % bytes.len();
    bytes[at] ^= 1;
    if let Some(other) = read(&bytes) {
        assert_ne!(other.digest(), block.digest(), "another block has another digest");
    }
    bytes.pop();
    assert!(read(&bytes).is_none(), "a block was read that is cut short");
});

/// Reads a block, and checks that it is within its limits and has one form.
fn read(bytes: &[u8]) -> Option<Block> {
    let block = Block::decode(bytes.to_vec()).ok()?;
    assert_eq!(block.encode(), bytes);
    assert_eq!(block.encode_size(), bytes.len());
    assert_eq!(block.digest().0, block.header().digest().0);
    assert_eq!(block.header().acts_root, root_of_body(block.acts(), block.ceremony()));
    assert!(block.acts().len() <= BLOCK_ACTS_MAX);
    assert!(block.acts().iter().all(|act| act.len() <= ACT_BYTES_MAX));
    assert!(block.ceremony().is_some() || bytes.len() <= Header::BYTES + 5 + BLOCK_BYTES_MAX);
    Some(block)
}

fn header(acts_root: Digest) -> Header {
    let nothing = Digest([0; 32]);
    let leader = ed25519::PrivateKey::from_seed(1).public_key();
    Header {
        epoch: 0,
        view: 2,
        leader: leader.as_ref().try_into().expect("32 bytes"),
        parent_view: 1,
        parent_digest: nothing,
        height: 1,
        instant: Instant::MIN,
        acts_root,
        ledger_root: nothing,
        ledger_ops_root: nothing,
        ledger_start: 0,
        ledger_end: 1,
        journal_root: nothing,
        journal_ops_root: nothing,
        journal_start: 0,
        journal_end: 1,
        law_version: 1,
    }
}
