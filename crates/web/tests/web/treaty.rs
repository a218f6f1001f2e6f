//! A treaty of five States, whose conditions are two instruments.

use std::collections::BTreeMap;

use pacta_law::treaty::adopt::Adopt;
use pacta_law::treaty::authenticate::Authenticate;
use pacta_law::treaty::deposit::Deposit;
use pacta_law::treaty::draft_treaty::DraftTreaty;
use pacta_law::treaty::sign::Sign;
use pacta_law::treaty::withdraw::Withdraw;
use pacta_law::treaty::{
    Accession, Condition, ConsentClause, ConsentKind, Counted, Delay, EntryIntoForce, FinalClauses,
    Floors, LateParty, Organizations, Participation, ReturningParty, SignatureClause,
    SignatureKind, Text, Withdrawal, WithdrawalClause,
};
use pacta_law::{ActorId, Data, Digest, TreatyId};

use crate::support::{STATES, World};

/// The treaty's short name.
pub const SLUG: &str = "transit";

pub fn id() -> TreatyId {
    SLUG.parse().expect("a short name")
}

fn clauses() -> FinalClauses {
    FinalClauses {
        participation: Participation::NegotiatingStates,
        signature: SignatureClause {
            from: None,
            until: None,
            kinds: vec![SignatureKind::Simple, SignatureKind::Definitive],
        },
        consent: ConsentClause {
            kinds: vec![ConsentKind::Ratification, ConsentKind::Acceptance],
            signature_required: true,
            accession: Accession::Open,
            accession_awaits_objections: false,
        },
        entry_into_force: EntryIntoForce::Threshold {
            conditions: Condition::Count { at_least: 2, of: Counted::default() },
            delay: Delay::Days(1),
            floors: Floors::default(),
            article: Some("art. 9(1)".into()),
        },
        late_party: LateParty::Silent,
        withdrawal: Withdrawal::Clause(WithdrawalClause {
            notice: Delay::Days(1),
            not_before_years_in_force_for_party: None,
            not_before_years_in_force: None,
            returning_party: ReturningParty::First,
            article: Some("art. 10".into()),
        }),
        organizations: Organizations::default(),
    }
}

pub fn draft(world: &World, title: &str) -> DraftTreaty {
    let text = |seed: u8| Text {
        bytes: 48_120,
        document: Digest([seed; 32]),
        media_type: "application/pdf".into(),
    };
    let mut negotiating: Vec<ActorId> = world.states.iter().map(|state| state.actor).collect();
    negotiating.sort();
    let titles = [("en", title), ("ru", "Конвенция о транзите")];
    DraftTreaty {
        clauses: clauses(),
        negotiating,
        texts: BTreeMap::from([("en".into(), text(1)), ("ru".into(), text(2))]),
        titles: titles.map(|(language, title)| (language.into(), title.into())).into(),
        treaty: id(),
    }
}

/// Drafts, adopts and authenticates the treaty.
pub async fn conclude(world: &World, title: &str) {
    let draft = draft(world, title);
    let (digest, texts) = (draft.digest(), draft.texts_digest());
    world.act(0, Data::DraftTreaty(draft)).await;
    for state in 0..STATES.len() {
        world.act(state, Data::Adopt(Adopt { draft: digest, treaty: id() })).await;
    }
    for state in 0..STATES.len() {
        world.act(state, Data::Authenticate(Authenticate { texts, treaty: id() })).await;
    }
}

pub fn sign(signature: SignatureKind) -> Data {
    Data::Sign(Sign { signature, treaty: id() })
}

pub fn deposit(consent: ConsentKind) -> Data {
    Data::Deposit(Deposit { consent, instrument: None, succession: None, treaty: id() })
}

pub fn withdraw() -> Data {
    Data::Withdraw(Withdraw { treaty: id() })
}
