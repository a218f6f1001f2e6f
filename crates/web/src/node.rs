//! What the pages and the API need of a node. `pacta` implements it over the running node; tests
//! implement it over a few records.

use std::net::SocketAddr;
use std::sync::Arc;

use futures::future::BoxFuture;
use pacta_chain::{Admission, Evidence, FinalBlock, Founding, Receipt};
use pacta_law::{ActId, ActorId, Instant, Path, Refusal};
use serde::Serialize;
use tokio::sync::watch;

/// A node, as seen from its interface. All answers concern final blocks only.
pub trait Node: Send + Sync + 'static {
    /// The founding object of the network, from which receipts are verified.
    fn founding(&self) -> Arc<Founding>;

    /// The canonical bytes of the founding and the first records: all that a node needs to join.
    fn genesis(&self) -> Vec<u8>;

    /// The actor that operates this node.
    fn operator(&self) -> ActorId;

    /// Hands in a signed act. Unless `on_record`, an act that the latest final ledger would refuse
    /// is refused here and goes no further; `on_record` lets it be refused in a block instead.
    /// `client` is the other end of the connection by which it came.
    fn submit(
        &self,
        signed: Vec<u8>,
        on_record: bool,
        client: Option<SocketAddr>,
    ) -> BoxFuture<'_, Result<Submitted, NotSubmitted>>;

    /// The records at `paths`, all of one final height.
    fn load(&self, paths: Vec<Path>) -> BoxFuture<'_, Result<Records, Unavailable>>;

    /// How the node is.
    fn status(&self) -> BoxFuture<'_, Result<Status, Unavailable>>;

    /// What the node knows of its own health.
    fn health(&self) -> Health;

    /// The engine's measures, in the text form of OpenMetrics.
    fn metrics(&self) -> BoxFuture<'_, Result<String, Unavailable>>;

    /// The final block of a height, if there is one.
    fn block(&self, height: u64) -> BoxFuture<'_, Result<Option<FinalBlock>, Unavailable>>;

    /// Final blocks from a height on with their certificates, in the node's own form, as backups
    /// hold them: some megabytes at once, and none when no further block has a certificate.
    fn entries(&self, from: u64) -> BoxFuture<'_, Result<Vec<u8>, Unavailable>>;

    /// The receipt of the outcome at a place in the journal.
    fn act_receipt(
        &self,
        height: u64,
        index: u64,
    ) -> BoxFuture<'_, Result<Option<Receipt>, Unavailable>>;

    /// The receipt of the record at a path, or of its absence, at a final height.
    fn record_receipt(&self, path: Path) -> BoxFuture<'_, Result<Option<Receipt>, Unavailable>>;

    /// Evidence against validators that contradicted themselves, all of it genuine.
    fn evidence(&self) -> Vec<Evidence>;

    /// The latest final height, as it changes.
    fn finalized(&self) -> watch::Receiver<u64>;
}

/// An act that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// Its id.
    pub act: ActId,
    /// The first instant from which no block may hold it.
    pub expires: Instant,
    /// The node's signed word that it took the act.
    pub admission: Admission,
}

/// Why an act was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSubmitted {
    /// The law refuses it.
    #[error("{0}")]
    Refused(Refusal),
    /// Too many acts of its actor wait here; this says so.
    #[error("{0}")]
    TooMany(Refusal),
    /// The node cannot take acts now.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

/// The node cannot answer now; the sentence says why and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(pub String);

/// Records of one final ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Records {
    /// The height of the ledger.
    pub height: u64,
    /// The instant of its block.
    pub instant: Instant,
    /// One record, or its absence, for each path asked.
    pub records: Vec<Option<Arc<[u8]>>>,
}

/// What a node knows of its own health.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Health {
    /// The greatest height that more of the other validators claim than can be faulty.
    pub claimed_height: u64,
    /// Free bytes of the disk, if the system tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_free_bytes: Option<u64>,
    /// Blocks since the start to which it computed other roots than they state.
    pub disagreements: u64,
    /// This machine's clock: milliseconds UTC.
    pub now_ms: u64,
}

/// How a node is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The latest final height.
    pub height: u64,
    /// The digest of its header.
    pub digest: String,
    /// Its instant, in milliseconds UTC.
    pub instant: u64,
    /// The root of the ledger after it.
    pub ledger_root: String,
    /// The root of the journal after it.
    pub journal_root: String,
    /// The view in which the node is.
    pub view: u64,
    /// Whether the node votes. It abstains while what it has voted is lost.
    pub votes: bool,
    /// How many validators the network has.
    pub validators: u64,
    /// How many of the others were heard lately.
    pub peers: u64,
    /// Acts that were taken and are in no block yet.
    pub mempool: u64,
}
