//! Reports to the ledger that this node is synchronised, when its place or a fresh share waits for
//! that report.

use std::time::Duration;

use commonware_codec::Encode as _;
use ed25519_consensus::{SigningKey, VerificationKeyBytes};
use pacta_law::{
    Data, Draft, Instant, KeyId, PublicKey, Signature, SignedAct, compose,
    network::{must_report, report_ready::ReportReady, wanted},
};

use crate::{
    application::now_ms,
    handle::Handle,
    intake::NotTaken,
    reading::Reading,
    shared::Shared,
    types::{Context, ValidatorSecret},
};

/// How often the node looks whether it must report.
const LOOK: Duration = Duration::from_secs(3);
/// A report that is not final after this time is void, in milliseconds.
const VALID_MS: u64 = 60_000;

/// Starts to look.
pub fn start<E: Context>(context: E, shared: Shared, handle: Handle, key: &ValidatorSecret) {
    let seed: [u8; 32] = key.encode().as_ref().try_into().expect("a private key has 32 bytes");
    let key = SigningKey::from(seed);
    context.spawn(move |context| async move {
        loop {
            context.sleep(LOOK).await;
            if !shared.presence().is_synchronised() {
                continue;
            }
            match report(&handle, &key, now_ms(&context)).await {
                Ok(Some(height)) => tracing::info!(height, "reported that this node is ready"),
                Ok(None) => {}
                Err(why) => tracing::debug!(%why, "nothing is reported"),
            }
        }
    });
}

/// Reports, if there is something to report; the height that was reported.
async fn report(handle: &Handle, key: &SigningKey, now_ms: u64) -> Result<Option<u64>, NotTaken> {
    let public = PublicKey(VerificationKeyBytes::from(key).to_bytes());
    let mut reading = Reading::begin(handle, now_ms).await?;
    let height = reading.height;
    if height == 0 || !reading.run(|ledger| must_report(ledger, &public)).await? {
        return Ok(None);
    }
    let wanted = reading.run(wanted).await?;
    let Some(validator) = wanted.iter().find(|validator| validator.key == public) else {
        return Ok(None);
    };
    let draft = Draft {
        actor: validator.actor,
        data: Data::ReportReady(ReportReady { height }),
        expires: Instant::from_ms(now_ms.saturating_add(VALID_MS))?,
        key: KeyId::of(&public),
        mandate: None,
    };
    let act = reading.attempt(|ledger| compose(ledger, draft.clone())).await??;
    let sign = |message: &[u8]| Signature(key.sign(message).to_bytes());
    let signed = SignedAct::sign_with(&act, public, sign)?;
    handle.submit(signed.bytes().to_vec()).await?;
    Ok(Some(height))
}
