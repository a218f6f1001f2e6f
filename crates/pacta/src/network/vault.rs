//! The secrets of a founding ceremony on disk, each in a file, until the ceremony is over.
//!
//! A random key seals them, and the passphrase of the founder's keys seals that key, so that the
//! slow derivation is done once.

use std::path::{Path, PathBuf};
use std::{fs, io};

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use pacta_node::Vault;
use serde::{Deserialize, Serialize};

use crate::failure::{Failure, Result};
use crate::files::{self, Access};
use crate::seal::{Effort, Seal, changed, random};

const VERSION: u64 = 1;
const KEY_FILE: &str = "vault.json";
const NONCE_BYTES: usize = 24;

/// The file of the vault's key.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    v: u64,
    seal: Seal,
}

/// A folder of sealed secrets.
pub struct FolderVault {
    folder: PathBuf,
    cipher: XChaCha20Poly1305,
    bound: String,
}

impl FolderVault {
    /// Opens a vault, or makes it. What it holds is bound to `purpose`: it opens for no other.
    ///
    /// # Errors
    /// Exit code 65 when the passphrase is wrong or the file was changed, 73 or 74 for the disk.
    pub fn open(folder: &Path, purpose: &str, passphrase: &str, effort: Effort) -> Result<Self> {
        let bound = format!("pacta/vault/v{VERSION}|{purpose}");
        let path = folder.join(KEY_FILE);
        files::make_folder(folder)?;
        let key: [u8; 32] = match path.exists() {
            true => {
                let file: KeyFile = files::read_json(&path, "the key of a vault")?;
                let key = file.seal.open(&bound, passphrase)?;
                key.try_into().map_err(|_| changed())?
            }
            false => {
                let key = random::<32>()?;
                let seal = Seal::close(&key, &bound, passphrase, effort)?;
                files::write_json(&path, &KeyFile { v: VERSION, seal }, Access::Owner)?;
                key
            }
        };
        let cipher = XChaCha20Poly1305::new(&key.into());
        Ok(Self { folder: folder.to_owned(), cipher, bound })
    }

    /// Erases all secrets of a vault's folder, its key first, if it is there. The folder stays.
    ///
    /// # Errors
    /// Exit code 74 when the disk fails.
    pub fn erase(folder: &Path) -> Result<()> {
        let disk = |error| Failure::disk(folder, &error);
        let mut paths: Vec<_> = match fs::read_dir(folder) {
            Ok(entries) => {
                entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => Err(error),
        }
        .map_err(disk)?;
        paths.sort_by_key(|path| !path.ends_with(KEY_FILE));
        for path in paths {
            // In this order, so that this can be done again after a crash.
            files::erase(&path)?;
            fs::remove_file(&path).map_err(|error| Failure::disk(&path, &error))?;
        }
        fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(disk)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.sealed"))
    }

    fn store(&self, name: &str, secret: &[u8]) -> Result<()> {
        let nonce: [u8; NONCE_BYTES] = random()?;
        let bound = format!("{}|{name}", self.bound);
        let payload = Payload { msg: secret, aad: bound.as_bytes() };
        let sealed = self.cipher.encrypt(&nonce.into(), payload);
        let sealed = sealed.map_err(|_| Failure::failed("cannot seal a secret"))?;
        files::write(&self.path(name), &[&nonce[..], &sealed].concat(), Access::Owner)
    }

    fn load(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let path = self.path(name);
        if !path.exists() {
            return Ok(None);
        }
        let bytes = files::read(&path)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or_else(changed)?;
        let bound = format!("{}|{name}", self.bound);
        let payload = Payload { msg: sealed, aad: bound.as_bytes() };
        self.cipher.decrypt(nonce.into(), payload).map(Some).map_err(|_| changed())
    }
}

impl Vault for FolderVault {
    fn put(&self, name: &str, secret: &[u8]) -> std::result::Result<(), String> {
        self.store(name, secret).map_err(|failure| failure.to_string())
    }

    fn get(&self, name: &str) -> std::result::Result<Option<Vec<u8>>, String> {
        self.load(name).map_err(|failure| failure.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vault_gives_back_what_it_was_given_to_who_knows_the_passphrase_only() {
        let parent = tempfile::tempdir().expect("a temporary directory");
        let folder = parent.path().join("vault");
        let open = |purpose: &str, passphrase: &str| {
            FolderVault::open(&folder, purpose, passphrase, Effort::DEVNET)
        };
        let vault = open("plan-1", "correct horse").expect("a vault");
        vault.put("seed", b"a secret").expect("is kept");
        assert_eq!(vault.get("share"), Ok(None));
        let again = open("plan-1", "correct horse").expect("the vault");
        assert_eq!(again.get("seed"), Ok(Some(b"a secret".to_vec())));
        assert!(open("plan-1", "correct hors").is_err());
        assert!(open("plan-2", "correct horse").is_err());

        let bytes = fs::read(folder.join("seed.sealed")).expect("a file");
        assert!(!bytes.windows(8).any(|window| window == b"a secret"));
        fs::write(folder.join("share.sealed"), bytes).expect("is written");
        assert!(again.get("share").is_err(), "a secret is bound to its name");

        let left = parent.path().join("left");
        fs::hard_link(folder.join("seed.sealed"), &left).expect("a second name");
        FolderVault::erase(&folder).expect("it can be erased");
        FolderVault::erase(&parent.path().join("none")).expect("nothing is to be erased");
        assert_eq!(fs::read_dir(&folder).expect("it stays").count(), 0);
        let left = fs::read(left).expect("what was the file");
        assert!(left.iter().all(|byte| *byte == 0), "it is overwritten");
        assert_eq!(vault.get("seed"), Ok(None));
        vault.put("seed", b"a secret").expect("who still has the key may go on");
    }
}
