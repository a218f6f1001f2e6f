//! Connects to validators at their addresses, which may have host names.
//!
//! Names are looked up beside everything else, for a lookup may take long. One that leads nowhere
//! is tried again soon, and all are now and then, since a node may move to another machine.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use commonware_macros::select;
use commonware_p2p::{Address, AddressableManager};
use commonware_runtime::Resolver;
use commonware_utils::{channel::mpsc, ordered::Map};
use futures::future::join_all;

use crate::{
    peers::Track,
    types::{Context, ValidatorKey},
};

/// A lookup may take this time.
const LOOKUP_MAX: Duration = Duration::from_secs(5);
/// All names are looked up again after this time while one leads nowhere.
const RETRY: Duration = Duration::from_secs(10);
/// And after this time otherwise.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Connects to validators.
pub struct Dial(mpsc::UnboundedSender<BTreeMap<ValidatorKey, String>>);

impl Track for Dial {
    fn track(&mut self, peers: BTreeMap<ValidatorKey, String>) {
        let _ = self.0.send(peers); // nobody connects any more when the node stops
    }
}

/// Starts to connect. `me` is this node's key, and where it listens.
pub fn start<E, M>(context: E, manager: M, me: (ValidatorKey, SocketAddr)) -> Dial
where
    E: Context + Resolver,
    M: AddressableManager<PublicKey = ValidatorKey>,
{
    let (sender, receiver) = mpsc::unbounded_channel();
    context.spawn(move |context| connect(context, manager, me, receiver));
    Dial(sender)
}

async fn connect<E, M>(
    context: E,
    mut manager: M,
    (me, listen): (ValidatorKey, SocketAddr),
    mut receiver: mpsc::UnboundedReceiver<BTreeMap<ValidatorKey, String>>,
) where
    E: Context + Resolver,
    M: AddressableManager<PublicKey = ValidatorKey>,
{
    let mut names = Names::default();
    let (mut told, mut number) = (BTreeMap::new(), 0);
    let mut tell = |names: &Names, peers: &BTreeMap<ValidatorKey, String>| {
        let mut addresses = names.addresses(peers);
        addresses.insert(me.clone(), Address::from(listen));
        if told != addresses {
            told.clone_from(&addresses);
            let _ = manager.track(number, Map::from_iter_dedup(addresses));
            number += 1;
        }
    };
    let Some(mut peers) = receiver.recv().await else { return };
    loop {
        tell(&names, &peers); // who has no name does not wait for those that have
        let pause = match names.look_up(&context, &peers).await {
            true => LOOK_AGAIN,
            false => RETRY,
        };
        tell(&names, &peers);
        select! {
            changed = receiver.recv() => match changed {
                Some(changed) => peers = changed,
                None => return,
            },
            _ = context.sleep(pause) => {},
        }
    }
}

/// Where host names lead.
#[derive(Default)]
struct Names {
    found: BTreeMap<String, IpAddr>,
    /// Those of which the log tells already that they lead nowhere.
    told: BTreeSet<String>,
}

impl Names {
    /// Looks up all names; whether all lead somewhere. One that is found no more stays where it
    /// was, and one of several addresses as long as it is among them, so that no connection is cut
    /// without need.
    async fn look_up<E: Context + Resolver>(
        &mut self,
        context: &E,
        peers: &BTreeMap<ValidatorKey, String>,
    ) -> bool {
        let hosts: BTreeSet<&str> =
            peers.values().filter_map(|address| named(address)).map(|(host, _)| host).collect();
        self.found.retain(|host, _| hosts.contains(host.as_str()));
        let answers = hosts.iter().map(|host| async {
            select! {
                found = context.resolve(host) => found.unwrap_or_default(),
                _ = context.sleep(LOOKUP_MAX) => Vec::new(),
            }
        });
        for (host, answer) in hosts.iter().zip(join_all(answers).await) {
            match (answer.first(), self.found.get(*host)) {
                (Some(_), Some(before)) if answer.contains(before) => {}
                (Some(first), _) => {
                    self.told.remove(*host);
                    self.found.insert((*host).to_owned(), *first);
                }
                (None, Some(_)) => {}
                (None, None) if self.told.insert((*host).to_owned()) => tracing::warn!(
                    host,
                    "the host name of a validator leads nowhere; if that lasts, ask its operator, \
                     or name another address under `peers` in node.json; it is tried again"
                ),
                (None, None) => {}
            }
        }
        self.found.len() == hosts.len()
    }

    /// The addresses that are known.
    fn addresses(&self, peers: &BTreeMap<ValidatorKey, String>) -> BTreeMap<ValidatorKey, Address> {
        let known = |address: &str| match named(address) {
            Some((host, port)) => Some(SocketAddr::new(*self.found.get(host)?, port)),
            None => address.parse().ok(),
        };
        let known = |(key, address): (&ValidatorKey, &String)| {
            Some((key.clone(), Address::from(known(address)?)))
        };
        peers.iter().filter_map(known).collect()
    }
}

/// Host name and port of an address that has a name.
fn named(address: &str) -> Option<(&str, u16)> {
    if address.parse::<SocketAddr>().is_ok() {
        return None;
    }
    let (host, port) = address.rsplit_once(':')?;
    Some((host, port.parse().ok()?))
}
