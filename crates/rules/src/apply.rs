//! What a decision rule does to members and ballots before they are counted: sets made of others,
//! members that may not vote, ballots that count as others.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::condition::Partition;
use crate::decision_rule::{DecisionRule, SetExpression, SetOrigin};
use crate::electorate::{Ballot, Count, Electorate, Member};
use crate::error::Error;

impl DecisionRule {
    /// The electorate with the sets that the rule makes of others. Sets of the registry and of the
    /// matter must be in it already.
    ///
    /// # Errors
    /// [`Error::Form`] if a member is in two groups of a partition.
    pub fn prepare(&self, electorate: &Electorate) -> Result<Electorate, Error> {
        let mut prepared = electorate.clone();
        for set in &self.sets {
            let SetOrigin::Made(expression) = &set.of else { continue };
            for member in &mut prepared.members {
                if expression.contains(member) {
                    member.sets.insert(set.name.clone());
                } else {
                    member.sets.remove(&set.name);
                }
            }
        }
        for partition in &self.partitions {
            prepared.members.iter().try_for_each(|member| in_one_group(member, partition))?;
        }
        Ok(prepared)
    }

    /// The ballots as they count, in the order of the members of a prepared electorate: members of
    /// an excluded set may not vote; then each ballot counts as the first map says that fits it.
    ///
    /// # Errors
    /// [`Error::Form`] if there are not as many counts as members.
    pub fn counted(&self, electorate: &Electorate, ballots: &[Count]) -> Result<Vec<Count>, Error> {
        let members = &electorate.members;
        if members.len() != ballots.len() {
            let problem = format!("{} for {} members; give one each", ballots.len(), members.len());
            return Err(Error::form("ballots", problem));
        }
        let pairs = members.iter().zip(ballots);
        pairs.map(|(member, count)| self.counted_of(member, count)).collect()
    }

    fn counted_of(&self, member: &Member, count: &Count) -> Result<Count, Error> {
        let mut counted = [0_u32; 6];
        for ballot in Ballot::ALL {
            let to = &mut counted[self.counts_as(member, ballot) as usize];
            let sum = to.checked_add(count[ballot as usize]);
            *to = sum.ok_or_else(|| Error::form(member.id.as_str(), "has too many ballots"))?;
        }
        Ok(counted)
    }

    /// As what a ballot of a member counts.
    #[must_use]
    pub fn counts_as(&self, member: &Member, ballot: Ballot) -> Ballot {
        let is_excluded = self.excluded.iter().any(|set| member.sets.contains(set));
        if is_excluded || ballot == Ballot::Excluded {
            return Ballot::Excluded;
        }
        let concerns = |set: &Option<String>| set.as_ref().is_none_or(|s| member.sets.contains(s));
        let mut maps = self.maps.iter();
        match maps.find(|map| map.from == ballot && concerns(&map.set)) {
            Some(map) => map.to,
            None if ballot == Ballot::Absent => self.silent,
            None => ballot,
        }
    }
}

fn in_one_group(member: &Member, partition: &Partition) -> Result<(), Error> {
    let groups: BTreeSet<&String> = partition.groups.iter().collect();
    let of_member: Vec<_> = groups.iter().filter(|group| member.sets.contains(**group)).collect();
    match of_member.as_slice() {
        [] | [_] => Ok(()),
        [first, second, ..] => {
            let name = &partition.name;
            let problem = format!("is in {first} and {second} of {name}; take it out of one");
            Err(Error::form(member.id.as_str(), problem))
        }
    }
}

impl SetExpression {
    /// Whether a member is in the set.
    #[must_use]
    pub fn contains(&self, member: &Member) -> bool {
        match self {
            Self::All => true,
            Self::Named(set) => member.sets.contains(set),
            Self::Members(ids) => ids.contains(&member.id),
            Self::Union(a, b) => a.contains(member) || b.contains(member),
            Self::Intersection(a, b) => a.contains(member) && b.contains(member),
            Self::Difference(a, b) => a.contains(member) && !b.contains(member),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;
    use alloc::vec;

    use super::*;
    use crate::library::LibraryRule;

    fn member(id: &str, sets: &[&str]) -> Member {
        let sets = sets.iter().map(|set| String::from(*set)).collect();
        Member { id: id.into(), count: 1, sets, weights: BTreeMap::new() }
    }

    fn rule(slug: &str) -> DecisionRule {
        LibraryRule::of_slug(slug).unwrap().read().unwrap()
    }

    fn one(ballot: Ballot) -> Count {
        let mut count = [0; 6];
        count[ballot as usize] = 1;
        count
    }

    #[test]
    fn a_party_to_the_dispute_abstains_whatever_it_casts() {
        let rule = rule("01-unsc-peaceful-settlement");
        let members = vec![member("X", &["P5", "parties"]), member("Y", &["P5"])];
        let electorate = rule.prepare(&Electorate { members }).unwrap();
        let counted = rule.counted(&electorate, &[one(Ballot::No), one(Ballot::No)]);
        assert_eq!(counted, Ok(vec![one(Ballot::Abstain), one(Ballot::No)]));
    }

    #[test]
    fn silence_is_consent_where_the_rule_says_so_and_nowhere_else() {
        let electorate = Electorate { members: vec![member("X", &[])] };
        let silent = [one(Ballot::Absent)];
        let counted = |slug| rule(slug).counted(&electorate, &silent).unwrap();
        assert_eq!(counted("60-nato-silence"), [one(Ballot::Yes)]);
        assert_eq!(counted("49-eu-qualified"), [one(Ballot::Absent)]);
    }

    #[test]
    fn who_stays_outside_is_out_of_every_count_and_not_bound() {
        let rule = rule("51-eu-reduced");
        let members = vec![member("X", &["outside"]), member("Y", &[])];
        let electorate = rule.prepare(&Electorate { members }).unwrap();
        assert!(!electorate.members[0].sets.contains("participants"));
        assert!(electorate.members[1].sets.contains("participants"));
        let counted = rule.counted(&electorate, &[one(Ballot::Yes), one(Ballot::Yes)]);
        assert_eq!(counted, Ok(vec![one(Ballot::Excluded), one(Ballot::Yes)]));
        assert!(rule.counted(&electorate, &[]).is_err());
    }

    #[test]
    fn nobody_is_in_two_groups_of_a_partition() {
        let rule = rule("72-bundesrat");
        let of = |sets: &[&str]| rule.prepare(&Electorate { members: vec![member("X", sets)] });
        assert!(of(&["BY"]).is_ok());
        assert!(of(&["BY", "HH"]).is_err());
    }
}
