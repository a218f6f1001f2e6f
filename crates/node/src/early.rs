//! Messages of an epoch that come before it has begun here.
//!
//! Validators begin an epoch when they have executed the block before it, some sooner than others.
//! A vote is sent once: whoever drops those that come too early may lack one for a quorum in the
//! first view, which then ends by its time limit only. So votes and certificates of the next epoch
//! wait, and come first when it begins.

use std::{collections::VecDeque, num::NonZeroUsize};

use commonware_p2p::{Message, Receiver};

use crate::types::ValidatorKey;

/// Messages of one sender that wait, at most: some views' worth.
pub const MESSAGES_MAX: usize = 32;
/// Bytes of a message that waits, at most; a certificate of the largest committee has less.
pub const BYTES_MAX: usize = 8 * 1024;

/// What waits.
#[derive(Debug, Default)]
pub struct Early(VecDeque<(u64, Message<ValidatorKey>)>);

impl Early {
    /// Lets a message of an epoch wait, if there is room.
    pub fn keep(&mut self, epoch: u64, message: Message<ValidatorKey>) {
        let of_sender = self.0.iter().filter(|(_, (from, _))| *from == message.0).count();
        if of_sender < MESSAGES_MAX && message.1.as_ref().len() <= BYTES_MAX {
            self.0.push_back((epoch, message));
        }
    }

    /// Puts what waits for an epoch before its receiver, in the order in which it came. What waits
    /// for another is forgotten.
    pub fn before<R>(&mut self, epoch: u64, inner: R) -> Belated<R> {
        let all = std::mem::take(&mut self.0).into_iter();
        let early = all.filter(|(of, _)| *of == epoch).map(|(_, message)| message).collect();
        Belated { early, inner }
    }
}

/// A receiver that gives first what came early.
#[derive(Debug)]
pub struct Belated<R> {
    early: VecDeque<Message<ValidatorKey>>,
    inner: R,
}

impl<R: Receiver<PublicKey = ValidatorKey>> Receiver for Belated<R> {
    type Error = R::Error;
    type PublicKey = ValidatorKey;

    async fn recv(&mut self) -> Result<Message<ValidatorKey>, R::Error> {
        match self.early.pop_front() {
            Some(message) => Ok(message),
            None => self.inner.recv().await,
        }
    }

    fn capacity(&self) -> NonZeroUsize {
        self.inner.capacity()
    }
}
