//! Fetches wanted files from those who hold them.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use commonware_macros::select;
use commonware_p2p::{Recipients, Sender};
use commonware_runtime::IoBuf;
use commonware_utils::channel::mpsc;
use pacta_files::{Arrival, Digest, Error, Shape, State, Wanted};

use crate::{
    application::now_ms,
    files::{Answer, Exchange, plan::Plan, serve::send, wire::Message},
    types::{Context, ValidatorKey},
};

/// How long answers to the question who holds a file are waited for, and how long if each file has
/// a holder: others join while it comes.
const SEEK: Duration = Duration::from_millis(300);
const SEEK_MORE: Duration = Duration::from_millis(30);
/// Files that are sought at a time.
const SOUGHT_MAX: usize = 64;
/// How long to wait when nobody holds what is wanted: at first, and at most.
const RETRY_MIN: Duration = Duration::from_millis(500);
const RETRY_MAX: Duration = Duration::from_secs(60);
/// How often silent holders are looked for.
const TICK: Duration = Duration::from_millis(250);
/// How long one file keeps others waiting, in milliseconds.
const SLICE_MS: u64 = 30_000;

/// Holders of a file by the length that they tell.
type Holders = BTreeMap<u64, Vec<ValidatorKey>>;

struct Fetch<E, S> {
    context: E,
    exchange: Exchange,
    sender: S,
    answers: mpsc::Receiver<Answer>,
    /// Where to begin among the wanted files, so that each gets its turn.
    turn: usize,
    /// Whether all answers are waited for: who answered first was of no use the last time.
    patient: bool,
}

/// Starts to fetch, on a thread of its own, since it waits for the disk.
pub(super) fn start<E, S>(
    context: E,
    exchange: Exchange,
    sender: S,
    answers: mpsc::Receiver<Answer>,
) where
    E: Context,
    S: Sender<PublicKey = ValidatorKey>,
{
    context.dedicated().spawn(move |context| async move {
        Fetch { context, exchange, sender, answers, turn: 0, patient: false }.run().await;
    });
}

impl<E, S> Fetch<E, S>
where
    E: Context,
    S: Sender<PublicKey = ValidatorKey>,
{
    async fn run(mut self) {
        let mut changes = self.exchange.store().changes();
        let mut retry = RETRY_MIN;
        loop {
            changes.borrow_and_update();
            self.tell();
            let mut wanted = self.exchange.store().wanted();
            let count = wanted.len();
            if count > SOUGHT_MAX {
                wanted.rotate_left(self.turn % count);
                wanted.truncate(SOUGHT_MAX);
                self.turn = self.turn.wrapping_add(SOUGHT_MAX);
            }
            let moved = !wanted.is_empty() && self.round(&wanted).await;
            self.patient = !moved && !wanted.is_empty();
            retry = if moved { RETRY_MIN } else { (retry * 2).min(RETRY_MAX) };
            let pause = if wanted.is_empty() { Duration::MAX } else { retry };
            if moved {
                continue;
            }
            select! {
                changed = changes.changed() => match changed {
                    Ok(()) => retry = RETRY_MIN,
                    Err(_) => return,
                },
                heard = self.answers.recv() => match heard {
                    Some(_) => {
                        retry = RETRY_MIN;
                        self.context.sleep(RETRY_MIN).await; // whoever tells much gains nothing
                    }
                    None => return,
                },
                _ = self.context.sleep(pause.min(Duration::from_secs(3600))) => {},
            }
        }
    }

    /// Tells others of files that came here and that they want too.
    fn tell(&mut self) {
        for held in self.exchange.store().take_news().iter().filter(|held| held.named) {
            let has = Message::Has(held.id, held.bytes).to_bytes();
            let _ = self.sender.send(Recipients::All, has, false); // else they ask
        }
    }

    /// Fetches what somebody holds, and first what acts name; whether anything came.
    async fn round(&mut self, wanted: &[Wanted]) -> bool {
        let found = self.seek(wanted).await;
        let nobody = wanted.iter().map(|wanted| &wanted.id).filter(|id| !found.contains_key(id));
        self.exchange.store().nobody_holds(nobody);
        let alone = found.len() < 2;
        let mut moved = false;
        let changes = self.exchange.store().changes();
        let named = |id: &Digest| wanted.iter().any(|wanted| wanted.id == *id && wanted.named);
        let mut found: Vec<_> = found.into_iter().collect();
        found.sort_by_key(|(id, _)| !named(id));
        for (id, holders) in found {
            if !named(&id) && changes.has_changed().unwrap_or(true) {
                break; // an act may name a file since, and that goes first
            }
            // The length that most tell goes first; that of a liar goes with the liar.
            let mut lengths: Vec<_> = holders.into_iter().collect();
            lengths.sort_by_key(|(_, holders)| std::cmp::Reverse(holders.len()));
            for (bytes, holders) in lengths {
                let Some(shape) = Shape::of(bytes) else { continue };
                moved |= self.fetch(id, shape, holders, alone).await;
                if self.exchange.store().held(&id).is_some() {
                    break;
                }
            }
        }
        moved
    }

    /// Asks all who holds these files, and hears the answers.
    async fn seek(&mut self, wanted: &[Wanted]) -> BTreeMap<Digest, Holders> {
        while self.answers.try_recv().is_ok() {} // late ones
        let mut found = BTreeMap::<Digest, Holders>::new();
        let sought = wanted.iter().map(|wanted| (wanted.id, Default::default()));
        *self.exchange.0.sought.lock() = sought.collect();
        for wanted in wanted {
            let who = Message::Who(wanted.id).to_bytes();
            let _ = self.sender.send(Recipients::All, who, false); // else the next time
        }
        let mut until = self.context.current() + SEEK;
        loop {
            select! {
                answer = self.answers.recv() => match answer {
                    Some(Answer::Has(peer, id, bytes)) => {
                        if !self.exchange.is_barred(&peer, self.context.current()) {
                            let holders = found.entry(id).or_default();
                            holders.entry(bytes).or_default().push(peer);
                        }
                        let all = wanted.iter().all(|wanted| found.contains_key(&wanted.id));
                        if all && !self.patient {
                            until = until.min(self.context.current() + SEEK_MORE);
                        }
                    }
                    Some(_) => {}
                    None => break,
                },
                _ = self.context.sleep_until(until) => break,
            }
        }
        self.exchange.0.sought.lock().clear();
        found
    }

    /// Fetches one file, or some of it; whether anything came.
    async fn fetch(
        &mut self,
        id: Digest,
        shape: Shape,
        holders: Vec<ValidatorKey>,
        alone: bool,
    ) -> bool {
        let mut arrival = match self.exchange.store().arrive(id, shape) {
            Ok(arrival) => arrival,
            Err(error @ Error::OtherLength { .. }) => {
                tracing::error!(%id, %error, ?holders,
                    "validators told a wrong length; they are asked for no file for a while");
                holders.iter().for_each(|peer| self.exchange.bar(peer, self.context.current()));
                return false;
            }
            Err(error) => {
                tracing::warn!(%id, %error, "a wanted file cannot be taken");
                return false;
            }
        };
        let before = arrival.had_bytes();
        tracing::info!(%id, bytes = shape.bytes(), had = before, holders = holders.len(),
            "fetching a file");
        let come = self.transfer(id, &mut arrival, holders, alone).await;
        self.exchange.0.asked.lock().retain(|(_, asked, _)| *asked != id);
        let moved = arrival.had_bytes() > before;
        match come {
            Ok(true) => match arrival.finish() {
                Ok(_) => tracing::info!(%id, bytes = shape.bytes(), "a file is held"),
                Err(error) => {
                    tracing::warn!(%id, %error, "a file that came cannot be kept");
                    return false;
                }
            },
            Ok(false) => tracing::info!(%id, had = arrival.had_bytes(), "a file has to wait"),
            Err(error) => {
                tracing::warn!(%id, %error, "a file cannot be kept; trying again later");
                return false;
            }
        }
        moved
    }

    /// Asks and takes chunks until all have come, or nobody is left to ask. Whether all have come.
    async fn transfer(
        &mut self,
        id: Digest,
        arrival: &mut Arrival,
        holders: Vec<ValidatorKey>,
        alone: bool,
    ) -> Result<bool, Error> {
        let Some(next) = arrival.next() else { return Ok(true) };
        let shape = arrival.shape();
        let mut plan = Plan::<ValidatorKey, (State, IoBuf)>::new(shape, next, holders);
        let mut slice_ms = now_ms(&self.context);
        let mut tick = self.context.current();
        while let Some(next) = arrival.next() {
            if let Some((peer, (before, data))) = plan.take(next) {
                match arrival.accept(next, before, data.as_ref()) {
                    Err(Error::WrongChunk) => {
                        tracing::error!(%id, chunk = next, ?peer,
                            "a validator sent a wrong chunk; it is asked for no file for a while");
                        self.exchange.bar(&peer, self.context.current());
                        plan.leave(&peer);
                        let wrong = Message::Wrong(id, shape.bytes(), next).to_bytes();
                        let _ = self.sender.send(Recipients::One(peer), wrong, false);
                        plan.again(next);
                    }
                    accepted => accepted?,
                }
                continue;
            }
            let now = now_ms(&self.context);
            while let Some((peer, from, count)) = plan.ask(now) {
                self.ask(id, shape.bytes(), peer, from, count).await;
            }
            let late = now.saturating_sub(slice_ms) > SLICE_MS;
            if !plan.has_sources() || (late && (!alone || self.another_is_named(&id))) {
                return Ok(false);
            }
            if late {
                slice_ms = now;
            }
            tick = self.hear(id, &mut plan, tick).await;
        }
        Ok(true)
    }

    /// Whether another file is wanted that an act names: it waits for no slow holder of this one.
    fn another_is_named(&self, id: &Digest) -> bool {
        self.exchange.store().wanted().iter().any(|wanted| wanted.named && wanted.id != *id)
    }

    async fn ask(&mut self, id: Digest, bytes: u64, peer: ValidatorKey, from: u64, count: u8) {
        let chunks =
            (0..u64::from(count)).map(|down| (peer.clone(), id, from.saturating_sub(down)));
        self.exchange.0.asked.lock().extend(chunks);
        let message = Message::Ask { id, bytes, from, count }.to_bytes();
        send(&self.context, &mut self.sender, peer, message).await;
    }

    /// Hears one answer, and looks for silent holders now and then; when to do so next.
    async fn hear(
        &mut self,
        id: Digest,
        plan: &mut Plan<ValidatorKey, (State, IoBuf)>,
        tick: SystemTime,
    ) -> SystemTime {
        select! {
            answer = self.answers.recv() => match answer {
                Some(Answer::Chunk(peer, of, chunk, before, data)) if of == id => {
                    plan.came(&peer, chunk, (before, data), now_ms(&self.context));
                }
                Some(Answer::Gone(peer, of)) if of == id => plan.leave(&peer),
                Some(Answer::Has(peer, of, bytes))
                    if (of, bytes) == (id, plan.shape().bytes())
                        && !self.exchange.is_barred(&peer, self.context.current()) =>
                {
                    plan.join(peer);
                }
                _ => {}
            },
            _ = self.context.sleep_until(tick) => {
                for peer in plan.expire(now_ms(&self.context)) {
                    tracing::info!(%id, ?peer, "a holder is silent or slow; others are asked");
                }
                return self.context.current() + TICK;
            },
        }
        tick
    }
}
