//! Four validators over TCP, each in a directory of its own, as processes run them.

#![allow(clippy::unwrap_used)] // who fails here says where

mod support;

use std::{
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use commonware_cryptography::Signer as _;
use pacta_law::{ActId, Data, Genesis, KeyId, Refusal, actor::revoke_key::RevokeKey};
use pacta_node::{
    Config, Error, Node, NotTaken, Pacing,
    backup::{self, Checker, Standing},
    peers::Given,
    start_validator,
    voting::never_started,
};
use support::{Founded, act_receipt, assert_genuine, chain, two_chains};

const VALIDATORS: usize = 4;
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// A node that lost its votes votes again within this time.
const RESUMES_MAX: Duration = Duration::from_secs(60);

struct Town {
    founded: Founded,
    addresses: Vec<SocketAddr>,
    parent: PathBuf,
}

impl Town {
    fn new(name: &str, parent: &Path) -> Self {
        let founded = Founded::new(name, VALIDATORS as u32);
        let listeners: Vec<_> =
            (0..VALIDATORS).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let addresses = listeners.iter().map(|one| one.local_addr().unwrap()).collect();
        let town = Self { founded, addresses, parent: parent.into() };
        for validator in 0..VALIDATORS {
            let folder = town.marks(validator);
            std::fs::create_dir_all(&folder).unwrap();
            never_started(&folder).unwrap();
        }
        town
    }

    fn directory(&self, validator: usize) -> PathBuf {
        self.parent.join(format!("validator-{validator}"))
    }

    fn marks(&self, validator: usize) -> PathBuf {
        self.parent.join(format!("marks-{validator}"))
    }

    fn config(&self, validator: usize) -> Config {
        let keys = self.founded.secrets.iter().map(|secret| secret.public_key());
        let addresses = keys.zip(self.addresses.iter().map(ToString::to_string));
        Config {
            directory: self.directory(validator),
            marks: self.marks(validator),
            despite_lost_votes: false,
            genesis: self.founded.genesis.clone(),
            share: Some(self.founded.shares[validator].clone()),
            key: self.founded.secrets[validator].clone(),
            listen: self.addresses[validator],
            peers: Given { named: addresses.collect(), ..Given::default() },
            pacing: Pacing::brisk(),
            threads: 2,
            files: pacta_files::Limits::default(),
        }
    }

    async fn start(&self, validator: usize) -> Node {
        start_validator(self.config(validator)).await.unwrap()
    }

    /// Submits the next act of a signer to a node and waits until it is final there.
    async fn act(&mut self, signer: usize, node: &Node) -> (ActId, Duration) {
        let act = self.founded.act(signer, SystemTime::now());
        let began = Instant::now();
        let id = node.handle().submit(act.bytes().to_vec()).await.unwrap().act;
        is_final(node, &id).await;
        (id, began.elapsed())
    }
}

async fn is_final(node: &Node, id: &ActId) {
    let mut heights = node.handle().finalized();
    let mut next = heights.height() + 1;
    while node.handle().is_pending(id) {
        let reached = tokio::time::timeout(ANSWER_MAX, heights.reaches(next)).await;
        next = reached.expect("the network goes on").unwrap() + 1;
    }
}

async fn reaches(node: &Node, height: u64) {
    let mut heights = node.handle().finalized();
    let reached = tokio::time::timeout(ANSWER_MAX, heights.reaches(height)).await;
    reached.expect("the node gets that far").unwrap();
}

/// Waits until a node votes, or abstains.
async fn wait_until_votes(node: &Node, votes: bool) {
    let began = Instant::now();
    while node.handle().status().votes != votes {
        assert!(began.elapsed() < RESUMES_MAX, "it does not turn");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[test]
fn a_node_with_two_final_blocks_of_one_height_says_so_and_not_that_it_is_damaged() {
    let parent = tempfile::tempdir().unwrap();
    let town = Town::new("Two chains", parent.path());
    two_chains(&town.directory(0), &town.founded);
    let file = town.directory(0).join("contradiction.json");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let end = || {
        let error = runtime.block_on(async {
            match start_validator(town.config(0)).await {
                Err(error) => error,
                Ok(node) => tokio::time::timeout(ANSWER_MAX, node.ended()).await.expect("it stops"),
            }
        });
        assert!(
            matches!(&error, Error::Contradicted { kept: Some(kept), .. } if *kept == file),
            "{error}"
        );
        assert!(file.exists());
    };
    end();
    // It does not start again while that file is there, whatever else is.
    std::fs::remove_dir_all(town.directory(0).join("store")).unwrap();
    end();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acts_become_final_and_outlive_restarts_and_lost_directories() {
    let parent = tempfile::tempdir().unwrap();
    let mut town = Town::new("Over TCP", parent.path());
    let mut nodes = Vec::new();
    for validator in 0..VALIDATORS {
        nodes.push(Some(town.start(validator).await));
    }
    let mut acts = Vec::new();
    let mut times = Vec::new();
    for number in 0..40 {
        let node = nodes[number % VALIDATORS].as_ref().unwrap();
        let (id, time) = town.act(number % 3, node).await;
        acts.push(id);
        times.push(time);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    times.sort();
    println!("act to final: p50 {:?}, max {:?}", times[20], times[39]);

    let first = nodes[0].as_ref().unwrap().handle();
    for act in &acts {
        let receipt = act_receipt(first, *act).await.unwrap();
        assert_genuine(&town.founded, &receipt.to_bytes());
    }
    for path in [town.founded.first_path(), "treaty/none".into()] {
        let receipt = first.record_receipt(path).await.unwrap();
        assert_genuine(&town.founded, &receipt.to_bytes());
    }

    nodes[3].take().unwrap().stop();
    let began = Instant::now();
    let (id, _) = town.act(0, nodes[0].as_ref().unwrap()).await;
    println!("act to final with one stopped: {:?}", began.elapsed());
    let height = nodes[0].as_ref().unwrap().handle().status().height;
    let began = Instant::now();
    nodes[3] = Some(town.start(3).await);
    reaches(nodes[3].as_ref().unwrap(), height).await;
    println!("at the tip after a restart: {:?}", began.elapsed());
    let receipt = act_receipt(nodes[3].as_ref().unwrap().handle(), id).await;
    assert_genuine(&town.founded, &receipt.unwrap().to_bytes());

    nodes[2].take().unwrap().stop();
    std::fs::remove_dir_all(town.directory(2)).unwrap();
    let began = Instant::now();
    nodes[2] = Some(town.start(2).await);
    reaches(nodes[2].as_ref().unwrap(), height).await;
    println!("rebuilt: {:?}", began.elapsed());
    wait_until_votes(nodes[2].as_ref().unwrap(), false).await;

    for node in nodes.iter_mut() {
        node.take().unwrap().stop();
    }
    for (validator, node) in nodes.iter_mut().enumerate() {
        *node = Some(town.start(validator).await);
    }
    for node in nodes.iter().flatten() {
        reaches(node, height).await;
        assert_eq!(node.handle().evidence(), []);
    }
    let rebuilt = nodes[2].as_ref().unwrap();
    assert!(!rebuilt.handle().status().votes, "a restart does not bring its votes back");
    wait_until_votes(rebuilt, true).await;
    println!("votes again: {:?}", began.elapsed());
    let (_, time) = town.act(1, nodes[1].as_ref().unwrap()).await;
    println!("act to final after all restarted: {time:?}");
    let height = nodes[1].as_ref().unwrap().handle().status().height as usize;
    let mut chains = Vec::new();
    for node in nodes.iter().flatten() {
        reaches(node, height as u64).await;
        chains.push(chain(node.handle()).await[..height].to_vec());
    }
    assert!(chains.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(chains[0].iter().map(|block| block.3).sum::<usize>(), acts.len() + 2);

    let first = nodes[0].as_ref().unwrap().handle();
    assert!(first.status().height > 2 * town.founded.genesis.founding.epoch_blocks);
    let mut entries = first.entries(1, usize::MAX).await.unwrap();
    check(&town.founded.genesis, &entries).unwrap();
    // The last certificate ends with the threshold signature, and before it with an own one.
    let own = entries.len() - 48 - 8;
    entries[own] ^= 1;
    let error = check(&town.founded.genesis, &entries).err().unwrap();
    assert!(error.to_string().contains("validators of its epoch"), "{error}");
}

/// Checks entries as those of a backup.
fn check(genesis: &Genesis, bytes: &[u8]) -> Result<Standing, Error> {
    let mut checker = Checker::new(genesis)?;
    backup::read(bytes.to_vec())?.iter().try_for_each(|entry| checker.check(entry))?;
    checker.finish()
}

#[tokio::test]
async fn a_lone_validator_makes_its_acts_final_and_its_directory_is_its_own() {
    let parent = tempfile::tempdir().unwrap();
    let mut town = Town::new("Alone", parent.path());
    town.founded = Founded::new("Alone", 1);
    let node = town.start(0).await;
    let (id, _) = town.act(0, &node).await;
    let receipt = act_receipt(node.handle(), id).await.unwrap();
    assert_genuine(&town.founded, &receipt.to_bytes());
    // What it revokes is no key: the law refuses it by the code of an act signed by no known key,
    // yet it uses its number and is on record.
    let nothing = Data::RevokeKey(RevokeKey { key: KeyId([9; 32]) });
    let refused = town.founded.act_of(0, nothing, SystemTime::now());
    let id_of_refused =
        node.handle().submit_on_record(refused.bytes().to_vec()).await.expect("for the record");
    let id_of_refused = id_of_refused.act;
    is_final(&node, &id_of_refused).await;
    let receipt = act_receipt(node.handle(), id_of_refused).await.unwrap();
    assert_genuine(&town.founded, &receipt.to_bytes());
    town.act(0, &node).await;
    let again = node.handle().submit(b"{}".to_vec()).await;
    assert!(matches!(again, Err(NotTaken::Refused(Refusal::BadMember { .. }))), "{again:?}");

    let second = Config { listen: town.addresses[1], ..town.config(0) };
    let error = start_validator(second).await.err().unwrap();
    assert_eq!(error, Error::Locked(town.directory(0)));
    let busy = Config { directory: town.directory(1), ..town.config(0) };
    let error = start_validator(busy).await.err().unwrap();
    assert!(matches!(error, Error::Listen { .. }), "{error}");
    node.stop();

    let other = Founded::new("Another", 1);
    let (share, genesis) = (other.shares[0].clone(), other.genesis.clone());
    let stranger = Config { share: Some(share), genesis, ..town.config(0) };
    let error = start_validator(stranger).await.err().unwrap();
    assert!(matches!(error, Error::OtherNetwork { .. }), "{error}");

    let node = town.start(0).await;
    let receipt = act_receipt(node.handle(), id).await;
    assert!(receipt.is_some(), "what was final is final after a restart");
}
