//! `pacta join`: a node for a State that becomes a validator of a network.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use pacta_law::network::check_address;
use pacta_law::{ActorId, Genesis, NetworkId, PublicKey, Purpose, seats_max};
use pacta_node::{validator_key, voting};
use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::commands::node;
use crate::failure::{Exit, Failure, Result};
use crate::files::{self, Access};
use crate::keyfile::KeyFile;
use crate::network::directory::{FileLimits, GENESIS_FILE, NODE_FILE, NodeFile, Peer, VERSION};
use crate::network::founding::{DATA_FOLDER, NODE_KEY_FILE};
use crate::passphrase::PassphraseArgs;
use crate::printer::{Printer, facts, progress};
use crate::seal::Effort;
use crate::signer::Secret;

/// Become a validator of a network
///
/// Makes a directory with a new key for the node, takes the founding of the network from any of its
/// nodes, checks it against the fingerprint that the members have published, takes the addresses of
/// those who are validators now, and runs the node.
/// Give the printed key and address to the members: when they have admitted it (`pacta validator`),
/// the node catches up, reports that it is ready, receives a share of the network key, and votes.
/// Run the same command again after an interruption; later, `pacta node --dir DIR` does the same.
///
/// Example: `pacta join --from https://pacta.example.am --network 3f2a... --actor 9c1e...
/// --address node.example.md:7000 --dir moldova`
#[derive(clap::Args)]
pub struct JoinArgs {
    /// Any node of the network, to take its founding from
    #[arg(long, value_name = "URL")]
    from: String,
    /// The network's fingerprint, as its members have published it
    #[arg(long, value_name = "ID")]
    network: NetworkId,
    /// The actor that operates the node: its id
    #[arg(long, value_name = "ACTOR")]
    actor: ActorId,
    /// Where other validators reach the node
    #[arg(long, value_name = "HOST:PORT")]
    address: String,
    /// Where the node listens to other validators, if not at that address itself
    #[arg(long, value_name = "IP:PORT")]
    listen: Option<SocketAddr>,
    /// Where the node answers HTTP
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:8000")]
    http: SocketAddr,
    /// Directory of the node
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Make the directory and do not run the node
    #[arg(long)]
    prepare_only: bool,
    /// Stop when standard input ends
    #[arg(long, hide = true)]
    with_parent: bool,
}

/// What the members need to know.
#[derive(Serialize)]
struct Joined {
    v: u64,
    network: NetworkId,
    actor: ActorId,
    key: PublicKey,
    address: String,
    dir: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// Exit code 65 when the founding is not that of the fingerprint, 69 when the node does not answer,
/// 73 when the directory belongs to another node; then those of `pacta node`.
pub fn run(args: &JoinArgs, printer: Printer) -> Result<Exit> {
    check_address(&args.address).map_err(|refusal| Failure::usage(refusal.to_string()))?;
    let key = match args.dir.join(NODE_FILE).exists() {
        true => known(args)?,
        false => prepare(args)?,
    };
    let joined = Joined {
        v: 1,
        network: args.network,
        actor: args.actor,
        key,
        address: args.address.clone(),
        dir: args.dir.clone(),
    };
    printer.answer(&joined, || {
        let next = format!(
            "register the node's key (pacta actor register-key --purpose node-vote), and give \
             actor, key and address to the members; one proposes: \
             pacta validator propose-admission {} {key} {}",
            args.actor, args.address
        );
        let (dir, key) = (args.dir.display().to_string(), key.to_string());
        facts(&[("directory", &dir), ("key", &key), ("address", &args.address), ("next", &next)])
    })?;
    if args.prepare_only {
        return Ok(Exit::Done);
    }
    progress("running the node; Ctrl-C stops it, and the same command goes on");
    node::run(&node::NodeArgs::of(args.dir.clone(), args.passphrase.clone(), args.with_parent))
}

/// The key of a directory that was made before, if it is that of this actor and network.
fn known(args: &JoinArgs) -> Result<PublicKey> {
    let file: NodeFile = files::read_json(&args.dir.join(NODE_FILE), "the description of a node")?;
    let genesis = read_genesis(&files::read(&args.dir.join(GENESIS_FILE))?, &args.dir)?;
    if file.operator != args.actor || genesis.network() != args.network {
        return Err(Failure::cannot_create(
            &args.dir,
            "it belongs to another actor's node or another network; choose another directory",
        ));
    }
    Ok(KeyFile::read(&args.dir.join(&file.key))?.public)
}

fn prepare(args: &JoinArgs) -> Result<PublicKey> {
    let client = Client::new(&args.from);
    let bytes = client.get("/api/v1/genesis")?;
    let genesis = read_genesis(&bytes, Path::new(&args.from))?;
    if genesis.network() != args.network {
        return Err(Failure::defective(format!(
            "{} is a node of the network {}, not of {}; compare the fingerprint with what the \
             members have published, and ask another node",
            args.from,
            genesis.network(),
            args.network
        )));
    }
    let listen = match args.listen {
        Some(listen) => listen,
        None => args.address.parse().map_err(|_| {
            Failure::usage("the address is a name; say with --listen where to listen")
        })?,
    };
    let dir = &args.dir;
    files::make_folder(dir)?;
    files::write(&dir.join(GENESIS_FILE), &genesis.to_bytes(), Access::Everyone)?;
    let key_path = dir.join(NODE_KEY_FILE);
    let key = match key_path.exists() {
        true => KeyFile::read(&key_path)?, // made before an interruption
        false => {
            let passphrase = args.passphrase.new_one()?;
            let secret = Secret::generate(Purpose::NodeVote)?;
            let key = KeyFile::seal(&secret, &passphrase, Effort::FULL)?;
            voting::never_started(dir).map_err(Failure::failed)?;
            key.write_new(&key_path)?;
            key
        }
    };
    let passphrase_file = args.passphrase.passphrase_file.as_ref();
    let passphrase_file = passphrase_file.map(std::path::absolute).transpose();
    let file = NodeFile {
        v: VERSION,
        operator: args.actor,
        genesis: GENESIS_FILE.into(),
        key: NODE_KEY_FILE.into(),
        share: None,
        passphrase_file: passphrase_file.map_err(Failure::failed)?,
        data: DATA_FOLDER.into(),
        http: args.http,
        p2p: listen,
        peers: Vec::new(),
        told: match client.get("/api/v1/validators") {
            Ok(bytes) => present(&bytes, &genesis, &args.from)?,
            Err(failure) => {
                progress(format!(
                    "{} does not tell who the validators are now ({failure}); if those of the \
                     founding have left, name others under `peers` in {NODE_FILE}",
                    args.from
                ));
                Vec::new()
            }
        },
        files: FileLimits::default(),
    };
    // Last, since its presence says that all else is there.
    files::write_json(&dir.join(NODE_FILE), &file, Access::Everyone)?;
    Ok(key.public)
}

/// The validators of now that the founding does not name, or names at another address. They are
/// only asked and heard: a certificate that they send counts if it is of the epoch that this node
/// is in, and bears the signatures of those who sign in it by this node's ledger.
fn present(bytes: &[u8], genesis: &Genesis, from: &str) -> Result<Vec<Peer>> {
    #[derive(Deserialize)]
    struct Told {
        validators: Vec<Validator>,
    }
    #[derive(Deserialize)]
    struct Validator {
        key: PublicKey,
        address: String,
    }
    let wrong = |reason: &dyn std::fmt::Display| {
        Failure::defective(format!(
            "{from} gives no list of validators: {reason}; ask another node"
        ))
    };
    let told: Told = serde_json::from_slice(bytes).map_err(|error| wrong(&error))?;
    let founding = &genesis.founding;
    let seats = seats_max(founding.epoch_blocks).max(founding.validators.len());
    // Those who leave are listed too.
    if told.validators.len() > 2 * seats {
        return Err(wrong(&"it names more than this network can have"));
    }
    let mut peers = Vec::new();
    for Validator { key, address } in told.validators {
        validator_key(&key).map_err(|error| wrong(&error))?;
        check_address(&address).map_err(|refusal| wrong(&refusal))?;
        let founded = founding.validators.iter().find(|one| one.key == key);
        if founded.is_none_or(|one| one.address != address) {
            peers.push(Peer { key: key.to_string(), address });
        }
    }
    Ok(peers)
}

fn read_genesis(bytes: &[u8], from: &Path) -> Result<Genesis> {
    Genesis::from_bytes(bytes).map_err(|refusal| {
        Failure::defective(format!("{} gives no genesis: {refusal}", from.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::founding::{Plan, found};
    use crate::signer::Signer as _;

    #[test]
    fn validators_that_the_founding_does_not_name_so_are_told_and_not_more_than_there_are_seats() {
        let parent = tempfile::tempdir().expect("a temporary directory");
        let root = parent.path().join("network");
        found(&root, Plan { states: 4, ..Plan::default() }).expect("founds");
        let bytes = files::read(&root.join(GENESIS_FILE)).expect("a genesis");
        let genesis = Genesis::from_bytes(&bytes).expect("a genesis");
        let of = |place: usize| &genesis.founding.validators[place];
        let newcomer = Secret::generate(Purpose::NodeVote).expect("a key").public();
        let told = serde_json::json!({ "height": 7, "validators": [
            { "key": of(0).key, "address": of(0).address, "signs": true },
            { "key": of(1).key, "address": "moved.example:7000", "signs": true },
            { "key": newcomer, "address": "[::1]:7000", "signs": false },
        ]});
        let read = |told: &serde_json::Value| {
            present(told.to_string().as_bytes(), &genesis, "http://one.example")
        };
        let peer = |key: PublicKey, address: &str| {
            let address = address.to_owned();
            Peer { key: key.to_string(), address }
        };
        let expected = [peer(of(1).key, "moved.example:7000"), peer(newcomer, "[::1]:7000")];
        assert_eq!(read(&told).expect("a list"), expected);

        let mut wrong = told.clone();
        wrong["validators"][2]["address"] = "nowhere".into();
        assert_eq!(read(&wrong).expect_err("no address").exit, Exit::Defective);
        assert_eq!(read(&serde_json::json!([])).expect_err("no list").exit, Exit::Defective);

        let seats = seats_max(genesis.founding.epoch_blocks);
        let many = |count: usize| {
            let one = |_| {
                let key = Secret::generate(Purpose::NodeVote).expect("a key").public();
                serde_json::json!({ "key": key, "address": "[::1]:7000", "signs": true })
            };
            serde_json::json!({ "validators": (0..count).map(one).collect::<Vec<_>>() })
        };
        assert_eq!(read(&many(2 * seats)).expect("all change").len(), 2 * seats);
        let refused = read(&many(2 * seats + 1)).expect_err("more than there are seats");
        assert_eq!(refused.exit, Exit::Defective);
    }
}
