//! Keeps the index at the tip: each block that becomes final is applied, then told to the hub.

use std::sync::Arc;
use std::time::Duration;

use pacta_index::Index;

use crate::live::Hub;
use crate::node::{Node, Unavailable};

/// How long to wait for a block whose height is known.
const RETRY_MS: u64 = 50;

/// Why the index is no longer kept.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// The index failed.
    #[error(transparent)]
    Index(#[from] pacta_index::Error),
    /// The node cannot give a block.
    #[error("the node cannot give block {height}: {cause}")]
    Node {
        /// The height asked for.
        height: u64,
        /// What the node said.
        cause: Unavailable,
    },
    /// The task that writes was cancelled.
    #[error("the writing of the index was cancelled")]
    Cancelled,
}

/// Applies every final block that the index lacks, from genesis if it is empty, then each new one.
/// Returns when the node is gone.
///
/// # Errors
/// [`Stopped`] when the index or the node fails; the index on disk stays whole, at a height.
pub async fn follow(node: Arc<dyn Node>, mut index: Index, hub: Hub) -> Result<(), Stopped> {
    let mut finalized = node.finalized();
    // The last block applied is applied again: that shows whether it is still the node's.
    let mut next = index.height().max(1);
    loop {
        let tip = *finalized.borrow_and_update();
        while next <= tip {
            let block = node.block(next).await;
            let Some(block) = block.map_err(|cause| Stopped::Node { height: next, cause })? else {
                break; // The node knows the height before it holds the block: it comes.
            };
            let applied = tokio::task::spawn_blocking(move || {
                let applied = index.apply(&block);
                (index, block, applied)
            });
            let (returned, block, applied) = applied.await.map_err(|_| Stopped::Cancelled)?;
            applied?;
            index = returned;
            hub.publish(&block);
            next += 1;
        }
        if next <= tip {
            tokio::time::sleep(Duration::from_millis(RETRY_MS)).await;
        } else if finalized.changed().await.is_err() {
            return Ok(());
        }
    }
}
