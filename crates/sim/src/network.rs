//! The network of one life: validators on the deterministic runtime, over simulated links.
//!
//! The engine's own `simulate::Plan` is not used: it runs a plan within one life of the runtime,
//! so that nothing can be torn by a failure of power; it ends at the first panic of any node,
//! which is what a planted error must be told from; and it keeps no way to talk to nodes.

use std::{num::NonZeroUsize, panic::AssertUnwindSafe, pin::pin, sync::Arc, time::Duration};

use bytes::Bytes;
use commonware_consensus::types::Height;
use commonware_p2p::{
    Recipients, Sender,
    simulated::{Config, Link, Network as Simulated, Oracle},
};
use commonware_runtime::{
    Clock as _, Handle as Task, Spawner as _, Supervisor as _, deterministic::Context,
};
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
    types::{Finalization, Marshal, ValidatorKey},
};

use crate::{
    capitals::{Capital, delay_ms},
    faults::{Delay, Links},
    founding::Founded,
    hostile::{Ear, Listener, Mind, Voice},
    machine::{Hardware, Machine},
    panics::Suspect,
    votes::{Hearings, VOTES},
};

/// A question to a node that is not answered in this virtual time is not answered at all.
const ANSWER_MAX: Duration = Duration::from_millis(500);
/// A node starts within this time.
const START_MAX: Duration = Duration::from_secs(5);

/// A hostile validator says something unasked as often as this.
const HECKLE: Duration = Duration::from_millis(150);
/// A conspirator looks for what it has to say late as often as this.
const LATE: Duration = Duration::from_millis(5);

struct Node {
    handle: Handle,
    marshal: Marshal,
    task: Task<()>,
    /// While it lives, so do all tasks of the validator.
    life: Task<()>,
}

/// Who and what a validator is, besides the honest code.
pub struct Body {
    /// Its machine.
    pub hardware: Arc<Hardware>,
    /// Its mind, if it is hostile.
    pub mind: Option<Arc<Mind>>,
    /// Whoever notes what it hears, if it is honest.
    pub hearings: Option<Arc<Hearings>>,
}

impl Body {
    fn listener(&self) -> Option<Listener> {
        if let Some(mind) = &self.mind {
            return Some(Listener::Mind(mind.clone()));
        }
        let hearings = self.hearings.clone()?;
        Some(Listener::Hearings(self.hardware.validator(), hearings))
    }
}

/// All validators of one life, and the links between them.
pub struct Network {
    context: Context,
    oracle: Oracle<ValidatorKey, Context>,
    id: NetworkId,
    keys: Vec<ValidatorKey>,
    capitals: Vec<Capital>,
    links: Links,
    groups: Vec<Vec<u32>>,
    nodes: Vec<Option<Node>>,
}

impl Network {
    /// Lays the links; no validator runs yet. Each validator is in one of the capitals.
    pub async fn open(
        context: Context,
        founded: &Founded,
        capitals: Vec<Capital>,
        links: Links,
    ) -> Self {
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
        let mut network = Self { context, oracle, id, keys, capitals, links, groups, nodes };
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
        for (from, one) in (0..).zip(&self.keys) {
            for (to, other) in (0..).zip(&self.keys) {
                if from == to {
                    continue;
                }
                // A link that is not there need not be removed.
                let _ = self.oracle.remove_link(one.clone(), other.clone()).await;
                if self.connected(from, to) {
                    let link = self.link(from, to);
                    let added = self.oracle.add_link(one.clone(), other.clone(), link);
                    added.await.expect("the network runs, and the link was removed");
                }
            }
        }
    }

    fn link(&self, from: u32, to: u32) -> Link {
        let (latency_ms, jitter_ms) = match self.links.delay {
            Delay::Even { latency_ms, jitter_ms } => (latency_ms, jitter_ms),
            Delay::Capitals { route_percent, jitter_percent } => {
                let [one, other] = [from, to].map(|place| &self.capitals[place as usize]);
                let latency_ms = delay_ms(one, other, route_percent);
                (latency_ms, (latency_ms * jitter_percent).div_ceil(100))
            }
        };
        Link {
            latency: Duration::from_millis(latency_ms),
            jitter: Duration::from_millis(jitter_ms),
            success_rate: Probability::new(1_000 - self.links.lost_per_mille, 1_000)
                .expect("at most all messages are lost"),
        }
    }

    fn connected(&self, from: u32, to: u32) -> bool {
        let mut groups = self.groups.iter();
        self.groups.is_empty() || groups.any(|group| group.contains(&from) && group.contains(&to))
    }

    /// Starts a validator that does not run; returns why it could not start.
    pub async fn start(&mut self, starts: u64, setup: Setup, body: Body) -> Result<(), String> {
        let validator = body.hardware.validator();
        let key = self.keys[validator as usize].clone();
        let control = self.oracle.control(key);
        let context = self
            .context
            .child("validator")
            .with_attribute("index", validator)
            .with_attribute("start", starts);
        let engine = Machine::new(context.child("engine"), body.hardware.clone());
        let heckler = context.child("heckler");
        let life = context.spawn(|_| std::future::pending());

        let (mut peers, mut voices) = (Vec::new(), Vec::new());
        for (channel, quota) in channels() {
            let pair = control.register(channel, quota).await.expect("the network runs");
            voices.push((channel, pair.0.clone()));
            let ear = Ear::new(pair.1, channel, body.listener());
            peers.push((Voice::new(pair.0, channel, body.mind.clone()), ear));
        }
        if let Some(mind) = body.mind.clone() {
            heckler.spawn(move |context| heckle(context, mind, voices));
        }
        let Ok(peers) = peers.try_into() else { unreachable!("one pair for each channel") };
        let links = Connections { provider: self.oracle.manager(), blocker: control, track: All };
        let starting = async move {
            let _suspect = Suspect(validator);
            start(engine, setup, peers, links, |own| own).await
        };
        let starting = AssertUnwindSafe(starting).catch_unwind();
        let started = match self.within(START_MAX, starting).await {
            Some(Ok(Ok(running))) => Ok(running),
            Some(Ok(Err(error))) => Err(error.to_string()),
            Some(Err(_)) => Err("it panicked".into()),
            None => Err(format!("it did not start within {} s", START_MAX.as_secs())),
        };
        let running = match started {
            Ok(running) => running,
            Err(reason) => {
                life.abort();
                return Err(reason);
            }
        };
        if let Some(mind) = body.mind {
            mind.wake(running.committees);
        }
        let node =
            Node { handle: running.handle, marshal: running.marshal, task: running.task, life };
        self.nodes[validator as usize] = Some(node);
        Ok(())
    }

    /// Kills a validator: nothing of it runs on, and what it did not sync is lost.
    pub fn crash(&mut self, validator: u32) {
        if let Some(node) = self.nodes[validator as usize].take() {
            node.task.abort();
            node.life.abort();
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

    /// Whether a validator runs.
    pub fn runs(&self, validator: u32) -> bool {
        self.nodes[validator as usize].is_some()
    }

    /// The certificate of a final block, if the validator runs and has it.
    pub async fn certificate(&self, validator: u32, height: u64) -> Option<Finalization> {
        let node = self.nodes[validator as usize].as_ref()?;
        self.ask(node.marshal.get_finalization(Height::new(height))).await?
    }

    /// Who does not listen to whom any more, because of what it said.
    pub async fn shut_out(&self) -> Vec<(u32, u32)> {
        let blocked = self.oracle.blocked().await.unwrap_or_default();
        let place = |key: &ValidatorKey| self.position(key.as_ref());
        blocked.iter().filter_map(|(from, to)| Some((place(from)?, place(to)?))).collect()
    }

    /// Validators that run.
    pub fn running(&self) -> Vec<u32> {
        (0..).zip(&self.nodes).filter_map(|(index, node)| node.as_ref().map(|_| index)).collect()
    }

    /// The answer of a node, unless it takes too long.
    pub async fn ask<T>(&self, question: impl Future<Output = T>) -> Option<T> {
        self.within(ANSWER_MAX, question).await
    }

    async fn within<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        match select(pin!(work), pin!(self.context.sleep(limit))).await {
            Either::Left((done, _)) => Some(done),
            Either::Right(_) => None,
        }
    }
}

/// Says what a hostile mind has to say unasked.
async fn heckle<S>(context: Context, mind: Arc<Mind>, mut voices: Vec<(u64, S)>)
where
    S: Sender<PublicKey = ValidatorKey>,
{
    let mut voice = |channel: u64, to: Recipients<ValidatorKey>, message: Bytes| {
        if let Some((_, voice)) = voices.iter_mut().find(|(known, _)| *known == channel) {
            let _ = Sender::send(voice, to, message, false); // nobody has to hear it
        }
    };
    let pause = if mind.conspires() { LATE } else { HECKLE };
    loop {
        context.sleep(pause).await;
        for (to, message) in mind.late_votes() {
            voice(VOTES, Recipients::Some(to), message);
        }
        if let Some((channel, message)) = mind.heckle() {
            voice(channel, Recipients::All, message);
        }
    }
}
