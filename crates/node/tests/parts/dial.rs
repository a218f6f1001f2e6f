use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, sync::Mutex, time::Duration};

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
    peers::Track as _,
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

#[test]
fn a_name_that_leads_nowhere_is_looked_up_again_and_hinders_no_other() {
    deterministic::Runner::timed(Duration::from_secs(3_600)).start(|context| async move {
        let mut keys: Vec<_> =
            (0..3).map(|seed| ValidatorSecret::from_seed(seed).public_key()).collect();
        keys.sort();
        let me: SocketAddr = "127.0.0.1:1".parse().unwrap();
        let told = Told::default();
        let mut dial = dial::start(context.child("dial"), told.clone(), (keys[0].clone(), me));
        let peers = [(&keys[1], "192.0.2.1:7000"), (&keys[2], "node.example:7000")];
        dial.track(peers.map(|(key, address)| (key.clone(), address.to_owned())).into());
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
        dial.track([(keys[1].clone(), "192.0.2.1:7000".to_owned())].into());
        context.sleep(Duration::from_secs(1)).await;
        assert_eq!(told.last(), found[..2], "only who is named is connected to");
    });
}
