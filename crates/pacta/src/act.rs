//! From a draft to a final act: records are loaded, the sentence composed, the act tried, signed,
//! submitted, and its outcome awaited.

use std::collections::BTreeMap;
use std::path::Path as FilePath;
use std::sync::Arc;
use std::time::{Duration, Instant as Clock, SystemTime, UNIX_EPOCH};

use pacta_chain::{Admission, Verdict};
use pacta_law::{
    Act, ActId, ActorId, Data, Draft, Event, Instant, KeyId, Ledger, MandateId, NetworkId, Path,
    Purpose, Refusal, SignedAct, Stop, compose, dry_run,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::client::{Client, Problem};
use crate::failure::{Failure, Result};
use crate::files::{self, Access};
use crate::signer::{Secret, Signer};

/// Where a node answers unless another address is given.
pub const DEFAULT_NODE: &str = "http://127.0.0.1:8700";
/// How long a new act may wait to be included: an hour.
const EXPIRES_AFTER: Duration = Duration::from_secs(60 * 60);
/// How long to wait for an act to become final before asking again.
const WAIT_SECONDS: u64 = 20;
/// How long after an act's expiry a block may still say what became of it.
const EXPIRY_PATIENCE: Duration = Duration::from_secs(60);
/// More records than any act reads: a loop would be a fault of ours.
const RECORDS_MAX: usize = 100_000;

/// Who acts: a key, for an actor, by a mandate.
#[derive(Clone)]
pub struct Author {
    /// The key.
    pub key: KeyId,
    /// The actor.
    pub actor: ActorId,
    /// The mandate of the key.
    pub mandate: Option<MandateId>,
}

/// The ledger of a node as far as it has been loaded.
pub struct View {
    client: Client,
    network: NetworkId,
    height: u64,
    instant: u64,
    records: BTreeMap<Path, Option<Arc<[u8]>>>,
}

/// Records of one final height, as a node answers.
#[derive(Deserialize)]
struct Loaded {
    height: u64,
    instant: u64,
    records: Vec<LoadedRecord>,
}

#[derive(Deserialize)]
struct LoadedRecord {
    path: Path,
    record: Option<String>,
}

/// The network as a node answers.
#[derive(Clone, Debug, Deserialize)]
pub struct Network {
    /// Its id.
    pub id: NetworkId,
    /// How the node is.
    pub node: NodeStatus,
}

/// How a node is.
#[derive(Clone, Debug, Deserialize)]
pub struct NodeStatus {
    /// The latest final height.
    pub height: u64,
}

/// The network and how the node is.
///
/// # Errors
/// Exit code 69 when the node does not answer.
pub fn network(client: &Client) -> Result<Network> {
    client.get_json("/api/v1/network")
}

impl View {
    /// The latest final ledger of a node, with nothing loaded yet.
    ///
    /// # Errors
    /// Exit code 69 when the node does not answer.
    pub fn open(client: &Client) -> Result<Self> {
        let network = network(client)?.id;
        let mut view = Self {
            client: client.clone(),
            network,
            height: 0,
            instant: 0,
            records: BTreeMap::new(),
        };
        view.load(Vec::new())?;
        Ok(view)
    }

    /// The record at a path, if there is one.
    ///
    /// # Errors
    /// As [`Client::post_json`].
    pub fn record<T: serde::de::DeserializeOwned>(&mut self, path: &str) -> Result<Option<T>> {
        if !self.records.contains_key(path) {
            self.load(vec![path.to_owned()])?;
        }
        match self.records.get(path) {
            Some(Some(record)) => self.client.parse(record).map(Some),
            _ => Ok(None),
        }
    }

    /// Runs something on the ledger, loading each record that it misses.
    ///
    /// # Errors
    /// As [`Client::post_json`].
    pub fn run<T>(
        &mut self,
        mut run: impl FnMut(&mut Ledger) -> std::result::Result<T, Stop>,
    ) -> Result<std::result::Result<T, Refusal>> {
        loop {
            // Acts are tried as if in the next block, now.
            let instant = Instant::from_ms(self.instant.max(now_ms())).map_err(Failure::failed)?;
            let mut ledger = Ledger::new(self.network, self.height + 1, instant);
            for (path, record) in &self.records {
                ledger.load(path.clone(), record.clone());
            }
            match run(&mut ledger) {
                Ok(value) => return Ok(Ok(value)),
                Err(Stop::Refused(refusal)) => return Ok(Err(refusal)),
                Err(Stop::Missing(missing)) => self.load(vec![missing.0])?,
            }
        }
    }

    fn load(&mut self, paths: Vec<Path>) -> Result<()> {
        if self.records.len() > RECORDS_MAX {
            return Err(Failure::failed("the act reads without end; report this as a fault"));
        }
        let mut loaded = self.ask(&paths)?;
        if loaded.height != self.height && !self.records.is_empty() {
            // A later ledger: all that is known is read again, so that it is one ledger.
            let known = std::mem::take(&mut self.records).into_keys();
            loaded = self.ask(&known.chain(paths).collect::<Vec<_>>())?;
        }
        (self.height, self.instant) = (loaded.height, loaded.instant);
        for LoadedRecord { path, record } in loaded.records {
            self.records.insert(path, record.map(|text| Arc::from(text.into_bytes())));
        }
        Ok(())
    }

    fn ask(&self, paths: &[Path]) -> Result<Loaded> {
        self.client.post_json("/api/v1/records/load", &json!({ "paths": paths }))
    }
}

/// An act that is ready to be signed.
pub struct Prepared {
    /// The act, with the sentence that is signed.
    pub act: Act,
    /// What it would bring about, or why the latest final ledger would refuse it.
    pub tried: std::result::Result<Vec<Event>, Refusal>,
}

/// Composes an act of `author` with the next sequence number of its key, and tries it on the latest
/// final ledger of the node.
///
/// # Errors
/// Exit code 1 when the law refuses even to compose it; exit code 69 when the node does not answer.
pub fn prepare(client: &Client, author: &Author, data: Data) -> Result<Prepared> {
    let mut view = View::open(client)?;
    let expires = Instant::from_ms(now_ms() + ms(EXPIRES_AFTER)).map_err(Failure::failed)?;
    let Author { actor, key, mandate } = *author;
    let draft = Draft { actor, data, expires, key, mandate };
    let composed = view.run(|ledger| compose(ledger, draft.clone()))?;
    let act = composed.map_err(|refusal| Failure::from(&refusal))?;
    let tried = view.run(|ledger| match dry_run(ledger, &act) {
        Ok(Ok(events)) => Ok(events),
        Ok(Err(refusal)) => Err(Stop::Refused(refusal)),
        Err(missing) => Err(Stop::Missing(missing)),
    })?;
    Ok(Prepared { act, tried })
}

/// Signs an act.
///
/// # Errors
/// Exit code 2 when the key is not for signing acts.
pub fn sign(secret: &Secret, act: &Act) -> Result<SignedAct> {
    let signature = secret.sign(Purpose::SignAct, &act.message())?;
    SignedAct::new(act, secret.public(), signature).map_err(|refusal| Failure::from(&refusal))
}

/// What became of an act, as a node answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Standing {
    /// The act.
    pub id: ActId,
    /// `pending`, `final` or `expired`.
    pub status: String,
    /// The block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u64>,
    /// Its place in the block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    /// What the index knows of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Value>,
}

impl Standing {
    fn status_url(&self) -> String {
        format!("/api/v1/acts/{}", self.id)
    }
}

/// A final act, and how long it took from its submission.
#[derive(Clone, Debug)]
pub struct Final {
    /// What became of it.
    pub standing: Standing,
    /// From the start of the request to the answer that it is final.
    pub elapsed: Duration,
}

impl Final {
    /// Whether it was executed.
    pub fn is_executed(&self) -> bool {
        let result = self.standing.outcome.as_ref().and_then(|outcome| outcome.get("result"));
        result.and_then(Value::as_str) == Some("executed")
    }

    /// Why it was refused, if it was.
    pub fn refusal(&self) -> Option<&str> {
        self.standing.outcome.as_ref()?.get("sentence")?.as_str()
    }
}

/// Submits a signed act, and writes the node's signed word that it took it to a file, at once.
/// [`submit`] then goes on with the same act.
///
/// # Errors
/// Exit code 1 when the node refuses the act; 65 when it gives no word, or one that is not genuine;
/// 69 when it does not answer; 73 or 74 when the file cannot be written.
pub fn admit(client: &Client, signed: &SignedAct, on_record: bool, file: &FilePath) -> Result<()> {
    #[derive(Deserialize)]
    struct Answer {
        admission: Option<Box<RawValue>>,
    }
    let query = if on_record { "?on_record=true" } else { "" };
    let path = format!("/api/v1/acts{query}");
    let answer = client.try_post(&path, "application/json", signed.bytes())?;
    let Answer { admission } = client.parse(&answer?)?;
    let bytes = admission.as_ref().map_or("", |admission| admission.get()).as_bytes();
    let said = Admission::from_bytes(bytes).ok().filter(|given| {
        given.said().act == signed.id()
            && given.network() == signed.act().network
            && matches!(given.verify(), Verdict::Genuine(_) | Verdict::CannotTell(_))
    });
    if said.is_none() {
        return Err(Failure::defective(format!(
            "{} took the act {} but gives no genuine admission; submit it to another node, too",
            client.base(),
            signed.id()
        )));
    }
    files::write(file, bytes, Access::Everyone)
}

/// Submits a signed act and waits until it is final. With `on_record` it is submitted even if it
/// would be refused, so that the refusal is on record.
///
/// # Errors
/// Exit code 1 when the node refuses it or it expires; exit code 69 when the node does not answer,
/// or no block comes at all.
pub fn submit(client: &Client, signed: &SignedAct, on_record: bool) -> Result<Final> {
    let start = Clock::now();
    let query = if on_record { "&on_record=true" } else { "" };
    let path = format!("/api/v1/acts?wait={WAIT_SECONDS}{query}");
    let answer = client.try_post(&path, "application/json", signed.bytes())?;
    let mut standing: Standing = client.parse(&answer?)?;
    let given_up = signed.act().expires.ms() + ms(EXPIRY_PATIENCE);
    while standing.status == "pending" {
        if now_ms() > given_up {
            return Err(Failure::unavailable(format!(
                "act {} should have expired by now, but no block has said so: the network may be \
                 down; look at {}{} later",
                standing.id,
                client.base(),
                standing.status_url()
            )));
        }
        std::thread::sleep(Duration::from_millis(100));
        standing = client.get_json(&standing.status_url())?;
    }
    match standing.status.as_str() {
        "final" => Ok(Final { standing, elapsed: start.elapsed() }),
        _ => Err(Failure::failed(format!(
            "act {} expired before a block held it; sign it again",
            standing.id
        ))),
    }
}

/// Writes the receipt of a final act to a file.
///
/// # Errors
/// Exit code 69 when the node cannot prove it, 73 or 74 when the file cannot be written.
pub fn write_receipt(client: &Client, id: ActId, file: &FilePath) -> Result<()> {
    files::write(file, &receipt(client, id)?, Access::Everyone)
}

/// The receipt of a final act, as the node gives it.
///
/// # Errors
/// Exit code 69 when the node cannot prove it.
pub fn receipt(client: &Client, id: ActId) -> Result<Vec<u8>> {
    let path = format!("/api/v1/acts/{id}/receipt");
    let patience = Clock::now();
    loop {
        match client.try_get(&path)? {
            Ok(receipt) => return Ok(receipt),
            Err(Problem { status: 404 | 503, .. }) if patience.elapsed().as_secs() < 10 => {
                std::thread::sleep(Duration::from_millis(100));
            }
            Err(problem) => return Err(problem.into()),
        }
    }
}

/// Milliseconds since 1970 by this machine's clock.
pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, ms)
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl From<&Refusal> for Failure {
    fn from(refusal: &Refusal) -> Self {
        Self::failed(format!("{refusal} ({} {})", refusal.code(), refusal.name()))
    }
}
