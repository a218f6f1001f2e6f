use std::{
    collections::BTreeMap,
    net::SocketAddr,
    num::NonZeroUsize,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use commonware_actor::Feedback;
use commonware_cryptography::Signer as _;
use commonware_p2p::{
    Address, AddressableManager, AddressableTrackedPeers, PeerSetSubscription, Provider,
    TrackedPeers,
};
use commonware_runtime::{Clock as _, Runner as _, Supervisor as _, deterministic};
use commonware_utils::{channel::mpsc, ordered::Map};
use pacta_node::{
    dial,
    peers::{Hears, Peers, Track as _},
    types::{ValidatorKey, ValidatorSecret},
};

/// Keeps what it is told to connect to.
#[derive(Clone, Debug, Default)]
struct Told(Arc<Mutex<Vec<BTreeMap<ValidatorKey, Address>>>>);

impl Told {
    fn last(&self) -> Vec<String> {
        let told = self.0.lock().unwrap();
        told.last().map_or_else(Vec::new, |told| {
            told.values().map(|address| address.egress().to_string()).collect()
        })
    }

    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

impl Provider for Told {
    type PublicKey = ValidatorKey;

    async fn peer_set(&mut self, _: u64) -> Option<TrackedPeers<ValidatorKey>> {
        None
    }

    async fn subscribe(&mut self) -> PeerSetSubscription<ValidatorKey> {
        mpsc::unbounded_channel().1
    }
}

impl AddressableManager for Told {
    fn track<R>(&mut self, number: u64, peers: R) -> Feedback
    where
        R: Into<AddressableTrackedPeers<ValidatorKey>> + Send,
    {
        let mut told = self.0.lock().unwrap();
        assert_eq!(number, told.len() as u64, "numbers rise");
        told.push(peers.into().primary.into_iter().collect());
        Feedback::Ok
    }

    fn overwrite(&mut self, _: Map<ValidatorKey, Address>) -> Feedback {
        Feedback::Ok
    }
}

const PLENTY: NonZeroUsize = NonZeroUsize::new(16).unwrap();

fn keys<const COUNT: usize>() -> [ValidatorKey; COUNT] {
    let mut keys = [0; COUNT].map(|_| ValidatorSecret::from_seed(0).public_key());
    for (seed, key) in (0..).zip(&mut keys) {
        *key = ValidatorSecret::from_seed(seed).public_key();
    }
    keys.sort();
    keys
}

fn peers(peers: &[(&ValidatorKey, &[&str])]) -> Peers {
    let owned = |addresses: &[&str]| addresses.iter().map(|it| (*it).to_owned()).collect();
    peers.iter().map(|(key, addresses)| ((*key).clone(), owned(addresses))).collect()
}

fn all_heard() -> Hears {
    Arc::new(|_| true)
}

#[test]
fn a_name_that_leads_nowhere_is_looked_up_again_and_hinders_no_other() {
    deterministic::Runner::timed(Duration::from_secs(3_600)).start(|context| async move {
        let keys = keys::<3>();
        let me: SocketAddr = "127.0.0.1:1".parse().unwrap();
        let told = Told::default();
        let me = (keys[0].clone(), me);
        let mut dial = dial::start(context.child("dial"), told.clone(), me, PLENTY);
        let both: [(_, &[&str]); 2] =
            [(&keys[1], &["192.0.2.1:7000"]), (&keys[2], &["node.example:7000"])];
        dial.track(peers(&both), all_heard());
        context.sleep(Duration::from_secs(3)).await;
        assert_eq!(told.last(), ["127.0.0.1:1", "192.0.2.1:7000"]);

        let at = |addresses: &[&str]| {
            let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
            context.resolver_register("node.example", Some(addresses));
        };
        at(&["192.0.2.2", "192.0.2.3"]);
        context.sleep(Duration::from_secs(15)).await;
        let found = ["127.0.0.1:1", "192.0.2.1:7000", "192.0.2.2:7000"];
        assert_eq!(told.last(), found);
        at(&["192.0.2.3", "192.0.2.2"]);
        context.sleep(Duration::from_secs(120)).await;
        context.resolver_register("node.example", None);
        context.sleep(Duration::from_secs(120)).await;
        assert_eq!((told.last(), told.count()), (found.map(String::from).to_vec(), 2));

        at(&["192.0.2.4"]);
        context.sleep(Duration::from_secs(120)).await;
        assert_eq!(told.last()[2], "192.0.2.4:7000", "the node has moved");
        dial.track(peers(&both[..1]), all_heard());
        context.sleep(Duration::from_secs(1)).await;
        assert_eq!(told.last(), found[..2], "only who is named is connected to");
    });
}

#[test]
fn who_is_not_heard_is_tried_at_each_of_its_addresses_and_who_is_stays() {
    deterministic::Runner::timed(Duration::from_secs(3_600)).start(|context| async move {
        let keys = keys::<3>();
        let me: SocketAddr = "127.0.0.1:1".parse().unwrap();
        let told = Told::default();
        let me = (keys[0].clone(), me);
        let mut dial = dial::start(context.child("dial"), told.clone(), me, PLENTY);
        let found = ["192.0.2.2", "192.0.2.3"].map(|address| address.parse().unwrap());
        context.resolver_register("node.example", Some(found.into()));
        let heard = Arc::new(AtomicBool::new(false));
        let (hears, steady) = (heard.clone(), keys[1].clone());
        let hears: Hears = Arc::new(move |who| *who == steady || hears.load(Ordering::Relaxed));
        let steady: &[&str] = &["192.0.2.1:7000", "192.0.2.9:7000"];
        let moving: &[&str] = &["node.example:7000", "192.0.2.4:7001", "192.0.2.3:7000"];
        dial.track(peers(&[(&keys[1], steady), (&keys[2], moving)]), hears);
        context.sleep(Duration::from_secs(5)).await;
        let at = |told: &Told| told.last()[1..].to_vec();
        for place in ["192.0.2.2:7000", "192.0.2.3:7000", "192.0.2.4:7001", "192.0.2.2:7000"] {
            assert_eq!(at(&told), ["192.0.2.1:7000", place]);
            context.sleep(Duration::from_secs(10)).await;
        }
        assert_eq!(at(&told)[1], "192.0.2.3:7000");
        heard.store(true, Ordering::Relaxed);
        context.sleep(Duration::from_secs(300)).await;
        assert_eq!(at(&told)[1], "192.0.2.3:7000", "there it answers");
    });
}

#[test]
fn no_more_are_connected_than_the_engine_takes_and_the_first_of_them() {
    deterministic::Runner::timed(Duration::from_secs(60)).start(|context| async move {
        let keys = keys::<5>();
        let me: SocketAddr = "127.0.0.1:1".parse().unwrap();
        let told = Told::default();
        let max = NonZeroUsize::new(3).unwrap();
        let mut dial = dial::start(context.child("dial"), told.clone(), (keys[0].clone(), me), max);
        let all: [(_, &[&str]); 5] = [
            (&keys[4], &["192.0.2.4:7000"]),
            (&keys[0], &["192.0.2.9:7000"]),
            (&keys[2], &["192.0.2.2:7000"]),
            (&keys[1], &["192.0.2.1:7000"]),
            (&keys[3], &["192.0.2.3:7000"]),
        ];
        dial.track(peers(&all), all_heard());
        context.sleep(Duration::from_secs(1)).await;
        assert_eq!(told.last(), ["127.0.0.1:1", "192.0.2.2:7000", "192.0.2.4:7000"]);
    });
}
