use std::{fs, path::Path};

use commonware_codec::Encode as _;
use pacta_chain::Header;
use pacta_law::{Digest, Instant};
use pacta_node::{
    Error,
    backup::{import, read},
    block::{Block, root_of_body},
    contradiction::{Contradiction, is_contradiction, keep},
    directory::Directory,
};

use crate::support::Founded;

#[test]
fn what_the_engine_says_of_another_final_block_is_known_and_damage_is_not_taken_for_it() {
    let said = "assertion `left == right` failed: finalized block does not extend the applied tip";
    assert!(is_contradiction(said) && is_contradiction("received conflicting finalized block at"));
    assert!(!is_contradiction("stored data is damaged: blocks: checksum"));
}

/// Two blocks on block 0 stand for two chains: the second does not follow the first.
#[test]
fn what_a_node_has_of_two_final_blocks_is_kept_once_and_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let founded = Founded::new("Two chains", 4);
    put_two_chains(&data, &founded);
    let directory = Directory::open(&data, &founded.genesis.network().to_string()).unwrap();
    let error = keep(&directory, &founded.genesis, &[]);
    let file = data.join("contradiction.json");
    let Error::Contradicted { height, ref kept, ref named, .. } = error else {
        panic!("{error}");
    };
    assert_eq!((height, kept.as_ref(), named.len()), (Some(1), Some(&file), 0));
    for part in ["height 1", "more validators lied", "delete nothing", "contradiction.json"] {
        assert!(error.to_string().contains(part), "{error}");
    }
    let found = Contradiction::read(&data).unwrap().unwrap();
    let sides = found.sides.as_ref().unwrap();
    assert_ne!(sides[0].block, sides[1].block);
    assert_eq!(found.error(&data), error);
    let before = fs::read(&file).unwrap();
    assert_eq!(keep(&directory, &founded.genesis, &[]), error, "the first stays");
    assert_eq!(fs::read(&file).unwrap(), before);
    assert_eq!(Contradiction::read(folder.path()).unwrap(), None);
}

fn put_two_chains(data: &Path, founded: &Founded) {
    let leader = founded.genesis.founding.validators[0].key.0;
    let root = Digest([7; 32]);
    let mut bytes = Vec::new();
    for height in [1, 2] {
        let header = Header {
            epoch: 0,
            view: height,
            leader,
            parent_view: height - 1,
            parent_digest: Digest([height as u8; 32]),
            height,
            instant: Instant::from_ms(height).unwrap(),
            acts_root: root_of_body(&[], None),
            ledger_root: root,
            ledger_ops_root: root,
            ledger_start: 0,
            ledger_end: 1,
            journal_root: root,
            journal_ops_root: root,
            journal_start: 0,
            journal_end: 1,
            law_version: 1,
        };
        let block = Block::new(header, Vec::new(), None).unwrap().encode();
        bytes.extend((block.len() as u32).to_be_bytes());
        bytes.extend(&block);
        bytes.extend([0; 4]);
    }
    let mut entries = read(bytes).unwrap().into_iter();
    import(data, &founded.genesis, || entries.next()).unwrap();
}
