//! Who is dealt to in a coming epoch: the committee that the ledger has frozen for it.

use std::time::Duration;

use commonware_consensus::types::Epoch;
use commonware_glue::dkg::ParticipantsProvider;
use commonware_utils::{TryCollect as _, ordered::Set, sequence::Unit};
use pacta_law::network::committee;

use crate::{
    handle::Handle,
    keys::validator_key,
    reading::Reading,
    types::{Context, ValidatorKey},
};

/// Pause before a record that is not there yet is looked for again.
const AGAIN: Duration = Duration::from_millis(10);
/// The committees of the first epochs are those of the founding.
const FOUNDING_EPOCHS: u64 = 2;

/// The committees of coming epochs.
pub struct Members<E: Context> {
    context: E,
    founding: Set<ValidatorKey>,
    handle: Handle,
}

impl<E: Context> Members<E> {
    /// Reads committees from the ledger, but for those of the founding.
    pub fn new(context: E, founding: Set<ValidatorKey>, handle: Handle) -> Self {
        Self { context, founding, handle }
    }

    async fn frozen(&self, epoch: u64) -> Option<Set<ValidatorKey>> {
        let mut reading = Reading::begin(&self.handle, 0).await.ok()?;
        let committee = reading.run(|ledger| committee(ledger, epoch)).await.ok()??;
        let keys = committee.iter().map(|validator| validator_key(&validator.key));
        keys.collect::<Result<Vec<_>, _>>().ok()?.into_iter().try_collect().ok()
    }
}

impl<E: Context> ParticipantsProvider for Members<E> {
    type PublicKey = ValidatorKey;
    type Directory = Unit;

    /// Waits until the ledger here has frozen the committee: that is some blocks before it is asked
    /// for, and it never changes afterwards.
    async fn participants(&mut self, epoch: Epoch) -> Set<ValidatorKey> {
        if epoch.get() < FOUNDING_EPOCHS {
            return self.founding.clone();
        }
        loop {
            if let Some(frozen) = self.frozen(epoch.get()).await {
                return frozen;
            }
            self.context.sleep(AGAIN).await;
        }
    }

    async fn directory(&mut self, _: Epoch, _: Set<ValidatorKey>) -> Unit {
        Unit
    }
}
