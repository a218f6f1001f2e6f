//! Share files: a validator's share of the network key, sealed under a passphrase.

use std::path::Path;

use pacta_law::NetworkId;
use pacta_node::NetworkShare;
use serde::{Deserialize, Serialize};

use crate::failure::{Failure, Result};
use crate::files::{self, Access};
use crate::seal::{Effort, Seal, changed};

const VERSION: u64 = 1;

/// A share file, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShareFile {
    /// Form of the file.
    pub v: u64,
    /// The network whose key it is a share of.
    pub network: NetworkId,
    /// The share, sealed.
    pub seal: Seal,
}

impl ShareFile {
    /// Seals a share under a passphrase and writes it, for its owner alone.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(
        path: &Path,
        network: NetworkId,
        share: &NetworkShare,
        passphrase: &str,
        effort: Effort,
    ) -> Result<()> {
        let bound = bound(VERSION, &network);
        let seal = Seal::close(&share.encode(), &bound, passphrase, effort)?;
        files::write_json(path, &Self { v: VERSION, network, seal }, Access::Owner)
    }

    /// Reads a share file.
    ///
    /// # Errors
    /// Exit code 74 when it cannot be read, 65 when it is no share file.
    pub fn read(path: &Path) -> Result<Self> {
        let file: Self = files::read_json(path, "a share file")?;
        match file.v == VERSION {
            true => Ok(file),
            false => Err(Failure::defective(format!(
                "{} has a form that this version does not know; use a newer pacta",
                path.display()
            ))),
        }
    }

    /// Reads and opens a share file.
    ///
    /// # Errors
    /// As [`ShareFile::read`]; exit code 65 when it was changed, or the passphrase is wrong.
    pub fn open(path: &Path, passphrase: &str) -> Result<NetworkShare> {
        let file = Self::read(path)?;
        let bytes = file.seal.open(&bound(file.v, &file.network), passphrase)?;
        NetworkShare::decode(&bytes).map_err(|_| changed())
    }
}

fn bound(v: u64, network: &NetworkId) -> String {
    format!("pacta/share/v{v}|{network}")
}
