//! Wants the files that final acts name, as they become final.

use std::time::Duration;

use pacta_files::{Error, Store, Wanted, media};

use crate::{error::Error as NodeError, handle::Handle, types::Context};

/// Blocks without named files after which the place is noted.
const NOTE_EVERY: u64 = 1024;
/// How long to wait after a failure.
const RETRY: Duration = Duration::from_secs(1);

/// Starts to follow final acts, from where it was left.
pub(super) fn start<E: Context>(context: E, handle: Handle, store: Store) {
    context.spawn(move |context| async move {
        let mut heights = handle.finalized();
        let mut height = store.scanned() + 1;
        while heights.reaches(height).await.is_ok() {
            let block = match handle.block(height).await {
                Ok(Some(block)) => block,
                Err(NodeError::Stopped(_)) => return,
                Ok(None) | Err(_) => {
                    context.sleep(RETRY).await;
                    continue;
                }
            };
            let events = block.outcomes.iter().flat_map(|outcome| &outcome.events);
            let originals = events.flat_map(|event| event.originals());
            let wanted = originals.map(|text| Wanted {
                id: text.document,
                media_type: media::read(&text.media_type).ok(),
                named: true,
            });
            if let Err(error) = note(&store, height, wanted.collect()) {
                tracing::warn!(%error, "files that acts name cannot be noted; trying again");
                context.sleep(RETRY).await;
                continue;
            }
            height += 1;
        }
    });
}

fn note(store: &Store, height: u64, wanted: Vec<Wanted>) -> Result<(), Error> {
    let any = !wanted.is_empty();
    wanted.into_iter().try_for_each(|wanted| store.want(wanted))?;
    match any || height.is_multiple_of(NOTE_EVERY) {
        true => store.set_scanned(height),
        false => Ok(()),
    }
}
