//! What falls due by the passing of time, in the order of its instants.
//!
//! A binary heap whose nodes are records, so that each change reads and writes a number of records
//! that grows with the logarithm of the queue, and nothing walks it.

use alloc::format;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::date::{Date, Instant};
use crate::ids::{ActId, TreatyId};
use crate::ledger::{Ledger, Missing, Path, Stop};
use crate::limits::{DUE_ITEMS_MAX, DUE_ITEMS_PER_BLOCK_MAX};
use crate::outcome::Outcome;
use crate::refusal::Refusal;
use crate::treaty;

/// Path of the number of items in the queue.
pub const SIZE_PATH: &str = "due/size";

/// Something that happens without an act: on a day of its own, which awaits it in the queue, or at
/// a height ([`crate::network::turn`]).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "due", rename_all = "snake_case", deny_unknown_fields)]
pub enum DueItem {
    /// A treaty enters into force, unless its date has changed since.
    EntryIntoForce {
        /// The day.
        on: Date,
        /// The treaty.
        treaty: TreatyId,
    },
    /// The committee of an epoch is frozen.
    CommitteeFreeze {
        /// The epoch.
        epoch: u64,
    },
    /// An epoch ends, and its ceremony with it.
    EpochEnd {
        /// The epoch.
        epoch: u64,
    },
}

/// What fell due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// One outcome for each item.
    pub outcomes: Vec<Outcome>,
    /// Whether more is due than one block takes. Such a block executes no acts, so that no act
    /// meets a ledger on which something is overdue.
    pub more: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Node {
    at: Instant,
    item: DueItem,
    v: u8,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Size {
    count: u64,
    v: u8,
}

fn node_path(place: u64) -> Path {
    format!("due/heap/{place}")
}

/// Enters something that falls due at an instant.
///
/// # Errors
/// [`Refusal::DueQueueFull`] above [`DUE_ITEMS_MAX`] items, or `Missing`.
pub(crate) fn schedule(ledger: &mut Ledger, at: Instant, item: DueItem) -> Result<(), Stop> {
    let count = size(ledger)?;
    if count >= DUE_ITEMS_MAX {
        return Err(Refusal::DueQueueFull.into());
    }
    let new = Node { at, item, v: 1 };
    let mut place = count;
    while place > 0 {
        let above = (place - 1) / 2;
        let parent = node(ledger, above)?;
        if parent <= new {
            break;
        }
        ledger.put(node_path(place), &parent);
        place = above;
    }
    ledger.put(node_path(place), &new);
    ledger.put(SIZE_PATH.into(), &Size { count: count + 1, v: 1 });
    Ok(())
}

/// Executes what is due by the block's instant, earliest first, at most
/// [`DUE_ITEMS_PER_BLOCK_MAX`] items.
///
/// # Errors
/// [`Missing`] when a record must be loaded first; call again, and nothing is done twice.
pub fn fall_due(ledger: &mut Ledger) -> Result<Due, Missing> {
    loop {
        ledger.begin(ActId([0; 32]));
        let due = next(ledger)?.filter(|first| first.at <= ledger.now());
        let done = ledger.fallen_due.len() >= DUE_ITEMS_PER_BLOCK_MAX;
        let Some(Node { item, .. }) = due.filter(|_| !done) else {
            let more = done && next(ledger)?.is_some_and(|first| first.at <= ledger.now());
            return Ok(Due { outcomes: core::mem::take(&mut ledger.fallen_due), more });
        };
        let result = match treaty::fall_due(ledger, &item) {
            Ok(()) => Ok(()),
            Err(Stop::Missing(missing)) => return Err(missing),
            Err(Stop::Refused(refusal)) => {
                ledger.discard();
                Err(refusal)
            }
        };
        remove_first(ledger)?;
        let events = ledger.keep();
        let outcome = Outcome::due(ledger, item, result.map(|()| events));
        ledger.fallen_due.push(outcome);
    }
}

/// When something falls due next, if anything does.
///
/// # Errors
/// [`Missing`] when a record must be loaded first.
pub fn next_due(ledger: &mut Ledger) -> Result<Option<Instant>, Missing> {
    Ok(next(ledger)?.map(|first| first.at))
}

fn size(ledger: &Ledger) -> Result<u64, Missing> {
    Ok(ledger.record::<Size>(SIZE_PATH)?.map_or(0, |size| size.count))
}

fn next(ledger: &Ledger) -> Result<Option<Node>, Missing> {
    if size(ledger)? == 0 { Ok(None) } else { node(ledger, 0).map(Some) }
}

fn node(ledger: &Ledger, place: u64) -> Result<Node, Missing> {
    let found = ledger.record(&node_path(place))?;
    Ok(found.expect("the queue has a record for each place below its size"))
}

fn remove_first(ledger: &mut Ledger) -> Result<(), Missing> {
    let count = size(ledger)?.saturating_sub(1);
    let moved = node(ledger, count)?;
    ledger.remove(node_path(count));
    ledger.put(SIZE_PATH.into(), &Size { count, v: 1 });
    let mut place = 0;
    while place < count {
        let mut least: Option<(u64, Node)> = None;
        for below in [2 * place + 1, 2 * place + 2] {
            if below < count {
                let child = node(ledger, below)?;
                if child < moved && least.as_ref().is_none_or(|(_, other)| child < *other) {
                    least = Some((below, child));
                }
            }
        }
        let Some((below, child)) = least else { break };
        ledger.put(node_path(place), &child);
        place = below;
    }
    if count > 0 {
        ledger.put(node_path(place), &moved);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;

    use super::*;
    use crate::ids::NetworkId;

    fn treaty(number: u64) -> DueItem {
        let treaty = format!("t-{number}").parse().expect("a slug");
        DueItem::EntryIntoForce { on: Date::MIN, treaty }
    }

    #[test]
    fn items_leave_the_queue_in_the_order_of_their_instants() {
        let mut ledger = Ledger::in_memory(NetworkId([0; 32]), 1, Instant::MIN, BTreeMap::new());
        let mut seed = 7_u64;
        let mut instants = Vec::new();
        for number in 0..200 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let at = Instant::from_ms(seed >> 40).expect("in range");
            instants.push(at);
            schedule(&mut ledger, at, treaty(number)).expect("there is room");
        }
        instants.sort_unstable();
        for at in instants {
            assert_eq!(next_due(&mut ledger), Ok(Some(at)));
            remove_first(&mut ledger).expect("nothing is missing");
        }
        assert_eq!(next_due(&mut ledger), Ok(None));
    }
}
