//! Who may vote, and how they did.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

/// A ballot, or the lack of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ballot {
    /// In favour.
    Yes,
    /// Against.
    No,
    /// Abstains.
    Abstain,
    /// Against, and with the special weight that some rules give to a strong rejection.
    Veto,
    /// Did not vote.
    Absent,
    /// May not vote in this matter: outside every base, also outside `all`.
    Excluded,
}

impl Ballot {
    /// All ballots, in the order in which they are written.
    pub const ALL: [Self; 6] =
        [Self::Yes, Self::No, Self::Abstain, Self::Veto, Self::Absent, Self::Excluded];

    /// The name in trees and cases.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Abstain => "abstain",
            Self::Veto => "veto",
            Self::Absent => "absent",
            Self::Excluded => "excluded",
        }
    }

    /// The ballot of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ballot| ballot.name() == name)
    }
}

/// A set of ballots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ballots(u8);

impl Ballots {
    /// Every ballot but `excluded`: all who may vote.
    pub const ELIGIBLE: Self = Self(0b01_1111);
    /// In favour alone.
    pub const YES: Self = Self::of(Ballot::Yes);
    /// Against alone.
    pub const NO: Self = Self::of(Ballot::No);
    /// Votes cast: in favour or against.
    pub const CAST: Self = Self(0b00_0011);
    /// Present: in favour, against or abstaining.
    pub const PRESENT: Self = Self(0b00_0111);

    /// One ballot alone.
    #[must_use]
    pub const fn of(ballot: Ballot) -> Self {
        Self(1 << ballot as u8)
    }

    /// These and one more.
    #[must_use]
    pub const fn with(self, ballot: Ballot) -> Self {
        Self(self.0 | 1 << ballot as u8)
    }

    /// Whether a ballot is among these.
    #[must_use]
    pub const fn contains(self, ballot: Ballot) -> bool {
        self.0 & 1 << ballot as u8 != 0
    }

    /// The ballots, in the order in which they are written.
    pub fn iter(self) -> impl Iterator<Item = Ballot> {
        Ballot::ALL.into_iter().filter(move |ballot| self.contains(*ballot))
    }
}

/// One member, or several identical ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who, or what kind of members.
    pub id: String,
    /// How many there are of it.
    pub count: u32,
    /// The sets it belongs to.
    pub sets: BTreeSet<String>,
    /// By column, the weight of each.
    pub weights: BTreeMap<String, u64>,
}

/// Those who decide, as of one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Electorate {
    /// The members, in the order in which answers list them.
    pub members: Vec<Member>,
}

/// How the identical members under one id voted: how many cast each ballot, by [`Ballot`] as
/// number.
pub type Count = [u32; 6];
