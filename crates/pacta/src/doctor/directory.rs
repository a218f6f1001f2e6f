//! Checks of a node's directory. They need no passphrase and change nothing.

use std::collections::BTreeMap;
use std::fs;
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pacta_law::{Genesis, NetworkId, Purpose};
use pacta_node::contradiction::Contradiction;
use pacta_node::voting::Marks;

use super::Checks;
use crate::disk::free_bytes;
use crate::failure::Result;
use crate::files;
use crate::keyfile::KeyFile;
use crate::network::directory::{KEYS_FOLDER, NODE_FILE, NodeFile};
use crate::network::share::ShareFile;

/// Free bytes below which a disk is short: 1 GiB; and below which it will soon be.
const DISK_SHORT: u64 = 1 << 30;
const DISK_SOON_SHORT: u64 = 5 << 30;
/// How long another node may take to accept a connection.
const CONNECT_MAX: Duration = Duration::from_secs(3);

/// What a directory says of its node.
pub struct Known {
    /// Its network.
    pub network: NetworkId,
    /// Where it answers HTTP.
    pub url: String,
}

/// Checks a node's directory; what it says of the node, if it can be read.
pub fn check_directory(dir: &Path, checks: &mut Checks) -> Option<Known> {
    let path = dir.join(NODE_FILE);
    let file: Option<NodeFile> =
        read(checks, "description", &path, files::read_json(&path, "the description of a node"));
    let file = file?;
    let genesis = check_genesis(&dir.join(&file.genesis), checks);
    if let Some(genesis) = &genesis {
        check_key(&dir.join(&file.key), &file, genesis, checks);
        if let Some(share) = &file.share {
            check_share(&dir.join(share), genesis, checks);
        }
        check_peers(&file, genesis, checks);
        check_data(&dir.join(&file.data), genesis, checks);
    }
    check_contradiction(&dir.join(&file.data), checks);
    check_secrets(dir, &file, checks);
    check_disk(&dir.join(&file.data), checks);
    check_votes(dir, checks);
    Some(Known { network: genesis?.network(), url: format!("http://{}", file.http) })
}

fn read<T>(checks: &mut Checks, check: &'static str, path: &Path, read: Result<T>) -> Option<T> {
    match read {
        Ok(value) => Some(value),
        Err(failure) => {
            checks.bad(check, path.display(), failure, "restore the file from a backup");
            None
        }
    }
}

fn check_genesis(path: &Path, checks: &mut Checks) -> Option<Genesis> {
    let bytes = read(checks, "genesis", path, files::read(path))?;
    match Genesis::from_bytes(&bytes) {
        Ok(genesis) => {
            let name = format!("{} ({})", genesis.founding.name, genesis.network());
            checks.good("genesis", path.display(), name);
            Some(genesis)
        }
        Err(refusal) => {
            let advice = "take the file that the network was founded with";
            checks.bad("genesis", path.display(), refusal, advice);
            None
        }
    }
}

/// The key is a validator's, and of the actor that operates the node.
fn check_key(path: &Path, file: &NodeFile, genesis: &Genesis, checks: &mut Checks) {
    let Some(key) = read(checks, "key", path, KeyFile::read(path)) else { return };
    let of = path.display();
    if key.purpose != Purpose::NodeVote {
        let advice = "name the key that was made with --purpose node-vote in node.json";
        return checks.bad("key", of, format!("a key to {}", key.purpose.as_str()), advice);
    }
    let seat = genesis.founding.validators.iter().find(|validator| validator.key == key.public);
    match seat {
        Some(seat) if seat.actor == file.operator => {
            checks.good("key", of, "the validator's key by the founding");
        }
        Some(seat) => {
            let found = format!("the founding names {} as its operator", seat.actor);
            checks.bad("key", of, found, "correct `operator` in node.json");
        }
        None => checks.warn(
            "key",
            of,
            "not among the validators of the founding",
            "if it was not admitted since, give the node the key that the founding names",
        ),
    }
}

fn check_share(path: &Path, genesis: &Genesis, checks: &mut Checks) {
    let Some(share) = read(checks, "share", path, ShareFile::read(path)) else { return };
    match share.network == genesis.network() {
        true if share.seal.is_none() => {
            let found = "erased, since shares were renewed; the data holds the present one";
            checks.good("share", path.display(), found);
        }
        true => checks.good("share", path.display(), "a share of the network's key"),
        false => checks.bad(
            "share",
            path.display(),
            format!("a share of the network {}", share.network),
            "give the node its share of this network's key",
        ),
    }
}

fn check_data(data: &Path, genesis: &Genesis, checks: &mut Checks) {
    let marker = data.join("network");
    match fs::read_to_string(&marker) {
        Ok(found) if found.trim() == genesis.network().to_string() => {
            checks.good("data", data.display(), "of this network");
        }
        Ok(_) => checks.bad(
            "data",
            data.display(),
            "of another network",
            "name the directory of this node in node.json",
        ),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => checks.warn(
            "data",
            data.display(),
            "not there yet",
            "start the node; it fetches everything from the others",
        ),
        Err(error) => checks.bad("data", marker.display(), error, "check who may read it"),
    }
}

/// The node has not been given two final blocks of one height.
fn check_contradiction(data: &Path, checks: &mut Checks) {
    let advice = "delete nothing and do not start the node; compare blocks with all other States, \
                  as docs/operate/running.md says";
    match Contradiction::read(data) {
        Ok(None) => {}
        Ok(Some(found)) => {
            checks.bad("contradiction", data.display(), found.error(data), advice);
        }
        Err(error) => checks.bad("contradiction", data.display(), error, advice),
    }
}

/// Nobody but the owner may read keys, shares and passphrases.
fn check_secrets(dir: &Path, file: &NodeFile, checks: &mut Checks) {
    let mut secrets: Vec<PathBuf> = vec![dir.join(&file.key)];
    secrets.extend(file.share.as_ref().map(|path| dir.join(path)));
    secrets.extend(file.passphrase_file.as_ref().map(|path| dir.join(path)));
    if let Ok(entries) = fs::read_dir(dir.join(KEYS_FOLDER)) {
        secrets.extend(entries.flatten().map(|entry| entry.path()));
    }
    secrets.sort();
    for path in secrets {
        let Ok(found) = fs::metadata(&path) else { continue }; // told where it is read
        let mode = found.permissions().mode() & 0o777;
        let of = path.display();
        match mode & 0o077 {
            0 => checks.good("permissions", of, format!("mode {mode:03o}")),
            _ => checks.bad(
                "permissions",
                of,
                format!("mode {mode:03o}: others may use it"),
                "chmod 600 the file, and think of it as known to them",
            ),
        }
    }
}

fn check_disk(data: &Path, checks: &mut Checks) {
    // The nearest folder that exists is on the same disk.
    let there = data.ancestors().find(|path| path.exists()).unwrap_or(data);
    let of = data.display();
    let Some(free) = free_bytes(there) else {
        let advice = "look at the free space yourself";
        return checks.warn("disk", of, "the system does not tell its free space", advice);
    };
    let found = format!("{} MiB free", free >> 20);
    match free {
        ..DISK_SHORT => {
            checks.bad("disk", of, found, "free some space; a full disk stops the node")
        }
        DISK_SHORT..DISK_SOON_SHORT => checks.warn("disk", of, found, "make room soon"),
        _ => checks.good("disk", of, found),
    }
}

fn check_votes(dir: &Path, checks: &mut Checks) {
    let of = dir.display();
    match Marks::read(dir) {
        Some(Marks { abstains: false, voted, .. }) => {
            checks.good("votes", of, format!("up to epoch {}, view {}", voted.0, voted.1));
        }
        None if Marks::is_new(dir) => checks.good("votes", of, "it has never started"),
        _ => checks.warn(
            "votes",
            of,
            "lost: the node abstains until the network has moved on",
            "nothing, if it is alone in this; it takes about a minute while it runs",
        ),
    }
}

/// Other validators accept connections, as node.json or the founding states their addresses, or
/// as was told of those that neither names.
fn check_peers(file: &NodeFile, genesis: &Genesis, checks: &mut Checks) {
    let told = file.told.iter().map(|peer| (peer.key.clone(), peer.address.clone()));
    let mut addresses: BTreeMap<String, String> = told.collect();
    let founded = genesis
        .founding
        .validators
        .iter()
        .map(|validator| (validator.key.to_string(), validator.address.to_string()));
    addresses.extend(founded);
    addresses.extend(file.peers.iter().map(|peer| (peer.key.clone(), peer.address.clone())));
    for address in addresses.values().filter(|address| **address != file.p2p.to_string()) {
        let found = address.to_socket_addrs().and_then(|mut found| {
            found.next().ok_or_else(|| std::io::Error::other("the name leads nowhere"))
        });
        match found.and_then(|found| TcpStream::connect_timeout(&found, CONNECT_MAX)) {
            Ok(_) => checks.good("peer", address, "accepts connections"),
            Err(error) => checks.warn(
                "peer",
                address,
                error,
                "ask its operator, and look at the firewalls between you",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::State;

    #[test]
    fn two_final_blocks_of_one_height_are_told_with_who_is_convicted() {
        let folder = tempfile::tempdir().expect("a folder");
        let look = || {
            let mut checks = Checks::default();
            check_contradiction(folder.path(), &mut checks);
            checks.0
        };
        assert_eq!(look(), []);
        let (key, network) = ("ab".repeat(32), "cd".repeat(32));
        let text = format!(
            r#"{{"format":"pacta-contradiction","v":1,"network":"{network}","height":7,
            "evidence":[],"named":["{key}"]}}"#
        );
        fs::write(folder.path().join("contradiction.json"), text).expect("is written");
        let found = look();
        assert_eq!((found.len(), found[0].state), (1, State::Bad));
        for part in ["of height 7", &key, "delete nothing"] {
            assert!(found[0].found.contains(part), "{found:?}");
        }
        fs::write(folder.path().join("contradiction.json"), "{").expect("is written");
        assert_eq!(look()[0].state, State::Bad, "a file that cannot be read is no good sign");
    }
}
