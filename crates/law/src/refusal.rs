//! Why the ledger does not execute an act.

use alloc::string::String;

use crate::actor::{ActorKind, Office, Power, Purpose};
use crate::date::{Date, Instant};
use crate::ids::{ActId, ActorId, Digest, KeyId, MandateId, NetworkId, TreatyId};
use crate::treaty::{ConsentKind, Participant};

/// Declares the refusals: frozen code, stable name, variant with its operands, sentence.
macro_rules! refusals {
    ($($code:literal $name:ident $variant:ident $({ $($field:ident: $type:ty),* $(,)? })?
        $sentence:literal;)*) => {
        /// Why the ledger does not execute an act. It changes nothing but the sequence number.
        ///
        /// The sentence says what is wrong, then what to do. Codes are frozen and never reused.
        #[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
        #[allow(missing_docs)] // an operand is explained by the sentence that holds it
        pub enum Refusal {
            $(#[doc = $sentence] #[error($sentence)] $variant $({ $($field: $type),* })?,)*
        }

        impl Refusal {
            /// The code, frozen.
            #[must_use]
            pub fn code(&self) -> u16 {
                match self { $(Self::$variant { .. } => $code,)* }
            }

            /// The name for programs, as stable as the code.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Self::$variant { .. } => stringify!($name),)* }
            }

            /// Every code with its name, for the frozen vector and for documentation.
            pub const ALL: &'static [(u16, &'static str)] = &[$(($code, stringify!($name)),)*];
        }
    };
}

refusals! {
    // Form: 101 to 129.
    101 malformed Malformed { at: u32 }
        "not JSON at byte {at}; build the act with a pacta client";
    102 duplicate_key DuplicateKey { at: u32 }
        "an object has the same member twice at byte {at}; keep one";
    103 unsorted_keys UnsortedKeys { at: u32 }
        "the members of an object are not sorted at byte {at}; sort them by name";
    104 not_nfc NotNfc { at: u32 }
        "the text at byte {at} is not in Unicode normalization form C; normalize it";
    105 forbidden_character ForbiddenCharacter { at: u32 }
        "the text at byte {at} holds a control, invisible, private or unassigned character; \
         remove it";
    106 float Float { at: u32 }
        "a number at byte {at} has a fraction or exponent; write an integer, or text";
    107 null Null { at: u32 }
        "a null stands at byte {at}; leave the member out";
    108 number_out_of_range NumberOutOfRange { at: u32 }
        "an integer at byte {at} is beyond 9007199254740991 either way; write it as text";
    109 too_deep TooDeep { at: u32 }
        "arrays and objects are nested too deep at byte {at}; flatten them";
    110 too_long TooLong { what: &'static str, max: u32 }
        "{what} is longer than {max}; shorten it, or refer to a document by digest";
    111 not_canonical NotCanonical { at: u32 }
        "not canonical JSON at byte {at}; write no white space and the shortest escapes";
    112 bad_member BadMember { problem: String }
        "a member is missing, unknown or of the wrong kind ({problem}); see the act's form";
    113 unknown_kind UnknownKind { kind: String }
        "there is no act of kind {kind}; this law may be older than the client, so update the node";
    114 unknown_version UnknownVersion { version: u64 }
        "form {version} is not known; write form 1, or update the node";
    115 impossible_date ImpossibleDate
        "a date does not exist; write a day of the calendar as YYYY-MM-DD";
    116 date_out_of_range DateOutOfRange
        "a date or instant is outside the years 1 to 9999; choose another";
    117 bad_name BadName { problem: &'static str }
        "a name {problem}; write it on one line, as it is to be shown";
    118 empty_period EmptyPeriod { from: Date, until: Date }
        "the period ends on {until}, before it begins on {from}; correct the dates";

    // Signature, key, number: 130 to 149.
    130 wrong_network WrongNetwork { network: NetworkId }
        "the act is for another network; sign it for {network}";
    131 unknown_algorithm UnknownAlgorithm
        "the signature algorithm is not known; use ed25519";
    132 key_differs KeyDiffers
        "the public key is not the one whose id the act names; sign with the named key";
    133 bad_signature BadSignature
        "the signature does not fit the act; sign the act again";
    134 unknown_key UnknownKey { key: KeyId }
        "no key {key} is registered; register it first";
    135 wrong_purpose WrongPurpose { key: KeyId, purpose: Purpose }
        "key {key} is registered to {purpose}; use a key registered to sign acts";
    136 key_revoked KeyRevoked { key: KeyId, on: Instant }
        "key {key} was revoked at {on}; use another key";
    137 not_your_key NotYourKey { key: KeyId, actor: ActorId }
        "key {key} is not a key of {actor}; name the actor whose key it is";
    138 expired Expired { at: Instant }
        "the act expired at {at}; sign it again with a later expiry";
    139 expires_too_late ExpiresTooLate { latest: Instant }
        "the act expires more than 30 days ahead; let it expire by {latest}";
    140 sequence_used SequenceUsed { expected: u64 }
        "the sequence number was used before; sign with {expected}";
    141 sequence_ahead SequenceAhead { expected: u64 }
        "an earlier act of this key is missing; submit number {expected} first";
    142 says_differs SaysDiffers { says: String }
        "the act says something else than it does; sign it with: {says}";

    143 node_key_needed NodeKeyNeeded { key: KeyId }
        "key {key} is not registered to vote as a validator; a node signs its report with its own \
         key";

    // Authority: 150 to 169.
    150 unknown_mandate UnknownMandate { mandate: MandateId }
        "there is no mandate {mandate}; name one that was granted";
    151 not_your_mandate NotYourMandate { mandate: MandateId }
        "mandate {mandate} was not granted to this key; name a mandate of the key";
    152 mandate_not_begun MandateNotBegun { mandate: MandateId, from: Date }
        "mandate {mandate} begins on {from}; wait until then";
    153 mandate_over MandateOver { mandate: MandateId, until: Date }
        "mandate {mandate} ended with {until}; obtain a new one";
    154 mandate_ended MandateEnded { mandate: MandateId, on: Instant }
        "mandate {mandate} was ended at {on}; obtain a new one";
    155 mandate_needed MandateNeeded { actor: ActorId }
        "a key acts for {actor} by a mandate only; name the mandate of the key";
    156 not_empowered NotEmpowered { mandate: MandateId, kind: &'static str }
        "mandate {mandate} does not extend to {kind}; obtain one that does (VCLT art. 7)";
    157 no_full_powers NoFullPowers { treaty: TreatyId, power: Power }
        "full powers to {power} {treaty} are needed; obtain them from the head of State, the \
         head of government or the foreign minister (VCLT art. 7)";
    158 cannot_conclude CannotConclude { actor: ActorId }
        "{actor} is neither a State nor an organization, and concludes no treaties (VCLT art. 6)";
    159 may_not_do MayNotDo { kind: ActorKind, act: &'static str }
        "the act {act} is not open to an actor of kind {kind}; let its State or organization act";

    // Actors and keys: 170 to 189.
    170 unknown_actor UnknownActor { actor: ActorId }
        "there is no actor {actor}; check the id";
    171 actor_exists ActorExists { actor: ActorId }
        "actor {actor} is registered already; nothing is to be done";
    172 name_taken NameTaken { actor: ActorId }
        "the name is that of {actor}; choose one that tells the two apart";
    173 kind_needs_decision KindNeedsDecision { kind: ActorKind }
        "an actor of kind {kind} enters with the genesis only; register an authority, company, \
         person or observer";
    174 weak_key WeakKey
        "the key is not a proper Ed25519 public key; make a new one";
    175 key_exists KeyExists { key: KeyId }
        "key {key} is registered already, and a key has one purpose; make a new one";
    176 no_possession NoPossession
        "the new key did not sign for itself; sign the possession text with it";
    177 last_key LastKey { key: KeyId }
        "key {key} is the last with which the actor can act; register its replacement first";
    178 office_not_for_kind OfficeNotForKind { office: Office, kind: ActorKind }
        "{office} is no office of an actor of kind {kind}; choose another";
    179 key_cannot_hold KeyCannotHold { key: KeyId }
        "key {key} cannot hold a mandate; name a key of the same actor that signs acts";
    180 powers_not_unique PowersNotUnique
        "full powers name no act, or one twice; name each act once";
    181 validator_count ValidatorCount { count: u32 }
        "a network of {count} validators cannot be founded; take 1, or 4 to 256";
    182 bad_genesis BadGenesis { problem: String }
        "the genesis contradicts itself: {problem}; obtain it again from its founders";
    183 due_queue_full DueQueueFull
        "as much awaits its day as the ledger holds; nothing more can be entered until some of it \
         has fallen due";

    // The node's own, not the ledger's: 190 to 199.
    190 node_busy NodeBusy
        "the node holds as many waiting acts as it can; submit again in a moment";

    // Treaties: 201 to 299.
    201 clause_out_of_form ClauseOutOfForm { clause: String, problem: String }
        "the clause {clause} {problem}; correct it";
    202 treaty_exists TreatyExists { treaty: TreatyId }
        "there is a treaty {treaty} already; choose another short name";
    203 unknown_treaty UnknownTreaty { treaty: TreatyId }
        "there is no treaty {treaty}; check its short name";
    204 bad_titles BadTitles { problem: &'static str }
        "the titles or texts {problem}; correct them";
    205 bad_negotiators BadNegotiators { problem: &'static str }
        "the list of those who draw the text up {problem}; correct it (VCLT art. 2(1)(e))";
    206 not_negotiating NotNegotiating { actor: ActorId, treaty: TreatyId }
        "{actor} did not take part in drawing up {treaty}; those who did adopt it (VCLT art. 9)";
    207 not_under_negotiation NotUnderNegotiation { treaty: TreatyId }
        "{treaty} is not under negotiation any more; nothing is to be adopted (VCLT art. 9)";
    208 other_draft OtherDraft { treaty: TreatyId, draft: Digest }
        "the draft of {treaty} is another; read it again and adopt {draft}";
    209 already_adopted AlreadyAdopted { actor: ActorId, treaty: TreatyId, on: Date }
        "{actor} adopted {treaty} on {on}; no further act is needed";
    210 not_adopted NotAdopted { treaty: TreatyId }
        "{treaty} is not adopted, or is authenticated already; adoption by all who drew it up \
         comes first, authentication once (VCLT art. 9-10)";
    211 other_texts OtherTexts { treaty: TreatyId, texts: Digest }
        "the texts of {treaty} are others; read them again and authenticate {texts}";
    212 already_authenticated AlreadyAuthenticated { actor: ActorId, treaty: TreatyId, on: Date }
        "{actor} authenticated {treaty} on {on}; no further act is needed";
    213 not_authenticated NotAuthenticated { treaty: TreatyId }
        "the texts of {treaty} are not authenticated; that comes first (VCLT art. 10)";
    214 not_entitled NotEntitled { actor: ActorId, treaty: TreatyId }
        "{actor} is not among those whom {treaty} admits; see its clause on participation \
         (VCLT art. 15)";
    215 signature_not_open SignatureNotOpen { treaty: TreatyId, from: Date }
        "{treaty} opens for signature on {from}; sign from that day on";
    216 signature_closed SignatureClosed { treaty: TreatyId, until: Date }
        "{treaty} was open for signature until {until}; accede, if it is open for accession";
    217 signature_kind SignatureKindNotAllowed { treaty: TreatyId }
        "{treaty} does not provide for this kind of signature; see its clause (VCLT art. 12)";
    218 already_signed AlreadySigned { participant: Participant, treaty: TreatyId, on: Date }
        "{participant} signed {treaty} on {on}; no further signature is needed";
    219 not_signed NotSigned { participant: Participant, treaty: TreatyId }
        "{participant} has not signed {treaty}; sign it first, or accede (VCLT art. 14-15)";
    220 already_consented AlreadyConsented { participant: Participant, treaty: TreatyId, on: Date }
        "{participant} consented to be bound by {treaty} on {on}; no further deposit is needed";
    221 instrument_not_allowed InstrumentNotAllowed { treaty: TreatyId, kind: ConsentKind }
        "{treaty} does not provide for consent by {kind}; see its clause (VCLT art. 11)";
    222 accession_closed AccessionClosed { treaty: TreatyId }
        "{treaty} is not open for accession; see its clause (VCLT art. 15)";
    223 accession_not_open AccessionNotOpen { treaty: TreatyId, from: Date }
        "{treaty} opens for accession on {from}; deposit from that day on (VCLT art. 15)";
    224 instrument_not_for_kind InstrumentNotForKind { kind: ConsentKind }
        "{kind} is not open to this kind of actor; States ratify, organizations confirm formally \
         (VCLT-IO art. 14)";
    225 succession_date SuccessionDate
        "a succession states its date, not after today, and no other instrument does; correct it";
    226 not_contracting NotContracting { participant: Participant, treaty: TreatyId }
        "{participant} has no consent to {treaty} that stands; there is nothing to withdraw";
    227 not_yet_bound NotYetBound { participant: Participant, treaty: TreatyId }
        "{treaty} is not in force for {participant}; withdraw the instrument instead of giving \
         notice";
    228 bound_already BoundAlready { participant: Participant, treaty: TreatyId, on: Date }
        "{treaty} is in force for {participant} since {on}; give notice of withdrawal instead";
    229 withdrawal_too_early WithdrawalTooEarly { treaty: TreatyId, earliest: Date }
        "notice of withdrawal from {treaty} may be given from {earliest} on; wait until then \
         (VCLT art. 54(a))";
    230 no_withdrawal_clause NoWithdrawalClause { treaty: TreatyId }
        "{treaty} has no clause on withdrawal and does not imply one; seek the consent of all \
         parties (VCLT art. 54(b), 56)";
    231 notice_running NoticeRunning { treaty: TreatyId, effect: Date }
        "a notice of withdrawal from {treaty} takes effect on {effect}; no further one is needed";
    232 no_notice NoNotice { participant: Participant, treaty: TreatyId }
        "{participant} has no notice of withdrawal from {treaty} that is still running; nothing \
         can be revoked (VCLT art. 68)";
    233 too_many_spells TooManySpells { participant: Participant }
        "{participant} has left and returned as often as one record holds; no further consent \
         can be entered for it";
    234 facts_count FactsCount { max: u32 }
        "a transcription holds from 1 to {max} facts; divide it";
    235 fact_in_future FactInFuture { date: Date }
        "the fact of {date} has not happened yet; transcribe it when it has";
    236 fact_out_of_order FactOutOfOrder { date: Date, latest: Date }
        "facts up to {latest} are entered, and one of {date} would change what they led to; \
         enter the facts of a treaty in the order of their dates";
    237 published_not_needed PublishedNotNeeded { treaty: TreatyId }
        "the clauses of {treaty} are known and give its dates; leave the published dates out";
    238 not_transcribed NotTranscribed { treaty: TreatyId }
        "{treaty} was not entered from an earlier depositary; its participants act themselves";
    239 other_transcriber OtherTranscriber { actor: ActorId, treaty: TreatyId }
        "the history of {treaty} is transcribed by {actor}; facts are entered by the same";
    240 kept_elsewhere KeptElsewhere { treaty: TreatyId }
        "{treaty} is kept by an earlier depositary, and only its record is transcribed here; act \
         there, and let the fact be transcribed";
    241 accession_after_entry AccessionAfterEntry { treaty: TreatyId }
        "{treaty} opens for accession when it enters into force, and that day is not fixed yet; \
         deposit from then on (VCLT art. 15)";

    // Validators: 301 to 349.
    301 network_of_one NetworkOfOne
        "a network of one validator keeps it for ever; found another network of four or more";
    302 no_seat NoSeat { actor: ActorId }
        "{actor} holds no seat as a validator; only members change the set, each its own or, with \
         the consent of all, another's";
    303 own_seat OwnSeat
        "the proposal is to remove its own author; give the seat up instead";
    304 proposal_pending ProposalPending { change: ActId }
        "an earlier proposal of this member waits for consent; withdraw {change} first";
    305 same_proposal SameProposal { change: ActId }
        "the same is proposed already; consent to {change}";
    306 cannot_validate CannotValidate { kind: ActorKind }
        "an actor of kind {kind} holds no seat; States, organizations and authorities do";
    307 seat_taken SeatTaken { actor: ActorId }
        "{actor} holds a seat already, and an actor has one; replace its key instead";
    308 no_seat_free NoSeatFree { max: u32 }
        "the network has the {max} validators for which its epochs are long enough; let one leave \
         first";
    309 bad_address BadAddress
        "the address is none; write host:port, a host name in lower case, an IPv6 host in brackets";
    310 not_node_key NotNodeKey { actor: ActorId, key: KeyId }
        "key {key} is not one that {actor} registered to vote as a validator; it registers it \
         first, and so offers its node";
    311 too_few_validators TooFewValidators
        "a network has at least four validators, since three tolerate no fault; admit another \
         first";
    312 unknown_change UnknownChange { change: ActId }
        "no proposal {change} waits for consent; it may have been made, withdrawn or overtaken";
    313 not_asked NotAsked { change: ActId }
        "the proposal {change} is to remove this member, whose consent is not asked; leave, if \
         that is meant";
    314 consented_already ConsentedAlready { change: ActId }
        "the member consents to {change} already; wait for the others";
    315 not_consented NotConsented { change: ActId }
        "the actor neither made the proposal {change} nor consented to it; nothing is to be \
         withdrawn";
    316 not_validator_key NotValidatorKey { key: KeyId }
        "key {key} is not that of a validator that the members want; nothing is to be reported";
    317 report_not_needed ReportNotNeeded
        "the validator has its place, or reported a moment ago; nothing is to be reported";
    318 report_out_of_date ReportOutOfDate { height: u64 }
        "the report names a height that is not among the latest; synchronise to height {height} \
         and report again";
    319 seated_key SeatedKey { key: KeyId }
        "key {key} is that of a validator, which would go on voting with it; replace it \
         (`pacta validator replace-key`), or give up the seat (`pacta validator leave`)";
}

impl Refusal {
    /// Whether the same act may be executed later, with nothing changed in it.
    #[must_use]
    pub fn transient(&self) -> bool {
        matches!(
            self,
            Self::SequenceAhead { .. }
                | Self::MandateNotBegun { .. }
                | Self::ExpiresTooLate { .. }
                | Self::NodeBusy
        )
    }
}
