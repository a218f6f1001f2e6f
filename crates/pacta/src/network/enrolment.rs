//! Who founds a network: each founder's enrolment, and the plan made of all of them.
//!
//! An enrolment says who the founder is, with which keys, and where its node is reached; both keys
//! sign it. A plan is the same for all founders, whoever makes it: its digest names the founding.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;

use ed25519_consensus::{Signature as Ed25519Signature, VerificationKey};
use pacta_law::actor::{ActorKind, Office};
use pacta_law::limits::VALIDATORS_MAX;
use pacta_law::{
    ActorId, Date, Digest, Genesis, GenesisBuilder, MandateId, NetworkKey, PublicKey, Purpose,
    Refusal, Signature, default_epoch_blocks, json,
};
use pacta_node::deal_to;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::failure::{Failure, Result};
use crate::files;
use crate::signer::{Secret, Signer};

/// Form of enrolments and plans.
const VERSION: u64 = 1;
const ENROLMENT_DOMAIN: &[u8] = b"pacta/enrolment/v1\n";
const PLAN_DOMAIN: &[u8] = b"pacta/plan/v1\n";
/// Fewest founders of a network that tolerates a fault.
const FOUNDERS_MIN: usize = 4;

/// A founder, as it describes itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Founder {
    /// Where the other nodes reach its node.
    pub address: SocketAddr,
    /// What it is: a State or an organization.
    pub kind: ActorKind,
    /// Its name.
    pub name: String,
    /// Its validator's key.
    pub node: PublicKey,
    /// The office of the official who acts for it.
    pub office: Office,
    /// The official's key.
    pub official: PublicKey,
}

/// A founder's enrolment, signed with both its keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolment {
    /// The founder.
    pub founder: Founder,
    /// Signature of its validator's key.
    pub node_signature: Signature,
    /// Signature of its official's key.
    pub official_signature: Signature,
    /// Form of the file.
    pub v: u64,
}

impl Enrolment {
    /// Signs an enrolment.
    ///
    /// # Errors
    /// Exit code 2 when a key serves another purpose.
    pub fn sign(founder: Founder, node: &Secret, official: &Secret) -> Result<Self> {
        let message = message(&founder);
        Ok(Self {
            node_signature: node.sign(Purpose::NodeVote, &message)?,
            official_signature: official.sign(Purpose::SignAct, &message)?,
            founder,
            v: VERSION,
        })
    }

    /// Reads an enrolment and checks its signatures.
    ///
    /// # Errors
    /// Exit code 74 when the file cannot be read, 65 when it is no good enrolment.
    pub fn read(path: &Path) -> Result<Self> {
        let enrolment: Self = read(path, "an enrolment")?;
        enrolment.check().map_err(|failure| {
            Failure::new(failure.exit, format!("{}: {failure}", path.display()))
        })?;
        Ok(enrolment)
    }

    /// The digest that the founder publishes.
    pub fn digest(&self) -> Digest {
        Digest::of(&[&message(&self.founder)])
    }

    fn check(&self) -> Result<()> {
        let Founder { name, node, official, .. } = &self.founder;
        let message = message(&self.founder);
        let signed = [(node, &self.node_signature), (official, &self.official_signature)];
        if self.v != VERSION {
            return Err(Failure::defective(
                "the enrolment has a form that this version does not know; use a newer pacta",
            ));
        }
        if !signed.iter().all(|(key, signature)| verifies(key, signature, &message)) {
            return Err(Failure::defective(format!(
                "a signature of the enrolment of {name} is not good; get the file from them again"
            )));
        }
        Ok(())
    }
}

fn message(founder: &Founder) -> Vec<u8> {
    [ENROLMENT_DOMAIN, &json::to_bytes(founder)].concat()
}

fn verifies(key: &PublicKey, signature: &Signature, message: &[u8]) -> bool {
    VerificationKey::try_from(key.0)
        .is_ok_and(|key| key.verify(&Ed25519Signature::from(signature.0), message).is_ok())
}

fn read<T: DeserializeOwned>(path: &Path, what: &str) -> Result<T> {
    serde_json::from_slice(&files::read(path)?).map_err(|error| {
        Failure::defective(format!(
            "{} is not {what}: {error}; get the file again from who made it",
            path.display()
        ))
    })
}

/// What all founders agree to found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoundingPlan {
    /// The founders, sorted by name.
    pub founders: Vec<Enrolment>,
    /// The day from which the officials may act.
    pub from: Date,
    /// The network's name.
    pub name: String,
    /// Form of the file.
    pub v: u64,
}

/// What a plan came to, with a network key.
#[derive(Clone, Debug)]
pub struct Founded {
    /// The founding act and the first records.
    pub genesis: Genesis,
    /// The founders' actors, with the mandates of their officials, in the order of the plan.
    pub actors: Vec<(ActorId, MandateId)>,
}

impl FoundingPlan {
    /// Makes a plan of enrolments, in whatever order they come.
    ///
    /// # Errors
    /// As [`FoundingPlan::check`].
    pub fn new(name: &str, from: Date, mut founders: Vec<Enrolment>) -> Result<Self> {
        founders.sort_by(|one, other| one.founder.name.cmp(&other.founder.name));
        let plan = Self { founders, from, name: name.to_owned(), v: VERSION };
        plan.check()?;
        Ok(plan)
    }

    /// Reads a plan and checks it.
    ///
    /// # Errors
    /// Exit code 74 when the file cannot be read, otherwise as [`FoundingPlan::check`].
    pub fn read(path: &Path) -> Result<Self> {
        let plan: Self = read(path, "a plan of a founding")?;
        plan.check()?;
        Ok(plan)
    }

    /// The digest that names the founding: all founders must have the same.
    pub fn digest(&self) -> Digest {
        Digest::of(&[PLAN_DOMAIN, &json::to_bytes(self)])
    }

    /// Makes the network of the plan and of what came of the ceremony: the network key, and in hex
    /// what is public of the sharing.
    ///
    /// # Errors
    /// Exit code 65 when the law refuses it.
    pub fn found(
        &self,
        network_key: &[u8],
        ceremony: Option<String>,
        dealer: bool,
    ) -> Result<Founded> {
        let network_key = <[u8; 96]>::try_from(network_key)
            .map(NetworkKey)
            .map_err(|_| Failure::failed("the ceremony made a key of another length"))?;
        let refused = |refusal: Refusal| Failure::defective(format!("the plan: {refusal}"));
        let mut builder = GenesisBuilder::new(&self.name, self.from).map_err(refused)?;
        let mut actors = Vec::new();
        for Enrolment { founder, .. } in &self.founders {
            let actor = builder
                .actor(founder.kind, &founder.name, founder.official, founder.office)
                .map_err(refused)?;
            builder.validator(actor.0, founder.node, &founder.address.to_string());
            actors.push(actor);
        }
        let epoch_blocks = default_epoch_blocks(self.founders.len());
        let genesis =
            builder.found(network_key, dealer, epoch_blocks, ceremony).map_err(refused)?;
        Ok(Founded { genesis, actors })
    }

    /// Checks all that can be checked before the ceremony, so that it cannot be in vain.
    ///
    /// # Errors
    /// Exit code 2 for a number of founders that found no network, 65 for anything else.
    pub fn check(&self) -> Result<()> {
        if self.v != VERSION {
            return Err(Failure::defective(
                "the plan has a form that this version does not know; use a newer pacta",
            ));
        }
        let count = self.founders.len();
        match count {
            0 | 1 => Err(Failure::usage(
                "one founder alone needs no ceremony: its only share is the whole key; use \
                 `pacta devnet --states 1` to try things out",
            )),
            2 | 3 => Err(Failure::usage(format!(
                "a network of {count} tolerates no fault; found it with {FOUNDERS_MIN} or more"
            ))),
            _ if count > VALIDATORS_MAX => Err(Failure::usage(format!(
                "a network has at most {VALIDATORS_MAX} founders; leave some to join later"
            ))),
            _ => Ok(()),
        }?;
        self.founders.iter().try_for_each(Enrolment::check)?;
        self.check_distinct()?;
        // The whole founding, with shares that are thrown away: what the law refuses, it refuses
        // now and not after the ceremony.
        let publics: Vec<_> = self.founders.iter().map(|one| one.founder.node).collect();
        let dealt = deal_to(&publics).map_err(Failure::defective)?;
        self.found(&dealt.network_key, Some(hex::encode(dealt.ceremony)), true).map(drop)
    }

    fn check_distinct(&self) -> Result<()> {
        let founders = || self.founders.iter().map(|one| &one.founder);
        if let Some(pair) =
            self.founders.windows(2).find(|pair| pair[0].founder.name >= pair[1].founder.name)
        {
            return Err(Failure::defective(format!(
                "the plan names {} twice, or its founders are not sorted by name; make it anew \
                 with `pacta found plan`",
                pair[1].founder.name
            )));
        }
        let mut keys = BTreeSet::new();
        let twice = founders().find(|one| !keys.insert(one.node) || !keys.insert(one.official));
        if let Some(founder) = twice {
            return Err(Failure::defective(format!(
                "a key of {} stands twice in the plan; each key serves one purpose of one founder",
                founder.name
            )));
        }
        let mut addresses = BTreeSet::new();
        if let Some(founder) = founders().find(|one| !addresses.insert(one.address)) {
            return Err(Failure::defective(format!(
                "the address of {} stands twice in the plan; it must enrol with its own",
                founder.name
            )));
        }
        let unreachable =
            |one: &&Founder| one.address.ip().is_unspecified() || one.address.port() == 0;
        if let Some(founder) = founders().find(unreachable) {
            return Err(Failure::defective(format!(
                "nobody can reach {} at {}; it must enrol with an address and a port that others \
                 can connect to",
                founder.name, founder.address
            )));
        }
        match founders().find(|one| !one.kind.concludes_treaties()) {
            Some(founder) => Err(Failure::defective(format!(
                "{} is neither a State nor an organization; only these found a network",
                founder.name
            ))),
            None => Ok(()),
        }
    }
}

/// A digest as people compare it: sixteen groups of four.
pub fn fingerprint(digest: &[u8; 32]) -> String {
    let groups: Vec<_> = digest.chunks(2).map(hex::encode).collect();
    groups.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Exit;
    use ed25519_consensus::SigningKey;

    fn secret(purpose: Purpose, seed: u8) -> Secret {
        Secret { purpose, key: SigningKey::from([seed; 32]) }
    }

    fn enrolment(number: u8) -> Enrolment {
        let (node, official) =
            (secret(Purpose::NodeVote, number), secret(Purpose::SignAct, 100 + number));
        let founder = Founder {
            address: SocketAddr::from(([192, 0, 2, number], 7000)),
            kind: ActorKind::State,
            name: format!("State {number}"),
            node: node.public(),
            office: Office::ForeignMinister,
            official: official.public(),
        };
        Enrolment::sign(founder, &node, &official).expect("signs")
    }

    fn plan(founders: Vec<Enrolment>) -> Result<FoundingPlan> {
        FoundingPlan::new("Union", Date::MIN, founders)
    }

    fn four() -> Vec<Enrolment> {
        (1..=4).map(enrolment).collect()
    }

    #[test]
    fn a_plan_is_the_same_in_whatever_order_enrolments_come() {
        let one = plan(four()).expect("a plan");
        let other = plan(four().into_iter().rev().collect()).expect("a plan");
        assert_eq!(one.digest(), other.digest());
        let renamed = FoundingPlan::new("Onion", Date::MIN, four()).expect("a plan");
        assert_ne!(one.digest(), renamed.digest());
        assert_eq!(fingerprint(&one.digest().0).split(' ').count(), 16);
    }

    #[test]
    fn too_few_founders_are_told_what_to_do() {
        for (count, advice) in [(0, "devnet"), (1, "devnet"), (2, "4 or more"), (3, "4 or more")] {
            let failure = plan(four().into_iter().take(count).collect()).expect_err("is refused");
            assert_eq!(failure.exit, Exit::Usage, "{count}");
            assert!(failure.sentence.contains(advice), "{failure}");
        }
    }

    #[test]
    fn whatever_is_changed_in_an_enrolment_is_found_out() {
        let mut name = four();
        name[0].founder.name = "State 0".into();
        let mut address = four();
        address[1].founder.address = SocketAddr::from(([192, 0, 2, 99], 7000));
        let mut signature = four();
        signature[2].official_signature = signature[2].node_signature;
        for changed in [name, address, signature] {
            let failure = plan(changed).expect_err("is refused");
            assert_eq!(failure.exit, Exit::Defective);
            assert!(failure.sentence.contains("signature"), "{failure}");
        }
    }

    #[test]
    fn nobody_founds_twice_and_nobody_is_out_of_reach() {
        let mut twice = four();
        twice[3] = enrolment(1);
        assert_eq!(plan(twice).expect_err("is refused").exit, Exit::Defective);
        let (node, official) = (secret(Purpose::NodeVote, 4), secret(Purpose::SignAct, 104));
        let sign = |change: &dyn Fn(&mut Founder)| {
            let mut founder = enrolment(4).founder;
            change(&mut founder);
            Enrolment::sign(founder, &node, &official).expect("signs")
        };
        let nowhere = sign(&|founder| founder.address = SocketAddr::from(([0, 0, 0, 0], 7000)));
        let shared = sign(&|founder| founder.address = enrolment(1).founder.address);
        let company = sign(&|founder| founder.kind = ActorKind::Company);
        let office = sign(&|founder| founder.office = Office::ExecutiveHead);
        for changed in [nowhere, shared, company, office] {
            let mut founders = four();
            founders[3] = changed.clone();
            let failure = plan(founders).expect_err("is refused");
            assert_eq!(failure.exit, Exit::Defective, "{changed:?}: {failure}");
        }
    }
}
