//! A founder at the ceremony: what it is told goes to the terminal, what came of it to its
//! directory.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pacta_law::{Digest, Genesis, NetworkId, Purpose};
use pacta_node::rollcall::{Stage, Standing};
use pacta_node::{Ceremony, Desk, Error, Made, NetworkShare, News, hold};
use pacta_node::{validator_key, validator_secret, voting};
use serde_json::{Value, json};

use crate::failure::{Failure, Result};
use crate::files::{self, Access};
use crate::keyfile::KeyFile;
use crate::network::directory::{
    FileLimits, GENESIS_FILE, KEYS_FOLDER, NODE_FILE, NodeFile, VERSION,
};
use crate::network::enrolment::{Founded, FoundingPlan, fingerprint};
use crate::network::founding::{DATA_FOLDER, NODE_KEY_FILE, SHARE_FILE};
use crate::network::share::ShareFile;
use crate::network::vault::FolderVault;
use crate::printer::{Printer, facts, progress};
use crate::seal::Effort;
use crate::signer::Secret;

/// Folder of what is kept of a ceremony until it is over.
const CEREMONY_FOLDER: &str = "ceremony";
const SECRETS_FOLDER: &str = "secrets";
const THREADS: usize = 2;

/// What one founder runs the ceremony with.
pub struct Run {
    /// Its directory, in which it enrolled.
    pub dir: PathBuf,
    /// The plan.
    pub plan: FoundingPlan,
    /// The attempt.
    pub attempt: NonZeroU32,
    /// Where to listen, unless at the address of the enrolment.
    pub listen: Option<SocketAddr>,
    /// Where the node will answer HTTP.
    pub http: SocketAddr,
    /// The passphrase of the founder's keys.
    pub passphrase: String,
}

/// The name of an official's key file.
pub fn official_file(office: pacta_law::actor::Office) -> String {
    let word = serde_json::to_value(office).ok();
    let word = word.as_ref().and_then(Value::as_str).unwrap_or("official");
    format!("{}.json", word.replace('_', "-"))
}

/// Takes part in the ceremony until no other founder needs this one.
///
/// # Errors
/// Exit code 65 when the plan does not fit the directory, or the founders differ; 1 when another
/// attempt is needed; 69 when the address is taken; 73 or 74 for the disk.
pub fn run(run: Run, printer: Printer) -> Result<()> {
    let (place, secret) = own_place(&run)?;
    let network = founded_before(&run)?;
    let folder = run.dir.join(CEREMONY_FOLDER);
    if let Some(network) = network
        && !folder.exists()
    {
        let founded = printed(&run, network);
        return printer.answer(&founded, || text(&run, network));
    }
    if network.is_some() {
        erase_secrets(&folder)?; // it may have been stopped before it did
    }
    let digest = run.plan.digest();
    let directory = folder.join(format!("{}-{}", &digest.to_string()[..16], run.attempt));
    let purpose = format!("{digest}|{}", run.attempt);
    let secrets = directory.join(SECRETS_FOLDER);
    let vault = FolderVault::open(&secrets, &purpose, &run.passphrase, Effort::FULL)?;
    let founders = run.plan.founders.iter().map(|one| {
        let one = &one.founder;
        let key = validator_key(&one.node).map_err(Failure::defective)?;
        Ok(pacta_node::Founder { name: one.name.clone(), key, address: one.address })
    });
    let ceremony = Ceremony {
        directory,
        key: validator_secret(secret.key.as_bytes()).map_err(Failure::defective)?,
        listen: listen(&run, place),
        founders: founders.collect::<Result<Vec<_>>>()?,
        plan: digest.0,
        attempt: run.attempt,
        founded: network.map(|network| network.0),
        threads: THREADS,
    };
    if let Some(network) = network {
        printer.answer(&printed(&run, network), || text(&run, network))?;
    }
    let mut clerk =
        Clerk { run: &run, place, printer, founded: None, in_vain: false, failure: None };
    let held = hold(ceremony, Arc::new(vault), &mut clerk);
    if let Some(failure) = clerk.failure {
        return Err(failure);
    }
    held.map_err(crate::commands::node::failure)?;
    std::fs::remove_dir_all(&folder).map_err(|error| Failure::disk(&folder, &error))?;
    progress("all founders have finished; start the node");
    Ok(())
}

/// Erases the secrets of all attempts: the network is founded, and who found them could learn the
/// share.
fn erase_secrets(folder: &Path) -> Result<()> {
    let disk = |error| Failure::disk(folder, &error);
    for attempt in std::fs::read_dir(folder).map_err(disk)? {
        FolderVault::erase(&attempt.map_err(disk)?.path().join(SECRETS_FOLDER))?;
    }
    Ok(())
}

/// The founder's place in the plan, and its validator's key.
fn own_place(run: &Run) -> Result<(usize, Secret)> {
    let file = KeyFile::read(&run.dir.join(NODE_KEY_FILE))?;
    let place = run.plan.founders.iter().position(|one| one.founder.node == file.public);
    let place = place.ok_or_else(|| {
        Failure::defective(format!(
            "the plan has no founder with the key of {}; have the plan made with the enrolment of \
             this directory, or name another directory",
            run.dir.join(NODE_KEY_FILE).display()
        ))
    })?;
    let founder = &run.plan.founders[place].founder;
    let path = run.dir.join(KEYS_FOLDER).join(official_file(founder.office));
    let official = KeyFile::read(&path)?;
    if official.public != founder.official || official.purpose != Purpose::SignAct {
        return Err(Failure::defective(format!(
            "{} is not the key of the plan; restore it from a copy, or enrol again",
            path.display()
        )));
    }
    Ok((place, file.open(&run.passphrase)?))
}

/// The network that this directory holds already, if it is one of the plan.
fn founded_before(run: &Run) -> Result<Option<NetworkId>> {
    if !run.dir.join(NODE_FILE).exists() {
        return Ok(None);
    }
    let path = run.dir.join(GENESIS_FILE);
    let genesis = Genesis::from_bytes(&files::read(&path)?)
        .map_err(|refusal| Failure::defective(format!("{}: {refusal}", path.display())))?;
    let again = refound(&run.plan, &genesis)?;
    match again.network() == genesis.network() {
        true => Ok(Some(genesis.network())),
        false => Err(Failure::cannot_create(
            &run.dir,
            "it holds a network of another plan; enrol in another directory",
        )),
    }
}

/// The network of the plan with what a genesis says of the ceremony.
fn refound(plan: &FoundingPlan, genesis: &Genesis) -> Result<Genesis> {
    let founding = &genesis.founding;
    let ceremony = founding.ceremony.clone();
    Ok(plan.found(&founding.network_key.0, ceremony, founding.dealer)?.genesis)
}

fn listen(run: &Run, place: usize) -> SocketAddr {
    run.listen.unwrap_or(run.plan.founders[place].founder.address)
}

/// Whom the ceremony tells its news, and who writes down what came of it.
struct Clerk<'a> {
    run: &'a Run,
    place: usize,
    printer: Printer,
    founded: Option<(Founded, NetworkShare)>,
    in_vain: bool,
    failure: Option<Failure>,
}

impl Clerk<'_> {
    /// Keeps a failure of ours; the ceremony only needs to know that there is one.
    fn keep<T>(&mut self, result: Result<T>) -> std::result::Result<T, Error> {
        result.map_err(|failure| {
            let error = Error::Stopped(failure.to_string());
            self.failure = Some(failure);
            error
        })
    }

    fn write_directory(&self) -> Result<()> {
        let (founded, share) = self.founded.as_ref().ok_or_else(|| {
            Failure::failed("the ceremony was to be written down before it was over")
        })?;
        let (run, genesis) = (self.run, &founded.genesis);
        let (actor, mandate) = founded.actors[self.place];
        let founder = &run.plan.founders[self.place].founder;
        files::write(&run.dir.join(GENESIS_FILE), &genesis.to_bytes(), Access::Everyone)?;
        let share_path = run.dir.join(SHARE_FILE);
        ShareFile::write(&share_path, genesis.network(), share, &run.passphrase, Effort::FULL)?;
        let path = run.dir.join(KEYS_FOLDER).join(official_file(founder.office));
        let official = KeyFile::read(&path)?;
        KeyFile { mandate: Some(mandate), ..official }.replace(&path)?;
        let node = NodeFile {
            v: VERSION,
            operator: actor,
            genesis: GENESIS_FILE.into(),
            key: NODE_KEY_FILE.into(),
            share: Some(SHARE_FILE.into()),
            passphrase_file: None,
            data: DATA_FOLDER.into(),
            http: run.http,
            p2p: listen(run, self.place),
            peers: Vec::new(),
            told: Vec::new(),
            files: FileLimits::default(),
        };
        // Last, since its presence says that all else is there.
        voting::never_started(&run.dir).map_err(Failure::failed)?;
        files::write_json(&run.dir.join(NODE_FILE), &node, Access::Everyone)?;
        let network = genesis.network();
        self.printer.answer(&printed(run, network), || text(run, network))
    }
}

impl Desk for Clerk<'_> {
    fn tell(&mut self, news: News<'_>) {
        match news {
            News::Roll(_) if self.in_vain => {}
            News::Roll(standings) => {
                let names = self.run.plan.founders.iter().map(|one| one.founder.name.as_str());
                roll(&names.collect::<Vec<_>>(), standings).iter().for_each(progress);
            }
            News::Begun => progress("all founders are here; the ceremony begins"),
            News::Void => {
                self.in_vain = true;
                progress(
                    "nothing came of the ceremony that may be used; waiting until all founders \
                     know it",
                );
            }
            News::Made => progress(
                "the network key is made and no share became public; comparing the network with \
                 all founders",
            ),
        }
    }

    fn found(&mut self, made: &Made) -> std::result::Result<[u8; 32], Error> {
        let output = Some(hex::encode(&made.output));
        let founded = self.run.plan.found(&made.network_key, output, false);
        let founded = self.keep(founded)?;
        let network = founded.genesis.network().0;
        self.founded = Some((founded, made.share.clone()));
        Ok(network)
    }

    fn write(&mut self) -> std::result::Result<(), Error> {
        let written = self.write_directory();
        self.keep(written.and_then(|()| erase_secrets(&self.run.dir.join(CEREMONY_FOLDER))))
    }
}

/// How the founders stand, in sentences.
fn roll(names: &[&str], standings: &[(Standing, bool)]) -> Vec<String> {
    let founders = || names.iter().zip(standings);
    let of = |is: &dyn Fn(Standing, bool) -> bool| -> Vec<&str> {
        founders().filter(|(_, one)| is(one.0, one.1)).map(|(name, _)| *name).collect()
    };
    let here = of(&|standing, _| matches!(standing, Standing::There(_)));
    let away = of(&|standing, done| standing == Standing::Absent && !done);
    let done = of(&|_, done| done);
    // Who hears all, while others do not.
    let ready = of(&|standing, _| standing == Standing::There(Stage::Ready));
    let mut sentences = Vec::new();
    if done.is_empty() {
        let missing = match away.is_empty() {
            true => String::new(),
            false => format!("; missing: {}", away.join(", ")),
        };
        sentences.push(format!("{} of {} founders are here{missing}", here.len(), names.len()));
    } else {
        let rest = of(&|_, done| !done);
        if !rest.is_empty() {
            sentences.push(format!("waiting until {} have finished too", rest.join(", ")));
        }
    }
    for (name, (standing, _)) in founders() {
        match standing {
            Standing::OtherPlan(plan) => sentences.push(format!(
                "{name} has another plan, with the fingerprint {}; nothing begins until it has \
                 yours, or you have its",
                fingerprint(plan)
            )),
            Standing::OtherAttempt(attempt) => sentences
                .push(format!("{name} is at attempt {attempt}; all founders must be at the same")),
            Standing::OtherNetwork(network) => sentences.push(format!(
                "{name} says that it made another network, with the fingerprint {}; if all others \
                 publish the same as you, the network is founded and {name} has to explain \
                 itself; if not, start no node",
                fingerprint(network)
            )),
            Standing::OtherVersion => sentences.push(format!(
                "{name} runs another version of this program; all founders must run the same"
            )),
            Standing::There(Stage::Void) => sentences.push(format!(
                "{name} got nothing from the ceremony that it may use; all founders will need \
                 another attempt"
            )),
            Standing::There(Stage::Calling) if !ready.is_empty() => sentences.push(format!(
                "{name} does not hear all others yet; its connections may be blocked"
            )),
            Standing::There(_) | Standing::Absent => {}
        }
    }
    sentences
}

fn printed(run: &Run, network: NetworkId) -> Value {
    json!({
        "network": network,
        "fingerprint": fingerprint(&network.0),
        "name": run.plan.name,
        "dealer": false,
        "plan": run.plan.digest(),
        "attempt": run.attempt,
        "founders": run.plan.founders.iter().map(|one| &one.founder.name).collect::<Vec<_>>(),
        "directory": run.dir,
    })
}

fn text(run: &Run, network: NetworkId) -> String {
    let mut text = facts(&[
        ("network", &network.to_string()),
        ("name", &run.plan.name),
        ("fingerprint", &fingerprint(&network.0)),
    ]);
    text.push_str(&format!(
        "\nPublish the fingerprint, and compare it with what the other founders publish. If one \
         differs, start no node.\n\nNext: pacta node --dir {}\n",
        run.dir.display()
    ));
    text
}

/// What a plan means for who fails and who signs twice, for people.
pub fn tolerance(count: usize) -> String {
    let faulty = (count - 1) / 3;
    let quorum = count - faulty;
    let mut text = format!(
        "{count} founders: {faulty} may be faulty; {} that are away stop the network; {} that sign \
         twice could split it",
        faulty + 1,
        2 * quorum - count
    );
    if count % 3 != 1 {
        text.push_str(&format!(
            "; {} would tolerate as many faults, and {} one more",
            3 * faulty + 1,
            3 * faulty + 4
        ));
    }
    text
}

/// Reads a digest of a plan that somebody published.
///
/// # Errors
/// Exit code 65 when the plan has another.
pub fn expect_fingerprint(plan: &FoundingPlan, expected: Option<&str>, path: &Path) -> Result<()> {
    let found = plan.digest();
    let Some(expected) = expected else { return Ok(()) };
    let plain: String = expected.chars().filter(|one| !one.is_whitespace()).collect();
    match plain.to_lowercase().parse::<Digest>() {
        Ok(digest) if digest == found => Ok(()),
        Ok(_) => Err(Failure::defective(format!(
            "{} has the fingerprint {}, not the expected one; get the plan again and compare it \
             with the other founders",
            path.display(),
            fingerprint(&found.0)
        ))),
        Err(_) => Err(Failure::usage(
            "a fingerprint is 64 digits from 0 to f, with or without spaces; copy it again",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pacta_law::actor::Office;

    #[test]
    fn the_roll_names_who_is_missing_and_who_differs() {
        let names = ["Aland", "Borduria", "Syldavia"];
        let there = (Standing::There(Stage::Ready), false);
        let said = roll(&names, &[there, (Standing::Absent, false), there]);
        assert_eq!(said, ["2 of 3 founders are here; missing: Borduria"]);
        let said = roll(&names, &[there, (Standing::OtherPlan([0xab; 32]), false), there]);
        assert_eq!(said.len(), 2);
        assert!(said[1].starts_with("Borduria has another plan, with the fingerprint abab "));
        let said = roll(&names, &[there, (Standing::OtherNetwork([0xcd; 32]), false), there]);
        assert!(said[1].starts_with("Borduria says that it made another network, with the "));
        let finished = (Standing::There(Stage::Done), true);
        let said = roll(&names, &[finished, there, finished]);
        assert_eq!(said, ["waiting until Borduria have finished too"]);
    }

    #[test]
    fn the_limits_of_a_number_of_founders_are_those_of_the_protocol() {
        for (count, faulty, halt, fork) in [(4, 1, 2, 2), (6, 1, 2, 4), (7, 2, 3, 3), (10, 3, 4, 4)]
        {
            let text = tolerance(count);
            let start = format!(
                "{count} founders: {faulty} may be faulty; {halt} that are away stop the network; \
                 {fork} that sign twice could split it"
            );
            assert!(text.starts_with(&start), "{text}");
        }
        assert!(tolerance(5).ends_with("; 4 would tolerate as many faults, and 7 one more"));
    }

    #[test]
    fn a_key_file_is_named_after_its_office() {
        assert_eq!(official_file(Office::ForeignMinister), "foreign-minister.json");
    }
}
