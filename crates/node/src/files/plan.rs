//! Which chunks of a file to ask of whom next, within a window.

use std::collections::{BTreeMap, BTreeSet};

use pacta_files::Shape;

/// Chunks that are asked for or have come too early, at most: what a file takes of memory.
pub const WINDOW: usize = 32;
/// Chunks of one request, at most.
pub const RANGE: usize = 8;
/// A holder that sends nothing of what it was asked for in this time, in milliseconds, is left.
pub const SILENCE_MS: u64 = 5_000;
/// A holder that does not send a chunk in this time, in milliseconds, is left if there is another.
pub const SLOW_MS: u64 = 30_000;

/// One holder of the file.
#[derive(Debug)]
struct Source {
    heard_ms: u64,
}

/// The course of one file, by holders `P`, with chunks as `D`.
#[derive(Debug)]
pub struct Plan<P, D> {
    shape: Shape,
    /// The highest chunk that was never asked for.
    fresh: Option<u64>,
    /// Chunks to ask for once more.
    again: BTreeSet<u64>,
    out: BTreeMap<u64, (P, u64)>,
    came: BTreeMap<u64, (P, D)>,
    sources: BTreeMap<P, Source>,
    /// All that were ever asked: who was left is not asked again.
    known: BTreeSet<P>,
}

impl<P: Ord + Clone, D> Plan<P, D> {
    /// Plans for the chunks up to `next`, the last of them first.
    pub fn new(shape: Shape, next: u64, sources: impl IntoIterator<Item = P>) -> Self {
        let mut plan = Self {
            shape,
            fresh: Some(next.min(shape.last())),
            again: BTreeSet::new(),
            out: BTreeMap::new(),
            came: BTreeMap::new(),
            sources: BTreeMap::new(),
            known: BTreeSet::new(),
        };
        sources.into_iter().for_each(|peer| plan.join(peer));
        plan
    }

    /// Asks this holder too from now on, if it is new.
    pub fn join(&mut self, peer: P) {
        if self.known.insert(peer.clone()) {
            self.sources.insert(peer, Source { heard_ms: 0 });
        }
    }

    /// The shape of the file.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Whether anybody is left to ask.
    pub fn has_sources(&self) -> bool {
        !self.sources.is_empty()
    }

    /// The next request: of whom, the last chunk, and how many down from it.
    pub fn ask(&mut self, now_ms: u64) -> Option<(P, u64, u8)> {
        let from = self.again.last().copied().or(self.fresh)?;
        let room = match self.again.is_empty() {
            true => WINDOW.saturating_sub(self.out.len() + self.came.len()),
            false => RANGE, // what is behind it waits for it
        };
        let count = self.count_down(from).min(room);
        let whole = RANGE.min(usize::try_from(from).map_or(RANGE, |from| from + 1));
        if count == 0 || (count < whole && self.again.is_empty()) {
            return None; // requests are few and whole
        }
        let each = (WINDOW / self.sources.len().max(1)).max(RANGE);
        let load = |peer: &P| self.out.values().filter(|(asked, _)| asked == peer).count();
        let least = self.sources.keys().map(|peer| (load(peer), peer)).min_by_key(|one| one.0);
        let (load, peer) = least.filter(|(load, _)| load + count <= each || self.out.is_empty())?;
        let peer = peer.clone();
        if load == 0 {
            self.heard(&peer, now_ms); // its silence begins now
        }
        for chunk in (0..count as u64).map(|down| from - down) {
            self.out.insert(chunk, (peer.clone(), now_ms));
            self.again.remove(&chunk);
            if self.fresh == Some(chunk) {
                self.fresh = chunk.checked_sub(1);
            }
        }
        Some((peer, from, count as u8))
    }

    /// How many chunks down from this one are to be asked for, up to a range.
    fn count_down(&self, from: u64) -> usize {
        let wanted = |chunk: u64| {
            self.again.contains(&chunk) || self.fresh.is_some_and(|fresh| chunk <= fresh)
        };
        (0..RANGE as u64).take_while(|down| from.checked_sub(*down).is_some_and(wanted)).count()
    }

    fn heard(&mut self, peer: &P, now_ms: u64) {
        if let Some(source) = self.sources.get_mut(peer) {
            source.heard_ms = now_ms;
        }
    }

    /// Notes a chunk that has come; whether it was asked of this holder.
    pub fn came(&mut self, peer: &P, chunk: u64, data: D, now_ms: u64) -> bool {
        if self.out.get(&chunk).is_none_or(|(asked, _)| asked != peer) {
            return false;
        }
        self.out.remove(&chunk);
        self.heard(peer, now_ms);
        self.came.insert(chunk, (peer.clone(), data));
        true
    }

    /// Takes a chunk that has come.
    pub fn take(&mut self, chunk: u64) -> Option<(P, D)> {
        self.came.remove(&chunk)
    }

    /// Asks for a chunk once more, since what came was wrong.
    pub fn again(&mut self, chunk: u64) {
        self.again.insert(chunk);
    }

    /// Asks this holder no more, and others for what it has not sent or what nobody has looked at.
    pub fn leave(&mut self, peer: &P) {
        self.sources.remove(peer);
        let Self { again, out, came, .. } = self;
        let mut lost = |chunk: &u64, asked: &P| {
            let keep = asked != peer;
            if !keep {
                again.insert(*chunk);
            }
            keep
        };
        out.retain(|chunk, (asked, _)| lost(chunk, asked));
        came.retain(|chunk, (asked, _)| lost(chunk, asked));
    }

    /// Leaves holders that are silent or slow, and says which.
    pub fn expire(&mut self, now_ms: u64) -> Vec<P> {
        let mut left = Vec::new();
        for (peer, source) in &self.sources {
            let asked = self.out.values().filter(|(asked, _)| asked == peer);
            let Some(oldest) = asked.map(|(_, at)| *at).min() else { continue };
            let silent = source.heard_ms.saturating_add(SILENCE_MS) <= now_ms;
            let slow = oldest.saturating_add(SLOW_MS) <= now_ms && self.sources.len() > 1;
            if silent || slow {
                left.push(peer.clone());
            }
        }
        left.iter().for_each(|peer| self.leave(peer));
        left
    }
}
