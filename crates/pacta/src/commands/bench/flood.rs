//! A flood of valid acts from one actor, and what another actor notices of it.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant as Clock};

use pacta_law::actor::grant_office::GrantOffice;
use pacta_law::actor::register_key::RegisterKey;
use pacta_law::actor::{Office, Sequence};
use pacta_law::{Act, Data, Instant, KeyId, Purpose, possession_message};
use serde_json::json;

use super::figures::{Figure, Goal, ms, percentile};
use super::stream::{CONNECTIONS, Sent, Stream};
use crate::act::{self, Author, Standing, now_ms, prepare, sign};
use crate::client::Client;
use crate::failure::{Failure, Result};
use crate::network::founding::{Plan, found_with_organizations};
use crate::network::process::{NodeProcess, start_all_as, stop_all, wait_for_agreement};
use crate::printer::progress;
use crate::signer::{Secret, Signer};

/// Nodes of the flooded network.
const NODES: usize = 5;
/// Acts that the flooder offers, of all nodes together.
const OFFERED_PER_SECOND: u64 = 10_000;
/// Acts that are signed beforehand for each node. One that is turned away is offered again.
const SIGNED: usize = 30_000;
/// How long the flood lasts before the other actor comes.
const BEFORE: Duration = Duration::from_secs(4);
/// Acts of the other actor, one at a time.
const ACTS: usize = 200;
const PAUSE: Duration = Duration::from_millis(25);
/// The measurement ends after this time, with fewer acts if need be.
const LASTS: Duration = Duration::from_secs(45);

/// An actor's key that acts: its next act.
struct Actor {
    secret: Secret,
    act: Act,
}

impl Actor {
    /// With an act that can be repeated under the next numbers: it grants its own key an office.
    fn new(client: &Client, secret: Secret, author: &Author) -> Result<Self> {
        let act = prepare(client, author, grant(author.key)?)?.act;
        Ok(Self { secret, act })
    }

    fn next(&mut self) -> Result<Vec<u8>> {
        let signed = sign(&self.secret, &self.act)?;
        self.act.sequence += 1;
        Ok(signed.bytes().to_vec())
    }
}

fn grant(key: KeyId) -> Result<Data> {
    let from = Instant::from_ms(now_ms()).map_err(|refusal| Failure::from(&refusal))?.date();
    let office = Office::ExecutiveHead;
    Ok(Data::GrantOffice(GrantOffice { from, holder: None, key, office, until: None }))
}

/// Founds a network of its own, floods it, and measures.
///
/// # Errors
/// When a node does not answer, or the other actor's act does not become final at all.
pub fn measure(root: &Path) -> Result<Vec<Figure>> {
    progress(format!("founding a network of {NODES} nodes"));
    let secrets = [Secret::generate(Purpose::SignAct)?, Secret::generate(Purpose::SignAct)?];
    let [flooder, other] = secrets;
    let organizations =
        vec![("Flooder".to_owned(), flooder.public()), ("Other".to_owned(), other.public())];
    let plan = Plan { name: "Flood".to_owned(), states: NODES, guests: 0, organizations };
    let (network, founded) = found_with_organizations(&root.join("flooded"), plan)?;
    let mut nodes = start_all_as(&network, false)?;
    wait_for_agreement(&nodes)?;
    let clients: Vec<Client> = nodes.iter().map(NodeProcess::client).collect();
    let author = |secret: &Secret, (actor, mandate)| Author {
        key: secret.id(),
        actor,
        mandate: Some(mandate),
    };
    let by = author(&flooder, founded[0]);
    let flooders = flooders(&clients, &flooder, &by)?;
    let by = author(&other, founded[1]);
    let other = Actor::new(&clients[0], other, &by)?;
    let figures = flood(&nodes, &clients, flooders, other)?;
    stop_all(&mut nodes);
    Ok(figures)
}

/// Further keys of the flooding actor, one for each node, so that the flood of each node is whole.
fn flooders(clients: &[Client], secret: &Secret, author: &Author) -> Result<Vec<Actor>> {
    let submit = |data: Data| {
        let prepared = prepare(&clients[0], author, data)?;
        let done = act::submit(&clients[0], &sign(secret, &prepared.act)?, false)?;
        match done.is_executed() {
            true => Ok(done.standing.id),
            false => Err(Failure::failed(done.refusal().unwrap_or("an act was refused"))),
        }
    };
    let network = act::network(&clients[0])?.id;
    let flooder = |client: &Client| {
        let key = Secret::generate(Purpose::SignAct)?;
        let message = possession_message(network, author.actor, Purpose::SignAct);
        let possession = key.sign(Purpose::SignAct, &message)?;
        let data = RegisterKey { possession, public: key.public(), purpose: Purpose::SignAct };
        submit(Data::RegisterKey(data))?;
        let mandate = Some(submit(grant(key.id())?)?.mandate());
        let by = Author { key: key.id(), actor: author.actor, mandate };
        wait_until_known(client, &by)?;
        Actor::new(client, key, &by)
    };
    clients.iter().map(flooder).collect()
}

/// Waits until the node of a key knows its mandate, too.
fn wait_until_known(client: &Client, author: &Author) -> Result<()> {
    let path = author.mandate.map(pacta_law::actor::Mandate::path).unwrap_or_default();
    let start = Clock::now();
    while act::View::open(client)?.record::<serde_json::Value>(&path)?.is_none() {
        if start.elapsed() > LASTS {
            return Err(Failure::unavailable(format!("{} lags behind", client.base())));
        }
        thread::sleep(PAUSE);
    }
    Ok(())
}

fn flood(
    nodes: &[NodeProcess],
    clients: &[Client],
    mut flooders: Vec<Actor>,
    mut other: Actor,
) -> Result<Vec<Figure>> {
    progress(format!("signing {} acts", flooders.len() * SIGNED));
    let keys: Vec<KeyId> = flooders.iter().map(|flooder| flooder.secret.id()).collect();
    let mut streams = Vec::new();
    for (flooder, node) in flooders.iter_mut().zip(nodes) {
        let acts = (0..SIGNED).map(|_| flooder.next()).collect::<Result<Vec<_>>>()?;
        streams.push(Stream::new(node.state.http, acts, OFFERED_PER_SECOND / NODES as u64));
    }
    progress("flooding the network");
    let stop = AtomicBool::new(false);
    let before = reached(&clients[0], &keys)?;
    let start = Clock::now();
    let (times, sent, after, elapsed) = thread::scope(|scope| {
        for stream in &streams {
            for _ in 0..CONNECTIONS {
                let stop = &stop;
                scope.spawn(move || stream.send(start, stop));
            }
        }
        thread::sleep(BEFORE);
        let times = watch(clients, &mut other);
        let sent = streams.iter().map(Stream::sent).fold(Sent::default(), Sent::plus);
        let (elapsed, after) = (start.elapsed(), reached(&clients[0], &keys));
        stop.store(true, Ordering::Relaxed);
        Ok::<_, Failure>((times?, sent, after?, elapsed))
    })?;
    if sent.failed > 0 {
        progress(format!("{} connections of the flood ended early", sent.failed));
    }
    Ok(figures(&times, sent, after.saturating_sub(before), elapsed))
}

/// The time from each act of the other actor to its finality, sorted.
fn watch(clients: &[Client], other: &mut Actor) -> Result<Vec<Duration>> {
    let (start, mut times) = (Clock::now(), Vec::with_capacity(ACTS));
    for client in clients.iter().cycle() {
        if times.len() == ACTS || start.elapsed() > LASTS {
            break;
        }
        let act = other.next()?;
        let began = Clock::now();
        let answer = client.try_post("/api/v1/acts?wait=final", "application/json", &act)?;
        let standing: Standing = client.parse(&answer?)?;
        if standing.status != "final" {
            return Err(Failure::failed("the other actor's act is not final after ten seconds"));
        }
        times.push(began.elapsed());
        thread::sleep(PAUSE);
    }
    times.sort();
    Ok(times)
}

/// How many acts of these keys the ledger holds.
fn reached(client: &Client, keys: &[KeyId]) -> Result<u64> {
    #[derive(serde::Deserialize)]
    struct Answer {
        records: Vec<Loaded>,
    }
    #[derive(serde::Deserialize)]
    struct Loaded {
        record: Option<String>,
    }
    let paths: Vec<_> = keys.iter().map(|key| Sequence::path(*key)).collect();
    let answer: Answer = client.post_json("/api/v1/records/load", &json!({ "paths": paths }))?;
    let last = |loaded: &Loaded| match &loaded.record {
        Some(record) => Ok(client.parse::<Sequence>(record.as_bytes())?.last),
        None => Ok(0),
    };
    answer.records.iter().map(last).sum()
}

fn figures(times: &[Duration], sent: Sent, held: u64, elapsed: Duration) -> Vec<Figure> {
    let flood = format!(
        "one actor floods the {NODES} nodes with valid acts, signed beforehand, by {CONNECTIONS} \
         connections to each over HTTP; those turned away are offered again"
    );
    let finality = format!(
        "meanwhile {} acts of another actor, one at a time, {} ms apart, to the nodes in turn \
         over HTTP; from the request until the answer that the act is final and in the index",
        times.len(),
        PAUSE.as_millis()
    );
    let seconds = elapsed.as_secs_f64();
    let figure =
        |name, value, goal, method: &str| Figure { name, value, goal, method: method.to_owned() };
    let rate = |count: u64| (count as f64 / seconds).round();
    let p = |percent| ms(percentile(times, percent));
    let offered = Goal::AtLeast(OFFERED_PER_SECOND as f64 * 0.95);
    vec![
        figure("flood_offered_acts_per_second", rate(sent.offered), offered, &flood),
        figure(
            "flood_turned_away_acts_per_second",
            rate(sent.turned_away),
            Goal::Reported,
            "of these, answered with 429",
        ),
        figure(
            "flood_final_acts_per_second",
            rate(held),
            Goal::Reported,
            "acts of the flooding actor that became final",
        ),
        figure("flood_other_finality_p50_ms", p(50), Goal::Reported, &finality),
        figure("flood_other_finality_p90_ms", p(90), Goal::Reported, &finality),
        figure("flood_other_finality_p99_ms", p(99), Goal::AtMost(1000.0), &finality),
        figure("flood_other_finality_max_ms", p(100), Goal::Reported, &finality),
    ]
}
