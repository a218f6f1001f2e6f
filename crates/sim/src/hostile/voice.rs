//! What a validator says and hears, on its way between the network and the honest code.

use std::{fmt, num::NonZeroUsize, sync::Arc, time::SystemTime};

use bytes::Bytes;
use commonware_actor::{Feedback, Unreliable};
use commonware_p2p::{CheckedSender, LimitedSender, Message, Receiver, Recipients, Sender};
use commonware_runtime::IoBufs;
use pacta_node::types::ValidatorKey;

use super::Mind;
use crate::votes::Hearings;

/// What a validator says on a channel; changed if it is hostile.
#[derive(Clone)]
pub struct Voice<S> {
    sender: S,
    channel: u64,
    mind: Option<Arc<Mind>>,
}

impl<S> Voice<S> {
    /// The voice of an honest validator, or of one with such a mind.
    pub fn new(sender: S, channel: u64, mind: Option<Arc<Mind>>) -> Self {
        Self { sender, channel, mind }
    }
}

impl<S: Sender<PublicKey = ValidatorKey>> LimitedSender for Voice<S> {
    type PublicKey = ValidatorKey;
    type Checked<'a>
        = Checked<'a, S>
    where
        Self: 'a;

    fn check(&mut self, to: Recipients<ValidatorKey>) -> Result<Checked<'_, S>, SystemTime> {
        let again = self.sender.clone();
        let first = self.sender.check(to)?;
        let mind = self.mind.as_ref().map(|mind| (mind.clone(), again));
        Ok(Checked { first, channel: self.channel, mind })
    }
}

/// A voice that knows to whom it speaks.
pub struct Checked<'a, S: Sender<PublicKey = ValidatorKey> + 'a> {
    first: S::Checked<'a>,
    channel: u64,
    mind: Option<(Arc<Mind>, S)>,
}

impl<'a, S: Sender<PublicKey = ValidatorKey> + 'a> CheckedSender for Checked<'a, S> {
    type PublicKey = ValidatorKey;

    fn recipients(&self) -> Vec<ValidatorKey> {
        self.first.recipients()
    }

    fn send(self, message: impl Into<IoBufs> + Send, priority: bool) -> Unreliable<Feedback> {
        let Some((mind, mut again)) = self.mind else { return self.first.send(message, priority) };
        let all = self.first.recipients();
        let message: IoBufs = message.into();
        let message: Bytes = message.coalesce().into();
        let mut said = mind.say(self.channel, message, all.clone()).into_iter().peekable();
        let mut feedback = Unreliable::new(Feedback::Ok);
        if let Some((_, message)) = said.next_if(|(to, _)| *to == all) {
            feedback = self.first.send(message, priority);
        }
        for (to, message) in said {
            let _ = Sender::send(&mut again, Recipients::Some(to), message, priority);
        }
        feedback
    }
}

/// Who hears what a validator is told, besides the validator.
#[derive(Clone)]
pub enum Listener {
    /// The mind of a hostile one.
    Mind(Arc<Mind>),
    /// Whoever notes what this honest validator hears.
    Hearings(u32, Arc<Hearings>),
}

/// What a validator hears on a channel.
pub struct Ear<R> {
    receiver: R,
    channel: u64,
    listener: Option<Listener>,
}

impl<R> Ear<R> {
    /// An ear, perhaps with a listener.
    pub fn new(receiver: R, channel: u64, listener: Option<Listener>) -> Self {
        Self { receiver, channel, listener }
    }
}

impl<R: fmt::Debug> fmt::Debug for Ear<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Ear").field(&self.receiver).finish()
    }
}

impl<R: Receiver<PublicKey = ValidatorKey>> Receiver for Ear<R> {
    type Error = R::Error;
    type PublicKey = ValidatorKey;

    async fn recv(&mut self) -> Result<Message<ValidatorKey>, R::Error> {
        loop {
            let (from, message) = self.receiver.recv().await?;
            match &self.listener {
                Some(Listener::Mind(mind)) if !mind.hear(self.channel, message.as_ref()) => {
                    continue;
                }
                Some(Listener::Hearings(me, hearings)) => {
                    hearings.hear(*me, self.channel, &from, message.as_ref());
                }
                _ => {}
            }
            return Ok((from, message));
        }
    }

    fn capacity(&self) -> NonZeroUsize {
        self.receiver.capacity()
    }
}
