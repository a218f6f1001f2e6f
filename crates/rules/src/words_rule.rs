//! Decision rules in plain words.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use crate::condition::{EmptyGroup, Groups};
use crate::decision_rule::{
    BallotMap, Bound, Brake, Close, DecisionRule, Requests, Route, SetOrigin, Stage, Then, Tie,
    Verify,
};
use crate::electorate::{Ballot, Ballots};
use crate::tree::Set;
use crate::words::{Speaker, fraction_words, indented};

impl DecisionRule {
    /// The whole rule in plain words: who votes, what counts, what must hold, what comes of it.
    #[must_use]
    pub fn words(&self) -> String {
        let mut lines = self.head();
        lines.push(String::new());
        lines.extend(self.voters());
        lines.push(self.bases());
        lines.extend(self.empty.map(|empty| String::from(empty_words(empty))));
        lines.push(String::new());
        lines.extend(self.stage_words());
        lines.push(self.default_words());
        lines.extend(self.tie_words());
        lines.push(String::new());
        lines.push(self.bound_words());
        lines.extend(self.routes.iter().map(route_words));
        if self.routes.is_empty() {
            lines.push("No other rule may apply instead.".into());
        }
        lines.extend(self.brakes.iter().map(|brake| self.brake_words(brake)));
        if self.brakes.is_empty() {
            lines.push("Nobody may have another body take up the matter.".into());
        }
        lines.push(close_words(self.close).into());
        lines.join("\n") + "\n"
    }

    fn head(&self) -> Vec<String> {
        let mut lines = vec![self.title.clone(), format!("Source: {}", self.source)];
        lines.extend(self.verify.map(|verify| String::from(verify_words(verify))));
        lines.extend(self.notes.iter().map(|note| format!("Note: {note}")));
        lines
    }

    fn speaker(&self, consents: bool) -> Speaker<'_> {
        Speaker::of(self, consents)
    }

    fn set(&self, name: &str) -> String {
        self.speaker(false).members(&Set::Named(name.into()))
    }

    fn voters(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for set in &self.sets {
            if set.of == SetOrigin::Matter {
                lines.push(format!("It depends on the matter who the {} are.", set.words));
            }
        }
        for set in &self.excluded {
            let words = self.set(set);
            lines.push(format!("The {words} may not vote; no count includes them."));
        }
        if let Some(derived) = &self.derived {
            let groups = self.speaker(false).groups(&Groups::Partition(derived.partition.clone()));
            let head = format!("Each of {groups} casts one ballot as a whole: in favour if");
            let speaker = self.speaker(false).within(&derived.variable);
            lines.extend(indented(head, vec![speaker.condition(&derived.holds)]));
            lines.push("and against otherwise. What follows is said of them.".into());
        }
        lines.push(silent_words(self.silent).into());
        lines.extend(self.maps.iter().map(|map| self.map_words(map)));
        lines
    }

    fn map_words(&self, map: &BallotMap) -> String {
        let members = map.set.as_ref().map_or_else(|| "members".into(), |set| self.set(set));
        let speaker = self.speaker(false);
        let (from, to) = (Ballots::of(map.from), Ballots::of(map.to));
        let verb = speaker.verb(to);
        let to = verb.strip_prefix("are ").unwrap_or(&verb);
        let to = match map.to {
            Ballot::Yes | Ballot::No | Ballot::Veto => format!("being {to}"),
            Ballot::Abstain => "abstentions".into(),
            Ballot::Absent => "not voting".into(),
            Ballot::Excluded => "not entitled to vote".into(),
        };
        format!("Where {members} {}, they count as {to}.", speaker.verb(from))
    }

    fn bases(&self) -> String {
        let words = |base: &Ballots| match *base {
            Ballots::CAST => "those present and voting, without abstentions".into(),
            Ballots::PRESENT => "those present, with abstentions".into(),
            Ballots::ELIGIBLE => "all members, voting or not".into(),
            other => format!("those that {}", self.speaker(false).verb(other)),
        };
        let bases: Vec<String> = self.base.iter().map(words).collect();
        if bases.is_empty() {
            return "No fraction is taken: numbers are compared as they are.".into();
        }
        format!("Fractions are of {}.", bases.join("; or of "))
    }

    fn stage_words(&self) -> Vec<String> {
        let several = self.stages.len() > 1;
        let stages = self.stages.iter().enumerate();
        stages.flat_map(|(i, stage)| self.one_stage(stage, several.then_some(i + 1))).collect()
    }

    fn one_stage(&self, stage: &Stage, number: Option<usize>) -> Vec<String> {
        let mut lines = Vec::new();
        if !stage.is_plain() || number.is_some() {
            lines.push(stage_head(stage, number));
        }
        for outcome in &stage.outcomes {
            let head = format!("{} if", capital(&then_words(&outcome.then)));
            let condition = self.speaker(stage.consents).condition(&outcome.condition);
            lines.extend(match condition.as_slice() {
                [only] => vec![format!("{head} {only}.")],
                several => joined_list(&head, several),
            });
        }
        if !stage.is_plain() && stage.otherwise != Then::Default {
            lines.push(format!("If none of this holds, {}.", then_words(&stage.otherwise)));
        }
        lines
    }

    fn default_words(&self) -> String {
        match &self.default {
            Some(label) => format!("Otherwise {}.", label_words(label)),
            None => "Otherwise nothing is decided, and the matter lapses.".into(),
        }
    }

    fn tie_words(&self) -> Option<String> {
        Some(match &self.tie {
            Tie::Nothing => return None,
            Tie::Rejects => "With as much in favour as against, it is rejected.".into(),
            Tie::Repeat => {
                let again = "there is a second vote, and a second tie rejects";
                format!("With as much in favour as against, {again}.")
            }
            Tie::Lot => "With as much in favour as against, the lot decides.".into(),
            Tie::Casting(set) => {
                let set = self.set(set);
                format!("With as much in favour as against, the vote of the {set} decides.")
            }
        })
    }

    fn bound_words(&self) -> String {
        match &self.bound {
            Bound::All => "It binds all members.".into(),
            Bound::Nobody => "It binds nobody in law.".into(),
            Bound::InFavour => "It binds those in favour only.".into(),
            Bound::AllButOptOut(days) => {
                format!("It binds all members but those that opt out within {}.", days_words(*days))
            }
            Bound::Ratifiers => "It binds those that consent to be bound.".into(),
            Bound::Set(set) => format!("It binds the {} only.", self.set(set)),
        }
    }

    fn brake_words(&self, brake: &Brake) -> String {
        let members = brake.set.as_ref().map_or_else(|| "members".into(), |set| self.set(set));
        let asking = match brake.requests {
            Requests::Members(count) => format!("{count} of the {members}"),
            Requests::Share(part, whole) => {
                // A share is from one part to the whole, so it has words.
                let share = fraction_words(i64::from(part), whole).unwrap_or_default();
                format!("{share} of the {members}")
            }
        };
        let rest = brake.days.map_or_else(String::new, |days| {
            format!(", and the matter rests for {}", days_words(days))
        });
        format!("At the request of {asking}, it goes to another body: {}{rest}.", brake.to)
    }
}

fn joined_list(head: &str, lines: &[String]) -> Vec<String> {
    let mut all = vec![format!("{head} {}", lines[0])];
    all.extend_from_slice(&lines[1..]);
    all
}

fn stage_head(stage: &Stage, number: Option<usize>) -> String {
    let mut head = number.map_or_else(|| "Procedure".into(), |number| format!("Step {number}"));
    if let Some(name) = &stage.name {
        head.push_str(&format!(", {name}"));
    }
    if stage.consents {
        head.push_str(", by consents to be bound");
    }
    if let Some(days) = stage.days {
        head.push_str(&format!(", within {}", days_words(days)));
    }
    if stage.times > 1 {
        head.push_str(&format!(", up to {} times", stage.times));
    }
    head + ":"
}

fn then_words(then: &Then) -> String {
    match then {
        Then::Next => "the next step follows".into(),
        Then::Default => "what is said below for all other cases applies".into(),
        Then::Label(label) => label_words(label),
    }
}

fn label_words(label: &str) -> String {
    format!("the outcome is \"{}\"", label.replace('_', " "))
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + characters.as_str()
}

fn days_words(days: u32) -> String {
    if days == 1 { "1 day".into() } else { format!("{days} days") }
}

const fn verify_words(verify: Verify) -> &'static str {
    match verify {
        Verify::Recalled => "To verify: written from memory; compare it with its source.",
        Verify::Uncertain => "To verify: written from memory, and in doubt in its details.",
    }
}

const fn empty_words(empty: EmptyGroup) -> &'static str {
    match empty {
        EmptyGroup::Counted => "A group in which nobody voted is counted as it stands, as zeros.",
        EmptyGroup::Holds => "For a group in which nobody voted, what is asked of it holds.",
        EmptyGroup::Fails => "For a group in which nobody voted, what is asked of it fails.",
    }
}

const fn silent_words(silent: Ballot) -> &'static str {
    match silent {
        Ballot::Yes => "A missing ballot counts as one in favour: silence is consent.",
        Ballot::No => "A missing ballot counts as one against.",
        Ballot::Abstain => "A missing ballot counts as an abstention.",
        Ballot::Veto => "A missing ballot counts as one strongly against.",
        Ballot::Absent => {
            "A missing ballot is neither for nor against, and counts only among all members."
        }
        Ballot::Excluded => "Who casts no ballot is left out of every count.",
    }
}

const fn close_words(close: Close) -> &'static str {
    match close {
        Close::AtEnd => "Voting stays open to its end.",
        Close::Passed => "Voting ends once the rule can no longer fail to hold.",
        Close::Failed => "Voting ends once the rule can no longer hold.",
        Close::Decided => "Voting ends once the outcome can no longer change.",
    }
}

fn route_words(route: &Route) -> String {
    let under = route.under.as_ref();
    let under = under.map_or_else(String::new, |under| format!(" (decided under {under})"));
    format!("If {}{under}, another rule applies: {}.", route.by, route.to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::{LIBRARY, LibraryRule};

    fn words(slug: &str) -> String {
        LibraryRule::of_slug(slug).unwrap().read().unwrap().words()
    }

    #[test]
    fn the_rule_of_the_security_council_reads_as_a_minister_would_say_it() {
        let expected = r#"Security Council: matters of substance, since 1966
Source: Charter of the United Nations, art. 27(3)
Note: An abstention or the absence of a permanent member is no veto.

A missing ballot is neither for nor against, and counts only among all members.
No fraction is taken: numbers are compared as they are.

The outcome is "adopted" if all of these hold:
- at least 9 members are in favour
- none of the permanent members are against
Otherwise the outcome is "rejected".

It binds all members.
No other rule may apply instead.
Nobody may have another body take up the matter.
Voting stays open to its end.
"#;
        assert_eq!(words("01-unsc-substance"), expected);
    }

    #[test]
    fn a_rule_of_two_steps_is_told_step_by_step() {
        let text = words("18-imo-tacit");
        for line in [
            "Step 1, adoption by the Maritime Safety Committee:",
            "The next step follows if all of these hold:",
            "- at least two thirds of those present",
            "Step 2, objections, within 365 days:",
            "The outcome is \"blocked\" if at least one of these holds:",
            "If none of this holds, the outcome is \"in force\".",
            "It binds all members but those that opt out within 365 days.",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }

    #[test]
    fn every_rule_of_the_library_has_words_without_names_of_sets_and_columns() {
        for rule in LIBRARY {
            let text = words(rule.slug);
            for broken in ["`", "members of g ", "  , ", ".."] {
                assert!(!text.contains(broken), "{}: {broken}\n{text}", rule.slug);
            }
        }
    }
}
