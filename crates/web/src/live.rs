//! The live feed: what became final, in the order of the journal, as server-sent events.
//!
//! A stream is a position in the journal. It reads from the index what follows its position, sends
//! it, and waits for the next block; so nothing is lost or doubled, a slow reader holds one page of
//! entries and no more, and `Last-Event-ID` resumes exactly.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use futures::Stream;
use pacta_chain::FinalBlock;
use pacta_index::{Entry, Position, Reader};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};

use crate::problem::Problem;

/// Streams served at once; a further one is told to come back later.
pub const STREAMS_MAX: usize = 192;
/// Entries read from the index at once for one stream.
pub const STREAM_ENTRIES_MAX: u32 = 200;
/// A comment is sent when nothing else was for this long, so that both ends know of each other.
pub const HEARTBEAT_MS: u64 = 15_000;
/// No block has this height: the feed is closed.
const CLOSED: u64 = u64::MAX;

/// Tells streams and waits that the index has a new block. Cheap to clone.
#[derive(Clone)]
pub struct Hub {
    applied: Arc<watch::Sender<u64>>,
    streams: Arc<Semaphore>,
    waits: Waits,
}

type Waits = Arc<Mutex<BTreeMap<String, Vec<oneshot::Sender<()>>>>>;

/// Waits for the outcome of one act, and is forgotten by the hub when it is dropped.
pub struct Wait {
    act: String,
    heard: oneshot::Receiver<()>,
    waits: Waits,
}

impl Wait {
    /// Completes when the index holds the outcome; `false` if it will not be heard of.
    pub async fn heard(&mut self) -> bool {
        (&mut self.heard).await.is_ok()
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.heard.close();
        let mut waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(senders) = waits.get_mut(&self.act) {
            senders.retain(|sender| !sender.is_closed());
            if senders.is_empty() {
                waits.remove(&self.act);
            }
        }
    }
}

impl Default for Hub {
    fn default() -> Self {
        Self::new(STREAMS_MAX)
    }
}

impl Hub {
    /// A hub that serves at most `streams_max` streams at once.
    pub fn new(streams_max: usize) -> Self {
        Self {
            applied: Arc::new(watch::channel(0).0),
            streams: Arc::new(Semaphore::new(streams_max)),
            waits: Arc::default(),
        }
    }

    /// Tells everyone that the index now holds a block.
    pub fn publish(&self, block: &FinalBlock) {
        let mut waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        if !waits.is_empty() {
            for act in block.outcomes.iter().filter_map(|outcome| outcome.act) {
                for sender in waits.remove(&act.to_string()).unwrap_or_default() {
                    let _ = sender.send(()); // Whoever waited may have gone.
                }
            }
        }
        drop(waits);
        self.applied.send_replace(block.header.height);
    }

    /// Ends all streams, so that a server which stops need not wait for their readers.
    pub fn close(&self) {
        self.applied.send_replace(CLOSED);
    }

    /// Waits until the index holds the outcome of an act. Ask before looking into the index, so
    /// that no block passes between the two.
    pub fn outcome_of(&self, act: &str) -> Wait {
        let (sender, heard) = oneshot::channel();
        let mut waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        waits.entry(act.to_string()).or_default().push(sender);
        drop(waits);
        Wait { act: act.to_string(), heard, waits: self.waits.clone() }
    }

    /// The feed of everything after `after`, or of everything since genesis.
    ///
    /// # Errors
    /// A [`Problem`] when too many streams are open.
    pub fn stream(
        &self,
        reader: Reader,
        after: Option<Position>,
    ) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>> + use<>>, Problem> {
        let Ok(permit) = self.streams.clone().try_acquire_owned() else {
            let detail = "this node serves as many live feeds as it can; try again in a minute";
            return Err(Problem::unavailable(detail));
        };
        let watch = self.applied.subscribe();
        let height = *watch.borrow();
        let feed = Feed { reader, watch, after, height, ready: VecDeque::new(), _permit: permit };
        let events = futures::stream::unfold(feed, async |mut feed| {
            let event = feed.next().await?;
            Some((Ok(event), feed))
        });
        let heartbeat = KeepAlive::new().interval(Duration::from_millis(HEARTBEAT_MS));
        Ok(Sse::new(events).keep_alive(heartbeat))
    }
}

/// One reader's place in the journal.
struct Feed {
    reader: Reader,
    watch: watch::Receiver<u64>,
    after: Option<Position>,
    /// The last height told of.
    height: u64,
    ready: VecDeque<Entry>,
    _permit: OwnedSemaphorePermit,
}

impl Feed {
    /// The next entry, or a block without one; waits for it. The stream ends when the hub is gone
    /// or the index fails, and the reader's browser connects again.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(entry) = self.ready.pop_front() {
                self.after = Some(entry.position);
                return Some(told(&entry));
            }
            let height = *self.watch.borrow_and_update();
            if height == CLOSED {
                return None;
            }
            let (reader, after) = (self.reader.clone(), self.after);
            let read = move || reader.entries_after(after, STREAM_ENTRIES_MAX);
            match tokio::task::spawn_blocking(read).await {
                Ok(Ok(entries)) => self.ready.extend(entries),
                Ok(Err(error)) => {
                    tracing::error!(%error, "a live feed ends: the index failed");
                    return None;
                }
                Err(_) => return None,
            }
            if self.ready.is_empty() {
                if height > self.height {
                    self.height = height;
                    let data = format!("{{\"height\":{height}}}");
                    return Some(Event::default().event("block").data(data));
                }
                self.watch.changed().await.ok()?;
            }
        }
    }
}

fn told(entry: &Entry) -> Event {
    let data = serde_json::to_string(entry).unwrap_or_default();
    Event::default().event("entry").id(entry.position.to_string()).data(data)
}
