//! The form of a file of data: one treaty, its final clauses, its dated actions, and the dates
//! that were published. A member that the form does not know is an error, since a misspelt one
//! would change dates without a word.

use std::collections::BTreeMap;

use pacta_law::treaty::FactKind;
use pacta_law::{Date, TreatyId};
use serde::Deserialize;
use serde_json::Value;

/// Members that no date depends on, and whatever else was found beside the known ones.
pub type Others = BTreeMap<String, Value>;

/// One treaty.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TreatyData {
    /// Its short name.
    pub id: TreatyId,
    /// Its title.
    pub name: String,
    /// Where the facts come from.
    pub source: Vec<String>,
    /// The final clauses.
    pub final_clauses: ClausesData,
    /// What the participants did.
    pub actions: Vec<Action>,
    /// What was published.
    pub expected: Expected,
    /// What a replay gave when the file was made.
    pub check: Check,
    /// How far the facts reach.
    #[serde(rename = "data_cutoff")]
    _data_cutoff: Option<String>,
    #[serde(rename = "confidence")]
    _confidence: Option<String>,
    #[serde(rename = "notes")]
    _notes: Option<String>,
    #[serde(rename = "provenance")]
    _provenance: Option<Value>,
    #[serde(rename = "source_discrepancies")]
    _source_discrepancies: Option<Value>,
}

/// What a participant did.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// Who.
    pub party: String,
    /// What.
    pub action: FactKind,
    /// When: the day of deposit, signature or receipt.
    pub date: Date,
    /// Of a successor State: the day of succession.
    pub date_of_succession: Option<Date>,
    #[serde(rename = "provenance")]
    _provenance: Option<String>,
    #[serde(rename = "claimed_effective")]
    _claimed_effective: Option<String>,
    #[serde(rename = "disputed")]
    _disputed: Option<bool>,
}

/// What was published.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// The day of entry into force; null if the treaty is not in force.
    pub entry_into_force: Option<Date>,
    /// The day on which the conditions were met; null if they never were.
    pub trigger_deposit: Option<Trigger>,
    /// Days of entry into force by party.
    #[serde(default)]
    pub party_entry_into_force: BTreeMap<String, Date>,
    /// Days of the first spell of a party that left and returned.
    #[serde(default)]
    pub party_entry_into_force_first_time: BTreeMap<String, Date>,
    /// Days of its second spell.
    #[serde(default)]
    pub party_entry_into_force_second_time: BTreeMap<String, Date>,
    /// Days from which a party was not bound any more.
    #[serde(default)]
    pub party_withdrawal_effective: BTreeMap<String, OneOrMore>,
}

/// The day on which the conditions were met.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// One of the parties whose counted instrument bears the date.
    pub party: Option<String>,
    /// The date.
    pub date: Date,
    #[serde(rename = "note")]
    _note: Option<String>,
}

/// The effect of one notice of withdrawal, or of several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum OneOrMore {
    /// Of one.
    One(Date),
    /// Of several, in order.
    More(Vec<Date>),
}

impl OneOrMore {
    /// All of them.
    pub fn dates(&self) -> &[Date] {
        match self {
            Self::One(date) => std::slice::from_ref(date),
            Self::More(dates) => dates,
        }
    }
}

/// What a replay gave when the file was made.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// What that replay is worth; begins with "not replayed" if there was none.
    pub basis: String,
    #[serde(rename = "replay_reproduces_published_date")]
    _replay_reproduces_published_date: Option<bool>,
    #[serde(rename = "replayed_date")]
    _replayed_date: Option<Date>,
}

/// Final clauses, as parameters.
#[derive(Clone, Debug, Deserialize)]
pub struct ClausesData {
    /// Condition and day of entry into force.
    pub entry_into_force: EntryData,
    /// The day for those who consent later.
    pub late_party: Option<LatePartyData>,
    /// How one leaves.
    #[serde(default)]
    pub withdrawal: WithdrawalData,
    /// Who is counted.
    #[serde(default)]
    pub counting: Counting,
    /// The clause on accession.
    pub accession: Option<AccessionData>,
    /// First day for signature.
    pub open_for_signature_from: Option<Date>,
    /// Last day for signature.
    pub open_for_signature_until: Option<Date>,
    /// Weights by name.
    #[serde(default)]
    pub weights: BTreeMap<String, u64>,
    /// States that all must consent.
    #[serde(default)]
    pub required_states: Vec<String>,
    /// Lists of members by name of the group.
    #[serde(default)]
    pub groups: BTreeMap<String, Vec<String>>,
    /// For information.
    #[serde(flatten)]
    pub others: Others,
}

/// Condition and day of entry into force.
#[derive(Clone, Debug, Deserialize)]
pub struct EntryData {
    /// How the day follows.
    pub kind: EntryKind,
    /// What must hold.
    pub conditions: Option<ConditionData>,
    /// From the day on which it holds.
    pub delay: Option<DelayData>,
    /// A fixed date.
    pub date: Option<Date>,
    /// What follows if the fixed date passes.
    pub otherwise: Option<Otherwise>,
    /// Name of the list of States that all must consent.
    pub list: Option<String>,
    /// What the day is never earlier than.
    pub not_before: Option<Date>,
    /// Short name of the treaty that must be in force.
    pub parent_in_force: Option<String>,
    /// The day on which that one entered into force.
    pub parent_entry_into_force: Option<Date>,
    /// For information.
    #[serde(flatten)]
    pub others: Others,
}

/// How the day of entry into force follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// From the day on which conditions are met.
    Threshold,
    /// A fixed date if they are met by then.
    FixedDateIf,
    /// From the day on which all States of a list have consented.
    AllOfList,
}

/// What follows if a fixed date passes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Otherwise {
    /// From the day on which the conditions are met.
    pub delay: DelayData,
    #[serde(rename = "from")]
    _from: Option<Fulfilment>,
}

/// The day from which such a delay runs.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fulfilment {
    /// The day on which the conditions are met.
    Fulfilment,
}

/// A delay.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DelayData {
    /// How it is counted.
    pub kind: DelayKind,
    /// How many.
    pub n: u32,
}

/// How a delay is counted.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DelayKind {
    /// Calendar days.
    Days,
    /// Days that lie between.
    ClearDays,
    /// Months.
    Months,
    /// Years.
    Years,
    /// Days, then the first of the next month.
    FirstOfMonthAfterDays,
    /// Months, then the first of the next month.
    FirstOfMonthAfterMonths,
    /// The first of the nth month after.
    FirstOfNthMonthAfterMonth,
    /// The first of the next month.
    FirstOfMonthFollowing,
}

/// Conditions: all members of one object must hold.
#[derive(Clone, Debug, Deserialize)]
pub struct ConditionData {
    /// So many participants.
    pub instruments: Option<u64>,
    /// Only these actions count for the other members.
    pub kinds_counted: Option<Vec<FactKind>>,
    /// All of these.
    pub named_parties: Option<Vec<String>>,
    /// So many members of a group.
    pub instruments_from_group: Option<FromGroup>,
    /// A share of the weights.
    pub weight: Option<WeightData>,
    /// A share of the parties.
    pub fraction_of_parties: Option<OfParties>,
    /// A share of the members.
    pub fraction_of_members: Option<OfMembers>,
    /// A share of the signatories.
    pub fraction_of_signatories: Option<String>,
    /// How many signatories there are.
    pub signatories: Option<u64>,
    /// So many signatories.
    pub all_signatories: Option<u64>,
    /// Every one of these.
    pub all_of: Option<Vec<ConditionData>>,
    /// Any of these.
    pub min_of: Option<Vec<ConditionData>>,
    /// For information.
    #[serde(flatten)]
    pub others: Others,
}

/// So many members of a group.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FromGroup {
    /// Name of the group.
    pub group: String,
    /// How many.
    pub n: u64,
}

/// A share of a table of weights.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightData {
    /// Name of the table; without one, the condition cannot be tested.
    pub table: Option<String>,
    /// What the share is of.
    pub denominator: Option<u64>,
    /// The share.
    pub min_fraction: String,
    /// What is weighed.
    pub measure: String,
}

/// A share of the parties.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfParties {
    /// The share.
    pub fraction: String,
    /// How many there are.
    pub base: u64,
}

/// A share of the members of an organization.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfMembers {
    /// The share.
    pub fraction: String,
    /// How many there are.
    pub members: u64,
    #[serde(rename = "needed")]
    _needed: Option<u64>,
}

/// The day for those who consent later.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LatePartyData {
    /// After what a consent is late.
    pub trigger: Cut,
    /// From the consent.
    pub delay: DelayData,
    #[serde(rename = "applies_to")]
    _applies_to: Option<String>,
    #[serde(rename = "not_before_treaty_entry_into_force")]
    _not_before_treaty_entry_into_force: Option<bool>,
}

/// After what a consent is late.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// The day on which the conditions were met.
    AfterThreshold,
    /// The treaty's entry into force.
    AfterEntryIntoForce,
}

/// How one leaves.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(untagged)]
pub enum WithdrawalData {
    /// Not recorded.
    #[default]
    Unrecorded,
    /// The text has no clause.
    None(NoneInText),
    /// By a clause.
    Clause(NoticeData),
}

/// The text has no clause on withdrawal.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoneInText {
    /// It has none.
    NoneInText,
}

/// A clause on withdrawal.
#[derive(Clone, Debug, Deserialize)]
pub struct NoticeData {
    /// From the notice to its effect; without it, the effect cannot be computed.
    pub notice: Option<DelayData>,
    /// No notice earlier, counted from the party's own day.
    pub not_before_years_in_force_for_party: Option<u32>,
    /// No notice earlier, counted from the treaty's day.
    pub not_before_years_in_force: Option<u32>,
    /// For information.
    #[serde(flatten)]
    pub others: Others,
}

/// Who is counted.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counting {
    /// The parties that are organizations.
    #[serde(default)]
    pub organisations: Vec<String>,
    /// Whether their instruments count.
    #[serde(default)]
    pub regional_organisations_count: bool,
    #[serde(rename = "successions_count")]
    _successions_count: Option<bool>,
    #[serde(rename = "predecessor_states_count")]
    _predecessor_states_count: Option<bool>,
    #[serde(rename = "one_instrument_per_party")]
    _one_instrument_per_party: Option<bool>,
    #[serde(rename = "states_only")]
    _states_only: Option<bool>,
}

/// The clause on accession.
#[derive(Clone, Debug, Deserialize)]
pub struct AccessionData {
    /// What follows from an accession.
    pub kind: AccessionKind,
    /// For information.
    #[serde(flatten)]
    pub others: Others,
}

/// What follows from an accession.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessionKind {
    /// A date that depends on the objections of others.
    BilateralisedWithObjection,
    /// Nothing: a treaty of its own is needed.
    AccessionTreatyBetweenMembersAndAccedingState,
}
