//! Acts handed in through this node that are, as far as it knows, in no block yet.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// Acts remembered at most; the oldest is forgotten first.
pub const SUBMITTED_MAX: usize = 16_384;

/// Remembers when the acts submitted last expire. Final acts are found in the index first, so
/// nothing needs to be removed. Cheap to clone.
#[derive(Clone, Default)]
pub struct Submitted(Arc<Mutex<Remembered>>);

#[derive(Default)]
struct Remembered {
    order: VecDeque<String>,
    expiries: HashMap<String, u64>,
}

impl Submitted {
    /// Remembers an act, by its id, and when it expires in milliseconds UTC. Returns whether it was
    /// remembered before.
    pub fn remember(&self, act: &str, expires: u64) -> bool {
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.expiries.insert(act.to_string(), expires).is_some() {
            return true;
        }
        remembered.order.push_back(act.to_string());
        if remembered.order.len() > SUBMITTED_MAX
            && let Some(oldest) = remembered.order.pop_front()
        {
            remembered.expiries.remove(&oldest);
        }
        false
    }

    /// When a remembered act expires, in milliseconds UTC.
    pub fn expiry(&self, act: &str) -> Option<u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).expiries.get(act).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_act_is_forgotten_first() {
        let submitted = Submitted::default();
        for act in 0..=SUBMITTED_MAX {
            assert!(!submitted.remember(&act.to_string(), 7));
            assert!(submitted.remember(&act.to_string(), 8));
        }
        assert_eq!(submitted.expiry("0"), None);
        assert_eq!(submitted.expiry("1"), Some(8));
        assert_eq!(submitted.expiry(&SUBMITTED_MAX.to_string()), Some(8));
    }
}
