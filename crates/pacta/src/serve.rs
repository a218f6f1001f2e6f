//! The running node as the pages and the API see it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::future::BoxFuture;
use pacta_chain::{Admission, Evidence, FinalBlock, Receipt, Said};
use pacta_law::{ActorId, Founding, Refusal, Signature};
use pacta_node::{Admitted, Error, Handle, NotTaken};
use pacta_web::node::{Health, Node, NotSubmitted, Records, Status, Submitted, Unavailable};
use tokio::sync::watch;

use crate::act::now_ms;
use crate::disk::free_bytes;
use crate::divergence::Reporter;
use crate::evidence::Archive;
use crate::signer::{Secret, Signer};

/// Bytes of final blocks after which an answer ends.
const ENTRIES_BYTES: usize = 4 * 1024 * 1024;

/// A running node behind the interface that the pages and the API use.
pub struct Served {
    handle: Handle,
    founding: Arc<Founding>,
    operator: ActorId,
    /// The key by which the node votes, and signs admissions.
    secret: Secret,
    finalized: watch::Receiver<u64>,
    archive: Archive,
    data: PathBuf,
}

impl Served {
    /// Serves a running node whose data is in a directory. Must be called on a runtime, where
    /// tasks tell of new heights and keep what it finds.
    pub fn new(
        handle: Handle,
        operator: ActorId,
        secret: Secret,
        archive: Archive,
        data: &Path,
    ) -> Self {
        tokio::spawn(Reporter::new(data, handle.clone()).follow());
        tokio::spawn(archive.clone().follow(handle.clone()));
        let founding = Arc::new(handle.genesis().founding.clone());
        let mut heights = handle.finalized();
        let (sender, finalized) = watch::channel(heights.height());
        tokio::spawn(async move {
            let mut next = heights.height() + 1;
            while let Ok(height) = heights.reaches(next).await {
                if sender.send(height).is_err() {
                    return;
                }
                next = height + 1;
            }
        });
        Self { handle, founding, operator, secret, finalized, archive, data: data.into() }
    }
}

impl Node for Served {
    fn founding(&self) -> Arc<Founding> {
        self.founding.clone()
    }

    fn genesis(&self) -> Vec<u8> {
        self.handle.genesis().to_bytes()
    }

    fn operator(&self) -> ActorId {
        self.operator
    }

    fn submit(
        &self,
        signed: Vec<u8>,
        on_record: bool,
        client: Option<SocketAddr>,
    ) -> BoxFuture<'_, Result<Submitted, NotSubmitted>> {
        Box::pin(async move {
            let submitted = self.handle.submit_from(client, signed, on_record).await;
            let Admitted { act, expires, instant, height } =
                submitted.map_err(|why| match why {
                    NotTaken::Refused(Refusal::NodeBusy) => {
                        NotSubmitted::TooMany(Refusal::NodeBusy)
                    }
                    NotTaken::Refused(refusal) => NotSubmitted::Refused(refusal),
                    NotTaken::Failed(error) => unavailable(error).into(),
                })?;
            let admission = Admission::sign_with(
                Founding::clone(&self.founding),
                self.secret.public(),
                Said { act, height, instant },
                |message| Signature(self.secret.key.sign(message).to_bytes()),
            );
            Ok(Submitted { act, expires, admission })
        })
    }

    fn load(&self, paths: Vec<pacta_law::Path>) -> BoxFuture<'_, Result<Records, Unavailable>> {
        Box::pin(async move {
            let loaded = self.handle.load(paths).await.map_err(unavailable)?;
            let (height, instant) = (loaded.height, loaded.instant);
            Ok(Records { height, instant, records: loaded.records })
        })
    }

    fn status(&self) -> BoxFuture<'_, Result<Status, Unavailable>> {
        let status = self.handle.status();
        let answer = Status {
            height: status.height,
            digest: status.digest.to_string(),
            instant: status.instant.ms(),
            ledger_root: status.ledger_root.to_string(),
            journal_root: status.journal_root.to_string(),
            view: status.view,
            votes: status.votes,
            validators: count(status.validators),
            peers: count(status.there.len()),
            mempool: count(status.mempool_acts),
        };
        Box::pin(async move { Ok(answer) })
    }

    fn block(&self, height: u64) -> BoxFuture<'_, Result<Option<FinalBlock>, Unavailable>> {
        Box::pin(async move { self.handle.block(height).await.map_err(unavailable) })
    }

    fn health(&self) -> Health {
        Health {
            claimed_height: self.handle.status().claimed_height,
            disk_free_bytes: free_bytes(&self.data),
            disagreements: count(self.handle.disagreements().len()),
            now_ms: now_ms(),
        }
    }

    fn metrics(&self) -> BoxFuture<'_, Result<String, Unavailable>> {
        Box::pin(async move { self.handle.metrics().await.map_err(unavailable) })
    }

    fn entries(&self, from: u64) -> BoxFuture<'_, Result<Vec<u8>, Unavailable>> {
        Box::pin(async move { self.handle.entries(from, ENTRIES_BYTES).await.map_err(unavailable) })
    }

    fn act_receipt(
        &self,
        height: u64,
        index: u64,
    ) -> BoxFuture<'_, Result<Option<Receipt>, Unavailable>> {
        Box::pin(async move {
            let Ok(index) = u32::try_from(index) else { return Ok(None) };
            self.handle.act_receipt(height, index).await.map_err(unavailable)
        })
    }

    fn record_receipt(
        &self,
        path: pacta_law::Path,
    ) -> BoxFuture<'_, Result<Option<Receipt>, Unavailable>> {
        Box::pin(
            async move { self.handle.record_receipt(path).await.map(Some).map_err(unavailable) },
        )
    }

    fn evidence(&self) -> Vec<Evidence> {
        self.archive.all()
    }

    fn finalized(&self) -> watch::Receiver<u64> {
        self.finalized.clone()
    }
}

fn count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn unavailable(error: Error) -> Unavailable {
    Unavailable(format!("{error}; try again, or ask another node"))
}
