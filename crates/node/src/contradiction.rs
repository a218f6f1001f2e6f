//! Two final blocks of one height: more validators lied than the network bears. The node cannot
//! know which of the blocks stands, so it stops, and keeps what it has of both.

use std::{
    fs, io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use commonware_codec::Encode as _;
use commonware_consensus::types::{Epoch, Epocher as _, FixedEpocher};
use commonware_formatting::hex;
use commonware_runtime::{Runner as _, Supervisor as _, tokio};
use commonware_storage::archive::{Archive as _, Identifier};
use pacta_chain::Evidence;
use pacta_law::{Digest, Genesis, NetworkId, PublicKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    archives::{self, Blocks, Certificates},
    block::Block,
    databases,
    directory::{Directory, lacking, write_durably},
    error::Error,
    network::{PREFIX, message},
    types::{Ceremony, Context, Finalization},
};

/// The file in a data directory.
const FILE: &str = "contradiction.json";
/// What the file says it is.
const FORMAT: &str = "pacta-contradiction";
/// How the engine says that it was given another final block than the one it has.
const SIGNS: [&str; 2] =
    ["finalized block does not extend the applied tip", "conflicting finalized block"];
/// What parts say that end because the one that was given it did: they may be heard before it.
const FOLLOWS: [&str; 2] = ["actor dropped", "the engine of epoch "];
/// Last heights at which the other block is looked for.
const HEIGHTS_MAX: usize = 4096;

/// Whether a node that ended with this message was given two final blocks of one height.
pub fn is_contradiction(message: &str) -> bool {
    SIGNS.iter().any(|sign| message.contains(sign))
}

/// Whether the store is looked at for two final blocks after this message. What ended for want of
/// space or of files, or on damaged data, says nothing of the chain, and what is found in the store
/// then would hide what is the matter.
pub fn is_about_the_chain(message: &str) -> bool {
    let follows = FOLLOWS.iter().any(|sign| message.contains(sign));
    lacking(message).is_none() && (follows || is_contradiction(message))
}

/// What a node has of two final blocks of one height.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contradiction {
    /// Says that it is one.
    format: String,
    /// Form of the file.
    v: u64,
    /// The network.
    pub network: NetworkId,
    /// The height of which two blocks are final, if both are found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u64>,
    /// The block of that height that this node executed, and what is final after the other one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sides: Option<[Side; 2]>,
    /// Evidence against validators that contradicted themselves, as `pacta verify` takes it.
    pub evidence: Vec<Value>,
    /// The keys of these validators.
    pub named: Vec<PublicKey>,
}

/// One of the two chains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Side {
    /// Its block of the height: the parent of `header`, where that is of the next height.
    pub block: Digest,
    /// The header that proves it, in hexadecimal digits.
    pub header: String,
    /// The certificate of that header or of a later one, as the engine encodes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// Who signed that certificate.
    pub signers: Vec<PublicKey>,
}

impl Contradiction {
    /// Reads the file in a data directory; none if there is none.
    ///
    /// # Errors
    /// What the operating system says, or that it is no such file.
    pub fn read(data: &Path) -> io::Result<Option<Self>> {
        match fs::read(data.join(FILE)) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(io::Error::other),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What to say of it, in a data directory.
    pub fn error(&self, data: &Path) -> Error {
        Error::Contradicted {
            directory: data.into(),
            height: self.height,
            named: self.named.clone(),
            kept: Some(data.join(FILE)),
        }
    }
}

/// Refuses a directory whose node was given two final blocks of one height: its store still holds
/// blocks of both chains, and the node would run until it comes to the second one again.
///
/// # Errors
/// What was said then, or [`Error::Directory`] if it cannot be read.
pub fn refuse(directory: &Directory) -> Result<(), Error> {
    let data = directory.path();
    match Contradiction::read(data) {
        Ok(None) => Ok(()),
        Ok(Some(kept)) => Err(kept.error(data)),
        Err(error) => Err(Error::Directory {
            directory: data.into(),
            reason: format!(
                "{FILE}, which says that two final blocks of one height came, cannot be read \
                 ({error}); delete nothing, and do as docs/operate/running.md says of them"
            ),
        }),
    }
}

/// Keeps what a node has that was given two final blocks of one height, and says so; none if it was
/// not. It is known by what the node said when it ended, or by its store, where that may be so.
pub fn keep(
    directory: &Directory,
    genesis: &Genesis,
    reason: &str,
    evidence: &[Evidence],
) -> Option<Error> {
    if !is_about_the_chain(reason) {
        return None;
    }
    let data = directory.path();
    let found = find_guarded(directory, genesis);
    if found.is_none() && !is_contradiction(reason) {
        return None;
    }
    let mut named: Vec<_> = evidence.iter().map(Evidence::validator).collect();
    named.sort_unstable();
    named.dedup();
    let (height, sides) = found.map_or((None, None), |(height, sides)| (Some(height), Some(sides)));
    let value = |one: &Evidence| serde_json::from_slice(&one.to_bytes()).unwrap_or(Value::Null);
    let contradiction = Contradiction {
        format: FORMAT.into(),
        v: 1,
        network: genesis.network(),
        height,
        sides,
        evidence: evidence.iter().map(value).collect(),
        named: named.clone(),
    };
    let path = data.join(FILE);
    let kept = serde_json::to_string_pretty(&contradiction)
        .map_err(io::Error::other)
        .and_then(|text| write_durably(&path, &text));
    let kept = kept.map(|()| path).inspect_err(|error| {
        tracing::error!(%error, "what is known of two final blocks cannot be kept");
    });
    Some(Error::Contradicted { directory: data.into(), height, named, kept: kept.ok() })
}

/// The two sides in the store of a node that has ended, if both are there. The engine panics where
/// it cannot read, and nobody would hear why the node ended.
fn find_guarded(directory: &Directory, genesis: &Genesis) -> Option<(u64, [Side; 2])> {
    catch_unwind(AssertUnwindSafe(|| find(directory, genesis))).unwrap_or_else(|panic| {
        let reason = message(panic.as_ref());
        tracing::error!(reason, "the two final blocks cannot be read from the store");
        None
    })
}

fn find(directory: &Directory, genesis: &Genesis) -> Option<(u64, [Side; 2])> {
    let epochs = FixedEpocher::new(genesis.founding.epoch_blocks.try_into().ok()?);
    let runtime =
        tokio::Config::new().with_worker_threads(1).with_storage_directory(directory.store());
    tokio::Runner::new(runtime).start(async |context| {
        let cache = databases::page_cache();
        let blocks = archives::blocks(context.child("blocks"), PREFIX, &cache).await.ok()?;
        let certificates = context.child("certificates");
        let certificates = archives::certificates(certificates, PREFIX, &cache).await.ok()?;
        Chains { blocks, certificates, epochs }.find().await
    })
}

struct Chains<E: Context> {
    blocks: Blocks<E>,
    certificates: Certificates<E>,
    epochs: FixedEpocher,
}

impl<E: Context> Chains<E> {
    /// The last height whose block is not the parent of the next one.
    async fn find(&self) -> Option<(u64, [Side; 2])> {
        let last = self.blocks.last_index()?;
        let mut after = self.block(last).await;
        for height in (0..last).rev().take(HEIGHTS_MAX) {
            let own = self.block(height).await;
            if let (Some(own), Some(after)) = (&own, &after) {
                let (block, other) = (own.header().digest(), after.header().parent_digest);
                if other != block {
                    let sides = [self.side(block, own).await, self.side(other, after).await];
                    return Some((height, sides));
                }
            }
            after = own;
        }
        None
    }

    async fn block(&self, height: u64) -> Option<Block> {
        let found = self.blocks.get(Identifier::Index(height)).await.ok()?;
        found.map(|block| block.as_ref().clone())
    }

    async fn side(&self, block: Digest, proof: &Block) -> Side {
        let header = proof.header();
        let mut certificate = None;
        if let Some((first, _)) = self.certificates.ranges_from(header.height).next() {
            let height = first.max(header.height);
            let found = self.certificates.get(Identifier::Index(height)).await;
            certificate = found.ok().flatten();
        }
        let signers = match &certificate {
            Some(certificate) => self.signers(certificate).await.unwrap_or_default(),
            None => Vec::new(),
        };
        Side {
            block,
            header: hex(&header.encode()),
            certificate: certificate.map(|one| hex(&one.encode())),
            signers,
        }
    }

    /// Who signed a certificate, by the block before its epoch.
    async fn signers(&self, certificate: &Finalization) -> Option<Vec<PublicKey>> {
        let epoch = certificate.proposal.round.epoch();
        let before = epoch.previous().and_then(|before: Epoch| self.epochs.last(before));
        let block = self.block(before.map_or(0, |height| height.get())).await?;
        let Some(Ceremony::EpochInfo(info)) = block.ceremony() else { return None };
        let committee = info.output.players();
        let signers = certificate.certificate.list.signers.iter();
        let keys = signers.filter_map(|signer| committee.get(usize::from(signer)));
        keys.map(|key| Some(PublicKey(key.as_ref().try_into().ok()?))).collect()
    }
}

/// Which file holds what is known, as a sentence says it.
pub(crate) fn kept_in(file: Option<&PathBuf>) -> String {
    file.map_or_else(String::new, |file| format!("; what it has of both is in {}", file.display()))
}

/// Who is named, as a sentence says it.
pub(crate) fn naming(named: &[PublicKey]) -> String {
    let keys: Vec<_> = named.iter().map(ToString::to_string).collect();
    match keys.is_empty() {
        true => "no validator is named by evidence yet".into(),
        false => format!("evidence convicts {}", keys.join(", ")),
    }
}

/// The height, as a sentence says it.
pub(crate) fn of_height(height: Option<u64>) -> String {
    height.map_or_else(|| "of one height".into(), |height| format!("of height {height}"))
}
