//! A network of invented States for tests: its founding, its signers, and their acts.
#![allow(dead_code)] // each test file uses a part

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use commonware_codec::Encode as _;
use ed25519_consensus::{SigningKey, VerificationKeyBytes};
use pacta_chain::{Header, Receipt};
use pacta_law::{
    ActId, ActorId, Data, Date, Digest, Draft, Genesis, GenesisBuilder, Instant, KeyId, Ledger,
    MandateId, NetworkKey, Path, PublicKey, Purpose, Signature, SignedAct, Stop,
    actor::{ActorKind, Office, register_key::RegisterKey},
    compose, default_epoch_blocks, possession_message,
};
use pacta_node::{
    DealtTo, Handle, NetworkShare, Pacing,
    backup::{import, read},
    block::{Block, root_of_body},
    deal_to,
    types::ValidatorSecret,
    validator_secret,
};

/// The day on which the network is founded.
pub const FIRST_DAY: (u16, u8, u8) = (2026, 1, 5);
/// Acts are valid for this time.
const VALID: Duration = Duration::from_secs(3_000);
const NAMES: [&str; 5] = ["Ruritania", "Borduria", "Syldavia", "Genovia", "Zubrowka"];

/// A short time in every respect, so that tests are.
pub const PACING: Pacing = Pacing {
    heartbeat: Duration::from_millis(700),
    leader: Duration::from_millis(1_200),
    certification: Duration::from_millis(1_800),
    skip: Duration::from_millis(4_000),
    retry: Duration::from_millis(400),
    clock_difference: Duration::from_secs(5),
    gossip_again: Duration::from_millis(300),
    epoch_gap: Duration::from_millis(200),
    out_of_order: Duration::from_secs(10),
};

/// Somebody who signs acts.
pub struct Signer {
    pub actor: ActorId,
    pub mandate: MandateId,
    secret: SigningKey,
    sequence: u64,
    made: u32,
}

/// A founded network.
pub struct Founded {
    pub genesis: Genesis,
    pub signers: Vec<Signer>,
    pub secrets: Vec<ValidatorSecret>,
    pub shares: Vec<NetworkShare>,
}

fn secret(role: u8, number: u32) -> SigningKey {
    let mut seed = [role; 32];
    seed[..4].copy_from_slice(&number.to_be_bytes());
    SigningKey::from(seed)
}

fn public(secret: &SigningKey) -> PublicKey {
    PublicKey(VerificationKeyBytes::from(secret).to_bytes())
}

impl Founded {
    /// A network of so many validators, each of a State of its own.
    pub fn new(name: &str, validators: u32) -> Self {
        let (year, month, day) = FIRST_DAY;
        let day = Date::new(year, month, day).unwrap();
        let mut builder = GenesisBuilder::new(name, day).unwrap();
        let (mut signers, mut keys, mut secrets) = (Vec::new(), Vec::new(), Vec::new());
        for (number, name) in (0..validators).zip(NAMES) {
            let signing = secret(1, number);
            let office = Office::ForeignMinister;
            let (actor, mandate) =
                builder.actor(ActorKind::State, name, public(&signing), office).unwrap();
            let validator = secret(2, number);
            let address = format!("127.0.0.1:{}", 7_000 + number);
            builder.validator(actor, public(&validator), &address);
            keys.push(public(&validator));
            secrets.push(validator_secret(validator.as_bytes()).unwrap());
            signers.push(Signer { actor, mandate, secret: signing, sequence: 0, made: 0 });
        }
        let DealtTo { network_key, ceremony, shares } = deal_to(&keys).unwrap();
        let network_key = NetworkKey(network_key.try_into().unwrap());
        let ceremony = Some(commonware_formatting::hex(&ceremony));
        let blocks = default_epoch_blocks(keys.len());
        let genesis = builder.found(network_key, true, blocks, ceremony).unwrap();
        Self { genesis, signers, secrets, shares }
    }

    /// The next act of a signer: it registers a key with which nothing is signed.
    pub fn act(&mut self, signer: usize, now: SystemTime) -> SignedAct {
        let network = self.genesis.network();
        let signing = &mut self.signers[signer];
        signing.made += 1;
        let new = secret(3, signing.made * 16 + u32::from(signing.actor.0[0] & 15));
        let purpose = Purpose::Encrypt;
        let message = possession_message(network, signing.actor, purpose);
        let possession = Signature(new.sign(&message).to_bytes());
        let register = RegisterKey { possession, public: public(&new), purpose };
        self.act_of(signer, Data::RegisterKey(register), now)
    }

    /// The next act of a signer, of any kind that needs no record but those of the founding.
    pub fn act_of(&mut self, signer: usize, data: Data, now: SystemTime) -> SignedAct {
        let network = self.genesis.network();
        let signer = &mut self.signers[signer];
        let expires = Instant::from_ms(ms(now + VALID)).unwrap();
        let key = KeyId::of(&public(&signer.secret));
        let mandate = Some(signer.mandate);
        let draft = Draft { actor: signer.actor, data, expires, key, mandate };
        let mut ledger = Ledger::new(network, 1, Instant::from_ms(ms(now)).unwrap());
        let records = self.genesis.records();
        let mut act = loop {
            match compose(&ledger, draft.clone()) {
                Ok(act) => break act,
                Err(Stop::Missing(missing)) => {
                    let record = records.get(&missing.0).map(|bytes| bytes.as_slice().into());
                    ledger.load(missing.0, record);
                }
                Err(Stop::Refused(refusal)) => panic!("{refusal}"),
            }
        };
        signer.sequence += 1;
        act.sequence = signer.sequence;
        let sign = |message: &[u8]| Signature(signer.secret.sign(message).to_bytes());
        SignedAct::sign_with(&act, public(&signer.secret), sign).unwrap()
    }

    /// The path of a record that the founding wrote.
    pub fn first_path(&self) -> Path {
        self.genesis.records().into_keys().next().unwrap()
    }
}

/// Milliseconds since 1970.
pub fn ms(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap().as_millis() as u64
}

/// The chain of a node as far as it is final there: digest, roots, number of acts.
pub async fn chain(handle: &Handle) -> Vec<(String, String, String, usize)> {
    let mut chain = Vec::new();
    for height in 1..=handle.status().height {
        let block = handle.block(height).await.unwrap().unwrap();
        assert_eq!(block.header.height, height);
        let header = &block.header;
        chain.push((
            header.digest().to_string(),
            header.ledger_root.to_string(),
            header.journal_root.to_string(),
            block.acts.len(),
        ));
    }
    chain
}

/// The receipt of an act, if it is final.
pub async fn act_receipt(handle: &Handle, act: ActId) -> Option<Receipt> {
    handle.load(Vec::new()).await.unwrap(); // it has found its place after a restart
    for height in 1..=handle.status().height {
        let block = handle.block(height).await.unwrap().unwrap();
        let outcome = block.outcomes.iter().find(|outcome| outcome.act == Some(act));
        if let Some(outcome) = outcome {
            return handle.act_receipt(height, outcome.index).await.unwrap();
        }
    }
    None
}

/// Verifies the bytes of a receipt, for this network.
pub fn assert_genuine(founded: &Founded, bytes: &[u8]) {
    let verdict = pacta_chain::verify(bytes, Some(founded.genesis.network()));
    assert!(matches!(verdict, pacta_chain::Verdict::Genuine(_)), "{verdict:?}");
}

/// Puts two blocks into a directory of which neither follows the one before it, as if they were
/// final.
pub fn two_chains(data: &std::path::Path, founded: &Founded) {
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
