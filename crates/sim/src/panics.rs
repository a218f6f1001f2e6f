//! Panics of simulated nodes are findings, not crashes of the simulation: they are kept, by
//! thread, instead of being printed.

use std::{
    cell::RefCell,
    panic::{self, PanicHookInfo},
    sync::Once,
    thread,
};

thread_local! {
    static KEPT: RefCell<Option<Vec<Panic>>> = const { RefCell::new(None) };
}

/// A panic that was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panic {
    /// The validator whose task it was, if it is known.
    pub validator: Option<u32>,
    /// What it said.
    pub message: String,
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

    /// The panics since this was last called.
    pub fn take(&self) -> Vec<Panic> {
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
        Some(panics) => {
            let message = info.payload_as_str().unwrap_or("no message").to_owned();
            panics.push(Panic { validator: None, message });
            true
        }
        None => false,
    })
}

/// Lives as long as a task of a validator: if a panic ends it, the panic is that of the validator.
pub struct Suspect(pub u32);

impl Drop for Suspect {
    fn drop(&mut self) {
        if !thread::panicking() {
            return;
        }
        KEPT.with_borrow_mut(|kept| {
            let last = kept.as_mut().and_then(|panics| panics.last_mut());
            if let Some(last) = last.filter(|last| last.validator.is_none()) {
                last.validator = Some(self.0);
            }
        });
    }
}
