//! Share files: a validator's share of the network key, sealed under a passphrase.

use std::path::{Path, PathBuf};

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
    /// The share, sealed; none once shares were renewed and it was erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<Seal>,
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
        let seal = Some(Seal::close(&share.encode(), &bound, passphrase, effort)?);
        files::write_json(path, &Self { v: VERSION, network, seal }, Access::Owner)
    }

    /// Reads a share file. What is erased is not read, even if that has not ended.
    ///
    /// # Errors
    /// Exit code 74 when it cannot be read, 65 when it is no share file.
    pub fn read(path: &Path) -> Result<Self> {
        let erased = erased(path);
        let path = if erased.exists() { &erased } else { path };
        let file: Self = files::read_json(path, "a share file")?;
        match file.v == VERSION {
            true => Ok(file),
            false => Err(Failure::defective(format!(
                "{} has a form that this version does not know; use a newer pacta",
                path.display()
            ))),
        }
    }

    /// Reads and opens a share file; none if the share was erased. If a crash cut that short, it is
    /// finished first.
    ///
    /// # Errors
    /// As [`ShareFile::read`] and [`ShareFile::erase`]; exit code 65 when it was changed, or the
    /// passphrase is wrong.
    pub fn open(path: &Path, passphrase: &str) -> Result<Option<NetworkShare>> {
        if erased(path).exists() {
            Self::erase(path)?;
        }
        let file = Self::read(path)?;
        let Some(seal) = file.seal else { return Ok(None) };
        let bytes = seal.open(&bound(file.v, &file.network), passphrase)?;
        NetworkShare::decode(&bytes).map(Some).map_err(|_| changed())
    }

    /// Erases the share in a file, if it is still there: it is overwritten, and the file says then
    /// that it holds none. First a file beside it says so: after a crash it is still there, and
    /// this is done again.
    ///
    /// # Errors
    /// As [`ShareFile::read`], and when the file cannot be written.
    pub fn erase(path: &Path) -> Result<()> {
        let beside = erased(path);
        if !beside.exists() {
            let file = Self::read(path)?;
            if file.seal.is_none() {
                return Ok(());
            }
            files::write_json(&beside, &Self { seal: None, ..file }, Access::Owner)?;
        }
        files::erase(path)?;
        files::put_in_place(&beside, path)
    }
}

/// The file beside a share file while its share is being erased: what is left when that is done.
fn erased(path: &Path) -> PathBuf {
    path.with_extension("erased")
}

fn bound(v: u64, network: &NetworkId) -> String {
    format!("pacta/share/v{v}|{network}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::founding::{NODE_KEY_FILE, Plan, SHARE_FILE, found};

    #[test]
    fn an_erased_share_is_neither_in_the_file_nor_in_what_was_the_file() {
        let parent = tempfile::tempdir().expect("a temporary directory");
        let root = parent.path().join("network");
        let network = found(&root, Plan { states: 4, ..Plan::default() }).expect("founds");
        let folder = network.folder(&network.file.states[0]);
        let path = folder.join(SHARE_FILE);
        let before = parent.path().join("before");
        std::fs::hard_link(&path, &before).expect("a second name");
        assert!(ShareFile::open(&path, "devnet").expect("it opens").is_some());
        ShareFile::erase(&path).expect("it can be written");
        ShareFile::erase(&path).expect("there is nothing to be done");
        let file = ShareFile::read(&path).expect("a share file");
        assert_eq!((file.network, file.seal), (network.file.network, None));
        assert!(ShareFile::open(&path, "devnet").expect("it holds none").is_none());
        let bytes = std::fs::read(&before).expect("what was the file");
        assert!(bytes.iter().all(|byte| *byte == 0));
        assert!(!erased(&path).exists());
        let key = std::fs::read(folder.join(NODE_KEY_FILE)).expect("a key file");
        std::fs::write(&path, key).expect("it can be written");
        assert!(ShareFile::erase(&path).is_err(), "another file is not erased");
    }

    #[test]
    fn an_erasure_that_a_crash_cut_short_is_finished_at_the_next_start() {
        let parent = tempfile::tempdir().expect("a temporary directory");
        let root = parent.path().join("network");
        let network = found(&root, Plan { states: 4, ..Plan::default() }).expect("founds");
        let path = network.folder(&network.file.states[0]).join(SHARE_FILE);
        let whole = std::fs::read(&path).expect("a share file");
        let none = ShareFile { seal: None, ..ShareFile::read(&path).expect("a share file") };
        let half = [&vec![0; whole.len() / 2][..], &whole[whole.len() / 2..]].concat();
        for cut in [whole.clone(), half, vec![0; whole.len()]] {
            std::fs::remove_file(&path).expect("it is there");
            std::fs::write(&path, &cut).expect("it can be written");
            let before = parent.path().join("before");
            let _ = std::fs::remove_file(&before); // of the round before
            std::fs::hard_link(&path, &before).expect("a second name");
            files::write_json(&erased(&path), &none, Access::Owner).expect("it can be written");
            assert_eq!(ShareFile::read(&path).expect("what is left"), none);
            assert!(ShareFile::open(&path, "devnet").expect("it holds none").is_none());
            assert!(!erased(&path).exists());
            assert_eq!(ShareFile::read(&path).expect("a share file"), none);
            let bytes = std::fs::read(&before).expect("what was the file");
            assert!(bytes.iter().all(|byte| *byte == 0));
        }
    }
}
