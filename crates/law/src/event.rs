//! What an act or the passing of time brought about. Everything outside the law learns from these.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::actor::{ActorKind, Office, Power, Purpose};
use crate::date::Date;
use crate::ids::{ActId, ActorId, Digest, KeyId, MandateId, PublicKey, TreatyId};
use crate::network::{Validator, ValidatorChange};
use crate::treaty::{
    ConsentKind, FactKind, FinalClauses, Participant, SignatureKind, Text, Texts, Titles,
};

/// What happened, with enough to rebuild an index without reading records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs)] // the members are those of the acts, where they are explained
pub enum Event {
    /// An actor was registered, vouched for by another.
    ActorRegistered { actor: ActorId, kind: ActorKind, name: String, parent: ActorId },
    /// A key was registered for an actor.
    KeyRegistered { actor: ActorId, key: KeyId, public: PublicKey, purpose: Purpose },
    /// A key was revoked.
    KeyRevoked { actor: ActorId, key: KeyId },
    /// An office was granted to a key.
    OfficeGranted {
        actor: ActorId,
        from: Date,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        holder: Option<Digest>,
        key: KeyId,
        mandate: MandateId,
        office: Office,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Date>,
    },
    /// Full powers were granted to a key (VCLT art. 7).
    FullPowersGranted {
        actor: ActorId,
        from: Date,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        holder: Option<Digest>,
        key: KeyId,
        mandate: MandateId,
        powers: Vec<Power>,
        treaty: TreatyId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Date>,
    },
    /// A mandate was ended before its time.
    MandateEnded { actor: ActorId, mandate: MandateId },
    /// A treaty was drafted.
    TreatyDrafted {
        by: ActorId,
        clauses: Box<FinalClauses>,
        draft: Digest,
        negotiating: Vec<ActorId>,
        on: Date,
        texts: Box<Texts>,
        titles: Titles,
        treaty: TreatyId,
    },
    /// A negotiating State adopted the draft; so many of all have (VCLT art. 9(1)).
    DraftAdopted { adopted: u32, by: ActorId, of: u32, on: Date, treaty: TreatyId },
    /// All who drew the text up have adopted it.
    TreatyAdopted { on: Date, treaty: TreatyId },
    /// A negotiating State authenticated the texts; so many of all have (VCLT art. 10).
    TextsAuthenticated { authenticated: u32, by: ActorId, of: u32, on: Date, treaty: TreatyId },
    /// The texts are definitive; signature and deposit are open as the clauses say.
    TreatyAuthenticated { on: Date, treaty: TreatyId },
    /// A treaty of an earlier depositary was entered, to be followed by its history.
    TreatyTranscribed {
        by: ActorId,
        clauses: Box<FinalClauses>,
        on: Date,
        source: String,
        titles: Titles,
        treaty: TreatyId,
    },
    /// A treaty was signed (VCLT art. 12, 18).
    TreatySigned { on: Date, participant: Participant, signature: SignatureKind, treaty: TreatyId },
    /// Consent to be bound was established (VCLT art. 16).
    ConsentEstablished {
        consent: ConsentKind,
        /// The treaty's entry into force for the participant. Where the treaty has no date yet,
        /// `entry_date_fixed` brings it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        entry: Option<Date>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        explanation: Option<String>,
        /// What is still missing for the treaty's entry into force.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        missing: Option<String>,
        on: Date,
        participant: Participant,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        succession: Option<Date>,
        treaty: TreatyId,
    },
    /// A consent was withdrawn before it took effect: its author was never bound by it.
    ConsentVoided { on: Date, participant: Participant, treaty: TreatyId },
    /// The conditions are met, and the day of entry into force is fixed (VCLT art. 24(1)). All
    /// who consented so far are bound from that day, successors from their date if later.
    EntryDateFixed {
        date: Date,
        explanation: String,
        /// With whose act the conditions were met.
        participant: Participant,
        treaty: TreatyId,
        trigger: Date,
    },
    /// The day on which the conditions were met undid them again: no date is fixed.
    EntryDateUnset { treaty: TreatyId, trigger: Date },
    /// The treaty is in force from that day.
    EnteredIntoForce { on: Date, treaty: TreatyId },
    /// Notice of withdrawal was received; its author is not bound from `effect` on (VCLT art. 54).
    WithdrawalNotified {
        effect: Date,
        explanation: String,
        on: Date,
        participant: Participant,
        treaty: TreatyId,
    },
    /// A notice of withdrawal was taken back before its effect (VCLT art. 68).
    WithdrawalRevoked { on: Date, participant: Participant, treaty: TreatyId },
    /// The end of a notice of withdrawal was left open.
    WithdrawalSuspended { on: Date, participant: Participant, treaty: TreatyId },
    /// A history states from when a participant is bound; the earliest is the treaty's own date.
    EntryPublished { date: Date, participant: Participant, treaty: TreatyId },
    /// A history states from when a participant is no longer bound.
    EndPublished { date: Date, participant: Participant, treaty: TreatyId },
    /// A fact that changes no date was entered.
    FactRecorded {
        fact: FactKind,
        on: Date,
        participant: Participant,
        /// Why it changes none.
        reason: String,
        treaty: TreatyId,
    },
    /// A member proposed a change of the validators; the act names it.
    ValidatorChangeProposed { by: ActorId, change: ActId, proposal: ValidatorChange },
    /// A member consented to a proposed change; so many more have to.
    ValidatorChangeConsented { awaits: u32, by: ActorId, change: ActId },
    /// A member withdrew its consent.
    ValidatorConsentWithdrawn { by: ActorId, change: ActId },
    /// A proposal was withdrawn by who made it.
    ValidatorChangeWithdrawn { by: ActorId, change: ActId },
    /// A proposal was overtaken: it cannot be made any more, or its proposer is no member.
    ValidatorChangeDropped { change: ActId },
    /// All members consented: the actor has a seat. Its node signs some epochs later.
    ValidatorAdmitted { actor: ActorId, address: String, change: ActId, key: PublicKey },
    /// All other members consented: the actor has no seat any more.
    ValidatorRemoved { actor: ActorId, change: ActId },
    /// A member gave up its seat.
    ValidatorLeft { actor: ActorId, key: PublicKey },
    /// A member replaced the key of its node.
    ValidatorKeyReplaced { actor: ActorId, address: String, key: PublicKey, old: PublicKey },
    /// A node reported that it is synchronised to a height.
    ValidatorReady { actor: ActorId, height: u64, key: PublicKey },
    /// A validator missed so many ceremonies in a row that it is left out until it reports.
    ValidatorSuspended { key: PublicKey },
    /// The committee of an epoch differs from the one before it.
    CommitteeFrozen { epoch: u64, joins: Vec<PublicKey>, leaves: Vec<PublicKey> },
    /// Other validators than before sign from this epoch on.
    CommitteeSeated { epoch: u64, validators: Vec<Validator> },
    /// A ceremony failed, as `failures` in a row have, or succeeded though some were away.
    CeremonyEnded { epoch: u64, failures: u32, revealed: Vec<PublicKey>, succeeded: bool },
}

impl Event {
    /// Files that this event names and that every validator is to hold: the texts of a treaty, from
    /// its draft on, since each party's node keeps the originals (VCLT art. 77(1)(a)).
    pub fn originals(&self) -> impl Iterator<Item = &Text> {
        let texts = match self {
            Self::TreatyDrafted { texts, .. } => Some(texts.texts.values()),
            _ => None,
        };
        texts.into_iter().flatten()
    }
}
