//! Plays a script: bytes decide which acts are done, by whom and when. After each act and each
//! block the ledger is held against its invariants.

mod acts;
mod changes;
mod clauses;
mod draw;
mod network;
mod records;
mod recount;
mod seats;
mod world;

use std::collections::BTreeMap;

use draw::Draw;
pub use world::World;

/// What a script brought about, with one example of each: acts by kind, and events by name.
#[derive(Debug, Default)]
#[allow(dead_code)] // a fuzz target does not ask
pub struct Reached {
    /// Signed acts that were executed.
    pub executed: BTreeMap<&'static str, Vec<u8>>,
    /// Signed acts that were refused.
    pub refused: BTreeMap<&'static str, Vec<u8>>,
    /// Outcomes with the event.
    pub events: BTreeMap<String, Vec<u8>>,
}

impl Reached {
    /// Adds what another script brought about.
    #[allow(dead_code)] // a fuzz target does not ask
    pub fn add(&mut self, other: Self) {
        self.executed.extend(other.executed);
        self.refused.extend(other.refused);
        self.events.extend(other.events);
    }
}

/// Plays a script; returns the world after it.
///
/// # Panics
/// When the ledger breaks an invariant.
pub fn play(script: &[u8]) -> World {
    let mut draw = Draw::new(script);
    let mut world = World::new();
    while let Some(step) = draw.byte() {
        match step % 32 {
            0 => world.next_block(draw.below(2_000) as u64 + 1),
            1 | 2 => world.next_block(acts::days(&mut draw) * 86_400_000),
            3 => acts::conclude(&mut world, &mut draw),
            4 | 5 => acts::spoiled(&mut world, &mut draw),
            6 => network::epoch(&mut world, &mut draw),
            7 => network::agree(&mut world, &mut draw),
            _ => acts::one(&mut world, &mut draw),
        }
    }
    world.next_block(1);
    world
}
