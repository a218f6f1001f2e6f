//! What a validator keeps secret of the ceremonies: its shares of the network key, what it dealt
//! from, and what was dealt to it.
//!
//! All of it is encrypted under a key derived from the validator's own, so that a copy of the disk
//! without that key tells nothing. What is pruned is overwritten in both copies that are kept: a
//! quorum of shares of one epoch could sign for ever, so none is kept without need.

use std::sync::Arc;

use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use commonware_codec::{DecodeExt as _, Encode as _, RangeCfg};
use commonware_consensus::types::Epoch;
use commonware_cryptography::{
    Hasher as _, PublicKey, Sha256,
    bls12381::{dkg::feldman_desmedt::DealerPrivMsg, primitives::group::Share},
    transcript::Summary,
};
use commonware_glue::dkg::SecretStore;
use commonware_storage::metadata::{self, Metadata};
use commonware_utils::{
    sequence::FixedBytes,
    sync::{AsyncMutex, OwnedAsyncMutexGuard},
};

use crate::{
    error::Error,
    types::{Context, ValidatorSecret},
};

const DOMAIN: &[u8] = b"pacta/ceremony-secrets/v1";
const KEY_BYTES: usize = 41;
const NONCE_BYTES: usize = 24;
/// Bytes of one secret with what its encryption adds, at most.
const VALUE_BYTES_MAX: usize = 1024;

type Key = FixedBytes<KEY_BYTES>;
type Stored<E> = Metadata<E, Key, Vec<u8>>;

/// What a secret is. The number is part of its name on disk.
#[derive(Clone, Copy)]
enum Kind {
    Share = 1,
    Seed = 2,
    Dealing = 3,
    /// Not a secret: counts rewrites, so that both copies are overwritten.
    Rewrites = 4,
}

/// The secrets of one validator, encrypted on its disk. Clones are the same.
pub struct Secrets<E: Context>(Arc<AsyncMutex<Inner<E>>>);

impl<E: Context> Clone for Secrets<E> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

struct Inner<E: Context> {
    context: E,
    cipher: XChaCha20Poly1305,
    stored: Option<Stored<E>>,
}

impl<E: Context> Secrets<E> {
    /// Opens the secrets of the validator with this key.
    ///
    /// # Errors
    /// [`Error::Damaged`] if they cannot be read.
    pub async fn open(context: E, prefix: &str, key: &ValidatorSecret) -> Result<Self, Error> {
        let config = metadata::Config {
            partition: format!("{prefix}-secrets"),
            codec_config: (RangeCfg::new(0..=VALUE_BYTES_MAX), ()),
        };
        let stored = Metadata::init(context.child("stored"), config).await.map_err(damaged)?;
        let key = Sha256::hash(&[DOMAIN, &key.encode()]);
        let cipher = XChaCha20Poly1305::new(&key.0.into());
        Ok(Self(Arc::new(AsyncMutex::new(Inner { context, cipher, stored: Some(stored) }))))
    }

    /// Whether nothing is kept: this node has taken part in no ceremony.
    pub async fn is_empty(&self) -> bool {
        self.0.lock().await.stored().keys().next().is_none()
    }

    /// Erases what is of earlier epochs, since this node never begins in one of them again. Without
    /// a share of this epoch nothing is erased: that of an earlier one may be carried on.
    pub async fn begin_no_earlier(&self, epoch: Epoch) {
        let inner = self.0.clone().lock_owned().await;
        let stored = inner.stored();
        let has_share = stored.get(&key(Kind::Share, epoch, &[])).is_some();
        if has_share && stored.keys().any(|key| epoch_of(key) < epoch.get()) {
            prune(inner, epoch).await;
        }
    }

    async fn put(&self, key: Key, secret: &[u8]) {
        let mut inner = self.0.clone().lock_owned().await;
        let value = inner.seal(&key, secret);
        let put = move |stored: &mut Stored<E>| drop(stored.put(key.clone(), value.clone()));
        change(inner, 1, put).await;
    }

    async fn get(&self, key: Key) -> Option<Vec<u8>> {
        self.0.lock().await.get(&key)
    }
}

impl<E: Context> Inner<E> {
    fn stored(&self) -> &Stored<E> {
        self.stored.as_ref().expect("it is put back after each change")
    }

    fn seal(&mut self, key: &Key, secret: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_BYTES];
        self.context.fill_bytes(&mut nonce);
        let payload = Payload { msg: secret, aad: key.as_ref() };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload);
        let mut value = nonce.to_vec();
        value.extend(sealed.expect("a secret is far shorter than the cipher's limit"));
        value
    }

    fn get(&self, key: &Key) -> Option<Vec<u8>> {
        let value = self.stored().get(key)?;
        let (nonce, sealed) = value.split_at_checked(NONCE_BYTES)?;
        let payload = Payload { msg: sealed, aad: key.as_ref() };
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().ok()?;
        let secret = self.cipher.decrypt(&XNonce::from(nonce), payload);
        if secret.is_err() {
            tracing::error!("a secret of a ceremony was kept under another key; it is not used");
        }
        secret.ok()
    }
}

/// Changes what is stored, durably, so many times. A task of its own does it: the storage is lost
/// if its writing is given up half way, and whoever waits here may give up.
async fn change<E: Context>(
    mut inner: OwnedAsyncMutexGuard<Inner<E>>,
    times: usize,
    change: impl Fn(&mut Stored<E>) + Send + 'static,
) {
    let context = inner.context.child("change");
    let changing = context.spawn(move |_| async move {
        for _ in 0..times {
            let mut stored = inner.stored.take().expect("it is put back after each change");
            change(&mut stored);
            let stored = stored.sync().await;
            inner.stored = Some(stored.unwrap_or_else(|error| panic!("{}", damaged(error))));
        }
    });
    if changing.await.is_err() {
        // The node is stopping: nobody may go on as if this were on the disk.
        std::future::pending::<()>().await;
    }
}

/// Erases what is of earlier epochs. Two rewrites, since the storage keeps the copy before the last
/// besides.
async fn prune<E: Context>(inner: OwnedAsyncMutexGuard<Inner<E>>, min: Epoch) {
    let rewrites = key(Kind::Rewrites, Epoch::new(u64::MAX), &[]);
    let erase = move |stored: &mut Stored<E>| {
        stored.retain(|key, _| epoch_of(key) >= min.get());
        let count = stored.get(&rewrites).and_then(|count| count.first()).copied();
        stored.put(rewrites.clone(), vec![count.unwrap_or_default().wrapping_add(1)]);
    };
    change(inner, 2, erase).await;
}

fn damaged(error: impl std::fmt::Display) -> Error {
    Error::Damaged(format!("secrets: {error}"))
}

/// The name of a secret on disk: its kind, epoch, and the dealer of a dealing.
fn key(kind: Kind, epoch: Epoch, dealer: &[u8]) -> Key {
    let mut key = [0; KEY_BYTES];
    key[0] = kind as u8;
    key[1..9].copy_from_slice(&epoch.get().to_be_bytes());
    let length = dealer.len().min(KEY_BYTES - 9);
    key[9..9 + length].copy_from_slice(&dealer[..length]);
    Key::new(key)
}

fn epoch_of(key: &Key) -> u64 {
    let bytes: &[u8] = key.as_ref();
    u64::from_be_bytes(bytes[1..9].try_into().expect("of this length"))
}

impl<E: Context> SecretStore for Secrets<E> {
    async fn put_share(&mut self, epoch: Epoch, share: Share) {
        self.put(key(Kind::Share, epoch, &[]), &share.encode()).await;
    }

    async fn get_share(&mut self, epoch: Epoch) -> Option<Share> {
        Share::decode(self.get(key(Kind::Share, epoch, &[])).await?).ok()
    }

    async fn put_seed(&mut self, epoch: Epoch, seed: Summary) {
        self.put(key(Kind::Seed, epoch, &[]), &seed.encode()).await;
    }

    async fn get_seed(&mut self, epoch: Epoch) -> Option<Summary> {
        Summary::decode(self.get(key(Kind::Seed, epoch, &[])).await?).ok()
    }

    async fn put_dealing<P: PublicKey>(&mut self, epoch: Epoch, dealer: P, dealing: DealerPrivMsg) {
        self.put(key(Kind::Dealing, epoch, &dealer.encode()), &dealing.encode()).await;
    }

    async fn get_dealing<P: PublicKey>(
        &mut self,
        epoch: Epoch,
        dealer: &P,
    ) -> Option<DealerPrivMsg> {
        let key = key(Kind::Dealing, epoch, &dealer.encode());
        DealerPrivMsg::decode(self.get(key).await?).ok()
    }

    async fn prune(&mut self, min: Epoch) {
        prune(self.0.clone().lock_owned().await, min).await;
    }
}
