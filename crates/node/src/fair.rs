//! Turns: whoever wants much waits behind itself, and behind nobody else.
//!
//! Items stand in lanes. The next item is of the lane that has had least so far (start-time fair
//! queueing, Goyal, Vin and Cheng 1996), so an item that comes to an empty lane waits for no more
//! than one item of each other lane, however long those are.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Lanes of items, each with what it costs.
pub struct Fair<K, T> {
    lanes: BTreeMap<K, Lane<T>>,
    /// Lanes that hold something: what each has had, and since when it waits.
    turns: BTreeSet<(u64, u64, K)>,
    /// Lanes that hold nothing, but have had more than the clock: they are not forgotten, or a lane
    /// that never holds more than one item would always be first.
    rests: BTreeSet<(u64, K)>,
    /// What the lane of the last item had had before it.
    clock: u64,
    arrivals: u64,
    items: usize,
    cost: usize,
}

struct Lane<T> {
    items: VecDeque<(usize, T)>,
    cost: usize,
    had: u64,
    since: u64,
}

impl<K, T> Default for Fair<K, T> {
    fn default() -> Self {
        Self {
            lanes: BTreeMap::new(),
            turns: BTreeSet::new(),
            rests: BTreeSet::new(),
            clock: 0,
            arrivals: 0,
            items: 0,
            cost: 0,
        }
    }
}

impl<K: Ord + Clone, T> Fair<K, T> {
    /// Number of items.
    pub fn len(&self) -> usize {
        self.items
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.items == 0
    }

    /// Number of items, and what they cost together.
    pub fn total(&self) -> (usize, usize) {
        (self.items, self.cost)
    }

    /// Items in a lane, and their cost.
    pub fn of(&self, key: &K) -> (usize, usize) {
        self.lanes.get(key).map_or((0, 0), |lane| (lane.items.len(), lane.cost))
    }

    /// Puts an item at the end of a lane.
    pub fn push(&mut self, key: K, cost: usize, item: T) {
        let (clock, arrivals) = (self.clock, self.arrivals);
        let lane = self.lanes.entry(key.clone()).or_insert_with(|| Lane {
            items: VecDeque::new(),
            cost: 0,
            had: clock,
            since: 0,
        });
        if lane.items.is_empty() {
            self.rests.remove(&(lane.had, key.clone()));
            (lane.had, lane.since) = (lane.had.max(clock), arrivals);
            self.turns.insert((lane.had, lane.since, key));
            self.arrivals += 1;
        }
        lane.items.push_back((cost, item));
        lane.cost += cost;
        self.items += 1;
        self.cost += cost;
    }

    /// Takes the next item and its lane.
    pub fn pop(&mut self) -> Option<(K, T)> {
        let (had, _, key) = self.turns.pop_first()?;
        self.clock = had;
        let lane = self.lanes.get_mut(&key)?;
        let (cost, item) = lane.items.pop_front()?;
        lane.had += cost.max(1) as u64;
        lane.cost -= cost;
        if lane.items.is_empty() {
            self.rests.insert((lane.had, key.clone()));
        } else {
            lane.since = self.arrivals;
            self.arrivals += 1;
            self.turns.insert((lane.had, lane.since, key.clone()));
        }
        self.items -= 1;
        self.cost -= cost;
        self.forget();
        Some((key, item))
    }

    /// Forgets lanes that hold nothing and have had no more than any that comes anew.
    fn forget(&mut self) {
        if self.turns.is_empty() {
            self.lanes.clear();
            self.rests.clear();
            return;
        }
        while self.rests.first().is_some_and(|(had, _)| *had <= self.clock) {
            if let Some((_, key)) = self.rests.pop_first() {
                self.lanes.remove(&key);
            }
        }
    }
}
