//! Founding a network on this machine: keys, shares, the genesis, and a folder for each node.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use pacta_law::actor::{ActorKind, Office};
use pacta_law::{ActorId, Genesis, GenesisBuilder, Instant, MandateId, NetworkKey, PublicKey};
use pacta_law::{Purpose, Refusal, default_epoch_blocks};
use pacta_node::{DealtTo, NetworkShare, deal_to, voting};

use crate::act::now_ms;
use crate::failure::{Failure, Result};
use crate::files::{self, Access};
use crate::keyfile::KeyFile;
use crate::network::directory::{
    FileLimits, GENESIS_FILE, KEYS_FOLDER, MINISTER_FILE, NETWORK_FILE, NODE_FILE, Network,
    NetworkFile, NodeFile, PASSPHRASE, PASSPHRASE_FILE, State, VERSION, free_addresses,
};
use crate::network::share::ShareFile;
use crate::seal::Effort;
use crate::signer::{Secret, Signer};

/// States that a network on this machine can have, in the order in which they are taken.
pub const STATES: [(&str, &str); 20] = [
    ("armenia", "Armenia"),
    ("belarus", "Belarus"),
    ("kazakhstan", "Kazakhstan"),
    ("kyrgyzstan", "Kyrgyzstan"),
    ("russia", "Russia"),
    ("azerbaijan", "Azerbaijan"),
    ("china", "China"),
    ("georgia", "Georgia"),
    ("india", "India"),
    ("iran", "Iran"),
    ("moldova", "Moldova"),
    ("mongolia", "Mongolia"),
    ("pakistan", "Pakistan"),
    ("serbia", "Serbia"),
    ("tajikistan", "Tajikistan"),
    ("turkiye", "Türkiye"),
    ("turkmenistan", "Turkmenistan"),
    ("ukraine", "Ukraine"),
    ("uzbekistan", "Uzbekistan"),
    ("viet-nam", "Viet Nam"),
];
/// Name of the file of a validator's key.
pub const NODE_KEY_FILE: &str = "node-key.json";
/// Name of the file of its share of the network key.
pub const SHARE_FILE: &str = "share.json";
/// Name of the folder of what a node writes.
pub const DATA_FOLDER: &str = "data";

/// What network to found.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The network's name.
    pub name: String,
    /// How many States: 1, or 4 to 20. Each operates one validator.
    pub states: usize,
    /// How many further States, which operate no validator at first.
    pub guests: usize,
    /// Names and keys of organizations to register beside them, for measurements.
    pub organizations: Vec<(String, PublicKey)>,
}

impl Default for Plan {
    fn default() -> Self {
        Self { name: "Devnet".to_owned(), states: 5, guests: 0, organizations: Vec::new() }
    }
}

/// An organization of the genesis, with the mandate of its executive head.
pub type Organization = (ActorId, MandateId);

/// The keys that a State needs, before they are written.
struct Keys {
    minister: Secret,
    node: Secret,
}

/// Founds a network in a new directory.
///
/// # Errors
/// Exit code 2 for a number of States that no network can have, 73 when the directory holds a
/// network already or cannot be made, 74 when a disk fails.
pub fn found(root: &Path, plan: Plan) -> Result<Network> {
    found_with_organizations(root, plan).map(|(network, _)| network)
}

/// As [`found`], and what was registered for [`Plan::organizations`], in their order.
///
/// # Errors
/// As [`found`].
pub fn found_with_organizations(root: &Path, plan: Plan) -> Result<(Network, Vec<Organization>)> {
    if !(plan.states == 1 || (4..=STATES.len()).contains(&plan.states)) {
        return Err(Failure::usage(format!(
            "a network has 1 State, or 4 to {}; choose another number",
            STATES.len()
        )));
    }
    let count = plan.states.saturating_add(plan.guests);
    if count > STATES.len() {
        return Err(Failure::usage(format!(
            "a devnet has {} States at most, with and without a validator; choose fewer",
            STATES.len()
        )));
    }
    if root.join(NETWORK_FILE).exists() {
        return Err(Failure::cannot_create(root, "it holds a network; choose another directory"));
    }
    let secret = |purpose| Secret::generate(purpose);
    let keys = (0..count)
        .map(|_| Ok(Keys { minister: secret(Purpose::SignAct)?, node: secret(Purpose::NodeVote)? }))
        .collect::<Result<Vec<_>>>()?;
    // Drawn once and kept, so that a network can be started again.
    let addresses = free_addresses(count * 2)?;
    let (genesis, actors, organizations, shares) = deal_and_found(&plan, &keys, &addresses)?;
    let mut states = states(&actors, &addresses);
    let guests = states.split_off(plan.states);
    let file = NetworkFile {
        v: VERSION,
        name: plan.name,
        network: genesis.network(),
        dealer: genesis.founding.dealer,
        states,
        guests,
    };
    let network = Network { root: root.to_owned(), file };
    write_network(&network, &genesis, &keys, &shares, &actors)?;
    Ok((network, organizations))
}

type Actor = (ActorId, MandateId);
type Founded = (Genesis, Vec<Actor>, Vec<Organization>, Vec<NetworkShare>);

fn deal_and_found(plan: &Plan, keys: &[Keys], addresses: &[SocketAddr]) -> Result<Founded> {
    let publics: Vec<PublicKey> =
        keys[..plan.states].iter().map(|keys| keys.node.public()).collect();
    let DealtTo { network_key, ceremony, shares } = deal_to(&publics).map_err(Failure::failed)?;
    let network_key = <[u8; 96]>::try_from(network_key.as_slice())
        .map(NetworkKey)
        .map_err(|_| Failure::failed("the dealer made a key of another length"))?;
    let refused = |refusal: Refusal| Failure::from(&refusal);
    let today = Instant::from_ms(now_ms()).map_err(refused)?.date();
    let mut builder = GenesisBuilder::new(&plan.name, today).map_err(refused)?;
    let mut actors = Vec::new();
    let pairs = addresses.chunks_exact(2);
    for (((_, name), keys), pair) in STATES.iter().zip(keys).zip(pairs) {
        let minister = keys.minister.public();
        let actor = builder
            .actor(ActorKind::State, name, minister, Office::ForeignMinister)
            .map_err(refused)?;
        if actors.len() < plan.states {
            builder.validator(actor.0, keys.node.public(), &pair[1].to_string());
        }
        actors.push(actor);
    }
    let mut organizations = Vec::new();
    for (name, public) in &plan.organizations {
        let (kind, office) = (ActorKind::Organization, Office::ExecutiveHead);
        organizations.push(builder.actor(kind, name, *public, office).map_err(refused)?);
    }
    let epoch_blocks = default_epoch_blocks(keys.len());
    let ceremony = Some(hex::encode(ceremony));
    let genesis = builder.found(network_key, true, epoch_blocks, ceremony).map_err(refused)?;
    Ok((genesis, actors, organizations, shares))
}

fn states(actors: &[Actor], addresses: &[SocketAddr]) -> Vec<State> {
    let state = |(((slug, name), (actor, _)), pair): (((&str, &str), &Actor), &[SocketAddr])| {
        let (slug, name) = (slug.to_owned(), name.to_owned());
        State { slug, name, actor: *actor, http: pair[0], p2p: pair[1] }
    };
    STATES.iter().copied().zip(actors).zip(addresses.chunks_exact(2)).map(state).collect()
}

fn write_network(
    network: &Network,
    genesis: &Genesis,
    keys: &[Keys],
    shares: &[NetworkShare],
    actors: &[Actor],
) -> Result<()> {
    let root = &network.root;
    files::make_folder(root)?;
    let passphrase = format!("{PASSPHRASE}\n");
    files::write(&root.join(PASSPHRASE_FILE), passphrase.as_bytes(), Access::Owner)?;
    files::write(&root.join(GENESIS_FILE), &genesis.to_bytes(), Access::Everyone)?;
    for (place, state) in network.file.states.iter().chain(&network.file.guests).enumerate() {
        let folder = network.folder(state);
        files::make_folder(&folder.join(KEYS_FOLDER))?;
        let mut minister = KeyFile::seal(&keys[place].minister, PASSPHRASE, Effort::DEVNET)?;
        minister.mandate = Some(actors[place].1);
        minister.write_new(&folder.join(KEYS_FOLDER).join(MINISTER_FILE))?;
        if place >= shares.len() {
            continue; // a guest makes its node itself, with `pacta join`
        }
        files::write(&folder.join(GENESIS_FILE), &genesis.to_bytes(), Access::Everyone)?;
        let node = KeyFile::seal(&keys[place].node, PASSPHRASE, Effort::DEVNET)?;
        node.write_new(&folder.join(NODE_KEY_FILE))?;
        let share = &shares[place];
        let (path, id) = (folder.join(SHARE_FILE), network.file.network);
        ShareFile::write(&path, id, share, PASSPHRASE, Effort::DEVNET)?;
        files::write_json(&folder.join(NODE_FILE), &node_file(state), Access::Everyone)?;
        voting::never_started(&folder).map_err(Failure::failed)?;
    }
    // Last, since its presence says that all else is there.
    files::write_json(&root.join(NETWORK_FILE), &network.file, Access::Everyone)
}

fn node_file(state: &State) -> NodeFile {
    NodeFile {
        v: VERSION,
        operator: state.actor,
        genesis: PathBuf::from(GENESIS_FILE),
        key: PathBuf::from(NODE_KEY_FILE),
        share: Some(PathBuf::from(SHARE_FILE)),
        passphrase_file: Some(PathBuf::from("..").join(PASSPHRASE_FILE)),
        data: PathBuf::from(DATA_FOLDER),
        http: state.http,
        p2p: state.p2p,
        peers: Vec::new(),
        told: Vec::new(),
        files: FileLimits::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_founded_network_is_read_as_it_was_written() {
        let parent = tempfile::tempdir().expect("a temporary directory");
        let root = parent.path().join("network");
        let network = found(&root, Plan { states: 4, ..Plan::default() }).expect("founds");
        assert_eq!(Network::read(&root), Ok(network.clone()));
        assert!(network.file.dealer, "a dealt network says so");
        let (secret, author) = network.minister(&network.file.states[3]).expect("opens");
        assert_eq!((secret.id(), author.actor), (author.key, network.file.states[3].actor));
        assert!(found(&root, Plan::default()).is_err(), "it is not founded twice");
    }

    #[test]
    fn two_and_three_states_found_no_network() {
        let parent = tempfile::tempdir().expect("a temporary directory");
        for states in [0, 2, 3, STATES.len() + 1] {
            let plan = Plan { states, ..Plan::default() };
            let failure = found(&parent.path().join("network"), plan).expect_err("is refused");
            assert_eq!(failure.exit, crate::failure::Exit::Usage, "{states}");
        }
    }
}
