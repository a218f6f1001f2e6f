use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use commonware_cryptography::Signer as _;
use commonware_p2p::{
    Receiver as _, Recipients, Sender as _,
    simulated::{Config, Link, Network, Oracle},
};
use commonware_runtime::{
    Clock as _, IoBuf, Runner as _, Spawner as _, Supervisor as _, deterministic,
};
use commonware_utils::Probability;
use pacta_files::{CHUNK_BYTES, Digest, Limits, Shape, State, Store, Wanted};
use pacta_node::{
    files::{
        channel,
        plan::{Plan, RANGE, SILENCE_MS, SLOW_MS, WINDOW},
        start,
        wire::{CHUNK_HEADER_BYTES, MESSAGE_BYTES_MAX, Message, write_header},
    },
    types::{ValidatorKey, ValidatorSecret},
};

const LIMITS: Limits = Limits {
    file_bytes_max: 1 << 30,
    total_bytes_max: 1 << 30,
    unnamed_bytes_max: 1 << 30,
    reserve_bytes: 0,
};

fn keys() -> Vec<ValidatorKey> {
    (0..3).map(|seed| ValidatorSecret::from_seed(seed).public_key()).collect()
}

/// Three nodes, all connected.
async fn connect(context: &deterministic::Context) -> Oracle<ValidatorKey, deterministic::Context> {
    let keys = keys();
    let config = Config {
        max_size: MESSAGE_BYTES_MAX,
        max_peers_per_set: NonZeroUsize::new(keys.len()).unwrap(),
        disconnect_on_block: true,
        tracked_peer_sets: NonZeroUsize::MIN,
    };
    let (network, oracle) =
        Network::new_with_peers(context.child("network"), config, keys.clone()).await;
    network.start();
    let link = Link {
        latency: Duration::from_millis(5),
        jitter: Duration::ZERO,
        success_rate: Probability::new(1, 1).unwrap(),
    };
    for one in &keys {
        for other in keys.iter().filter(|other| *other != one) {
            oracle.add_link(one.clone(), other.clone(), link.clone()).await.unwrap();
        }
    }
    oracle
}

fn store(folder: &Path, name: &str) -> Store {
    Store::open(&folder.join(name), LIMITS).unwrap()
}

fn file(chunks: usize) -> Vec<u8> {
    (0..chunks * CHUNK_BYTES + 77).map(|place| (place / 3 % 251) as u8).collect()
}

fn put(store: &Store, bytes: &[u8]) -> Digest {
    let mut upload = store.upload(None, None).unwrap();
    upload.write(bytes).unwrap();
    upload.finish().unwrap().id
}

fn want(store: &Store, id: Digest) {
    store.want(Wanted { id, media_type: None, named: true }).unwrap();
}

async fn until_held(context: &deterministic::Context, store: &Store, id: &Digest) -> u64 {
    for seconds in 0..120 {
        if store.held(id).is_some() {
            return seconds;
        }
        context.sleep(Duration::from_secs(1)).await;
    }
    panic!("the file does not arrive")
}

#[test]
fn a_file_arrives_intact_though_a_holder_lies_and_the_liar_is_asked_once() {
    let folder = tempfile::tempdir().unwrap();
    deterministic::Runner::timed(Duration::from_secs(600)).start(|context| async move {
        let oracle = connect(&context).await;
        let [honest, liar, wanting] = <[ValidatorKey; 3]>::try_from(keys()).unwrap();
        let (number, quota) = channel();
        let bytes = file(20);
        let holder = store(folder.path(), "holder");
        let id = put(&holder, &bytes);
        let peers = oracle.control(honest).register(number, quota).await.unwrap();
        start(context.child("holder"), holder, None, peers);

        // The liar says that it holds the file, and sends chunks of which one byte is wrong.
        let own = store(folder.path(), "liar");
        put(&own, &bytes);
        let (mut sender, mut receiver) =
            oracle.control(liar).register(number, quota).await.unwrap();
        let lies = Arc::new(AtomicU64::new(0));
        let told = lies.clone();
        let lying = async move {
            let reader = own.read(&id).unwrap();
            while let Ok((peer, message)) = receiver.recv().await {
                match Message::read(&message).unwrap() {
                    Message::Who(id) => {
                        let has = Message::Has(id, reader.shape().bytes()).to_bytes();
                        sender.send(Recipients::One(peer), has, false);
                    }
                    Message::Ask { id, bytes, from, count } => {
                        told.fetch_add(1, Ordering::Relaxed);
                        for down in 0..u64::from(count) {
                            let (before, mut message) =
                                reader.chunk(from - down, CHUNK_HEADER_BYTES).unwrap();
                            write_header(&mut message, &id, bytes, from - down, before);
                            *message.last_mut().unwrap() ^= 1;
                            sender.send(Recipients::One(peer.clone()), message, false);
                        }
                    }
                    _ => {}
                }
            }
        };
        context.child("liar").spawn(|_| lying);

        let store = store(folder.path(), "wanting");
        want(&store, id);
        let peers = oracle.control(wanting).register(number, quota).await.unwrap();
        start(context.child("wanting"), store.clone(), None, peers);
        until_held(&context, &store, &id).await;
        let reader = store.read(&id).unwrap();
        let chunk = |chunk| reader.chunk(chunk, 0).unwrap().1;
        assert!((0..reader.shape().chunks()).flat_map(chunk).eq(bytes.iter().copied()));
        let asked = lies.load(Ordering::Relaxed);
        assert!(asked >= 1, "the liar was asked");

        // It is not asked again for another file, which only it says it holds.
        let other = Digest::of(&[b"another"]);
        want(&store, other);
        context.sleep(Duration::from_secs(30)).await;
        assert_eq!(lies.load(Ordering::Relaxed), asked);
        assert!(store.held(&other).is_none());
    });
}

#[test]
fn a_file_comes_from_two_holders_and_goes_on_when_one_falls_silent() {
    let folder = tempfile::tempdir().unwrap();
    deterministic::Runner::timed(Duration::from_secs(600)).start(|context| async move {
        let oracle = connect(&context).await;
        let (number, quota) = channel();
        let bytes = file(120);
        let keys = keys();
        let mut ids = Vec::new();
        for (place, name) in ["one", "other"].into_iter().enumerate() {
            let holder = store(folder.path(), name);
            ids.push(put(&holder, &bytes));
            let peers = oracle.control(keys[place].clone()).register(number, quota).await.unwrap();
            start(context.child(name), holder, None, peers);
        }
        let store = store(folder.path(), "wanting");
        want(&store, ids[0]);
        let peers = oracle.control(keys[2].clone()).register(number, quota).await.unwrap();
        start(context.child("wanting"), store.clone(), None, peers);
        // In the middle, what the first holder sends is lost from now on.
        context.sleep(Duration::from_millis(51)).await;
        oracle.remove_link(keys[0].clone(), keys[2].clone()).await.unwrap();
        let seconds = until_held(&context, &store, &ids[0]).await;
        assert!(
            (3..20).contains(&seconds),
            "{seconds} s: it waits for the silent one, then goes on"
        );
    });
}

#[test]
fn a_holder_whose_disk_is_bad_is_told_and_gets_the_file_again() {
    let folder = tempfile::tempdir().unwrap();
    deterministic::Runner::timed(Duration::from_secs(600)).start(|context| async move {
        let oracle = connect(&context).await;
        let (number, quota) = channel();
        let bytes = file(20);
        let mut stores = Vec::new();
        for (key, name) in keys().into_iter().zip(["good", "bad", "wanting"]) {
            let store = store(folder.path(), name);
            let id = (name != "wanting").then(|| put(&store, &bytes));
            if let Some(id) = id.filter(|_| name == "bad") {
                let mut damaged = bytes.clone();
                damaged.iter_mut().step_by(CHUNK_BYTES).for_each(|byte| *byte ^= 1);
                let held = folder.path().join(name).join("held").join(id.to_string());
                std::fs::write(held, damaged).unwrap();
            }
            let peers = oracle.control(key).register(number, quota).await.unwrap();
            start(context.child(name), store.clone(), None, peers);
            stores.push(store);
        }
        let id = Digest::of(&[&bytes]);
        let intact = |store: &Store| {
            let reader = store.read(&id).ok();
            reader.is_some_and(|it| (0..it.shape().chunks()).all(|one| it.chunk(one, 0).is_ok()))
        };
        want(&stores[2], id);
        until_held(&context, &stores[2], &id).await;
        for _ in 0..120 {
            if intact(&stores[1]) {
                break;
            }
            context.sleep(Duration::from_secs(1)).await;
        }
        assert!(stores.iter().all(intact));
    });
}

#[test]
fn the_only_holder_repairs_what_its_disk_did_and_is_asked_again_soon() {
    let folder = tempfile::tempdir().unwrap();
    deterministic::Runner::timed(Duration::from_secs(600)).start(|context| async move {
        let oracle = connect(&context).await;
        let (number, quota) = channel();
        let [one, _, other] = <[ValidatorKey; 3]>::try_from(keys()).unwrap();
        let holder = store(folder.path(), "holder");
        let id = put(&holder, &file(20));
        let states = folder.path().join("holder").join("held").join(format!("{id}.states"));
        let mut damaged = std::fs::read(&states).unwrap();
        damaged.iter_mut().step_by(32).for_each(|byte| *byte ^= 1);
        std::fs::write(&states, damaged).unwrap();
        let peers = oracle.control(one).register(number, quota).await.unwrap();
        start(context.child("holder"), holder, None, peers);
        let store = store(folder.path(), "wanting");
        want(&store, id);
        let peers = oracle.control(other).register(number, quota).await.unwrap();
        start(context.child("wanting"), store.clone(), None, peers);
        context.sleep(Duration::from_secs(50)).await;
        assert!(store.held(&id).is_none(), "who sent a wrong chunk is left alone for a while");
        until_held(&context, &store, &id).await;
    });
}

#[test]
fn messages_are_read_as_they_were_written_and_malformed_ones_are_not() {
    let id = Digest::of(&[b"file"]);
    let data = IoBuf::from(vec![7; 100]);
    let messages = [
        Message::Who(id),
        Message::Has(id, 5),
        Message::Ask { id, bytes: 5, from: 9, count: 3 },
        Message::Chunk { id, bytes: 5, chunk: 2, before: State([3; 32]), data },
        Message::Gone(id, 5, 2),
        Message::Wrong(id, 5, 2),
    ];
    for message in messages {
        let bytes = message.to_bytes();
        assert_eq!(Message::read(&IoBuf::from(bytes.clone())), Some(message.clone()));
        if !matches!(message, Message::Chunk { .. }) {
            for length in 0..bytes.len() {
                let cut = Message::read(&IoBuf::from(bytes[..length].to_vec()));
                assert!(cut.is_none() || length == 33, "{message:?} {length}");
            }
        }
        let mut longer = bytes;
        longer.resize(MESSAGE_BYTES_MAX as usize + 1, 0);
        assert_eq!(Message::read(&IoBuf::from(longer)), None);
    }
}

#[test]
fn a_plan_asks_each_chunk_once_within_its_window_and_again_of_others() {
    let shape = Shape::of(100 * CHUNK_BYTES as u64).unwrap();
    let mut plan = Plan::<&str, ()>::new(shape, shape.last(), ["a", "b"]);
    let mut asked = BTreeMap::new();
    while let Some((peer, from, count)) = plan.ask(0) {
        assert!(usize::from(count) <= RANGE);
        for chunk in (0..u64::from(count)).map(|down| from - down) {
            assert!(asked.insert(chunk, peer).is_none(), "{chunk} is asked twice");
        }
    }
    assert_eq!(asked.len(), WINDOW);
    assert_eq!(asked.values().filter(|peer| **peer == "a").count(), WINDOW / 2);
    let (of_a, of_b): (Vec<_>, Vec<_>) = asked.iter().partition(|(_, peer)| **peer == "a");
    assert!(!plan.came(&"b", *of_a[0].0, (), 1), "it was asked of the other");
    for (chunk, _) in &of_b {
        assert!(plan.came(&"b", **chunk, (), SILENCE_MS - 1));
    }
    assert_eq!(plan.expire(SILENCE_MS - 1), Vec::<&str>::new());
    assert_eq!(plan.expire(SILENCE_MS), ["a"], "it was silent");
    let mut again = Vec::new();
    while let Some((peer, from, count)) = plan.ask(SILENCE_MS) {
        assert_eq!(peer, "b");
        again.extend((0..u64::from(count)).map(|down| from - down));
    }
    assert!(of_a.iter().all(|(chunk, _)| again.contains(chunk)));
    for (chunk, _) in of_b {
        assert!(plan.take(*chunk).is_some() && plan.take(*chunk).is_none());
    }
    plan.leave(&"b");
    plan.join("b");
    assert!(!plan.has_sources(), "who was left is not asked again");
    plan.join("c");
    assert!(matches!(plan.ask(SLOW_MS), Some(("c", ..))), "one that has the file since is");
    plan.leave(&"c");
    assert_eq!(plan.ask(SLOW_MS), None);
}
