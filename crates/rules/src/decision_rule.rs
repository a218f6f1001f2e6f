//! A whole rule of decision: who votes, what each ballot and its lack mean, what must hold, what
//! comes of it, whom it binds, and who may move the matter elsewhere.
//!
//! Real rules differ less by their fraction than by these fields, so none has an implied value.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::case::NamedOutcome;
use crate::condition::{Condition, EmptyGroup, Partition, Surroundings};
use crate::electorate::{Ballot, Ballots};
use crate::error::Error;

/// Most bytes of a title, source, note, or description for readers.
pub const WORDS_BYTES_MAX: usize = 500;
/// Most notes, exclusions, ballot maps, bases, routes, and brakes, of each.
pub const LISTED_MAX: usize = 64;
/// Most stages.
pub const STAGES_MAX: usize = 16;
/// Most outcomes of one stage.
pub const OUTCOMES_MAX: usize = 64;
/// Most days of a window, an opt-out, or a suspension: a hundred years.
pub const DAYS_MAX: u32 = 36_500;
/// Most times that a stage is tried.
pub const TIMES_MAX: u32 = 1_000;

/// A rule of decision, as adopted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRule {
    /// What it is the rule of.
    pub title: String,
    /// Where it is laid down.
    pub source: String,
    /// Whether it must still be compared with its source before it is relied on.
    pub verify: Option<Verify>,
    /// What a reader should know beside.
    pub notes: Vec<String>,
    /// The sets of members of which it speaks.
    pub sets: Vec<SetDeclaration>,
    /// The columns of weights of which it speaks.
    pub columns: Vec<Column>,
    /// The partitions of which it speaks.
    pub partitions: Vec<Partition>,
    /// How groups of voters become members that cast one ballot each.
    pub derived: Option<Derivation>,
    /// Sets whose members may not vote: they are out of every base.
    pub excluded: Vec<String>,
    /// As what a missing ballot counts.
    pub silent: Ballot,
    /// As what other ballots count.
    pub maps: Vec<BallotMap>,
    /// What fractions are of; nothing if the rule takes no fraction.
    pub base: Vec<Ballots>,
    /// What is said of a group in which nobody voted; stated where the rule speaks of groups.
    pub empty: Option<EmptyGroup>,
    /// What is tried, in order.
    pub stages: Vec<Stage>,
    /// What comes of the matter if no stage decides it; if nothing, it lapses.
    pub default: Option<String>,
    /// What a tie does.
    pub tie: Tie,
    /// Who is bound.
    pub bound: Bound,
    /// Which other rule may apply instead.
    pub routes: Vec<Route>,
    /// Who may have another body take up the matter.
    pub brakes: Vec<Brake>,
    /// Whether voting may end early.
    pub close: Close,
}

/// Why a rule must be compared with its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verify {
    /// It was written from memory.
    Recalled,
    /// It was written from memory, and details are in doubt.
    Uncertain,
}

/// A set of members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetDeclaration {
    /// Its name.
    pub name: String,
    /// Who is in it.
    pub of: SetOrigin,
    /// What its members are, for readers, in the plural: "permanent members".
    pub words: String,
}

/// Whence it is known who is in a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetOrigin {
    /// The registry of members says it.
    Registry,
    /// It depends on the matter: the parties to a dispute, the affected, the proposer.
    Matter,
    /// It is made of other sets and members.
    Made(SetExpression),
}

/// A set made of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetExpression {
    /// Everybody.
    All,
    /// A set declared before.
    Named(String),
    /// Members, by id.
    Members(Vec<String>),
    /// Those in one or the other.
    Union(Box<SetExpression>, Box<SetExpression>),
    /// Those in both.
    Intersection(Box<SetExpression>, Box<SetExpression>),
    /// Those in the first but not in the second.
    Difference(Box<SetExpression>, Box<SetExpression>),
}

/// A column of weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What is weighed, for readers: "population".
    pub words: String,
}

/// Each group casts one ballot: in favour if a condition holds among its members, else against.
///
/// What the rule says after it, it says of the groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derivation {
    /// The word that stands for the group.
    pub variable: String,
    /// The partition whose groups vote as one.
    pub partition: String,
    /// What must hold within a group.
    pub holds: Condition,
}

/// A ballot that counts as another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BallotMap {
    /// The ballot that is cast.
    pub from: Ballot,
    /// By whom; by anybody if no set is named.
    pub set: Option<String>,
    /// As what it counts.
    pub to: Ballot,
}

/// One attempt at a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Whether consents to be bound are counted rather than votes.
    pub consents: bool,
    /// What it is, or before which organ.
    pub name: Option<String>,
    /// How many days it lasts.
    pub days: Option<u32>,
    /// How many times it is tried before it has failed.
    pub times: u32,
    /// The first whose condition holds gives what comes of the stage.
    pub outcomes: Vec<Branch>,
    /// What comes of it if none holds.
    pub otherwise: Then,
}

/// What comes of a stage if a condition holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// The condition.
    pub condition: Condition,
    /// What then comes of it.
    pub then: Then,
}

/// What comes of a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    /// The next stage.
    Next,
    /// The default of the rule.
    Default,
    /// A named outcome, such as `adopted`.
    Label(String),
}

/// What a tie does: as much in favour as against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tie {
    /// Nothing of its own: the conditions decide as always.
    Nothing,
    /// It rejects.
    Rejects,
    /// There is one more vote, and a second tie rejects.
    Repeat,
    /// The lot decides.
    Lot,
    /// A set of one member, such as the chair, casts the deciding vote.
    Casting(String),
}

/// Who is bound by the decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    /// All members.
    All,
    /// Nobody: it recommends.
    Nobody,
    /// Those in favour.
    InFavour,
    /// All but those that opt out within so many days.
    AllButOptOut(u32),
    /// Those that consent to be bound.
    Ratifiers,
    /// The members of a set.
    Set(String),
}

/// Another rule that may apply instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// By what it is chosen, for readers.
    pub by: String,
    /// The rule by which that is decided, if it is contested.
    pub under: Option<String>,
    /// The rule, or body, that then decides.
    pub to: String,
}

/// A right to have another body take up the matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brake {
    /// How many must ask.
    pub requests: Requests,
    /// Members of which set; any members if none is named.
    pub set: Option<String>,
    /// The body.
    pub to: String,
    /// For how many days the matter rests.
    pub days: Option<u32>,
}

/// How many must ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requests {
    /// So many.
    Members(u32),
    /// Such a share, as numerator and denominator.
    Share(u32, u32),
}

/// Whether voting may end before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// No.
    AtEnd,
    /// Once it can no longer fail.
    Passed,
    /// Once it can no longer pass.
    Failed,
    /// Once it can no longer turn out otherwise.
    Decided,
}

/// Words for what a rule chooses among.
macro_rules! words {
    ($type:ty, $($variant:ident = $word:literal),+) => {
        impl $type {
            pub(crate) const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word in text and JSON.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
    };
}

words!(Verify, Recalled = "recalled", Uncertain = "uncertain");
words!(EmptyGroup, Counted = "counted", Holds = "holds", Fails = "fails");
words!(Close, AtEnd = "end", Passed = "passed", Failed = "failed", Decided = "decided");

/// Outcomes that no rule may name, since they have a meaning of their own.
pub(crate) const RESERVED_OUTCOMES: [&str; 3] = ["next", "default", "none"];

impl Then {
    /// The word in text and JSON.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::Next => "next",
            Self::Default => "default",
            Self::Label(label) => label,
        }
    }

    pub(crate) fn of_word(word: &str) -> Self {
        match word {
            "next" => Self::Next,
            "default" => Self::Default,
            label => Self::Label(label.into()),
        }
    }
}

impl Stage {
    /// A single vote: what none of the outcomes catches is left to the default.
    #[must_use]
    pub fn vote(outcomes: Vec<Branch>) -> Self {
        let otherwise = Then::Default;
        Self { consents: false, name: None, days: None, times: 1, outcomes, otherwise }
    }

    /// Whether there is nothing to say of it but its outcomes.
    pub(crate) fn is_plain(&self) -> bool {
        *self == Self::vote(self.outcomes.clone())
    }
}

impl DecisionRule {
    /// What conditions may refer to.
    #[must_use]
    pub fn surroundings(&self) -> Surroundings<'_> {
        let empty = self.empty.unwrap_or(EmptyGroup::Counted);
        Surroundings { partitions: &self.partitions, empty }
    }

    /// The trees that are counted, by stage, with what comes of each: a label, `next`, `default`.
    ///
    /// # Errors
    /// As [`Condition::expand`].
    pub fn expand(&self) -> Result<Vec<Vec<NamedOutcome>>, Error> {
        let outcome = |outcome: &Branch| {
            let rule = outcome.condition.expand(self.surroundings())?;
            Ok(NamedOutcome { rule, label: outcome.then.word().into() })
        };
        let stage = |stage: &Stage| stage.outcomes.iter().map(outcome).collect();
        self.stages.iter().map(stage).collect()
    }
}
