//! A company whose key the test holds, so that it can sign whatever it likes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use ed25519_consensus::SigningKey;
use pacta_law::actor::register_key::RegisterKey;
use pacta_law::actor::{Actor, ActorKind, Key, actor_path};
use pacta_law::{
    Act, ActorId, Data, Draft, Instant, KeyId, Ledger, NetworkId, PublicKey, Purpose, Signature,
    SignedAct, compose, possession_message,
};
use serde_json::Value;

use super::{Network, json};

/// A company registered on a network.
pub struct Company {
    /// Its key.
    pub secret: SigningKey,
    /// Its id.
    pub actor: ActorId,
    /// The number of its next act.
    pub sequence: u64,
    name: String,
    network: NetworkId,
    keys: u64,
}

/// The public half of a key, as the law has it.
pub fn public(secret: &SigningKey) -> PublicKey {
    PublicKey(secret.verification_key().to_bytes())
}

/// Milliseconds since 1970.
pub fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
    u64::try_from(now.as_millis()).expect("it is before the year 584 million")
}

impl Company {
    /// Has a State register a company with a key made from a seed.
    pub fn register(network: &Network, state: usize, name: &str, seed: u8) -> Self {
        let secret = SigningKey::from([seed; 32]);
        let id = network.file["network"].as_str().expect("a network");
        let id: NetworkId = id.parse().expect("a digest");
        let parent: ActorId = network.state(state, "actor").parse().expect("an actor");
        let possession = prove(&secret, id, parent, Purpose::SignAct);
        let (public, possession) = (public(&secret).to_string(), possession.to_string());
        let output = network.sign(
            state,
            &[
                "actor",
                "register",
                "company",
                name,
                "--public",
                &public,
                "--possession",
                &possession,
            ],
        );
        let (code, answer) = json(&output);
        assert_eq!(code, 0, "{answer}");
        let act = answer["act"].as_str().expect("an act");
        let actor = act[..32].parse().expect("an actor is named by its act");
        Self { secret, actor, sequence: 1, name: name.into(), network: id, keys: 0 }
    }

    /// The next act: the registration of a further key. It is not signed yet.
    pub fn act(&mut self) -> Act {
        self.keys += 1;
        let mut seed = [7; 32];
        seed[..8].copy_from_slice(&self.keys.to_be_bytes());
        seed[8..16].copy_from_slice(&self.actor.0[..8]);
        let fresh = SigningKey::from(seed);
        let possession = prove(&fresh, self.network, self.actor, Purpose::SignAct);
        let data = RegisterKey { possession, public: public(&fresh), purpose: Purpose::SignAct };
        let act = self.compose(Data::RegisterKey(data));
        self.sequence += 1;
        act
    }

    /// An act with its sentence, under the next number.
    pub fn compose(&self, data: Data) -> Act {
        let (actor, key) = (self.actor, KeyId::of(&public(&self.secret)));
        let record =
            Actor { kind: ActorKind::Company, name: self.name.clone(), parent: None, v: 1 };
        let (public, purpose) = (public(&self.secret), Purpose::SignAct);
        let key_record = Key { actor, public, purpose, revoked: None, v: 1 };
        let bytes = |value: Value| Arc::<[u8]>::from(value.to_string().into_bytes());
        let records = BTreeMap::from([
            (actor_path(actor), bytes(serde_json::to_value(record).expect("JSON"))),
            (Key::path(key), bytes(serde_json::to_value(key_record).expect("JSON"))),
        ]);
        let now = Instant::from_ms(now_ms()).expect("now is in range");
        let ledger = Ledger::in_memory(self.network, 1, now, records);
        let expires = Instant::from_ms(now_ms() + 600_000).expect("soon is in range");
        let draft = Draft { actor, data, expires, key, mandate: None };
        let mut act = compose(&ledger, draft).expect("the sentence needs these records only");
        act.sequence = self.sequence;
        act
    }

    /// The signed bytes of an act.
    pub fn sign(&self, act: &Act) -> Vec<u8> {
        signed(&self.secret, act)
    }

    /// The signed bytes of the next act.
    pub fn signed(&mut self) -> Vec<u8> {
        let act = self.act();
        self.sign(&act)
    }
}

/// The signed bytes of an act.
pub fn signed(secret: &SigningKey, act: &Act) -> Vec<u8> {
    let sign = |message: &[u8]| Signature(secret.sign(message).to_bytes());
    let signed = SignedAct::sign_with(act, public(secret), sign).expect("the act is in form");
    signed.bytes().to_vec()
}

/// The proof that a key is in the hands of who registers it.
pub fn prove(
    secret: &SigningKey,
    network: NetworkId,
    actor: ActorId,
    purpose: Purpose,
) -> Signature {
    Signature(secret.sign(&possession_message(network, actor, purpose)).to_bytes())
}
