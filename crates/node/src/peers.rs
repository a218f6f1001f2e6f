//! Which validators this node is connected to: those that sign, are dealt to, or are wanted.

use std::{collections::BTreeMap, time::Duration};

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

/// Makes and keeps connections to peers.
pub trait Track: Send + 'static {
    /// Connects to exactly these, each at its address `host:port`.
    fn track(&mut self, peers: BTreeMap<ValidatorKey, String>);
}

/// Connects to all, always: for networks whose links are laid by others.
pub struct All;

impl Track for All {
    fn track(&mut self, _: BTreeMap<ValidatorKey, String>) {}
}

/// Starts to follow the ledger. `first` is whom the node is connected to at its start, `told` what
/// the operator knows of validators and their addresses.
pub fn start<E: Context>(
    context: E,
    shared: Shared,
    handle: Handle,
    me: ValidatorKey,
    (first, told): (BTreeMap<ValidatorKey, String>, BTreeMap<ValidatorKey, String>),
    mut track: impl Track,
) {
    context.spawn(move |context| async move {
        let mut finals = shared.finals();
        let (mut known, mut synchronised) = (first, false);
        track.track(known.clone());
        loop {
            synchronised |= shared.presence().is_synchronised();
            let of_ledger = wanted(&handle).await;
            let wanted =
                of_ledger.map_or_else(|| known.clone(), |found| with(found, &told, synchronised));
            if wanted != known {
                let others = wanted.keys().filter(|key| **key != me);
                shared.presence().set_others(others);
                track.track(wanted.clone());
                tracing::info!(peers = wanted.len(), "the validators to be connected to changed");
                known = wanted;
            }
            context.sleep(PAUSE).await;
            if finals.changed().await.is_err() {
                return;
            }
        }
    });
}

/// Validators as the ledger or the founding names them, with what the operator knows: better
/// addresses, and other validators, until the node is synchronised and the ledger names them all.
/// Those of a founding may all have left since.
pub fn with(
    mut peers: BTreeMap<ValidatorKey, String>,
    told: &BTreeMap<ValidatorKey, String>,
    synchronised: bool,
) -> BTreeMap<ValidatorKey, String> {
    for (key, address) in told {
        if !synchronised || peers.contains_key(key) {
            peers.insert(key.clone(), address.clone());
        }
    }
    peers
}

/// All validators that this node should hear and be heard by, with their addresses; none if the
/// ledger cannot be read now.
async fn wanted(handle: &Handle) -> Option<BTreeMap<ValidatorKey, String>> {
    let mut reading = Reading::begin(handle, 0).await.ok()?;
    let Epochs { current, frozen, .. } = reading.run(network::epochs).await.ok()?;
    let mut all = Vec::new();
    all.extend(reading.run(|ledger| network::signing_committee(ledger, current)).await.ok()?);
    for epoch in current..=frozen {
        all.extend(reading.run(|ledger| network::committee(ledger, epoch)).await.ok()?);
    }
    all.push(reading.run(network::wanted).await.ok()?); // last: its addresses are the newest
    let mut peers = BTreeMap::new();
    for validator in all.into_iter().flatten() {
        peers.insert(validator_key(&validator.key).ok()?, validator.address);
    }
    Some(peers)
}
