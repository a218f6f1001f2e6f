//! Wakes all who wait, in the order in which they came.
//!
//! A `watch` channel spreads its waiters by chance, so that they wake in another order each time; a
//! simulation must be the same each time.

use std::sync::Arc;

use tokio::sync::{Notify, futures::Notified};

/// A bell. Clones are the same bell.
#[derive(Clone, Default)]
pub struct Bell(Arc<Notify>);

impl Bell {
    /// Wakes all who wait.
    pub fn ring(&self) {
        self.0.notify_waiters();
    }

    /// Completes when the bell rings the next time. Whoever looks at something that the bell tells
    /// of asks for this before it looks: a ring between the two is heard.
    pub fn next(&self) -> Notified<'_> {
        self.0.notified()
    }
}
