//! How long things may take. Blocks are made on demand; these times say what happens when there
//! is no demand, or no answer.

use std::time::Duration;

/// Time limits of a validator. All validators of a network should use the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pacing {
    /// A leader with nothing to propose proposes an empty block after this time.
    pub heartbeat: Duration,
    /// A leader that proposes nothing for this time loses its turn. While there is nothing to do,
    /// the engine's clock runs slowly ([`Self::idle_slowness`]).
    pub leader: Duration,
    /// A block that is not certified in this time loses its turn; more than `leader`.
    pub certification: Duration,
    /// A validator unheard of for this time is skipped at once; more than `certification`.
    pub skip: Duration,
    /// Pause between repeated votes to leave a view.
    pub retry: Duration,
    /// Difference between a block's instant and a voter's clock above which it withholds its vote.
    pub clock_difference: Duration,
    /// A pending act is sent to all again after this time.
    pub gossip_again: Duration,
    /// While somebody waits for the next epochs, a leader makes a block after this time.
    pub epoch_gap: Duration,
    /// An act whose predecessors are missing waits at most this time.
    pub out_of_order: Duration,
}

impl Pacing {
    /// For networks that operate. An empty block writes some 100 KB, since the engine flushes a
    /// page of each of its files; at one an hour that is about 3 MB a day.
    pub const fn operating() -> Self {
        Self {
            heartbeat: Duration::from_secs(3_600),
            leader: Duration::from_secs(3),
            certification: Duration::from_secs(5),
            skip: Duration::from_secs(8),
            retry: Duration::from_secs(2),
            clock_difference: Duration::from_secs(5),
            gossip_again: Duration::from_secs(1),
            epoch_gap: Duration::from_millis(250),
            out_of_order: Duration::from_secs(30),
        }
    }

    /// Real time for one unit of the engine's time while there is nothing to do: so much that
    /// `leader` outlasts `heartbeat` by a quarter.
    pub fn idle_slowness(&self) -> u32 {
        let least = self.heartbeat.as_millis() * 5 / 4;
        let slowness = least.div_ceil(self.leader.as_millis().max(1));
        u32::try_from(slowness).unwrap_or(u32::MAX).max(1)
    }

    /// For tests and simulations, where a crash of a leader should cost little time.
    pub const fn brisk() -> Self {
        Self {
            heartbeat: Duration::from_millis(500),
            leader: Duration::from_millis(1_000),
            certification: Duration::from_millis(2_000),
            skip: Duration::from_millis(5_000),
            retry: Duration::from_millis(500),
            clock_difference: Duration::from_secs(5),
            gossip_again: Duration::from_millis(500),
            epoch_gap: Duration::from_millis(250),
            out_of_order: Duration::from_secs(10),
        }
    }
}

impl Default for Pacing {
    fn default() -> Self {
        Self::operating()
    }
}
