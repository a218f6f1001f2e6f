//! Panics of simulated nodes are findings, not crashes of the simulation: they are kept, by
//! thread, instead of being printed.

use std::{
    cell::RefCell,
    panic::{self, PanicHookInfo},
    sync::Once,
};

thread_local! {
    static KEPT: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// While it lives, panics of this thread are kept. Other threads are not affected.
pub struct Keeper(());

impl Keeper {
    /// Begins to keep the panics of this thread.
    pub fn begin() -> Self {
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(|| {
            let others = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                if !keep(info) {
                    others(info);
                }
            }));
        });
        KEPT.with_borrow_mut(|kept| *kept = Some(Vec::new()));
        Self(())
    }

    /// The messages of the panics since this was last called.
    pub fn take(&self) -> Vec<String> {
        KEPT.with_borrow_mut(|kept| kept.as_mut().map(std::mem::take).unwrap_or_default())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        KEPT.with_borrow_mut(|kept| *kept = None);
    }
}

fn keep(info: &PanicHookInfo<'_>) -> bool {
    KEPT.with_borrow_mut(|kept| match kept {
        Some(messages) => {
            messages.push(info.payload_as_str().unwrap_or("no message").to_owned());
            true
        }
        None => false,
    })
}
