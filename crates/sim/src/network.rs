//! The network of one life: validators on the deterministic runtime, over simulated links.
//!
//! The engine's own `simulate::Plan` is not used: it runs a plan within one life of the runtime,
//! so that nothing can be torn by a failure of power; it ends at the first panic of any node,
//! which is what a planted error must be told from; and it keeps no way to talk to nodes.

use std::{num::NonZeroUsize, pin::pin, sync::Arc, time::Duration};

use commonware_p2p::simulated::{Config, Link, Network as Simulated, Oracle};
use commonware_runtime::{Clock as _, Handle as Task, Supervisor as _, deterministic::Context};
use commonware_utils::Probability;
use futures::{
    FutureExt as _,
    future::{Either, select},
};
use pacta_law::NetworkId;
use pacta_node::{
    Handle,
    engine::{Links as Connections, Setup, channels, message_bytes_max, start},
    peers::All,
    types::ValidatorKey,
};

use crate::{
    faults::Links,
    founding::Founded,
    hostile::{Mind, Voice},
};

/// A question to a node that is not answered in this virtual time is not answered at all.
const ANSWER_MAX: Duration = Duration::from_millis(500);

struct Node {
    handle: Handle,
    task: Task<()>,
}

/// All validators of one life, and the links between them.
pub struct Network {
    context: Context,
    oracle: Oracle<ValidatorKey, Context>,
    id: NetworkId,
    keys: Vec<ValidatorKey>,
    links: Links,
    groups: Vec<Vec<u32>>,
    nodes: Vec<Option<Node>>,
}

impl Network {
    /// Lays the links; no validator runs yet.
    pub async fn open(context: Context, founded: &Founded, links: Links) -> Self {
        let keys = founded.validator_keys();
        let count = keys.len();
        let config = Config {
            max_size: message_bytes_max(count as u32),
            max_peers_per_set: NonZeroUsize::new(count).expect("there are validators"),
            disconnect_on_block: true,
            tracked_peer_sets: NonZeroUsize::MIN,
        };
        let (simulated, oracle) =
            Simulated::new_with_peers(context.child("network"), config, keys.clone()).await;
        simulated.start();
        let nodes = keys.iter().map(|_| None).collect();
        let id = founded.founding().network();
        let groups = Vec::new();
        let mut network = Self { context, oracle, id, keys, links, groups, nodes };
        network.lay_links().await;
        network
    }

    /// Changes the quality of all links.
    pub async fn set_links(&mut self, links: Links) {
        self.links = links;
        self.lay_links().await;
    }

    /// Cuts all links between validators of different groups; none are cut if there are no groups.
    pub async fn part(&mut self, groups: Vec<Vec<u32>>) {
        self.groups = groups;
        self.lay_links().await;
    }

    async fn lay_links(&mut self) {
        let link = Link {
            latency: Duration::from_millis(self.links.latency_ms),
            jitter: Duration::from_millis(self.links.jitter_ms),
            success_rate: Probability::new(1_000 - self.links.lost_per_mille, 1_000)
                .expect("at most all messages are lost"),
        };
        for (from, one) in (0..).zip(&self.keys) {
            for (to, other) in (0..).zip(&self.keys) {
                if from == to {
                    continue;
                }
                // A link that is not there need not be removed.
                let _ = self.oracle.remove_link(one.clone(), other.clone()).await;
                if self.connected(from, to) {
                    let added = self.oracle.add_link(one.clone(), other.clone(), link.clone());
                    added.await.expect("the network runs, and the link was removed");
                }
            }
        }
    }

    fn connected(&self, from: u32, to: u32) -> bool {
        let mut groups = self.groups.iter();
        self.groups.is_empty() || groups.any(|group| group.contains(&from) && group.contains(&to))
    }

    /// Starts a validator that does not run; returns why it could not start.
    pub async fn start(
        &mut self,
        validator: u32,
        starts: u64,
        setup: Setup,
        mind: Option<Arc<Mind>>,
    ) -> Result<(), String> {
        let key = self.keys[validator as usize].clone();
        let control = self.oracle.control(key);
        let mut peers = Vec::new();
        for (channel, quota) in channels() {
            let pair = control.register(channel, quota).await.expect("the network runs");
            peers.push((Voice::new(pair.0, channel, mind.clone()), pair.1));
        }
        let Ok(peers) = peers.try_into() else { unreachable!("one pair for each channel") };
        let context = self
            .context
            .child("validator")
            .with_attribute("index", validator)
            .with_attribute("start", starts);
        let links = Connections { provider: self.oracle.manager(), blocker: control, track: All };
        let running = start(context, setup, peers, links, |own| own)
            .await
            .map_err(|error| error.to_string())?;
        if let Some(mind) = mind {
            mind.wake(running.committees);
        }
        let node = Node { handle: running.handle, task: running.task };
        self.nodes[validator as usize] = Some(node);
        Ok(())
    }

    /// Kills a validator: nothing of it runs on, and what it did not sync is lost.
    pub fn crash(&mut self, validator: u32) {
        if let Some(node) = self.nodes[validator as usize].take() {
            node.task.abort();
        }
    }

    /// Validators of which a part has ended by itself. They are killed.
    pub fn take_stopped(&mut self) -> Vec<u32> {
        let stopped: Vec<u32> = (0..)
            .zip(&mut self.nodes)
            .filter_map(|(validator, node)| {
                (&mut node.as_mut()?.task).now_or_never().map(|_| validator)
            })
            .collect();
        stopped.iter().for_each(|validator| self.crash(*validator));
        stopped
    }

    /// The network's id.
    pub fn id(&self) -> NetworkId {
        self.id
    }

    /// The place of a validator's key, counted from 0.
    pub fn position(&self, key: &[u8]) -> Option<u32> {
        (0..).zip(&self.keys).find(|(_, known)| known.as_ref() == key).map(|(index, _)| index)
    }

    /// The way to use a validator, if it runs.
    pub fn handle(&self, validator: u32) -> Option<&Handle> {
        self.nodes[validator as usize].as_ref().map(|node| &node.handle)
    }

    /// Validators that run.
    pub fn running(&self) -> Vec<u32> {
        (0..).zip(&self.nodes).filter_map(|(index, node)| node.as_ref().map(|_| index)).collect()
    }

    /// The answer of a node, unless it takes too long.
    pub async fn ask<T>(&self, question: impl Future<Output = T>) -> Option<T> {
        match select(pin!(question), pin!(self.context.sleep(ANSWER_MAX))).await {
            Either::Left((answer, _)) => Some(answer),
            Either::Right(_) => None,
        }
    }
}
