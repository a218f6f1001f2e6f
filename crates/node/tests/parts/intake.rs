use std::{net::SocketAddr, sync::Arc};

use commonware_cryptography::{Signer as _, ed25519};
use pacta_law::ActorId;
use pacta_node::intake::{
    KIND_BYTES_MAX, LANE_ACTS_MAX, Lanes, SENDER_BYTES_MAX, Source, Waiting, claimed_actor,
};

use crate::mempool::act;

fn client(port: u16) -> Source {
    Source::Client(Some(SocketAddr::from(([127, 0, 0, 1], port))))
}

fn stranger(address: u16, port: u16) -> Source {
    let [high, low] = address.to_be_bytes();
    Source::Client(Some(SocketAddr::from(([10, 0, high, low], port))))
}

fn peer(seed: u64) -> Source {
    Source::Peer(ed25519::PrivateKey::from_seed(seed).public_key())
}

/// Bytes that name an actor, and are no act.
fn forged(actor: u8, bytes: usize) -> Arc<[u8]> {
    let mut text = format!(r#"{{"act":{{"actor":"{}""#, ActorId([actor; 16])).into_bytes();
    text.resize(bytes.max(text.len()), b' ');
    text.into()
}

fn put(lanes: &mut Lanes, source: &Source, bytes: Arc<[u8]>) -> bool {
    let act = Waiting { source: source.clone(), bytes, on_record: false, reply: None };
    lanes.push(act)
}

/// How many come before the first act of a source.
fn before(lanes: &mut Lanes, source: &Source) -> usize {
    let others = std::iter::from_fn(|| lanes.pop()).take_while(|act| act.source != *source);
    others.count()
}

#[test]
fn the_actor_is_read_where_canonical_json_has_it() {
    assert_eq!(claimed_actor(act(7, 1).bytes()), Some(ActorId([7; 16])));
    assert_eq!(claimed_actor(&forged(3, 0)), Some(ActorId([3; 16])));
    for bytes in [&b""[..], b"{}", br#"{"act":{"actor":"07"#, &act(7, 1).bytes()[1..]] {
        assert_eq!(claimed_actor(bytes), None);
    }
    let upper = String::from_utf8(act(0xab, 1).bytes().to_vec()).unwrap().replace("ab", "AB");
    assert_eq!(claimed_actor(upper.as_bytes()), None, "it is not canonical");
}

#[test]
fn a_flood_from_one_connection_delays_another_by_one_act() {
    let mut lanes = Lanes::default();
    for actor in 0..50 {
        for _ in 0..20 {
            assert!(put(&mut lanes, &client(1), forged(actor, 700)));
        }
    }
    assert!(put(&mut lanes, &client(2), forged(0, 700)));
    assert!(before(&mut lanes, &client(2)) <= 1);
}

#[test]
fn clients_cannot_delay_what_validators_send_nor_the_other_way_round() {
    let mut lanes = Lanes::default();
    for port in 0..200 {
        put(&mut lanes, &client(port), forged(1, 700));
    }
    assert!(put(&mut lanes, &peer(1), forged(2, 700)));
    assert!(before(&mut lanes, &peer(1)) <= 2);

    let mut lanes = Lanes::default();
    for _ in 0..500 {
        put(&mut lanes, &peer(1), forged(1, 700));
    }
    assert!(put(&mut lanes, &client(1), forged(2, 700)));
    assert!(before(&mut lanes, &client(1)) <= 2);
}

#[test]
fn of_one_validator_actors_take_turns() {
    let mut lanes = Lanes::default();
    for _ in 0..LANE_ACTS_MAX {
        assert!(put(&mut lanes, &peer(1), forged(1, 700)));
    }
    assert!(!put(&mut lanes, &peer(1), forged(1, 700)), "the lane is full");
    assert!(put(&mut lanes, &peer(1), forged(2, 700)), "another actor's is not");
    let place = std::iter::from_fn(|| lanes.pop())
        .position(|act| claimed_actor(&act.bytes) == Some(ActorId([2; 16])));
    assert!(place.unwrap() <= 1);
}

#[test]
fn to_name_another_actor_takes_nothing_from_its_own_connection() {
    let mut lanes = Lanes::default();
    while put(&mut lanes, &client(1), forged(9, 60_000)) {}
    let held = lanes.count() * 60_000;
    assert!(held.abs_diff(SENDER_BYTES_MAX / 2) < 60_000, "{held}: it leaves as much");
    assert!(put(&mut lanes, &client(2), forged(9, 700)));
    assert!(before(&mut lanes, &client(2)) <= 1);
    assert!(lanes.count() > 0, "the rest waits on");
}

#[test]
fn whoever_opens_many_connections_takes_no_room_of_other_addresses() {
    let mut lanes = Lanes::default();
    for port in 0..1_000 {
        while put(&mut lanes, &stranger(1, port), forged(9, 60_000)) {}
    }
    assert!(lanes.count() * 60_000 <= SENDER_BYTES_MAX);
    for address in 2..1_000 {
        while put(&mut lanes, &stranger(address, 1), forged(9, 6_000)) {}
    }
    assert!(put(&mut lanes, &peer(1), forged(1, 60_000)), "validators have room of their own");
    const { assert!(SENDER_BYTES_MAX < KIND_BYTES_MAX) };
}

#[test]
fn ever_new_connections_of_one_address_keep_no_other_waiting() {
    let mut lanes = Lanes::default();
    for act in 0..3 {
        assert!(put(&mut lanes, &client(1), forged(act, 700)));
    }
    let mut ports = 0..;
    let mut fresh = |lanes: &mut Lanes| {
        assert!(put(lanes, &stranger(1, ports.next().unwrap()), forged(9, 700)));
    };
    (0..4).for_each(|_| fresh(&mut lanes));
    let mut others = 0;
    let mut own = 0;
    while own < 3 {
        let source = lanes.pop().unwrap().source;
        fresh(&mut lanes);
        match source == client(1) {
            true => own += 1,
            false => others += 1,
        }
        assert!(others <= 4, "they take turns");
    }
}
