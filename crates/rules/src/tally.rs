//! Sums of weights by ballot, kept up to date vote by vote.
//!
//! A rule names tallies; each is the weight of some members who cast some ballots. What differs
//! between tallies is weight and set, a [`Measure`]; for each measure the sum is kept by ballot, so
//! that one vote changes two sums of each measure to which its member adds, however many members
//! there are. Members that add the same to every measure are alike: they form a class.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use crate::electorate::{Ballot, Ballots, Count, Electorate, Member};
use crate::error::Error;
use crate::tree::{Set, Tally, Weight};

/// Most entries of an electorate: a member is one, and so are several identical ones.
pub const MEMBERS_MAX: usize = 1 << 16;
/// Most numbers kept of an electorate for one question: over its classes of alike members, the
/// measures to which each adds.
pub const CONTRIBUTIONS_MAX: usize = 1 << 20;

/// How members weigh, and whose ballots are counted: a tally without its ballots.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Measure {
    /// How members weigh.
    pub weight: Weight,
    /// Whose ballots.
    pub set: Set,
}

impl From<&Tally> for Measure {
    fn from(tally: &Tally) -> Self {
        Self { weight: tally.weight.clone(), set: tally.set.clone() }
    }
}

/// What one member adds to a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contribution {
    /// The number of the measure.
    pub measure: u32,
    /// How much one member adds; never zero.
    pub weight: u64,
}

/// An electorate as the measures of a question see it.
#[derive(Clone, Debug)]
pub struct Measures {
    measures: Vec<Measure>,
    /// By member: how many identical ones there are, and their class.
    members: Vec<(u32, u32)>,
    /// By class, what each of its members adds, by rising number of the measure.
    classes: Vec<Vec<Contribution>>,
}

impl Measures {
    /// The electorate as these tallies see it.
    ///
    /// # Errors
    /// [`Error::Form`] if two members have one id, a set that is named has no member, or a member
    /// whose weight is counted has none in that column; [`Error::Limit`] above [`MEMBERS_MAX`] or
    /// [`CONTRIBUTIONS_MAX`].
    pub fn new<'a>(
        tallies: impl IntoIterator<Item = &'a Tally>,
        electorate: &Electorate,
    ) -> Result<Self, Error> {
        Self::with_sets(tallies, electorate, &[])
    }

    /// The electorate as these tallies see it, where a rule declares these sets: one of which
    /// nobody is a member in this matter counts zero.
    ///
    /// # Errors
    /// As [`Measures::new`], of a set that is not declared.
    pub fn with_sets<'a>(
        tallies: impl IntoIterator<Item = &'a Tally>,
        electorate: &Electorate,
        declared: &[&str],
    ) -> Result<Self, Error> {
        check_members(&electorate.members)?;
        let named: BTreeSet<Measure> = tallies.into_iter().map(Measure::from).collect();
        let measures: Vec<Measure> = named.into_iter().collect();
        for measure in &measures {
            check_known(&measure.set, electorate, declared)?;
        }
        let mut classes = BTreeMap::new();
        let mut members = Vec::with_capacity(electorate.members.len());
        let mut kept: usize = 0;
        for member in &electorate.members {
            let contributions = contributions(&measures, member)?;
            let next = classes.len() as u32; // at most one class a member
            let added = contributions.len();
            let class = *classes.entry(contributions).or_insert(next);
            kept += if class == next { added } else { 0 };
            if kept > CONTRIBUTIONS_MAX {
                return Err(limit("members times measures of the rule", kept, CONTRIBUTIONS_MAX));
            }
            members.push((member.count, class));
        }
        let mut by_number = vec![Vec::new(); classes.len()];
        for (contributions, class) in classes {
            by_number[class as usize] = contributions;
        }
        Ok(Self { measures, members, classes: by_number })
    }

    /// The number of the measure of a tally, if the question names it.
    #[must_use]
    pub fn number(&self, measure: &Measure) -> Option<usize> {
        self.measures.binary_search(measure).ok()
    }

    /// The measures, by number.
    #[must_use]
    pub fn list(&self) -> &[Measure] {
        &self.measures
    }

    /// By class of alike members, what each of them adds.
    #[must_use]
    pub fn classes(&self) -> &[Vec<Contribution>] {
        &self.classes
    }

    /// The class of a member, if there is such a member.
    #[must_use]
    pub fn class(&self, member: usize) -> Option<usize> {
        self.members.get(member).map(|(_, class)| *class as usize)
    }

    /// The members of a class, in member order.
    pub fn members_of(&self, class: usize) -> impl Iterator<Item = usize> {
        let members = self.members.iter().enumerate();
        members.filter(move |(_, of)| of.1 as usize == class).map(|(member, _)| member)
    }

    /// Nobody has voted: every ballot is absent.
    #[must_use]
    pub fn nobody_voted(&self) -> Running {
        let absent = self.members.iter().map(|(count, _)| only_absent(*count));
        self.sum(absent.collect())
    }

    /// The ballots of all members, in member order.
    ///
    /// # Errors
    /// [`Error::Form`] if there are not as many counts as members, or the ballots of one do not
    /// sum to the number of identical members.
    pub fn count(&self, counts: Vec<Count>) -> Result<Running, Error> {
        if counts.len() != self.members.len() {
            let (found, wanted) = (counts.len(), self.members.len());
            let problem = format!("there are {found} counts for {wanted} members; give one each");
            return Err(Error::form("votes", problem));
        }
        for (number, (count, (members, _))) in counts.iter().zip(&self.members).enumerate() {
            let ballots: u64 = count.iter().map(|ballots| u64::from(*ballots)).sum();
            if ballots != u64::from(*members) {
                let problem = format!("{ballots} ballots of {members} members; count each once");
                return Err(Error::form(format!("votes[{number}]"), problem));
            }
        }
        Ok(self.sum(counts))
    }

    /// Sums counts that are known to fit the members.
    ///
    /// A member adds at most 2^32 ballots of weight below 2^64, and there are at most 2^16 members:
    /// no sum reaches 2^112.
    fn sum(&self, counts: Vec<Count>) -> Running {
        let mut running = Running {
            counts,
            classes: vec![[0; 6]; self.classes.len()],
            sums: vec![[0; 6]; self.measures.len()],
        };
        for (count, (_, class)) in running.counts.iter().zip(&self.members) {
            for (total, ballots) in running.classes[*class as usize].iter_mut().zip(count) {
                *total += u64::from(*ballots);
            }
        }
        for (contributions, ballots) in self.classes.iter().zip(&running.classes) {
            for Contribution { measure, weight } in contributions {
                let sums = &mut running.sums[*measure as usize];
                for (sum, ballots) in sums.iter_mut().zip(ballots) {
                    *sum += u128::from(*ballots) * u128::from(*weight);
                }
            }
        }
        running
    }

    /// The value of a tally; below 2^112.
    ///
    /// # Errors
    /// [`Error::Form`] if no rule of the question names its weight and set together: they were not
    /// counted then, which is not zero.
    pub fn tally(&self, running: &Running, tally: &Tally) -> Result<u128, Error> {
        match self.number(&Measure::from(tally)) {
            Some(number) => Ok(running.tally(number, tally.ballots)),
            None => Err(Error::form("tally", "was not counted; count all that is asked for")),
        }
    }

    /// Changes one ballot of a member: it votes (from absent), or changes its vote. The time taken
    /// depends on the measures to which the member adds, not on the number of members.
    ///
    /// # Errors
    /// [`Error::Form`] if there is no such member or none of its ballots is the first; nothing is
    /// changed then.
    pub fn cast(
        &self,
        running: &mut Running,
        member: usize,
        from: Ballot,
        to: Ballot,
    ) -> Result<(), Error> {
        self.cast_alike(running, member, from, to, 1)
    }

    /// Changes so many ballots of identical members at once.
    ///
    /// # Errors
    /// [`Error::Form`] if there is no such member or not so many of its ballots are the first;
    /// nothing is changed then.
    pub fn cast_alike(
        &self,
        running: &mut Running,
        member: usize,
        from: Ballot,
        to: Ballot,
        ballots: u32,
    ) -> Result<(), Error> {
        let (Some((_, class)), Some(count)) =
            (self.members.get(member), running.counts.get_mut(member))
        else {
            return Err(Error::form("votes", format!("there is no member {member}")));
        };
        if count[from as usize] < ballots {
            let (found, name) = (count[from as usize], from.name());
            let problem = format!("{found} of its ballots are `{name}`; change no more than that");
            return Err(Error::form(format!("votes[{member}]"), problem));
        }

        // What is taken was counted there, and the sum of all ballots stays as it is.
        let (from, to) = (from as usize, to as usize);
        count[from] -= ballots;
        count[to] += ballots;
        let class = *class as usize;
        running.classes[class][from] -= u64::from(ballots);
        running.classes[class][to] += u64::from(ballots);
        for Contribution { measure, weight } in &self.classes[class] {
            let sums = &mut running.sums[*measure as usize];
            let moved = u128::from(*weight) * u128::from(ballots);
            sums[from] -= moved;
            sums[to] += moved;
        }
        Ok(())
    }
}

/// The count while votes come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    counts: Vec<Count>,
    classes: Vec<[u64; 6]>,
    sums: Vec<[u128; 6]>,
}

impl Running {
    /// The ballots of all members, in member order.
    #[must_use]
    pub fn counts(&self) -> &[Count] {
        &self.counts
    }

    /// The ballots by class of alike members.
    #[must_use]
    pub fn classes(&self) -> &[[u64; 6]] {
        &self.classes
    }

    /// The weight of certain ballots in a measure of the same question; below 2^112.
    pub(crate) fn tally(&self, measure: usize, ballots: Ballots) -> u128 {
        let sums = self.sums.get(measure).copied().unwrap_or_default();
        ballots.iter().map(|ballot| sums[ballot as usize]).sum()
    }

    /// How many members cast each ballot, by [`Ballot`] as number.
    #[must_use]
    pub fn members(&self) -> [u64; 6] {
        let mut members = [0; 6];
        for class in &self.classes {
            for (total, ballots) in members.iter_mut().zip(class) {
                *total += ballots;
            }
        }
        members
    }
}

/// Counts every ballot of one kind as another: what silence means, or an abstention that the law
/// commands (primitive "ballot map").
pub fn count_as(counts: &mut [Count], from: Ballot, to: Ballot) {
    for count in counts {
        let moved = core::mem::take(&mut count[from as usize]);
        // All six sum to the number of members, which has 32 bits.
        count[to as usize] = count[to as usize].saturating_add(moved);
    }
}

fn only_absent(members: u32) -> Count {
    let mut count = Count::default();
    count[Ballot::Absent as usize] = members;
    count
}

fn limit(what: &'static str, found: usize, limit: usize) -> Error {
    Error::Limit { what, found: found as u64, limit: limit as u64 }
}

fn check_members(members: &[Member]) -> Result<(), Error> {
    if members.len() > MEMBERS_MAX {
        return Err(limit("members", members.len(), MEMBERS_MAX));
    }
    let mut ids = BTreeSet::new();
    match members.iter().find(|member| !ids.insert(member.id.as_str())) {
        Some(twice) => Err(Error::form(twice.id.as_str(), "is a member twice; list it once")),
        None => Ok(()),
    }
}

fn check_known(set: &Set, electorate: &Electorate, declared: &[&str]) -> Result<(), Error> {
    let Set::Named(name) = set else { return Ok(()) };
    let is_declared = declared.contains(&name.as_str());
    if is_declared || electorate.members.iter().any(|member| member.sets.contains(name)) {
        return Ok(());
    }
    let problem = "no member belongs to this set; correct its name, or say who belongs to it";
    Err(Error::form(name.as_str(), problem))
}

fn contributions(measures: &[Measure], member: &Member) -> Result<Vec<Contribution>, Error> {
    let mut found = Vec::new();
    for (number, Measure { weight, set }) in measures.iter().enumerate() {
        let counted = match set {
            Set::All => true,
            Set::Named(name) => member.sets.contains(name),
        };
        if !counted {
            continue;
        }
        let weight = match weight {
            Weight::Unit => 1,
            Weight::Column(column) => weight_of(member, column)?,
        };
        if weight > 0 {
            found.push(Contribution { measure: number as u32, weight }); // at most NODES_MAX
        }
    }
    Ok(found)
}

fn weight_of(member: &Member, column: &String) -> Result<u64, Error> {
    member.weights.get(column).copied().ok_or_else(|| {
        let problem = format!("has no weight in column `{column}`; give one, or zero");
        Error::form(member.id.as_str(), problem)
    })
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    fn member(id: &str, count: u32, sets: &[&str], weight: Option<u64>) -> Member {
        Member {
            id: id.into(),
            count,
            sets: sets.iter().map(ToString::to_string).collect(),
            weights: weight.map(|weight| ("stake".into(), weight)).into_iter().collect(),
        }
    }

    fn tally(column: Option<&str>, set: Option<&str>) -> Tally {
        Tally {
            weight: column.map_or(Weight::Unit, |name| Weight::Column(name.into())),
            set: set.map_or(Set::All, |name| Set::Named(name.into())),
            ballots: Ballots::YES,
        }
    }

    fn electorate() -> Electorate {
        let north = member("north", 2, &["coast"], Some(5));
        let south = member("south", 1, &["coast"], Some(5));
        Electorate { members: vec![north, south, member("west", 3, &[], Some(7))] }
    }

    #[test]
    fn a_vote_at_a_time_gives_the_same_as_all_votes_at_once() {
        let tallies = [tally(None, None), tally(Some("stake"), Some("coast"))];
        let measures = Measures::new(&tallies, &electorate()).expect("known names");
        assert_eq!(measures.classes().len(), 2, "north and south are alike");

        let mut running = measures.nobody_voted();
        let votes = [(0, Ballot::Yes), (2, Ballot::No), (0, Ballot::No), (1, Ballot::Yes)];
        for (member, ballot) in votes {
            measures.cast(&mut running, member, Ballot::Absent, ballot).expect("an absent one");
        }
        measures.cast(&mut running, 1, Ballot::Yes, Ballot::Abstain).expect("changes its vote");

        let counts = vec![[1, 1, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0], [0, 1, 0, 0, 2, 0]];
        assert_eq!(measures.count(counts), Ok(running.clone()));
        let stake = measures.number(&Measure::from(&tallies[1])).expect("it is named");
        assert_eq!(running.tally(stake, Ballots::YES), 5);
        assert_eq!(running.tally(stake, Ballots::PRESENT), 15);
        assert_eq!(measures.tally(&running, &tallies[1]), Ok(5));
        assert!(measures.tally(&running, &tally(Some("stake"), None)).is_err());
        assert_eq!(running.members(), [1, 2, 1, 0, 2, 0]);
    }

    #[test]
    fn a_ballot_that_is_not_there_is_refused_and_changes_nothing() {
        let measures = Measures::new(&[tally(None, None)], &electorate()).expect("known names");
        let mut running = measures.nobody_voted();
        let before = running.clone();
        for (member, from) in [(0, Ballot::Yes), (3, Ballot::Absent)] {
            assert!(measures.cast(&mut running, member, from, Ballot::No).is_err());
        }
        assert_eq!(running, before);
    }

    #[test]
    fn unknown_sets_and_columns_are_errors_and_not_zero() {
        for wrong in [tally(None, Some("island")), tally(Some("gold"), None)] {
            assert!(Measures::new(&[wrong], &electorate()).is_err());
        }
        let mut partly = electorate();
        partly.members[2].weights.clear();
        assert!(Measures::new(&[tally(Some("stake"), None)], &partly).is_err());
        assert!(Measures::new(&[tally(Some("stake"), Some("coast"))], &partly).is_ok());
        partly.members[2].id = "north".into();
        assert!(Measures::new(&[], &partly).is_err());
    }

    #[test]
    fn counts_that_do_not_sum_to_the_members_are_refused() {
        let measures = Measures::new(&[tally(None, None)], &electorate()).expect("known names");
        let right = vec![[2, 0, 0, 0, 0, 0], [0, 0, 0, 0, 1, 0], [0, 0, 3, 0, 0, 0]];
        assert!(measures.count(right.clone()).is_ok());
        assert!(measures.count(right[..2].to_vec()).is_err());
        let mut wrong = right;
        wrong[2][0] = 1;
        assert!(measures.count(wrong).is_err());
    }

    #[test]
    fn an_electorate_at_its_limit_passes_and_one_above_is_refused() {
        let members = |n: usize| -> Vec<Member> {
            (0..n).map(|number| member(&number.to_string(), u32::MAX, &[], None)).collect()
        };
        let of = |n| Measures::new(&[tally(None, None)], &Electorate { members: members(n) });
        assert!(of(MEMBERS_MAX + 1).is_err());
        let all = of(MEMBERS_MAX).expect("at the limit").nobody_voted();
        assert_eq!(all.tally(0, Ballots::ELIGIBLE), u128::from(u32::MAX) << 16);
    }

    #[test]
    fn what_is_kept_of_an_electorate_has_a_limit() {
        // Each member is its own class, since its weights are its own: 1,024 numbers a member.
        let columns: Vec<String> = (0..1024).map(|column| format!("column {column}")).collect();
        let tallies: Vec<Tally> = columns.iter().map(|name| tally(Some(name), None)).collect();
        let of = |members: u64| {
            let weights = |n| columns.iter().map(|name| (name.clone(), n)).collect();
            let members = (1..=members)
                .map(|n| Member { weights: weights(n), ..member(&n.to_string(), 1, &[], None) });
            Measures::new(&tallies, &Electorate { members: members.collect() })
        };
        assert!(of(1024).is_ok());
        assert!(of(1025).is_err());
    }

    #[test]
    fn silence_counts_as_the_rule_says() {
        let mut counts = [[1, 0, 0, 0, 4, 2]];
        count_as(&mut counts, Ballot::Absent, Ballot::Yes);
        assert_eq!(counts, [[5, 0, 0, 0, 0, 2]]);
        count_as(&mut counts, Ballot::Yes, Ballot::Yes);
        assert_eq!(counts, [[5, 0, 0, 0, 0, 2]]);
    }
}
