//! Connects to validators at their addresses, which may have host names.
//!
//! Names are looked up beside everything else, for a lookup may take long. One that leads nowhere
//! is tried again soon, and all are now and then, since a node may move to another machine. One of
//! whom several addresses are known is tried at one after another until it is heard.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, SocketAddr},
    num::NonZeroUsize,
    time::Duration,
};

use commonware_macros::select;
use commonware_p2p::{Address, AddressableManager};
use commonware_runtime::Resolver;
use commonware_utils::{channel::mpsc, ordered::Map};
use futures::future::join_all;

use crate::{
    peers::{Hears, Peers, Track},
    types::{Context, ValidatorKey},
};

/// A lookup may take this time.
const LOOKUP_MAX: Duration = Duration::from_secs(5);
/// All names are looked up again after this time while one leads nowhere, and who is not heard is
/// tried at its next address.
const RETRY: Duration = Duration::from_secs(10);
/// And after this time otherwise.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Connects to validators.
pub struct Dial(mpsc::UnboundedSender<(Peers, Hears)>);

impl Track for Dial {
    fn track(&mut self, peers: Peers, hears: Hears) {
        let _ = self.0.send((peers, hears)); // nobody connects any more when the node stops
    }
}

/// Starts to connect. `me` is this node's key, and where it listens; at most `peers_max` are
/// connected, this node included, for the engine takes no more.
pub fn start<E, M>(
    context: E,
    manager: M,
    me: (ValidatorKey, SocketAddr),
    peers_max: NonZeroUsize,
) -> Dial
where
    E: Context + Resolver,
    M: AddressableManager<PublicKey = ValidatorKey>,
{
    let (sender, receiver) = mpsc::unbounded_channel();
    let others_max = peers_max.get() - 1;
    context.spawn(move |context| connect(context, manager, me, others_max, receiver));
    Dial(sender)
}

async fn connect<E, M>(
    context: E,
    mut manager: M,
    (me, listen): (ValidatorKey, SocketAddr),
    others_max: usize,
    mut receiver: mpsc::UnboundedReceiver<(Peers, Hears)>,
) where
    E: Context + Resolver,
    M: AddressableManager<PublicKey = ValidatorKey>,
{
    let mut places = Places::default();
    let (mut told, mut number) = (BTreeMap::new(), 0);
    let mut tell = |places: &Places| {
        let known =
            |(key, address): (&ValidatorKey, &SocketAddr)| (key.clone(), Address::from(*address));
        let mut addresses: BTreeMap<_, _> = places.chosen.iter().map(known).collect();
        addresses.insert(me.clone(), Address::from(listen));
        if told != addresses {
            told.clone_from(&addresses);
            let _ = manager.track(number, Map::from_iter_dedup(addresses));
            number += 1;
        }
    };
    let Some((peers, mut hears)) = receiver.recv().await else { return };
    let mut peers = fitting(peers, &me, others_max);
    let mut had_time = false;
    loop {
        places.choose(&peers, |_, place| place); // who has no name waits for nobody who has
        tell(&places);
        let found = places.look_up(&context, &peers).await;
        places.choose(&peers, |key, place| match (hears(key), had_time) {
            (true, _) => place,
            (false, true) => place + 1,
            (false, false) => 0,
        });
        tell(&places);
        let settled = peers
            .iter()
            .all(|(key, addresses)| hears(key) || places.candidates(addresses).len() < 2);
        let pause = if found && settled { LOOK_AGAIN } else { RETRY };
        select! {
            changed = receiver.recv() => match changed {
                Some(changed) => {
                    peers = fitting(changed.0, &me, others_max);
                    (hears, had_time) = (changed.1, false);
                }
                None => return,
            },
            _ = context.sleep(pause) => had_time = true,
        }
    }
}

/// The most important others, as many as the engine takes: it would end if it got more.
fn fitting(mut peers: Peers, me: &ValidatorKey, max: usize) -> Peers {
    peers.retain(|(key, _)| key != me);
    if peers.len() > max {
        tracing::warn!(
            peers = peers.len(),
            max,
            "more validators are named than a network of these epochs connects; the last are \
             left out; remove from node.json, under `peers` and `told`, those who have left"
        );
        peers.truncate(max);
    }
    peers
}

/// Where validators are.
#[derive(Default)]
struct Places {
    /// Where host names lead.
    found: BTreeMap<String, Vec<IpAddr>>,
    /// Those of which the log tells already that they lead nowhere.
    told: BTreeSet<String>,
    /// Where each is tried, or connected to.
    chosen: BTreeMap<ValidatorKey, SocketAddr>,
}

impl Places {
    /// Looks up all names; whether all lead somewhere. One that is found no more leads where it
    /// did, and several addresses keep their order, so that no connection is cut without need.
    async fn look_up<E: Context + Resolver>(&mut self, context: &E, peers: &Peers) -> bool {
        let addresses = peers.iter().flat_map(|(_, addresses)| addresses);
        let hosts: BTreeSet<&str> =
            addresses.filter_map(|address| named(address)).map(|(host, _)| host).collect();
        self.found.retain(|host, _| hosts.contains(host.as_str()));
        let answers = hosts.iter().map(|host| async {
            select! {
                found = context.resolve(host) => found.unwrap_or_default(),
                _ = context.sleep(LOOKUP_MAX) => Vec::new(),
            }
        });
        let same = |one: &[IpAddr], other: &[IpAddr]| {
            one.iter().collect::<BTreeSet<_>>() == other.iter().collect::<BTreeSet<_>>()
        };
        for (host, answer) in hosts.iter().zip(join_all(answers).await) {
            match self.found.get(*host) {
                Some(before) if answer.is_empty() || same(before, &answer) => {}
                None if answer.is_empty() => {
                    if self.told.insert((*host).to_owned()) {
                        tracing::warn!(
                            host,
                            "the host name of a validator leads nowhere; if that lasts, ask its \
                             operator, or name another address under `peers` in node.json; it is \
                             tried again"
                        );
                    }
                }
                _ => {
                    self.told.remove(*host);
                    self.found.insert((*host).to_owned(), answer);
                }
            }
        }
        self.found.len() == hosts.len()
    }

    /// Where a validator of these addresses may be, as far as is known.
    fn candidates(&self, addresses: &[String]) -> Vec<SocketAddr> {
        let mut all = Vec::new();
        for address in addresses {
            let led = match named(address) {
                Some((host, port)) => {
                    let found = self.found.get(host).into_iter().flatten();
                    found.map(|found| SocketAddr::new(*found, port)).collect()
                }
                None => Vec::from_iter(address.parse()),
            };
            for place in led {
                if !all.contains(&place) {
                    all.push(place);
                }
            }
        }
        all
    }

    /// Chooses where each is tried. `next` tells, from the number of the address where it was, the
    /// number of the one where it is to be.
    fn choose(&mut self, peers: &Peers, next: impl Fn(&ValidatorKey, usize) -> usize) {
        let before = std::mem::take(&mut self.chosen);
        for (key, addresses) in peers {
            let candidates = self.candidates(addresses);
            let place = before
                .get(key)
                .and_then(|chosen| candidates.iter().position(|candidate| candidate == chosen));
            let next = place.map_or(0, |place| next(key, place) % candidates.len());
            if let Some(candidate) = candidates.get(next) {
                self.chosen.insert(key.clone(), *candidate);
            }
        }
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
