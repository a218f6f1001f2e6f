//! The way to use a running node, from any task of any runtime.

use std::{net::SocketAddr, sync::Arc};

use commonware_cryptography::{Hasher as _, Sha256};
use commonware_utils::channel::{mpsc, oneshot, watch};
use pacta_chain::{Evidence, FinalBlock, Receipt};
use pacta_law::{ActId, Digest, Genesis, Instant, NetworkId, Path, Refusal, VerifiedAct};

use crate::{
    engine::FinalBlocks,
    error::Error,
    intake::{Admitted, NotTaken, Source, Waiting, claimed_actor},
    records::Store,
    service::{self, Admission},
    shared::{Disagreement, LastFinal, Shared},
    types::{Context, Marshal, ValidatorKey},
};

/// Requests that wait to be answered, at most.
const REQUESTS_MAX: usize = 4096;

/// Where a node stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Height of the last final block that is executed; 0 before the first.
    pub height: u64,
    /// Its digest.
    pub digest: Digest,
    /// Its instant.
    pub instant: Instant,
    /// Root of the ledger after it.
    pub ledger_root: Digest,
    /// Root of the journal after it.
    pub journal_root: Digest,
    /// View in which it was proposed.
    pub view: u64,
    /// Whether this validator votes: it has a share of the network key, and its votes are not lost.
    pub votes: bool,
    /// Validators of the network, this one included.
    pub validators: usize,
    /// The other validators that were heard lately, with the heights that they claim.
    pub there: Vec<(ValidatorKey, u64)>,
    /// The greatest height that more of the others claim than can be faulty.
    pub claimed_height: u64,
    /// Acts that wait for a block.
    pub mempool_acts: usize,
    /// Bytes of these acts.
    pub mempool_bytes: usize,
}

/// A question to the node's tasks.
pub(crate) enum Request {
    Load(Vec<Path>, oneshot::Sender<Result<Loaded, Error>>),
    Block(u64, oneshot::Sender<Result<Option<FinalBlock>, Error>>),
    ActReceipt(u64, u32, oneshot::Sender<Result<Option<Receipt>, Error>>),
    RecordReceipt(Path, oneshot::Sender<Result<Receipt, Error>>),
    Entries(u64, usize, oneshot::Sender<Result<Vec<u8>, Error>>),
    Metrics(oneshot::Sender<Result<String, Error>>),
}

/// Records at one height.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Height of the final block whose ledger was read.
    pub height: u64,
    /// Instant of that block.
    pub instant: Instant,
    /// The records in the order asked for; `None` where there is none.
    pub records: Vec<Option<Arc<[u8]>>>,
}

/// The way to use a running node. Clones are the same node.
#[derive(Clone)]
pub struct Handle {
    shared: Shared,
    requests: mpsc::Sender<Request>,
    admissions: mpsc::Sender<Admission>,
}

/// Starts the tasks that answer.
pub(crate) fn start<E: Context>(
    context: E,
    shared: Shared,
    store: Store<E>,
    reports: FinalBlocks<E>,
    marshal: Marshal,
) -> Handle {
    let (requests, asked) = mpsc::channel(REQUESTS_MAX);
    let (admissions, submitted) = mpsc::channel(REQUESTS_MAX);
    service::start(context, shared.clone(), store, reports, marshal, asked, submitted);
    Handle { shared, requests, admissions }
}

impl Handle {
    /// Submits a signed act of this program itself: see [`Self::submit_from`].
    ///
    /// # Errors
    /// Why it is refused.
    pub async fn submit(&self, bytes: Vec<u8>) -> Result<Admitted, NotTaken> {
        self.submit_from(None, bytes, false).await
    }

    /// Submits a signed act of this program itself that the ledger may refuse.
    ///
    /// # Errors
    /// Why it is refused.
    pub async fn submit_on_record(&self, bytes: Vec<u8>) -> Result<Admitted, NotTaken> {
        self.submit_from(None, bytes, true).await
    }

    /// Submits a signed act that came by a connection: checks it, keeps it until it is final, and
    /// sends it to all validators. An act that the ledger would refuse is refused here already,
    /// unless it is to be refused `on_record`; its form, signature, network, key, expiry and number
    /// must be good all the same.
    ///
    /// # Errors
    /// Why it is refused. [`Refusal::NodeBusy`] before anything is verified, if so many acts of the
    /// actor wait that another one would be at the cost of others.
    pub async fn submit_from(
        &self,
        connection: Option<SocketAddr>,
        bytes: Vec<u8>,
        on_record: bool,
    ) -> Result<Admitted, NotTaken> {
        if let Some(admitted) = self.admitted(&bytes) {
            return Ok(admitted);
        }
        let actor = claimed_actor(&bytes);
        if actor.is_some_and(|actor| !self.shared.mempool().has_room(&actor, bytes.len())) {
            return Err(Refusal::NodeBusy.into());
        }
        let (reply, answer) = oneshot::channel();
        let waiting = Waiting {
            source: Source::Client(connection),
            bytes: bytes.into(),
            on_record,
            reply: Some(reply),
        };
        if self.shared.intake().put([waiting]) == 0 {
            return Err(Refusal::NodeBusy.into());
        }
        answer.await.map_err(|_| silent())?
    }

    /// An act that waits here already.
    fn admitted(&self, bytes: &[u8]) -> Option<Admitted> {
        let digest = Sha256::hash(&[bytes]);
        let (act, since_ms, height) = self.shared.mempool().admitted(&digest)?;
        Some(Admitted {
            act: act.signed().id(),
            expires: act.act().expires,
            instant: Instant::from_ms(since_ms).ok()?,
            height,
        })
    }

    /// What all parts share.
    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Checks an act against the last final ledger; `on_record` as in [`Self::submit_on_record`].
    pub(crate) async fn check(
        &self,
        act: Arc<VerifiedAct>,
        on_record: bool,
    ) -> Result<u64, NotTaken> {
        let (reply, answer) = oneshot::channel();
        let admission = Admission { act, on_record, reply };
        self.admissions.send(admission).await.map_err(|_| silent())?;
        answer.await.map_err(|_| silent())?
    }

    /// Records of the last final ledger, all at one height.
    ///
    /// # Errors
    /// [`Error::Stopped`], or [`Error::Damaged`] if stored data cannot be read.
    pub async fn load(&self, paths: Vec<Path>) -> Result<Loaded, Error> {
        self.ask(|reply| Request::Load(paths, reply)).await
    }

    /// The final block at a height from 1, with the outcomes of its acts; `None` if no such block
    /// is final yet.
    ///
    /// # Errors
    /// [`Error::Stopped`], or [`Error::Damaged`] if stored data cannot be read.
    pub async fn block(&self, height: u64) -> Result<Option<FinalBlock>, Error> {
        self.ask(|reply| Request::Block(height, reply)).await
    }

    /// Proof of what became of an act, or of what fell due, by the height of its block and the
    /// index of its outcome there; `None` if there is none.
    ///
    /// # Errors
    /// [`Error::Stopped`], or [`Error::Damaged`] if stored data cannot be read.
    pub async fn act_receipt(&self, height: u64, index: u32) -> Result<Option<Receipt>, Error> {
        self.ask(|reply| Request::ActReceipt(height, index, reply)).await
    }

    /// Proof of what the last final ledger says at a path, or that it says nothing.
    ///
    /// # Errors
    /// [`Error::Stopped`], or [`Error::Damaged`] if stored data cannot be read.
    pub async fn record_receipt(&self, path: Path) -> Result<Receipt, Error> {
        self.ask(|reply| Request::RecordReceipt(path, reply)).await
    }

    /// Final blocks from a height on, as [`backup::read`](crate::backup::read) reads them, until
    /// about `bytes_max`; none if no block from there on has a certificate yet.
    ///
    /// # Errors
    /// [`Error::Stopped`], or [`Error::Damaged`] if stored data cannot be read.
    pub async fn entries(&self, from: u64, bytes_max: usize) -> Result<Vec<u8>, Error> {
        self.ask(|reply| Request::Entries(from, bytes_max, reply)).await
    }

    /// The engine's measures, in the text form of OpenMetrics.
    ///
    /// # Errors
    /// [`Error::Stopped`].
    pub async fn metrics(&self) -> Result<String, Error> {
        self.ask(Request::Metrics).await
    }

    async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<T, Error>>) -> Request,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(request(reply)).await.map_err(|_| silent())?;
        answer.await.map_err(|_| silent())?
    }

    /// Where the node stands.
    pub fn status(&self) -> Status {
        let LastFinal { digest, header, .. } = self.shared.last_final();
        let (there, claimed_height) = {
            let presence = self.shared.presence();
            (presence.there(), presence.claimed())
        };
        let (mempool_acts, mempool_bytes) = {
            let mempool = self.shared.mempool();
            (mempool.count(), mempool.bytes())
        };
        Status {
            height: header.height,
            digest: Digest(digest.0),
            instant: header.instant,
            ledger_root: header.ledger_root,
            journal_root: header.journal_root,
            view: header.view,
            validators: self.shared.signing().len(),
            votes: self.shared.can_vote() && !self.shared.voting().abstains(),
            there,
            claimed_height,
            mempool_acts,
            mempool_bytes,
        }
    }

    /// The first blocks since the start whose roots this node computed otherwise than their headers
    /// state: none, unless a validator is in error.
    pub fn disagreements(&self) -> Vec<Disagreement> {
        self.shared.disagreements()
    }

    /// Evidence since the start against validators that contradicted themselves.
    pub fn evidence(&self) -> Vec<Evidence> {
        self.shared.evidence()
    }

    /// Evidence of which it is not proven yet that it is against a validator, since no receipt of
    /// who signs in its epoch has come.
    pub(crate) fn unproven_evidence(&self) -> Vec<Evidence> {
        self.shared.suspicions().unproven()
    }

    /// Completes when there is new evidence. Ask for this before [`Self::evidence`].
    pub fn more_evidence(&self) -> impl Future<Output = ()> + Send + '_ {
        self.shared.accusations().next()
    }

    /// Completes when this node needs its share by the founding no more, nor will when it is
    /// started again, since shares were renewed; never if they are not.
    pub async fn shares_are_renewed(&self) {
        if self.shared.renewed().wait_for(|renewed| *renewed).await.is_err() {
            std::future::pending().await // the node has stopped
        }
    }

    /// Whether these signed bytes wait here for a block.
    pub fn is_pending(&self, act: &ActId) -> bool {
        self.shared.mempool().contains(&commonware_cryptography::sha256::Digest(act.0))
    }

    /// The last final block that is executed, as it changes. Whoever reads all blocks asks for
    /// each height up to this one.
    pub fn finalized(&self) -> Finalized {
        Finalized(self.shared.finals())
    }

    /// The founding act and the first records.
    pub fn genesis(&self) -> &Genesis {
        self.shared.genesis()
    }

    /// The network's name.
    pub fn network(&self) -> NetworkId {
        self.shared.network()
    }
}

/// Heights of final blocks, as they come.
#[derive(Clone)]
pub struct Finalized(watch::Receiver<LastFinal>);

impl Finalized {
    /// The height of the last final block.
    pub fn height(&self) -> u64 {
        self.0.borrow().header.height
    }

    /// Waits until the height is at least this.
    ///
    /// # Errors
    /// [`Error::Stopped`].
    pub async fn reaches(&mut self, height: u64) -> Result<u64, Error> {
        let reached = self.0.wait_for(|last| last.header.height >= height).await;
        reached
            .map(|last| last.header.height)
            .map_err(|_| Error::Stopped("no block will become final here".into()))
    }
}

fn silent() -> Error {
    Error::Stopped("it does not answer".into())
}
