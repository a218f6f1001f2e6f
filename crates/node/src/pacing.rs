//! How long things may take. Blocks are made on demand; these times say what happens when there
//! is no demand, or no answer.

use std::time::Duration;

/// Time limits of a validator. All validators of a network should use the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pacing {
    /// A leader with nothing to propose proposes an empty block after this time.
    pub heartbeat: Duration,
    /// A leader that proposes nothing for this time loses its turn; more than `heartbeat`.
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
    /// An act whose predecessors are missing waits at most this time.
    pub out_of_order: Duration,
}

impl Pacing {
    /// For networks that operate. An empty block writes some 100 KB, which is 1.6 GB a day: the
    /// engine flushes a page of each of its files.
    pub const fn operating() -> Self {
        Self {
            heartbeat: Duration::from_secs(5),
            leader: Duration::from_millis(6_500),
            certification: Duration::from_secs(8),
            skip: Duration::from_secs(12),
            retry: Duration::from_secs(2),
            clock_difference: Duration::from_secs(5),
            gossip_again: Duration::from_secs(1),
            out_of_order: Duration::from_secs(30),
        }
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
            out_of_order: Duration::from_secs(10),
        }
    }
}

impl Default for Pacing {
    fn default() -> Self {
        Self::operating()
    }
}
