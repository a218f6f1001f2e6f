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
    /// Connects to exactly these, each at its address `host:port`. Numbers rise.
    fn track(&mut self, number: u64, peers: BTreeMap<ValidatorKey, String>);
}

/// Connects to all, always: for networks whose links are laid by others.
pub struct All;

impl Track for All {
    fn track(&mut self, _: u64, _: BTreeMap<ValidatorKey, String>) {}
}

/// Starts to follow the ledger. `first` is whom the node is connected to at its start; the operator
/// knows some addresses better than the ledger does.
pub fn start<E: Context>(
    context: E,
    shared: Shared,
    handle: Handle,
    me: ValidatorKey,
    (first, better): (BTreeMap<ValidatorKey, String>, BTreeMap<ValidatorKey, String>),
    mut track: impl Track,
) {
    context.spawn(move |context| async move {
        let mut finals = shared.finals();
        let (mut known, mut number) = (first, 0);
        track.track(number, known.clone());
        loop {
            let mut wanted = wanted(&handle).await.unwrap_or_else(|| known.clone());
            correct(&mut wanted, &better);
            if wanted != known {
                number += 1;
                let others = wanted.keys().filter(|key| **key != me);
                shared.presence().set_others(others);
                track.track(number, wanted.clone());
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

/// Replaces addresses by better ones.
pub fn correct(
    peers: &mut BTreeMap<ValidatorKey, String>,
    better: &BTreeMap<ValidatorKey, String>,
) {
    for (key, address) in peers {
        if let Some(better) = better.get(key) {
            address.clone_from(better);
        }
    }
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
