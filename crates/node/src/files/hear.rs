//! Hears messages about files, and passes on only what was asked for.

use commonware_p2p::{Receiver, Recipients, Sender};
use pacta_files::Shape;

use crate::{
    files::{Answer, Exchange, wire::Message},
    types::{Context, ValidatorKey},
};

/// Starts to hear.
pub(super) fn start<E, S, R>(context: E, exchange: Exchange, mut sender: S, mut receiver: R)
where
    E: Context,
    S: Sender<PublicKey = ValidatorKey>,
    R: Receiver<PublicKey = ValidatorKey>,
{
    context.spawn(move |_| async move {
        while let Ok((peer, message)) = receiver.recv().await {
            match Message::read(&message) {
                Some(message) => hear(&exchange, &mut sender, peer, message),
                None => tracing::warn!(?peer, "a message about files is malformed; dropped"),
            }
        }
    });
}

fn hear<S>(exchange: &Exchange, sender: &mut S, peer: ValidatorKey, message: Message)
where
    S: Sender<PublicKey = ValidatorKey>,
{
    let was_asked = |id, chunk| exchange.0.asked.lock().remove(&(peer.clone(), id, chunk));
    let answer = match message {
        Message::Who(id) => {
            if let Some(held) = exchange.store().held(&id) {
                let has = Message::Has(id, held.bytes).to_bytes();
                let _ = sender.send(Recipients::One(peer), has, false); // else it asks again
            }
            return;
        }
        Message::Ask { id, bytes, from, count } => {
            exchange.asks().push(peer, id, bytes, from, count);
            exchange.0.asked_here.ring();
            return;
        }
        Message::Wrong(id, bytes, chunk) => {
            exchange.asks().push_doubt(peer, id, bytes, chunk);
            exchange.0.asked_here.ring();
            return;
        }
        Message::Has(id, bytes) if Shape::of(bytes).is_some() => {
            let sought =
                exchange.0.sought.lock().get_mut(&id).map(|heard| heard.insert(peer.clone()));
            // One that has got a file by itself tells so.
            let is_news = || exchange.store().wants(&id).is_some();
            sought.unwrap_or_else(is_news).then(|| Answer::Has(peer.clone(), id, bytes))
        }
        Message::Chunk { id, chunk, before, data, .. } => {
            was_asked(id, chunk).then(|| Answer::Chunk(peer.clone(), id, chunk, before, data))
        }
        Message::Gone(id, _, chunk) => was_asked(id, chunk).then(|| Answer::Gone(peer.clone(), id)),
        Message::Has(..) => None,
    };
    if let Some(answer) = answer {
        let _ = exchange.0.answers.try_send(answer); // more than a window is never asked for
    }
}
