use std::{collections::HashSet, sync::Arc};

use ed25519_consensus::{SigningKey, VerificationKeyBytes};
use pacta_law::{
    Act, ActId, ActorId, Data, Instant, KeyId, NetworkId, PublicKey, Signature, SignedAct,
    VerifiedAct, actor::revoke_key::RevokeKey,
};
use pacta_node::{
    block::act_bytes_in_block,
    mempool::{ACTOR_ACTS_MAX, ACTS_MAX, Mempool, NotAdmitted, Used, act_digest},
    work::Room,
};

/// An act of a key; the key's number is its actor's.
pub fn act(key: u8, sequence: u64) -> Arc<VerifiedAct> {
    let secret = SigningKey::from([key; 32]);
    let public = PublicKey(VerificationKeyBytes::from(&secret).to_bytes());
    let act = Act {
        actor: ActorId([key; 16]),
        data: Data::RevokeKey(RevokeKey { key: KeyId::of(&public) }),
        expires: Instant::from_ms(1_000_000).unwrap(),
        key: KeyId::of(&public),
        mandate: None,
        network: NetworkId([9; 32]),
        says: "It revokes its key.".into(),
        sequence,
    };
    let sign = |message: &[u8]| Signature(secret.sign(message).to_bytes());
    Arc::new(SignedAct::sign_with(&act, public, sign).unwrap().verify().unwrap())
}

fn filled(acts: &[(u8, u64)]) -> Mempool {
    let mut mempool = Mempool::default();
    for (key, sequence) in acts {
        mempool.admit(act(*key, *sequence), 0, 0).unwrap();
    }
    mempool
}

fn offered(mempool: &Mempool) -> Vec<(u8, u64)> {
    of(&mempool.choose(&HashSet::new(), Room::ALL))
}

fn of(acts: &[Arc<VerifiedAct>]) -> Vec<(u8, u64)> {
    acts.iter().map(|act| (act.act().actor.0[0], act.act().sequence)).collect()
}

fn early(mempool: &mut Mempool, acts: &[(u8, u64)]) {
    let ids: Vec<ActId> =
        acts.iter().map(|(key, number)| act(*key, *number).signed().id()).collect();
    mempool.passed_over(&ids, &[]);
}

fn used(key: u8, sequence: u64) -> Used {
    let act = act(key, sequence);
    Used { act: act_digest(&act), key: act.act().key, sequence }
}

#[test]
fn acts_of_a_key_are_offered_in_their_order_and_actors_take_turns() {
    let mempool = filled(&[(1, 2), (2, 1), (1, 1), (1, 3)]);
    assert_eq!(offered(&mempool), [(1, 1), (2, 1), (1, 2), (1, 3)]);
}

/// An act of the actor 1 by a key of the actor `key`.
fn by_key(key: u8, sequence: u64) -> Arc<VerifiedAct> {
    let act = Act { actor: ActorId([1; 16]), ..act(key, sequence).act().clone() };
    let secret = SigningKey::from([key; 32]);
    let public = PublicKey(VerificationKeyBytes::from(&secret).to_bytes());
    let sign = |message: &[u8]| Signature(secret.sign(message).to_bytes());
    Arc::new(SignedAct::sign_with(&act, public, sign).unwrap().verify().unwrap())
}

#[test]
fn an_actor_of_many_keys_has_no_more_turns_than_one_of_one_key() {
    let mut mempool = Mempool::default();
    for key in 10..30 {
        for sequence in 1..=10 {
            mempool.admit(by_key(key, sequence), 0, 0).unwrap();
        }
    }
    for sequence in 1..=3 {
        mempool.admit(act(2, sequence), 0, 0).unwrap();
    }
    let chosen = mempool.choose(&HashSet::new(), Room { acts: 6, ..Room::ALL });
    assert_eq!(chosen.iter().filter(|act| act.act().actor.0[0] == 2).count(), 3);
}

/// However much the one has: a block of `acts_max` holds the acts of all others first, as far as
/// each has had no more than its equal part.
#[test]
fn what_one_actor_floods_takes_nothing_of_the_equal_part_of_others() {
    for times in [1, 10, 100] {
        let mut mempool = Mempool::default();
        for sequence in 1..=20 * times {
            mempool.admit(act(1, sequence), 0, 0).unwrap();
        }
        for actor in 2..=5 {
            for sequence in 1..=4 {
                mempool.admit(act(actor, sequence), 0, 0).unwrap();
            }
        }
        let chosen = of(&mempool.choose(&HashSet::new(), Room { acts: 20, ..Room::ALL }));
        for actor in 2..=5 {
            let own = chosen.iter().filter(|act| act.0 == actor).count();
            assert_eq!(own, 4, "{times} times: {chosen:?}");
        }
        let all = mempool.choose(&HashSet::new(), Room::ALL);
        assert_eq!(all.len(), mempool.count(), "where there is room, it has it");
    }
}

/// Where one alone waits, a block is short, so that whoever comes next waits for a short one.
#[test]
fn one_actor_does_not_fill_a_block() {
    let mut mempool = Mempool::default();
    for sequence in 1..=40 {
        mempool.admit(act(1, sequence), 0, 0).unwrap();
    }
    for sequence in 1..=3 {
        mempool.admit(act(2, sequence), 0, 0).unwrap();
    }
    let chosen = of(&mempool.choose(&HashSet::new(), Room { acts: 30, of_actor: 10 }));
    let own = |actor| chosen.iter().filter(|act| act.0 == actor).count();
    assert_eq!((own(1), own(2), chosen.len()), (10, 3, 13));
}

#[test]
fn old_acts_are_sent_again_in_turns_of_their_actors() {
    let mut mempool = filled(&[(1, 1), (1, 2), (1, 3), (1, 4), (2, 1)]);
    let two = 2 * act_bytes_in_block(act(1, 1).bytes()) + 8;
    assert_eq!(of(&mempool.send_again(999, 1_000, two)), []);
    assert_eq!(of(&mempool.send_again(1_000, 1_000, two)), [(1, 1), (2, 1)]);
    assert_eq!(of(&mempool.send_again(1_001, 1_000, two)), [(1, 2), (1, 3)]);
    assert_eq!(of(&mempool.send_again(1_002, 1_000, two)), [(1, 4)]);
    assert_eq!(of(&mempool.send_again(2_000, 1_000, two)), [(1, 1), (2, 1)]);
}

/// Room that no number of flooding actors can take.
#[test]
fn each_actor_leaves_free_as_much_as_it_has() {
    let mut mempool = Mempool::default();
    let mut sequence = 0;
    // Each takes what it can get. The acts of the same actor differ by their number alone.
    for actor in 1..=6 {
        let (act, before) = (act(actor, 1), mempool.count());
        loop {
            sequence += 1;
            let next = Act { sequence, ..act.act().clone() };
            let next = SignedAct::new(&next, act.public(), act.signature()).unwrap();
            match mempool.admit(Arc::new(VerifiedAct::assume_verified(next)), 0, 0) {
                Ok(()) => {}
                Err(full) => break assert_eq!(full, NotAdmitted::Full),
            }
        }
        let (own, free) = (mempool.count() - before, ACTS_MAX - mempool.count());
        assert!(own <= ACTOR_ACTS_MAX && own > 0, "{own}");
        assert!(own <= free + 1, "actor {actor} has {own} and leaves {free}");
        assert!(!mempool.has_room(&act.act().actor, act.bytes().len()));
    }
    assert!(mempool.has_room(&ActorId([99; 16]), 1_000));
}

#[test]
fn what_waits_for_a_predecessor_is_offered_again_only_when_that_is_final() {
    let mut mempool = filled(&[(1, 3), (1, 4), (1, 5)]);
    assert!(mempool.is_ready(&HashSet::new()));
    early(&mut mempool, &[(1, 3), (1, 4), (1, 5)]);
    assert!(!mempool.is_ready(&HashSet::new()) && offered(&mempool).is_empty());

    mempool.admit(act(1, 6), 0, 0).unwrap();
    assert!(offered(&mempool).is_empty(), "what follows waits as well");
    mempool.admit(act(1, 2), 0, 0).unwrap();
    assert_eq!(offered(&mempool), [(1, 2)]);
    early(&mut mempool, &[(1, 2)]);
    assert!(offered(&mempool).is_empty());

    // The first act came by another way, and was never here.
    mempool.finalized(&[used(1, 1)]);
    assert_eq!(offered(&mempool), [(1, 2), (1, 3), (1, 4), (1, 5), (1, 6)]);
    mempool.finalized(&[used(1, 2), used(1, 3), used(1, 4), used(1, 5), used(1, 6)]);
    assert_eq!((mempool.count(), mempool.bytes()), (0, 0));
    assert!(!mempool.is_ready(&HashSet::new()));
    assert_eq!(mempool.admit(act(1, 4), 0, 0), Err(NotAdmitted::Known));
}

#[test]
fn what_waits_too_long_or_expires_leaves() {
    let mut mempool = filled(&[(1, 2), (2, 1)]);
    early(&mut mempool, &[(1, 2)]);
    mempool.expire(999, 1_000);
    assert_eq!(mempool.count(), 2);
    mempool.expire(1_001, 1_000);
    assert_eq!(offered(&mempool), [(2, 1)]);
    mempool.expire(1_000_000, 1_000);
    assert_eq!(mempool.count(), 0);
}

#[test]
fn one_actor_leaves_room_for_others() {
    let mut mempool = Mempool::default();
    for sequence in 1..=ACTOR_ACTS_MAX as u64 {
        mempool.admit(act(1, sequence), 0, 0).unwrap();
    }
    assert_eq!(mempool.admit(act(1, 100_000), 0, 0), Err(NotAdmitted::Full));
    assert_eq!(mempool.admit(act(2, 1), 0, 0), Ok(()));
    assert_eq!(mempool.admit(act(2, 1), 0, 0), Err(NotAdmitted::Known));
}

#[test]
fn where_the_next_number_is_known_a_gap_costs_no_leader_a_block() {
    let mut mempool = Mempool::default();
    let key = act(1, 1).act().key;
    mempool.note_next(key, 3);
    assert_eq!(mempool.admit(act(1, 2), 0, 0), Err(NotAdmitted::SequenceTaken), "it is used");
    for sequence in [5, 6, 9] {
        mempool.admit(act(1, sequence), 0, 0).unwrap();
        assert!(!mempool.is_ready(&HashSet::new()), "{sequence}");
    }
    mempool.admit(act(1, 3), 0, 0).unwrap();
    assert_eq!(offered(&mempool), [(1, 3)]);
    mempool.admit(act(1, 4), 0, 0).unwrap();
    assert_eq!(offered(&mempool), [(1, 3), (1, 4), (1, 5), (1, 6)]);
    mempool.finalized(&[used(1, 3), used(1, 4), used(1, 5), used(1, 6)]);
    assert!(!mempool.is_ready(&HashSet::new()));
    mempool.admit(act(1, 8), 0, 0).unwrap();
    mempool.admit(act(1, 7), 0, 0).unwrap();
    assert_eq!(offered(&mempool), [(1, 7), (1, 8), (1, 9)]);
    assert_eq!(mempool.admit(act(1, 5), 0, 0), Err(NotAdmitted::Known));
}
