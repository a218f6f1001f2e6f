//! Acts, drawn: mostly such as may succeed, by whoever may do them.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use ed25519_consensus::SigningKey;
use pacta_law::actor::end_mandate::EndMandate;
use pacta_law::actor::grant_full_powers::GrantFullPowers;
use pacta_law::actor::grant_office::GrantOffice;
use pacta_law::actor::register_actor::RegisterActor;
use pacta_law::actor::register_key::RegisterKey;
use pacta_law::actor::revoke_key::RevokeKey;
use pacta_law::actor::{ActorKind, Office, Power};
use pacta_law::treaty::adopt::Adopt;
use pacta_law::treaty::authenticate::Authenticate;
use pacta_law::treaty::deposit::Deposit;
use pacta_law::treaty::draft_treaty::DraftTreaty;
use pacta_law::treaty::revoke_withdrawal::RevokeWithdrawal;
use pacta_law::treaty::sign::Sign;
use pacta_law::treaty::transcribe::{Fact, Transcribe};
use pacta_law::treaty::transcribe_treaty::TranscribeTreaty;
use pacta_law::treaty::withdraw::Withdraw;
use pacta_law::treaty::withdraw_instrument::WithdrawInstrument;
use pacta_law::treaty::{ConsentKind, FactKind, SignatureKind, Text, Texts, Treaty};
use pacta_law::treaty::{texts_path, treaty_path};
use pacta_law::{
    Act, ActorId, Data, Digest, Draft, Instant, KeyId, MandateId, NetworkId, PublicKey, Purpose,
    Signature, SignedAct, Stop, TreatyId, VerifiedAct, compose, possession_message,
};

use super::clauses::{CONSENTS, final_clauses, near, participant};
use super::draw::Draw;
use super::network;
use super::world::{Hand, Handed, World};

const SLUGS: [&str; 3] = ["rivers", "seas", "skies"];
const NAMES: [&str; 6] = ["Ministry", "Port", "Norland", "", "Двор", "a\u{202e}b"];

const FACTS: [FactKind; 16] = [
    FactKind::Accession,
    FactKind::Ratification,
    FactKind::Signature,
    FactKind::PublishedEntryIntoForce,
    FactKind::PublishedEnd,
    FactKind::WithdrawalNotification,
    FactKind::WithdrawalRevocation,
    FactKind::WithdrawalSuspension,
    FactKind::RatificationWithdrawal,
    FactKind::Succession,
    FactKind::DenunciationNotification,
    FactKind::InstrumentWithdrawnBeforeEffect,
    FactKind::DefinitiveSignature,
    FactKind::AccessionWithObjections,
    FactKind::FormalConfirmation,
    FactKind::ProvisionalApplication,
];

/// A number of days that passes.
pub fn days(draw: &mut Draw<'_>) -> u64 {
    draw.pick(&[1, 1, 2, 10, 30, 31, 90, 365, 366, 1_461, 400_000])
}

pub fn public(seed: u8) -> PublicKey {
    static ALL: OnceLock<Vec<PublicKey>> = OnceLock::new();
    let public = |seed| PublicKey(secret(seed).verification_key().to_bytes());
    ALL.get_or_init(|| (0..=u8::MAX).map(public).collect())[usize::from(seed)]
}

fn secret(seed: u8) -> SigningKey {
    SigningKey::from([seed; 32])
}

/// One act, by somebody.
pub fn one(world: &mut World, draw: &mut Draw<'_>) {
    let (kind, hand) = (draw.byte().unwrap_or(0), hand(world, draw));
    let data = data(world, kind, draw, hand);
    compose_and_hand_in(world, hand, data);
}

/// A treaty from its draft to authentic texts, by those who draw it up, and some of its life after.
pub fn conclude(world: &mut World, draw: &mut Draw<'_>) {
    let who = draw.below(2) + 1;
    let (hands, treaty) = (world.hands[..=who].to_vec(), slug(draw));
    let mut negotiating: Vec<_> = hands.iter().map(|hand| hand.actor).collect();
    negotiating.sort();
    let draft = draft(world, draw, negotiating, treaty.clone());
    let adopt = Adopt { draft: draft.digest(), treaty: treaty.clone() };
    let authenticate = Authenticate { texts: draft.texts_digest(), treaty: treaty.clone() };
    let mut acts = vec![(hands[0], Data::DraftTreaty(draft))];
    acts.extend(hands.iter().map(|hand| (*hand, Data::Adopt(adopt.clone()))));
    acts.extend(hands.iter().map(|hand| (*hand, Data::Authenticate(authenticate.clone()))));
    for (hand, data) in acts {
        compose_and_hand_in(world, hand, data);
    }
    for _ in 0..draw.below(20) {
        if draw.once_in(3) {
            world.next_block(draw.pick(&[1, 30, 366]) * 86_400_000);
        }
        let hand = if draw.once_in(2) { hands[0] } else { draw.pick(&hands) };
        let treaty = treaty.clone();
        let data = match draw.below(9) {
            0..=2 => {
                let consent = ConsentKind::Accession;
                Data::Deposit(Deposit { consent, instrument: None, succession: None, treaty })
            }
            3 => Data::Sign(Sign { signature: SignatureKind::Definitive, treaty }),
            4 | 5 => Data::Withdraw(Withdraw { treaty }),
            6 | 7 => Data::RevokeWithdrawal(RevokeWithdrawal { treaty }),
            _ => Data::WithdrawInstrument(WithdrawInstrument { treaty }),
        };
        compose_and_hand_in(world, hand, data);
    }
}

pub fn compose_and_hand_in(world: &mut World, hand: Hand, data: Data) {
    if let Some(act) = composed(world, hand, data) {
        hand_in(world, &act, hand);
    }
}

/// An act with a fault, or bytes that are none.
pub fn spoiled(world: &mut World, draw: &mut Draw<'_>) {
    let (fault, kind, hand) = (draw.below(10), draw.byte().unwrap_or(0), hand(world, draw));
    let data = data(world, kind, draw, hand);
    let Some(mut act) = composed(world, hand, data) else { return };
    let later = |ms: u64| Instant::from_ms(world.now().ms() + ms).unwrap_or(Instant::MAX);
    match fault {
        0 => act.says.push('!'),
        1 => act.sequence += 1,
        2 => act.sequence -= 1,
        3 => act.expires = world.now(),
        4 => act.expires = later(30 * 86_400_000 + 1),
        5 => act.expires = later(30 * 86_400_000),
        6 => act.network = NetworkId([9; 32]),
        7 => act.actor = ActorId([9; 16]),
        8 => act.mandate = Some(MandateId([9; 16])),
        _ => {
            let Ok(signed) = SignedAct::new(&act, hand.public, Signature([0; 64])) else { return };
            let mut bytes = signed.bytes().to_vec();
            let at = draw.below(256) * bytes.len() / 256;
            bytes[at] ^= draw.byte().unwrap_or(0);
            return world.hand_in(Handed::Bytes(bytes));
        }
    }
    hand_in(world, &act, hand);
}

fn hand_in(world: &mut World, act: &Act, hand: Hand) {
    // What the form of acts refuses is no act.
    if let Ok(signed) = SignedAct::new(act, hand.public, Signature([0; 64])) {
        assert_eq!(signed.act(), act, "an act is read as it was written");
        world.hand_in(Handed::Act(Box::new(VerifiedAct::assume_verified(signed))));
    }
}

fn composed(world: &World, hand: Hand, data: Data) -> Option<Act> {
    let Hand { actor, key, mandate, .. } = hand;
    let expires = Instant::from_ms(world.now().ms() + 60_000).ok()?;
    let draft = Draft { actor, data, expires, key, mandate };
    match compose(&world.ledger, draft.clone()) {
        Ok(act) => Some(act),
        Err(Stop::Missing(missing)) => panic!("{missing}"),
        Err(Stop::Refused(_)) => {
            // The law refuses to say it; what it does not say, it must not do.
            let Draft { actor, data, expires, key, mandate } = draft;
            let (network, says) = (world.ledger.network(), "something".into());
            let sequence = world.used.get(&key).map_or(1, |used| used + 1);
            Some(Act { actor, data, expires, key, mandate, network, says, sequence })
        }
    }
}

fn hand(world: &World, draw: &mut Draw<'_>) -> Hand {
    let way = draw.below(10);
    if way < 7 {
        return world.hands[draw.below(6)];
    }
    let hand = world.hands[draw.below(world.hands.len())];
    let any: Vec<_> = world.mandates.iter().map(|granted| granted.0).collect();
    let own = world.mandates.iter().filter(|granted| granted.1 == hand.key);
    let own: Vec<_> = own.map(|granted| granted.0).collect();
    let mandate = match way {
        7 => None,
        8 if !own.is_empty() => Some(draw.pick(&own)),
        _ => Some(draw.pick(&any)),
    };
    Hand { mandate, ..hand }
}

fn slug(draw: &mut Draw<'_>) -> TreatyId {
    draw.pick(&SLUGS).parse().unwrap()
}

pub fn record<T: serde::de::DeserializeOwned>(world: &World, path: &str) -> Option<T> {
    world.records.get(path).map(|bytes| serde_json::from_slice(bytes).unwrap())
}

fn draft(
    world: &World,
    draw: &mut Draw<'_>,
    negotiating: Vec<ActorId>,
    treaty: TreatyId,
) -> DraftTreaty {
    let clauses = final_clauses(draw, &world.actors, false, world.now().date());
    let text = Text { bytes: 9, document: Digest([1; 32]), media_type: "text/plain".into() };
    let texts = BTreeMap::from([("en".into(), text.clone()), ("ru".into(), text)]);
    let titles = [("en".into(), "Treaty".into()), ("ru".into(), "Договор".into())];
    DraftTreaty { clauses, negotiating, texts, titles: titles.into(), treaty }
}

fn fact(world: &World, draw: &mut Draw<'_>) -> Fact {
    let (fact, today) = (draw.pick(&FACTS), world.now().date());
    let succession = draw.once_in(6).then(|| near(draw, today));
    let participant = participant(draw, &world.actors, true);
    Fact { fact, on: near(draw, today), participant, succession }
}

fn data(world: &World, kind: u8, draw: &mut Draw<'_>, hand: Hand) -> Data {
    let today = world.now().date();
    let key = world.hands[draw.below(world.hands.len())].key;
    if network::is_node(world, hand.key) && !draw.once_in(8) {
        return network::report(world, draw);
    }
    match kind % 32 {
        0 => {
            let public = public(draw.below(40) as u8 + 1);
            let kinds = [ActorKind::Authority, ActorKind::Person, ActorKind::Company];
            let kind = if draw.once_in(6) { ActorKind::State } else { draw.pick(&kinds) };
            let possession = possession(draw, world, hand.actor, public, Purpose::SignAct);
            let name = draw.pick(&NAMES).into();
            Data::RegisterActor(RegisterActor { kind, name, possession, public })
        }
        1 => {
            let purposes = [Purpose::SignAct, Purpose::Encrypt, Purpose::NodeVote];
            let (public, purpose) = (public(draw.below(40) as u8 + 1), draw.pick(&purposes));
            let possession = possession(draw, world, hand.actor, public, purpose);
            Data::RegisterKey(RegisterKey { possession, public, purpose })
        }
        2 => Data::RevokeKey(RevokeKey { key: draw.pick(&[key, KeyId([9; 32]), hand.key]) }),
        3 => {
            let offices = [Office::HeadOfState, Office::TreatyOfficer, Office::HeadOfMission];
            let (from, until) = (near(draw, today), draw.once_in(2).then(|| near(draw, today)));
            let office = draw.pick(&offices);
            Data::GrantOffice(GrantOffice { from, holder: None, key, office, until })
        }
        4 => {
            let powers = [Power::Adopt, Power::Sign, Power::Deposit, Power::Withdraw];
            let (from, until) = (today, draw.once_in(2).then(|| near(draw, today)));
            let (powers, treaty) = (draw.some(&powers), slug(draw));
            let holder = Some(Digest([2; 32]));
            Data::GrantFullPowers(GrantFullPowers { from, holder, key, powers, treaty, until })
        }
        5 => {
            let mandates: Vec<_> = world.mandates.iter().map(|granted| granted.0).collect();
            Data::EndMandate(EndMandate { mandate: draw.pick(&mandates) })
        }
        6 => {
            let mut negotiating = draw.some(&world.actors);
            negotiating.sort();
            let treaty = slug(draw);
            Data::DraftTreaty(draft(world, draw, negotiating, treaty))
        }
        7 | 8 => {
            let treaty = slug(draw);
            let record: Option<Treaty> = record(world, &treaty_path(&treaty));
            let draft = record.and_then(|record| record.draft);
            let draft = draft.filter(|_| !draw.once_in(8)).unwrap_or(Digest([9; 32]));
            Data::Adopt(Adopt { draft, treaty })
        }
        9 => {
            let treaty = slug(draw);
            let record: Option<Texts> = record(world, &texts_path(&treaty));
            let texts = record.filter(|_| !draw.once_in(8)).map(|record| record.digest);
            Data::Authenticate(Authenticate { texts: texts.unwrap_or(Digest([9; 32])), treaty })
        }
        10 | 11 => {
            let signature = draw.pick(&[SignatureKind::Simple, SignatureKind::Definitive]);
            Data::Sign(Sign { signature, treaty: slug(draw) })
        }
        12 | 13 => {
            let clauses = final_clauses(draw, &world.actors, true, today);
            let titles = BTreeMap::from([("en".into(), "Treaty".into())]);
            let source = draw.pick(&["the gazette", "", "the depositary"]).into();
            let treaty = slug(draw);
            Data::TranscribeTreaty(TranscribeTreaty { clauses, source, titles, treaty })
        }
        14..=16 => {
            let count = draw.below(4);
            let mut facts: Vec<_> = (0..count).map(|_| fact(world, draw)).collect();
            facts.sort_by_key(|fact| fact.on);
            Data::Transcribe(Transcribe { facts, treaty: slug(draw) })
        }
        17 | 18 => Data::Withdraw(Withdraw { treaty: slug(draw) }),
        19 => Data::RevokeWithdrawal(RevokeWithdrawal { treaty: slug(draw) }),
        20 | 21 => Data::WithdrawInstrument(WithdrawInstrument { treaty: slug(draw) }),
        26..32 => network::data(world, kind % 32 - 26, draw, hand),
        _ => {
            let usual = [ConsentKind::Accession, ConsentKind::Ratification];
            let consent = match draw.below(3) {
                0 => draw.pick(&CONSENTS),
                at => usual[at - 1],
            };
            let succession = consent.is_succession().then(|| near(draw, today));
            let instrument = draw.once_in(4).then_some(Digest([3; 32]));
            Data::Deposit(Deposit { consent, instrument, succession, treaty: slug(draw) })
        }
    }
}

/// The signature by which a key proves that its holder has it, or now and then another.
pub fn possession(
    draw: &mut Draw<'_>,
    world: &World,
    actor: ActorId,
    key: PublicKey,
    purpose: Purpose,
) -> Signature {
    let seed = (0..=u8::MAX).find(|seed| public(*seed) == key).filter(|_| !draw.once_in(8));
    let Some(seed) = seed else { return Signature([0; 64]) };
    let message = possession_message(world.ledger.network(), actor, purpose);
    Signature(secret(seed).sign(&message).to_bytes())
}
