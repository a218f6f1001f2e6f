//! Turns at work that few may do at a time. Each client has one piece of work begun, and those that
//! are begun take turns, so that much work of one does not keep others from theirs.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use pacta_files::client_of;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Who has begun what. Clones are the same.
#[derive(Clone)]
pub struct Turns {
    turns: Arc<Semaphore>,
    clients: Arc<Mutex<BTreeMap<Option<IpAddr>, Weak<Semaphore>>>>,
}

/// While it lives, the client begins nothing else.
pub struct Begun {
    turns: Arc<Semaphore>,
    _of_client: OwnedSemaphorePermit,
}

/// While it lives, others wait for their turn.
pub struct Turn(OwnedSemaphorePermit);

impl Turns {
    /// So many have their turn at a time.
    pub fn new(at_once: usize) -> Self {
        Self { turns: Arc::new(Semaphore::new(at_once)), clients: Arc::default() }
    }

    /// Waits until nothing else of the client is begun; none once there are no turns any more,
    /// which nothing brings about.
    pub async fn begin(&self, client: Option<IpAddr>) -> Option<Begun> {
        let of_client = self.of_client(client.map(client_of)).acquire_owned().await.ok()?;
        Some(Begun { turns: self.turns.clone(), _of_client: of_client })
    }

    fn of_client(&self, client: Option<IpAddr>) -> Arc<Semaphore> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.retain(|_, begun| begun.strong_count() > 0);
        if let Some(known) = clients.get(&client).and_then(Weak::upgrade) {
            return known;
        }
        let new = Arc::new(Semaphore::new(1));
        clients.insert(client, Arc::downgrade(&new));
        new
    }
}

impl Begun {
    /// Waits for a turn, in the order in which it is asked for. None as for [`Turns::begin`].
    pub async fn turn(&self) -> Option<Turn> {
        self.turns.clone().acquire_owned().await.ok().map(Turn)
    }
}

impl Turn {
    /// Ends it.
    pub fn end(self) {
        drop(self.0);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    fn client(address: &str) -> Option<IpAddr> {
        Some(address.parse().expect("an address"))
    }

    #[test]
    fn a_client_has_one_piece_of_work_begun_and_does_not_hold_up_others() {
        let turns = Turns::new(1);
        let begin = |address| turns.begin(client(address)).now_or_never().flatten();
        let one = begin("192.0.2.1").expect("nothing is begun");
        let six = begin("2001:db8:0:1::1").expect("nothing of it is begun");
        let other = begin("192.0.2.2").expect("nothing of it is begun");
        assert!(begin("192.0.2.1").is_none() && begin("::ffff:192.0.2.1").is_none());
        assert!(begin("2001:db8:0:1:ffff::2").is_none(), "one line has all of these addresses");
        assert!(begin("2001:db8:0:2::1").is_some());
        let turn = one.turn().now_or_never().flatten().expect("nobody has a turn");
        assert!(other.turn().now_or_never().is_none());
        turn.end();
        assert!(other.turn().now_or_never().flatten().is_some());
        drop((one, six, other));
        assert!(begin("192.0.2.1").is_some());
        let known = turns.of_client(None);
        assert_eq!(turns.clients.lock().expect("no panic").len(), 1, "others are forgotten");
        drop(known);
    }
}
