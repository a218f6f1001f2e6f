//! The last block applied, also while it is not written yet.

use std::sync::{Arc, Mutex, PoisonError};

use crate::Block;

/// Shared by the one that writes and all that read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tip(Arc<Mutex<Option<Block>>>);

impl Tip {
    pub(crate) fn set(&self, block: Block) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(block);
    }

    pub(crate) fn get(&self) -> Option<Block> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
