//! Which validators this node is connected to: those that sign, are dealt to, or are wanted.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use pacta_law::network::{self, Epochs};

use crate::{
    handle::Handle,
    keys::validator_key,
    reading::Reading,
    shared::Shared,
    types::{Context, ValidatorKey},
};

/// Pause after a look, so that many blocks in a row cost one.
const PAUSE: Duration = Duration::from_millis(500);

/// Validators, the most important first, each with the addresses that it may have: the likeliest
/// first.
pub type Peers = Vec<(ValidatorKey, Vec<String>)>;

/// Tells whether a validator is heard now.
pub type Hears = Arc<dyn Fn(&ValidatorKey) -> bool + Send + Sync>;

/// What this node was given of validators and their addresses, beside founding and ledger.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// By its operator, who knows better.
    pub named: BTreeMap<ValidatorKey, String>,
    /// By the node that was asked when this one joined. It may lie.
    pub told: BTreeMap<ValidatorKey, String>,
}

/// Makes and keeps connections to peers.
pub trait Track: Send + 'static {
    /// Connects to exactly these, each at one of its addresses `host:port`; at another one while
    /// it is not heard.
    fn track(&mut self, peers: Peers, hears: Hears);
}

/// Connects to all, always: for networks whose links are laid by others.
pub struct All;

impl Track for All {
    fn track(&mut self, _: Peers, _: Hears) {}
}

/// Starts to follow the ledger. `first` is whom the node is connected to at its start.
pub fn start<E: Context>(
    context: E,
    shared: Shared,
    handle: Handle,
    me: ValidatorKey,
    (first, given): (Peers, Given),
    mut track: impl Track,
) {
    context.spawn(move |context| async move {
        let mut finals = shared.finals();
        let hearing = shared.clone();
        let hears: Hears = Arc::new(move |who| hearing.presence().hears(who));
        let (mut known, mut synchronised) = (first, false);
        let mut signing = BTreeSet::new();
        track.track(known.clone(), hears.clone());
        loop {
            synchronised |= shared.presence().is_synchronised();
            if let Some((ledger, committee)) = wanted(&handle).await {
                let wanted = with(ledger, &given, synchronised);
                if wanted != known || committee != signing {
                    let others = wanted.iter().map(|(key, _)| key).filter(|key| **key != me);
                    shared.presence().set_others(others, &committee);
                    signing = committee;
                }
                if wanted != known {
                    track.track(wanted.clone(), hears.clone());
                    let peers = wanted.len();
                    tracing::info!(peers, "the validators to be connected to changed");
                    known = wanted;
                }
            }
            context.sleep(PAUSE).await;
            if finals.changed().await.is_err() {
                return;
            }
        }
    });
}

/// Validators as the ledger or the founding names them, with what this node was given. What its
/// operator names replaces other addresses. Until the node is synchronised, those count too whom
/// ledger or founding does not name, for those of a founding may all have left since; and a
/// validator may be where this node was told, though its ledger says otherwise. After that the
/// ledger names them all, and what was told counts no more.
pub fn with(ledger: Vec<(ValidatorKey, String)>, given: &Given, synchronised: bool) -> Peers {
    let mut peers = Peers::new();
    let mut listed = BTreeSet::new();
    for (key, address) in ledger {
        let told = given.told.get(&key).filter(|told| !synchronised && **told != address);
        let addresses = match given.named.get(&key) {
            Some(named) => vec![named.clone()],
            None => [Some(address), told.cloned()].into_iter().flatten().collect(),
        };
        listed.insert(key.clone());
        peers.push((key, addresses));
    }
    for (key, address) in given.named.iter().chain(&given.told) {
        if !synchronised && listed.insert(key.clone()) {
            peers.push((key.clone(), vec![address.clone()]));
        }
    }
    peers
}

/// All validators that this node should hear and be heard by, with their addresses, and which of
/// them sign in this epoch, who are the first; none if the ledger cannot be read now.
async fn wanted(handle: &Handle) -> Option<(Vec<(ValidatorKey, String)>, BTreeSet<ValidatorKey>)> {
    let mut reading = Reading::begin(handle, 0).await.ok()?;
    let Epochs { current, frozen, .. } = reading.run(network::epochs).await.ok()?;
    let mut all = Vec::new();
    let found = reading.run(|ledger| network::signing_committee(ledger, current)).await.ok()??;
    let signing = found.iter().map(|validator| validator_key(&validator.key).ok());
    let signing = signing.collect::<Option<BTreeSet<_>>>()?;
    all.push(found);
    for epoch in current..=frozen {
        all.extend(reading.run(|ledger| network::committee(ledger, epoch)).await.ok()?);
    }
    all.push(reading.run(network::wanted).await.ok()?); // last: its addresses are the newest
    let (mut order, mut addresses) = (Vec::new(), BTreeMap::new());
    for validator in all.into_iter().flatten() {
        let key = validator_key(&validator.key).ok()?;
        if addresses.insert(key.clone(), validator.address).is_none() {
            order.push(key);
        }
    }
    let peers = order.into_iter().filter_map(|key| addresses.remove(&key).map(|at| (key, at)));
    Some((peers.collect(), signing))
}
