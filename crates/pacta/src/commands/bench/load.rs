//! The acts that the network is loaded with: organizations grant their own keys an office.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use pacta_law::actor::Office;
use pacta_law::actor::grant_office::GrantOffice;
use pacta_law::{
    Act, Data, Date, Draft, Genesis, Instant, Ledger, Purpose, Refusal, Stop, compose,
};

use crate::act::{now_ms, sign};
use crate::failure::{Failure, Result};
use crate::files;
use crate::network::directory::{GENESIS_FILE, Network};
use crate::network::founding::{Plan, found_with_organizations};
use crate::signer::{Secret, Signer};

/// Organizations that act: as many keys take part, each with its own sequence numbers.
const ORGANIZATIONS: usize = 256;
const EXPIRES_AFTER_MS: u64 = 24 * 60 * 60 * 1000;

/// A network and who loads it.
pub struct Load {
    /// The network.
    pub network: Network,
    authors: Vec<Author>,
    next: usize,
}

/// An organization with its key, and its next act.
struct Author {
    secret: Secret,
    act: Act,
}

impl Load {
    /// Founds a network with the organizations that load it.
    ///
    /// # Errors
    /// As [`found_with_organizations`].
    pub fn found(root: &Path) -> Result<Self> {
        let generate = |_| Secret::generate(Purpose::SignAct);
        let secrets = (0..ORGANIZATIONS).map(generate).collect::<Result<Vec<_>>>()?;
        let organizations = secrets
            .iter()
            .enumerate()
            .map(|(number, secret)| (format!("Organization {number}"), secret.public()))
            .collect();
        let plan =
            Plan { name: "Bench".to_owned(), states: super::NODES, guests: 0, organizations };
        let (network, founded) = found_with_organizations(root, plan)?;
        let genesis = Genesis::from_bytes(&files::read(&root.join(GENESIS_FILE))?);
        let genesis = genesis.map_err(|refusal| Failure::from(&refusal))?;
        let expires = instant(now_ms() + EXPIRES_AFTER_MS)?;
        let from = instant(now_ms())?.date();
        let ledger = first_ledger(&genesis)?;
        let author = |(secret, (actor, mandate)): (Secret, _)| {
            let key = secret.id();
            let data = Data::GrantOffice(grant(key, from));
            let draft = Draft { actor, data, expires, key, mandate: Some(mandate) };
            let act = compose(&ledger, draft).map_err(stopped)?;
            Ok(Author { secret, act })
        };
        let authors = secrets.into_iter().zip(founded).map(author).collect::<Result<_>>()?;
        Ok(Self { network, authors, next: 0 })
    }

    /// The next signed act. Consecutive acts are of different keys.
    ///
    /// # Errors
    /// As [`sign`].
    pub fn one(&mut self) -> Result<Vec<u8>> {
        let place = self.next % self.authors.len();
        self.next += 1;
        let author = &mut self.authors[place];
        let signed = sign(&author.secret, &author.act)?;
        author.act.sequence += 1;
        Ok(signed.bytes().to_vec())
    }

    /// Many signed acts, in the order in which they are to be submitted.
    ///
    /// # Errors
    /// As [`sign`].
    pub fn many(&mut self, count: usize) -> Result<Vec<Vec<u8>>> {
        (0..count).map(|_| self.one()).collect()
    }

    /// For each key, the path of its sequence number and the last one that was signed.
    pub fn expected(&self) -> Vec<(String, u64)> {
        let expected = |author: &Author| {
            let path = pacta_law::actor::Sequence::path(author.secret.id());
            (path, author.act.sequence - 1)
        };
        self.authors.iter().map(expected).collect()
    }
}

fn grant(key: pacta_law::KeyId, from: Date) -> GrantOffice {
    GrantOffice { from, holder: None, key, office: Office::Representative, until: None }
}

fn first_ledger(genesis: &Genesis) -> Result<Ledger> {
    let records = genesis.records().into_iter();
    let records: BTreeMap<_, Arc<[u8]>> =
        records.map(|(path, record)| (path, record.into())).collect();
    Ok(Ledger::in_memory(genesis.network(), 1, instant(now_ms())?, records))
}

fn instant(ms: u64) -> Result<Instant> {
    Instant::from_ms(ms).map_err(|refusal: Refusal| Failure::from(&refusal))
}

fn stopped(stop: Stop) -> Failure {
    Failure::failed(format!("an act of the load cannot be composed: {stop}"))
}
