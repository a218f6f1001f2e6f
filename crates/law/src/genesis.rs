//! The founding of a network, and its first records.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actor::{
    Actor, ActorKind, Key, Mandate, MandateScope, NameHolder, Office, Purpose, SigningKeys,
    actor_path, check_name, is_weak, name_path, signing_keys_path,
};
use crate::date::Date;
use crate::ids::{ActorId, Digest, KeyId, MandateId, NetworkId, NetworkKey, PublicKey};
use crate::json;
use crate::ledger::Path;
use crate::limits::{CEREMONY_HEX_MAX, EPOCH_BLOCKS_MAX, VALIDATORS_MAX};
use crate::network::{check_address, first_records, seats_max, threshold};
use crate::refusal::Refusal;

pub use crate::network::Validator;

/// The scheme of finality certificates: BLS12-381 threshold signatures, of 48 bytes, under one key
/// of the network.
pub const SCHEME: &str = "bls12381-threshold-minsig/1";

/// Version of the form of a founding. Form 1 knew neither epochs nor addresses: its receipts and
/// evidence verify for ever, and no node runs such a network.
pub const FOUNDING_VERSION: u8 = 2;

/// The founding act of a network. Its digest names the network, and receipts carry it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Founding {
    /// What is public of the sharing of the network key, as the engine encodes it, in hex. The law
    /// does not read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceremony: Option<String>,
    /// Whether a dealer made the shares of the network key, and so knew them all for a moment.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub dealer: bool,
    /// Blocks of an epoch, for ever; 0 in form 1 only.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub epoch_blocks: u64,
    /// Digest of the canonical object of the first records.
    pub ledger: Digest,
    /// The network's name.
    pub name: String,
    /// The key under which blocks are final.
    pub network_key: NetworkKey,
    /// How finality is certified: [`SCHEME`].
    pub scheme: String,
    /// Version of this form.
    pub v: u8,
    /// Who agrees on the order of acts.
    pub validators: Vec<Validator>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde passes a reference
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Founding {
    /// The network's id: the digest of the canonical founding.
    #[must_use]
    pub fn network(&self) -> NetworkId {
        NetworkId(Digest::of(&[&self.to_bytes()]).0)
    }

    /// The canonical bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        json::to_bytes(self)
    }

    /// Whether the members are those of the version: what form 1 did not know is absent from it
    /// and present in later ones.
    #[must_use]
    pub fn is_of_its_form(&self) -> bool {
        let unplaced = |validator: &Validator| validator.address.is_empty();
        let mut validators = self.validators.iter();
        match self.v {
            1 => self.epoch_blocks == 0 && self.ceremony.is_none() && validators.all(unplaced),
            FOUNDING_VERSION => self.epoch_blocks > 0 && !validators.any(unplaced),
            _ => false,
        }
    }

    /// Checks what can be checked without the records.
    ///
    /// # Errors
    /// [`Refusal::UnknownVersion`], those of [`check_name`], [`Refusal::ValidatorCount`],
    /// [`Refusal::BadAddress`] or [`Refusal::BadGenesis`].
    pub fn check(&self) -> Result<(), Refusal> {
        if self.v != FOUNDING_VERSION {
            return Err(Refusal::UnknownVersion { version: self.v.into() });
        }
        check_name(&self.name)?;
        let count = self.validators.len();
        if !(count == 1 || (4..=VALIDATORS_MAX).contains(&count)) {
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            return Err(Refusal::ValidatorCount { count });
        }
        let keys: BTreeSet<_> = self.validators.iter().map(|validator| validator.key).collect();
        if keys.len() != count {
            return Err(bad("a validator is named twice"));
        }
        if keys.iter().any(is_weak) {
            return Err(bad("a validator's key is no proper Ed25519 key"));
        }
        let actors: BTreeSet<_> = self.validators.iter().map(|validator| validator.actor).collect();
        if actors.len() != count {
            return Err(bad("an actor has two seats")); // one actor, one seat
        }
        for validator in &self.validators {
            check_address(&validator.address)?;
        }
        if self.epoch_blocks > EPOCH_BLOCKS_MAX || seats_max(self.epoch_blocks) < count {
            return Err(Refusal::BadGenesis {
                problem: format!(
                    "epochs of {} blocks do not suit {count} validators; take {} to \
                     {EPOCH_BLOCKS_MAX} blocks",
                    self.epoch_blocks,
                    2 * (threshold(count) + 2),
                ),
            });
        }
        let hex = |text: &String| {
            let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            text.len() <= CEREMONY_HEX_MAX
                && text.len().is_multiple_of(2)
                && text.bytes().all(digit)
        };
        if !self.ceremony.as_ref().is_none_or(hex) {
            return Err(bad("the outcome of the sharing is no lower-case hex, or too long"));
        }
        Ok(())
    }
}

fn bad(problem: &str) -> Refusal {
    Refusal::BadGenesis { problem: problem.into() }
}

/// The founding and the first records: all that a node needs to begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Genesis {
    /// The founding.
    pub founding: Founding,
    records: BTreeMap<Path, Value>,
}

impl Genesis {
    /// Reads a genesis from JSON; white space between members is allowed, since people read it.
    ///
    /// # Errors
    /// [`Refusal::BadMember`], those of [`Founding::check`] and of [`json::check`] for a record, or
    /// [`Refusal::BadGenesis`] when the founding is not that of the records.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Refusal> {
        let genesis: Self = json::typed(bytes)?;
        genesis.founding.check()?;
        let records = json::to_bytes(&genesis.records);
        json::check(&records)?;
        if Digest::of(&[&records]) != genesis.founding.ledger {
            return Err(bad("the founding names another ledger"));
        }
        let Founding { validators, epoch_blocks, .. } = &genesis.founding;
        for validator in validators {
            if !genesis.records.contains_key(&actor_path(validator.actor)) {
                return Err(bad("a validator's actor has no record"));
            }
        }
        for (path, record) in first_records(validators, *epoch_blocks) {
            if genesis.records.get(&path) != Some(&record) {
                let problem = format!("the record {path} is not that of the founding");
                return Err(Refusal::BadGenesis { problem });
            }
        }
        Ok(genesis)
    }

    /// The canonical bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        json::to_bytes(self)
    }

    /// The network's id.
    #[must_use]
    pub fn network(&self) -> NetworkId {
        self.founding.network()
    }

    /// The first records, by path, in canonical form.
    #[must_use]
    pub fn records(&self) -> BTreeMap<Path, Vec<u8>> {
        let record = |(path, value): (&Path, &Value)| (path.clone(), json::to_bytes(value));
        self.records.iter().map(record).collect()
    }
}

/// Builds a genesis: first the actors with their keys, then the validators, then the network key.
#[derive(Clone, Debug)]
pub struct GenesisBuilder {
    name: String,
    from: Date,
    records: BTreeMap<Path, Value>,
    validators: Vec<Validator>,
}

impl GenesisBuilder {
    /// A network of this name, whose first mandates begin on a day.
    ///
    /// # Errors
    /// Those of [`check_name`].
    pub fn new(name: &str, from: Date) -> Result<Self, Refusal> {
        check_name(name)?;
        let (records, validators) = (BTreeMap::new(), Vec::new());
        Ok(Self { name: name.into(), from, records, validators })
    }

    /// Enters an actor with its first key, which signs acts, and the office that the key holds.
    ///
    /// # Errors
    /// Those of [`check_name`], [`Refusal::NameTaken`], [`Refusal::WeakKey`],
    /// [`Refusal::KeyExists`] or [`Refusal::OfficeNotForKind`].
    pub fn actor(
        &mut self,
        kind: ActorKind,
        name: &str,
        public: PublicKey,
        office: Office,
    ) -> Result<(ActorId, MandateId), Refusal> {
        check_name(name)?;
        let half = |domain: &[u8], of: &[u8]| {
            let mut id = [0; 16];
            id.copy_from_slice(&Digest::of(&[domain, of]).0[..16]);
            id
        };
        let actor = ActorId(half(b"pacta/genesis/actor/v1", name.as_bytes()));
        if self.records.contains_key(&actor_path(actor)) {
            return Err(Refusal::NameTaken { actor });
        }
        if !office.is_of(kind) {
            return Err(Refusal::OfficeNotForKind { office, kind });
        }
        self.put(actor_path(actor), &Actor { kind, name: name.into(), parent: None, v: 1 });
        self.put(name_path(name), &NameHolder { actor, v: 1 });
        let key = self.key(actor, public)?;
        let mandate = MandateId(half(b"pacta/genesis/mandate/v1", &key.0));
        let record = Mandate {
            actor,
            ended: None,
            from: self.from,
            granted_by: None,
            holder: None,
            key,
            scope: MandateScope::Office(office),
            until: None,
            v: 1,
        };
        self.put(Mandate::path(mandate), &record);
        Ok((actor, mandate))
    }

    /// Enters a further key of an actor, to sign acts.
    ///
    /// # Errors
    /// [`Refusal::WeakKey`] or [`Refusal::KeyExists`].
    pub fn key(&mut self, actor: ActorId, public: PublicKey) -> Result<KeyId, Refusal> {
        if is_weak(&public) {
            return Err(Refusal::WeakKey);
        }
        let key = KeyId::of(&public);
        if self.records.contains_key(&Key::path(key)) {
            return Err(Refusal::KeyExists { key });
        }
        let prefix = format!("\"actor\":\"{actor}\",\"public\"");
        let count = self.records.iter().filter(|(path, record)| {
            path.starts_with("key/") && format!("{record}").contains(&prefix)
        });
        let count = u32::try_from(count.count()).unwrap_or(u32::MAX).saturating_add(1);
        let purpose = Purpose::SignAct;
        self.put(Key::path(key), &Key { actor, public, purpose, revoked: None, v: 1 });
        self.put(signing_keys_path(actor), &SigningKeys { count, v: 1 });
        Ok(key)
    }

    /// Enters the validator of an actor: the key of its node, which signs no acts but its reports,
    /// and where the node is reached, `host:port`.
    pub fn validator(&mut self, actor: ActorId, key: PublicKey, address: &str) {
        self.validators.push(Validator { actor, address: address.into(), key });
    }

    /// Founds the network, with the blocks of an epoch ([`crate::default_epoch_blocks`] suits) and
    /// what is public of the sharing of the network key, in hex.
    ///
    /// # Errors
    /// [`Refusal::KeyExists`] if a node's key is also one of an actor, and those of
    /// [`Genesis::from_bytes`].
    pub fn found(
        self,
        network_key: NetworkKey,
        dealer: bool,
        epoch_blocks: u64,
        ceremony: Option<String>,
    ) -> Result<Genesis, Refusal> {
        let Self { name, mut records, validators, .. } = self;
        for validator in &validators {
            let key = KeyId::of(&validator.key);
            if records.contains_key(&Key::path(key)) {
                return Err(Refusal::KeyExists { key }); // one key, one purpose
            }
        }
        records.extend(first_records(&validators, epoch_blocks));
        let ledger = Digest::of(&[&json::to_bytes(&records)]);
        let (scheme, v) = (SCHEME.into(), FOUNDING_VERSION);
        let founding = Founding {
            ceremony,
            dealer,
            epoch_blocks,
            ledger,
            name,
            network_key,
            scheme,
            v,
            validators,
        };
        Genesis::from_bytes(&Genesis { founding, records }.to_bytes())
    }

    fn put<T: Serialize>(&mut self, path: Path, record: &T) {
        let value = serde_json::to_value(record).expect("our records are JSON");
        self.records.insert(path, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(number: u8) -> PublicKey {
        let secret = ed25519_consensus::SigningKey::from([number + 100; 32]);
        PublicKey(secret.verification_key().to_bytes())
    }

    fn found(builder: GenesisBuilder) -> Result<Genesis, Refusal> {
        builder.found(NetworkKey([7; 96]), true, 16, Some("00ff".into()))
    }

    /// With a State that has two keys, and one validator.
    fn builder() -> (GenesisBuilder, ActorId) {
        let mut builder = GenesisBuilder::new("Test", Date::MIN).expect("a name");
        // RFC 8032, section 7.1, tests 1 and 2.
        let one = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        let two = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
        let public = one.parse().expect("a key");
        let office = Office::ForeignMinister;
        let (actor, _) =
            builder.actor(ActorKind::State, "Ruritania", public, office).expect("an actor");
        builder.key(actor, two.parse().expect("a key")).expect("a further key");
        builder.validator(actor, node(0), "node.example:7000");
        (builder, actor)
    }

    #[test]
    fn a_genesis_is_read_as_it_was_founded_and_counts_keys() {
        let (builder, actor) = builder();
        let genesis = found(builder).expect("a genesis");
        assert_eq!(Genesis::from_bytes(&genesis.to_bytes()), Ok(genesis.clone()));
        let records = genesis.records();
        assert_eq!(records[&signing_keys_path(actor)], br#"{"count":2,"v":1}"#);
    }

    #[test]
    fn a_changed_record_is_not_that_of_the_founding() {
        let (builder, actor) = builder();
        let mut genesis = found(builder).expect("a genesis");
        genesis.records.insert(signing_keys_path(actor), 3.into());
        let refusal = Genesis::from_bytes(&genesis.to_bytes());
        assert!(matches!(refusal, Err(Refusal::BadGenesis { .. })), "{refusal:?}");
    }

    #[test]
    fn two_and_three_validators_cannot_found_a_network() {
        for count in [0, 2, 3] {
            let (mut builder, actor) = builder();
            builder.validators.clear();
            for number in 0..count {
                builder.validator(actor, node(number), "node.example:7000");
            }
            let refusal = found(builder);
            assert_eq!(refusal, Err(Refusal::ValidatorCount { count: count.into() }));
        }
    }

    /// Four States with a validator each.
    fn four() -> GenesisBuilder {
        let mut builder = GenesisBuilder::new("Test", Date::MIN).expect("a name");
        for (number, name) in (0..).zip(["Norland", "Sudmark", "Ostia", "Westria"]) {
            let (kind, office) = (ActorKind::State, Office::ForeignMinister);
            let public = node(number + 50);
            let (actor, _) = builder.actor(kind, name, public, office).expect("an actor");
            builder.validator(actor, node(number), "node.example:7000");
        }
        builder
    }

    fn problem(refusal: Result<Genesis, Refusal>) -> String {
        match refusal {
            Err(Refusal::BadGenesis { problem }) => problem,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_actor_has_one_seat_and_a_key_one_purpose() {
        assert!(found(four()).is_ok());
        let mut builder = four();
        let actor = builder.validators[0].actor;
        builder.validator(actor, node(9), "node.example:7000");
        assert_eq!(problem(found(builder)), "an actor has two seats");

        let mut builder = four();
        builder.validators[0].key = node(50);
        let key = KeyId::of(&node(50));
        assert_eq!(found(builder), Err(Refusal::KeyExists { key }));

        let mut builder = four();
        builder.validators[0].address = "node.example".into();
        assert_eq!(found(builder), Err(Refusal::BadAddress));
    }

    #[test]
    fn an_epoch_is_long_enough_for_its_ceremony_and_not_beyond_the_limit() {
        let key = NetworkKey([7; 96]);
        for (blocks, suits) in [(0, false), (9, false), (10, true), (EPOCH_BLOCKS_MAX, true)] {
            assert_eq!(four().found(key, true, blocks, None).is_ok(), suits, "{blocks}");
        }
        let refusal = problem(four().found(key, true, EPOCH_BLOCKS_MAX + 1, None));
        assert!(refusal.contains("take 10 to 1024 blocks"), "{refusal}");
    }

    #[test]
    fn the_outcome_of_the_sharing_is_hex_of_a_limited_length() {
        let key = NetworkKey([7; 96]);
        let found = |text: String| four().found(key, false, 16, Some(text));
        assert!(found("ab".repeat(CEREMONY_HEX_MAX / 2)).is_ok());
        for wrong in ["ab".repeat(CEREMONY_HEX_MAX / 2 + 1), "abc".into(), "AB".into()] {
            assert!(problem(found(wrong)).contains("no lower-case hex"));
        }
    }

    #[test]
    fn records_of_the_network_are_those_of_the_founding() {
        let mut genesis = found(four()).expect("a genesis");
        genesis.records.remove("network/committee/1");
        genesis.founding.ledger = Digest::of(&[&json::to_bytes(&genesis.records)]);
        let refusal = problem(Genesis::from_bytes(&genesis.to_bytes()));
        assert!(refusal.contains("network/committee/1"), "{refusal}");
    }
}
