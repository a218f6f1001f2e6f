//! The story that is told: from the draft of a treaty to its entry into force, act by act.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant as Clock};

use pacta_law::actor::Power;
use pacta_law::actor::grant_full_powers::GrantFullPowers;
use pacta_law::actor::register_key::RegisterKey;
use pacta_law::treaty::adopt::Adopt;
use pacta_law::treaty::authenticate::Authenticate;
use pacta_law::treaty::condition::{Condition, Counted};
use pacta_law::treaty::deposit::Deposit;
use pacta_law::treaty::draft_treaty::DraftTreaty;
use pacta_law::treaty::sign::Sign;
use pacta_law::treaty::{
    Accession, ConsentClause, ConsentKind, Delay, EntryIntoForce, FinalClauses, Floors, LateParty,
    Organizations, Participation, SignatureClause, SignatureKind, Text, Texts, Treaty,
    TreatyStatus, Withdrawal, WithdrawalClause,
};
use pacta_law::{ActId, ActorId, Data, Digest, Instant, Purpose, TreatyId, possession_message};
use serde::Serialize;
use serde_json::{Value, json};

use crate::act::{self, Author, Final, View, now_ms};
use crate::client::Client;
use crate::failure::{Failure, Result};
use crate::network::directory::Network;
use crate::network::process::NodeProcess;
use crate::printer::progress;
use crate::signer::{Secret, Signer};

/// The treaty of the story.
pub const TREATY: &str = "emergency-teams";
const TEXTS: [(&str, &[u8]); 2] =
    [("en", include_bytes!("texts_en.txt")), ("ru", include_bytes!("texts_ru.txt"))];
const TITLES: [(&str, &str); 2] = [
    ("en", "Agreement on the Mutual Recognition of Emergency Medical Teams"),
    ("ru", "Соглашение о взаимном признании бригад неотложной медицинской помощи"),
];
/// Who drafts, and whose envoy acts by full powers.
const DRAFTER: usize = 2;
const SENDER: usize = 3;
/// How long a node may take to come to where another is, and a treaty into force.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(5);

/// One step: an act that is final.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// What was done, such as `deposit`.
    pub step: &'static str,
    /// Who did it.
    pub actor: String,
    /// The act.
    pub act: ActId,
    /// The height of the block that holds it.
    pub height: u64,
    /// `executed` or `refused`.
    pub result: &'static str,
    /// From its submission until its author's node said that it is final.
    pub ms: f64,
    /// The sentence that was signed.
    pub says: String,
}

/// The States, their keys, and what happened so far.
pub struct Story<'a> {
    network: &'a Network,
    nodes: &'a [NodeProcess],
    ministers: Vec<(Secret, Author)>,
    /// What happened so far.
    pub steps: Vec<Step>,
}

impl<'a> Story<'a> {
    /// Opens the keys of the ministers.
    ///
    /// # Errors
    /// As [`Network::minister`].
    pub fn begin(network: &'a Network, nodes: &'a [NodeProcess]) -> Result<Self> {
        let states = network.file.states.iter();
        let ministers = states.map(|state| network.minister(state)).collect::<Result<_>>()?;
        Ok(Self { network, nodes, ministers, steps: Vec::new() })
    }

    /// Takes the treaty from its draft into force, then has a second deposit refused on record.
    ///
    /// # Errors
    /// Exit code 1 when a step fails.
    pub fn conclude(&mut self) -> Result<()> {
        let treaty: TreatyId = TREATY.parse().map_err(Failure::failed)?;
        self.minister_does(DRAFTER, "draft", Data::DraftTreaty(draft(&treaty, self.actors())))?;
        let head: Treaty = self.head(DRAFTER)?;
        let draft = head.draft.ok_or_else(|| Failure::failed("the treaty has no draft"))?;
        for place in 0..self.nodes.len() {
            let data = Adopt { draft, treaty: treaty.clone() };
            self.minister_does(place, "adopt", Data::Adopt(data))?;
        }
        let texts = self.texts(DRAFTER)?;
        for place in 0..self.nodes.len() {
            let data = Authenticate { texts, treaty: treaty.clone() };
            self.minister_does(place, "authenticate", Data::Authenticate(data))?;
        }
        let envoy = self.send_envoy(&treaty)?;
        for place in 0..self.nodes.len() {
            let data = Sign { signature: SignatureKind::Simple, treaty: treaty.clone() };
            match place == SENDER {
                true => self.does(place, &envoy, "sign", Data::Sign(data), false)?,
                false => self.minister_does(place, "sign", Data::Sign(data))?,
            };
        }
        let ratification = Deposit {
            consent: ConsentKind::Ratification,
            instrument: None,
            succession: None,
            treaty: treaty.clone(),
        };
        for place in 0..self.nodes.len() {
            self.minister_does(place, "deposit", Data::Deposit(ratification.clone()))?;
        }
        self.wait_for_force()?;
        let author = self.ministers[0].clone();
        let again = self.does(0, &author, "deposit_again", Data::Deposit(ratification), true)?;
        match again.is_executed() {
            false => Ok(()),
            true => Err(Failure::failed("a second deposit was executed; report this")),
        }
    }

    /// What the ledger says of the treaty.
    ///
    /// # Errors
    /// Exit code 69 when the node does not answer.
    pub fn treaty(&self) -> Result<Value> {
        let head = self.head(0)?;
        Ok(json!({
            "id": TREATY,
            "titles": head.titles,
            "status": head.status(today()?),
            "trigger": head.trigger,
            "entry_into_force": head.entry,
            "consents": head.counts.consents,
        }))
    }

    /// The last act that was executed.
    ///
    /// # Errors
    /// When there is none.
    pub fn executed(&self) -> Result<ActId> {
        self.last("executed")
    }

    /// The last act that was refused.
    ///
    /// # Errors
    /// When there is none.
    pub fn refused(&self) -> Result<ActId> {
        self.last("refused")
    }

    fn last(&self, result: &str) -> Result<ActId> {
        let step = self.steps.iter().rev().find(|step| step.result == result);
        step.map(|step| step.act).ok_or_else(|| Failure::failed(format!("no act was {result}")))
    }

    fn actors(&self) -> Vec<ActorId> {
        self.network.file.states.iter().map(|state| state.actor).collect()
    }

    fn minister_does(&mut self, place: usize, step: &'static str, data: Data) -> Result<Final> {
        let minister = self.ministers[place].clone();
        self.does(place, &minister, step, data, false)
    }

    /// Does an act at the author's own node, once that node has all that happened before.
    fn does(
        &mut self,
        place: usize,
        (secret, author): &(Secret, Author),
        step: &'static str,
        data: Data,
        on_record: bool,
    ) -> Result<Final> {
        let client = self.nodes[place].client();
        let name = self.network.file.states[place].name.clone();
        self.wait_for_height(&client)?;
        let prepared = act::prepare(&client, author, data)?;
        if let Err(refusal) = &prepared.tried
            && !on_record
        {
            return Err(Failure::failed(format!("{step} by {name}: {refusal}")));
        }
        let signed = act::sign(secret, &prepared.act)?;
        let done = act::submit(&client, &signed, on_record)?;
        let ms = (done.elapsed.as_secs_f64() * 10_000.0).round() / 10.0;
        progress(format!("{ms:>8.1} ms  {}", prepared.act.says));
        if !done.is_executed() && !on_record {
            let why = done.refusal().unwrap_or("it was refused");
            return Err(Failure::failed(format!("{step} by {name}: {why}")));
        }
        self.steps.push(Step {
            step,
            actor: name,
            act: done.standing.id,
            height: done.standing.height.unwrap_or_default(),
            result: if done.is_executed() { "executed" } else { "refused" },
            ms,
            says: prepared.act.says,
        });
        Ok(done)
    }

    /// Kyrgyzstan's envoy gets a key and full powers to sign (VCLT art. 7(1)(a)).
    fn send_envoy(&mut self, treaty: &TreatyId) -> Result<(Secret, Author)> {
        let envoy = Secret::generate(Purpose::SignAct)?;
        let actor = self.ministers[SENDER].1.actor;
        let (network, purpose) = (self.network.file.network, Purpose::SignAct);
        let possession = envoy.sign(purpose, &possession_message(network, actor, purpose))?;
        let data = RegisterKey { possession, public: envoy.public(), purpose };
        self.minister_does(SENDER, "register_key", Data::RegisterKey(data))?;
        let data = GrantFullPowers {
            from: today()?,
            holder: None,
            key: envoy.id(),
            powers: vec![Power::Sign],
            treaty: treaty.clone(),
            until: None,
        };
        let granted =
            self.minister_does(SENDER, "grant_full_powers", Data::GrantFullPowers(data))?;
        let mandate = Some(granted.standing.id.mandate());
        let author = Author { key: envoy.id(), actor, mandate };
        Ok((envoy, author))
    }

    fn head(&self, place: usize) -> Result<Treaty> {
        let mut view = View::open(&self.nodes[place].client())?;
        let head = view.record(&format!("treaty/{TREATY}"))?;
        head.ok_or_else(|| Failure::failed("the treaty is not on the ledger"))
    }

    fn texts(&self, place: usize) -> Result<Digest> {
        let mut view = View::open(&self.nodes[place].client())?;
        let texts: Option<Texts> = view.record(&format!("treaty/{TREATY}/texts"))?;
        let texts = texts.ok_or_else(|| Failure::failed("the treaty has no texts"))?;
        Ok(texts.digest)
    }

    fn wait_for_height(&self, client: &Client) -> Result<()> {
        let height = self.steps.last().map_or(0, |step| step.height);
        wait(|| Ok(act::network(client)?.node.height >= height), "a node does not follow")
    }

    /// Waits until every node says that the treaty is in force.
    fn wait_for_force(&self) -> Result<()> {
        let today = today()?;
        for place in 0..self.nodes.len() {
            let in_force = || Ok(self.head(place)?.status(today) == TreatyStatus::InForce);
            wait(in_force, "the treaty does not enter into force")?;
        }
        progress("the treaty is in force");
        Ok(())
    }
}

fn wait(mut holds: impl FnMut() -> Result<bool>, otherwise: &str) -> Result<()> {
    let start = Clock::now();
    while !holds()? {
        if start.elapsed() > PATIENCE {
            return Err(Failure::failed(format!("{otherwise}; look at the logs of the nodes")));
        }
        thread::sleep(POLL);
    }
    Ok(())
}

fn today() -> Result<pacta_law::Date> {
    Ok(Instant::from_ms(now_ms()).map_err(|refusal| Failure::from(&refusal))?.date())
}

/// The draft: open to those who drew it up, in force on the day of the fifth ratification.
fn draft(treaty: &TreatyId, mut negotiating: Vec<ActorId>) -> DraftTreaty {
    negotiating.sort_unstable();
    let text = |(language, bytes): (&str, &[u8])| {
        let document = Digest::of(&[bytes]);
        let media_type = "text/plain; charset=utf-8".to_owned();
        (language.to_owned(), Text { bytes: bytes.len() as u64, document, media_type })
    };
    let title = |(language, title): (&str, &str)| (language.to_owned(), title.to_owned());
    DraftTreaty {
        clauses: clauses(negotiating.len() as u64),
        negotiating,
        texts: TEXTS.map(text).into_iter().collect::<BTreeMap<_, _>>(),
        titles: TITLES.map(title).into_iter().collect(),
        treaty: treaty.clone(),
    }
}

/// Final clauses by which a treaty is in force with the last of `all` ratifications.
pub fn clauses(all: u64) -> FinalClauses {
    FinalClauses {
        participation: Participation::NegotiatingStates,
        signature: SignatureClause { from: None, until: None, kinds: vec![SignatureKind::Simple] },
        consent: ConsentClause {
            kinds: vec![ConsentKind::Ratification],
            signature_required: true,
            accession: Accession::Closed,
            accession_awaits_objections: false,
        },
        entry_into_force: EntryIntoForce::Threshold {
            conditions: Condition::Count { at_least: all, of: Counted::default() },
            delay: Delay::None,
            floors: Floors::default(),
            article: Some("art. 4".to_owned()),
        },
        late_party: LateParty::Silent,
        withdrawal: Withdrawal::Clause(WithdrawalClause {
            notice: Delay::Months(6),
            not_before_years_in_force_for_party: None,
            not_before_years_in_force: None,
            returning_party: Default::default(),
            article: Some("art. 5".to_owned()),
        }),
        organizations: Organizations::default(),
    }
}
