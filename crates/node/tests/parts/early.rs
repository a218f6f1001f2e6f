use std::num::NonZeroUsize;

use commonware_cryptography::{Signer as _, ed25519};
use commonware_p2p::{Message, Receiver};
use commonware_runtime::IoBuf;
use commonware_utils::NZUsize;
use futures::{FutureExt as _, executor::block_on};
use pacta_node::{
    early::{BYTES_MAX, Early, MESSAGES_MAX},
    types::ValidatorKey,
};

/// A receiver to which nothing comes.
#[derive(Debug)]
struct Silent;

impl Receiver for Silent {
    type Error = std::convert::Infallible;
    type PublicKey = ValidatorKey;

    async fn recv(&mut self) -> Result<Message<ValidatorKey>, Self::Error> {
        std::future::pending().await
    }

    fn capacity(&self) -> NonZeroUsize {
        NZUsize!(1)
    }
}

fn message(seed: u64, text: &[u8]) -> Message<ValidatorKey> {
    (ed25519::PrivateKey::from_seed(seed).public_key(), IoBuf::from(text.to_vec()))
}

/// What a receiver gives at once.
fn all(mut receiver: impl Receiver<PublicKey = ValidatorKey>) -> Vec<Vec<u8>> {
    let next = || receiver.recv().now_or_never();
    let given = std::iter::from_fn(next).map(|message| message.unwrap().1.as_ref().to_vec());
    block_on(async { given.collect() })
}

#[test]
fn what_came_early_comes_first_and_in_order() {
    let mut early = Early::default();
    for (epoch, seed, text) in [(3, 1, b"a"), (3, 2, b"b"), (4, 1, b"x"), (3, 1, b"c")] {
        early.keep(epoch, message(seed, text));
    }
    assert_eq!(all(early.before(3, Silent)), [b"a", b"b", b"c"]);
    assert!(all(early.before(4, Silent)).is_empty(), "what waited for another is forgotten");
}

#[test]
fn one_who_sends_much_takes_no_room_from_others() {
    let mut early = Early::default();
    for _ in 0..2 * MESSAGES_MAX {
        early.keep(3, message(1, b"much"));
    }
    early.keep(3, message(2, &vec![0; BYTES_MAX + 1]));
    early.keep(3, message(2, b"one"));
    let given = all(early.before(3, Silent));
    assert_eq!(given.len(), MESSAGES_MAX + 1);
    assert_eq!(given.last().unwrap(), b"one");
}
