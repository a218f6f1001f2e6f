//! A node of five States in memory: it executes each act by the law as soon as it is handed in.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use ed25519_consensus::SigningKey;
use futures::future::BoxFuture;
use http_body_util::BodyExt;
use pacta_chain::{Admission, Evidence, FinalBlock, Header, Receipt, Said, acts_root};
use pacta_index::{Index, Reader};
use pacta_law::actor::{ActorKind, Office};
use pacta_law::{
    ActId, ActorId, Data, Date, Digest, Draft, Founding, Genesis, GenesisBuilder, Instant, KeyId,
    Ledger, MandateId, NetworkKey, Path, PublicKey, Refusal, Signature, SignedAct, check, compose,
    execute_verified, fall_due,
};
use pacta_web::live::Hub;
use pacta_web::node::{Health, Node, NotSubmitted, Records, Status, Submitted, Unavailable};
use pacta_web::{AppState, follow, router};
use serde_json::Value;
use tokio::sync::watch;
use tower::ServiceExt;

/// The States, by whose place acts are done.
pub const STATES: [&str; 5] = ["Armenia", "Belarus", "Kazakhstan", "Kyrgyzstan", "Russia"];
/// 31 December 2026, noon UTC.
pub const NOON_MS: u64 = 1_798_718_400_000;
/// A day.
pub const DAY_MS: u64 = 86_400_000;

/// A State with the key of its foreign minister.
pub struct State {
    pub actor: ActorId,
    mandate: MandateId,
    secret: SigningKey,
}

impl State {
    fn public(&self) -> PublicKey {
        PublicKey(self.secret.verification_key().to_bytes())
    }
}

/// The node.
pub struct Fake {
    genesis: Genesis,
    operator: ActorId,
    chain: Mutex<Chain>,
    height: watch::Sender<u64>,
    /// Whether so many acts of each actor wait that no more are taken.
    pub floods: AtomicBool,
}

struct Chain {
    ledger: Ledger,
    records: BTreeMap<Path, Arc<[u8]>>,
    blocks: Vec<FinalBlock>,
    now_ms: u64,
    /// Whether acts wait instead of going into a block at once, and the one that does.
    holds: bool,
    held: Option<SignedAct>,
}

/// The node with its pages.
pub struct World {
    pub node: Arc<Fake>,
    pub states: Vec<State>,
    pub router: Router,
    pub hub: Hub,
    reader: Reader,
    _folder: tempfile::TempDir,
}

fn found() -> (Genesis, Vec<State>) {
    let mut builder = GenesisBuilder::new("Trial of five", Date::MIN).expect("a name");
    let mut states = Vec::new();
    for (place, name) in (1..).zip(STATES) {
        let secret = SigningKey::from([place; 32]);
        let public = PublicKey(secret.verification_key().to_bytes());
        let office = Office::ForeignMinister;
        let (actor, mandate) =
            builder.actor(ActorKind::State, name, public, office).expect("an actor");
        let node = SigningKey::from([place + 100; 32]).verification_key();
        builder.validator(actor, PublicKey(node.to_bytes()), &format!("node-{place}.example:7000"));
        states.push(State { actor, mandate, secret });
    }
    (builder.found(NetworkKey([7; 96]), true, 16, None).expect("a genesis"), states)
}

impl World {
    /// Founds the network and serves it.
    pub async fn start() -> Self {
        let (genesis, states) = found();
        let records: BTreeMap<Path, Arc<[u8]>> =
            genesis.records().into_iter().map(|(path, record)| (path, record.into())).collect();
        let now = Instant::from_ms(NOON_MS).expect("an instant");
        let ledger = Ledger::in_memory(genesis.network(), 0, now, records.clone());
        let chain = Chain {
            ledger,
            records,
            blocks: Vec::new(),
            now_ms: NOON_MS,
            holds: false,
            held: None,
        };
        let folder = tempfile::tempdir().expect("a folder");
        let index = Index::open(&folder.path().join("index.sqlite"), &genesis).expect("an index");
        let node = Arc::new(Fake {
            operator: states[0].actor,
            genesis,
            chain: Mutex::new(chain),
            height: watch::channel(0).0,
            floods: AtomicBool::new(false),
        });
        let (reader, hub) = (index.reader(), Hub::default());
        let mut state = AppState::new(node.clone(), reader.clone(), hub.clone());
        state.now_ms = || NOON_MS;
        tokio::spawn(follow(node.clone(), index, hub.clone()));
        Self { node, states, router: router(state), hub, reader, _folder: folder }
    }

    /// What the pages and the API are made from.
    pub fn state(&self) -> AppState {
        AppState::new(self.node.clone(), self.reader.clone(), self.hub.clone())
    }

    /// The act of a State, signed.
    pub fn sign(&self, state: usize, data: Data) -> SignedAct {
        let state = &self.states[state];
        let chain = self.node.chain();
        let draft = Draft {
            actor: state.actor,
            data,
            expires: Instant::from_ms(chain.now_ms + DAY_MS).expect("an instant"),
            key: KeyId::of(&state.public()),
            mandate: Some(state.mandate),
        };
        let act = compose(&chain.ledger, draft).expect("an act");
        SignedAct::sign_with(&act, state.public(), |message| {
            Signature(state.secret.sign(message).to_bytes())
        })
        .expect("a signed act")
    }

    /// Does the act of a State, which must be executed.
    pub async fn act(&self, state: usize, data: Data) -> ActId {
        let signed = self.sign(state, data);
        let id = self.node.submit(signed.bytes().to_vec(), false, None).await;
        let id = id.expect("executed").act;
        self.indexed().await;
        id
    }

    /// Has the refusal of an act put on record.
    pub async fn refuse_on_record(&self, signed: Vec<u8>) {
        self.node.submit(signed, true, None).await.expect("taken");
    }

    /// Lets days pass, and makes a block.
    pub async fn pass_days(&self, days: u64) {
        self.node.chain().now_ms += days * DAY_MS;
        self.node.make_block(None);
        self.indexed().await;
    }

    /// Waits until the index is at the tip.
    pub async fn indexed(&self) {
        let height = *self.node.height.borrow();
        for _ in 0..500 {
            if self.reader.tip().expect("a tip").map_or(0, |tip| tip.height) == height {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the index does not come to height {height}");
    }

    pub async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.expect("an answer")
    }

    /// Status and text of an address.
    pub async fn get(&self, path: &str) -> (u16, String) {
        let request = Request::get(path).body(Body::empty()).expect("a request");
        read(self.send(request).await).await
    }

    /// Status and JSON of an address.
    pub async fn json(&self, path: &str) -> (u16, Value) {
        let (status, text) = self.get(path).await;
        (status, serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}")))
    }

    /// Status and JSON of what is posted.
    pub async fn post(&self, path: &str, body: impl Into<Body>) -> (u16, Value) {
        let request = Request::post(path).body(body.into()).expect("a request");
        let (status, text) = read(self.send(request).await).await;
        (status, serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}")))
    }
}

/// Status and text of an answer.
pub async fn read(response: Response<Body>) -> (u16, String) {
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.expect("a body").to_bytes();
    (status, String::from_utf8(bytes.to_vec()).expect("text"))
}

impl Fake {
    fn chain(&self) -> std::sync::MutexGuard<'_, Chain> {
        self.chain.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds the next act back, or lets the one go that is held.
    pub fn hold(&self, holds: bool) {
        self.chain().holds = holds;
        let held = self.chain().held.take();
        if !holds && held.is_some() {
            self.make_block(held);
        }
    }

    fn make_block(&self, act: Option<SignedAct>) {
        let mut chain = self.chain();
        chain.now_ms += 1;
        let height = u64::try_from(chain.blocks.len()).expect("few blocks") + 1;
        let instant = Instant::from_ms(chain.now_ms).expect("an instant");
        chain.ledger.advance(height, instant);
        let mut outcomes = fall_due(&mut chain.ledger).expect("all is loaded").outcomes;
        let acts: Vec<Vec<u8>> = act.iter().map(|act| act.bytes().to_vec()).collect();
        if let Some(act) = act {
            let act = act.verify().expect("signed");
            outcomes.push(execute_verified(&mut chain.ledger, &act).expect("all is loaded"));
        }
        let header = header(height, instant, &acts);
        for (path, record) in chain.ledger.advance(height, instant) {
            match record {
                Some(record) => chain.records.insert(path, record),
                None => chain.records.remove(&path),
            };
        }
        chain.blocks.push(FinalBlock { header, acts, ceremony: None, outcomes });
        drop(chain);
        self.height.send_replace(height);
    }
}

fn header(height: u64, instant: Instant, acts: &[Vec<u8>]) -> Header {
    let root = Digest::of(&[&height.to_be_bytes()]);
    Header {
        epoch: 0,
        view: height,
        leader: [1; 32],
        parent_view: height - 1,
        parent_digest: root,
        height,
        instant,
        acts_root: acts_root(acts),
        ledger_root: root,
        ledger_ops_root: root,
        ledger_start: 0,
        ledger_end: height,
        journal_root: root,
        journal_ops_root: root,
        journal_start: 0,
        journal_end: height,
        law_version: 1,
    }
}

impl Node for Fake {
    fn genesis(&self) -> Vec<u8> {
        self.genesis.to_bytes()
    }

    fn founding(&self) -> Arc<Founding> {
        Arc::new(self.genesis.founding.clone())
    }

    fn operator(&self) -> ActorId {
        self.operator
    }

    fn submit(
        &self,
        signed: Vec<u8>,
        on_record: bool,
        _: Option<SocketAddr>,
    ) -> BoxFuture<'_, Result<Submitted, NotSubmitted>> {
        Box::pin(async move {
            if self.floods.load(Ordering::Relaxed) {
                return Err(NotSubmitted::TooMany(Refusal::NodeBusy));
            }
            let refused = |refusal: Refusal| NotSubmitted::Refused(refusal);
            let act = SignedAct::decode(&signed).and_then(SignedAct::verify).map_err(refused)?;
            let checked = check(&mut self.chain().ledger, &act).expect("all is loaded");
            let holds = self.chain().holds;
            match checked {
                _ if holds => self.chain().held = Some(act.signed().clone()),
                Err(refusal) if !on_record => return Err(refused(refusal)),
                _ => self.make_block(Some(act.signed().clone())),
            }
            let founding = self.genesis.founding.clone();
            let (height, instant) = (*self.height.borrow(), self.chain().ledger.now());
            let said = Said { act: act.id(), height, instant };
            let secret = SigningKey::from([101; 32]); // the first validator's
            let node = PublicKey(secret.verification_key().to_bytes());
            let sign = |message: &[u8]| Signature(secret.sign(message).to_bytes());
            let admission = Admission::sign_with(founding, node, said, sign);
            Ok(Submitted { act: act.id(), expires: act.act().expires, admission })
        })
    }

    fn load(&self, paths: Vec<Path>) -> BoxFuture<'_, Result<Records, Unavailable>> {
        Box::pin(async move {
            let chain = self.chain();
            let records = paths.iter().map(|path| chain.records.get(path).cloned()).collect();
            let (height, instant) = (chain.ledger.height(), chain.ledger.now());
            Ok(Records { height, instant, records })
        })
    }

    fn status(&self) -> BoxFuture<'_, Result<Status, Unavailable>> {
        let (height, now) = (*self.height.borrow(), self.chain().now_ms);
        let root = Digest([0; 32]).to_string();
        let status = Status {
            height,
            digest: root.clone(),
            instant: now,
            ledger_root: root.clone(),
            journal_root: root,
            view: height,
            votes: true,
            validators: 5,
            peers: 4,
            mempool: 0,
        };
        Box::pin(async move { Ok(status) })
    }

    fn block(&self, height: u64) -> BoxFuture<'_, Result<Option<FinalBlock>, Unavailable>> {
        Box::pin(async move {
            let place = height.checked_sub(1).and_then(|place| usize::try_from(place).ok());
            Ok(place.and_then(|place| self.chain().blocks.get(place).cloned()))
        })
    }

    fn health(&self) -> Health {
        Health { claimed_height: 0, disk_free_bytes: None, disagreements: 0, now_ms: 1 }
    }

    fn metrics(&self) -> BoxFuture<'_, Result<String, Unavailable>> {
        Box::pin(async { Ok("# TYPE engine gauge\nengine 1\n# EOF\n".into()) })
    }

    fn entries(&self, _from: u64) -> BoxFuture<'_, Result<Vec<u8>, Unavailable>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn act_receipt(
        &self,
        _height: u64,
        _index: u64,
    ) -> BoxFuture<'_, Result<Option<Receipt>, Unavailable>> {
        Box::pin(async { Ok(None) })
    }

    fn record_receipt(&self, _path: Path) -> BoxFuture<'_, Result<Option<Receipt>, Unavailable>> {
        Box::pin(async { Ok(None) })
    }

    fn evidence(&self) -> Vec<Evidence> {
        Vec::new()
    }

    fn finalized(&self) -> watch::Receiver<u64> {
        self.height.subscribe()
    }
}
