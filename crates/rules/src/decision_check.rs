//! That a decision rule says everything, and nothing of what it has not declared.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::check::{EVERYBODY, ONE_EACH, limit, name};
use crate::condition::{Condition, Groups};
use crate::decision_rule::{
    Bound, DAYS_MAX, DecisionRule, LISTED_MAX, OUTCOMES_MAX, RESERVED_OUTCOMES, Requests,
    STAGES_MAX, SetExpression, SetOrigin, Stage, TIMES_MAX, Then, Tie, WORDS_BYTES_MAX,
};
use crate::electorate::Ballots;
use crate::error::Error;
use crate::text::is_word;
use crate::tree::{Comparison, DEPTH_MAX, NAMES_MAX, Quantity, Rule, Set, Term, Weight};

impl DecisionRule {
    /// Checks that every field is stated, every name declared, and every limit kept.
    ///
    /// # Errors
    /// [`Error`], naming the field.
    pub fn check(&self) -> Result<(), Error> {
        self.check_words()?;
        self.check_numbers()?;
        self.check_declarations()?;
        self.check_names()?;
        self.check_stages()?;
        let used = self.used()?;
        self.check_used(&used)?;
        self.check_base(&used)
    }

    fn check_words(&self) -> Result<(), Error> {
        words(&self.title, "rule")?;
        words(&self.source, "source")?;
        self.notes.iter().try_for_each(|note| words(note, "note"))?;
        self.sets.iter().try_for_each(|set| words(&set.words, "set"))?;
        self.columns.iter().try_for_each(|column| words(&column.words, "weight"))?;
        self.partitions.iter().try_for_each(|partition| words(&partition.words, "partition"))?;
        for route in &self.routes {
            words(&route.by, "route")?;
            words(&route.to, "route")?;
            route.under.iter().try_for_each(|under| words(under, "route"))?;
        }
        self.brakes.iter().try_for_each(|brake| words(&brake.to, "brake"))?;
        self.stages.iter().filter_map(|stage| stage.name.as_ref()).try_for_each(|n| words(n, "try"))
    }

    fn check_numbers(&self) -> Result<(), Error> {
        limit("sets", self.sets.len(), NAMES_MAX)?;
        limit("columns", self.columns.len(), NAMES_MAX)?;
        limit("partitions", self.partitions.len(), LISTED_MAX)?;
        limit("notes", self.notes.len(), LISTED_MAX)?;
        limit("exclusions", self.excluded.len(), LISTED_MAX)?;
        limit("ballot maps", self.maps.len(), LISTED_MAX)?;
        limit("bases", self.base.len(), LISTED_MAX)?;
        limit("routes", self.routes.len(), LISTED_MAX)?;
        limit("brakes", self.brakes.len(), LISTED_MAX)?;
        limit("stages", self.stages.len(), STAGES_MAX)?;
        if let Bound::AllButOptOut(opt_out) = self.bound {
            days(opt_out, "bind")?;
        }
        for brake in &self.brakes {
            brake.days.iter().try_for_each(|rest| days(*rest, "brake"))?;
            match brake.requests {
                Requests::Members(1..) => Ok(()),
                Requests::Share(part, whole) if 0 < part && part <= whole => Ok(()),
                _ => Err(Error::form("brake", "nobody, or more than all, must ask; correct it")),
            }?;
        }
        Ok(())
    }

    fn check_declarations(&self) -> Result<(), Error> {
        let mut declared = BTreeSet::new();
        let mut declare = |declared_name: &str, reserved: &str| {
            name(declared_name, reserved, &format!("`{declared_name}`"))?;
            if declared.insert(String::from(declared_name)) {
                return Ok(());
            }
            Err(Error::form(format!("`{declared_name}`"), "is declared twice; rename one"))
        };
        self.columns.iter().try_for_each(|column| declare(&column.name, ONE_EACH))?;
        let mut before = BTreeSet::new();
        for set in &self.sets {
            declare(&set.name, EVERYBODY)?;
            if let SetOrigin::Made(expression) = &set.of {
                check_expression(expression, &before, 0)?;
            }
            before.insert(set.name.as_str());
        }
        for partition in &self.partitions {
            declare(&partition.name, EVERYBODY)?;
            limit("groups", partition.groups.len(), NAMES_MAX)?;
            if partition.groups.is_empty() {
                return Err(Error::form(
                    format!("`{}`", partition.name),
                    "has no groups; list them",
                ));
            }
            partition.groups.iter().try_for_each(|group| known(group, &before, "partition"))?;
        }
        Ok(())
    }

    /// That the sets named outside of conditions are declared.
    fn check_names(&self) -> Result<(), Error> {
        let sets = self.set_names();
        self.excluded.iter().try_for_each(|set| known(set, &sets, "excl"))?;
        let mapped = self.maps.iter().filter_map(|map| map.set.as_ref());
        mapped.into_iter().try_for_each(|set| known(set, &sets, "map"))?;
        let asking = self.brakes.iter().filter_map(|brake| brake.set.as_ref());
        asking.into_iter().try_for_each(|set| known(set, &sets, "brake"))?;
        if let Tie::Casting(set) = &self.tie {
            known(set, &sets, "tie")?;
        }
        if let Bound::Set(set) = &self.bound {
            known(set, &sets, "bind")?;
        }
        self.default.iter().try_for_each(|default| label(default, "default"))
    }

    fn check_stages(&self) -> Result<(), Error> {
        let Some(last) = self.stages.last() else {
            return Err(Error::form("rule", "decides nothing; write `if ... then ...`"));
        };
        let goes_on = |then: &Then| *then == Then::Next;
        if goes_on(&last.otherwise) || last.outcomes.iter().any(|each| goes_on(&each.then)) {
            return Err(Error::form("try", "nothing comes after the last; write `else default`"));
        }
        if let Then::Label(label) = &self.stages[0].otherwise
            && self.stages.len() == 1
            && self.stages[0].days.is_none()
        {
            let problem = format!("`else {label}` is the default; state it as `default {label}`");
            return Err(Error::form("try", problem));
        }
        self.stages.iter().try_for_each(check_stage)?;
        let groups = self.conditions().any(Condition::has_groups);
        match (groups, self.empty) {
            (true, None) => {
                let problem = "is not stated; say what holds of a group in which nobody voted";
                Err(Error::form("empty", problem))
            }
            (false, Some(_)) => Err(Error::form("empty", "there are no groups; leave it out")),
            _ => Ok(()),
        }
    }

    fn conditions(&self) -> impl Iterator<Item = &Condition> {
        let stages = self.stages.iter().flat_map(|stage| &stage.outcomes);
        stages.map(|outcome| &outcome.condition)
    }

    fn set_names(&self) -> BTreeSet<&str> {
        self.sets.iter().map(|set| set.name.as_str()).collect()
    }

    /// Every term of every tree of the rule.
    fn used(&self) -> Result<Vec<Term>, Error> {
        let mut terms = Vec::new();
        for outcome in self.expand()?.iter().flatten() {
            collect_terms(&outcome.rule, &mut terms);
        }
        if let Some(derived) = &self.derived {
            let (variable, partition) = (derived.variable.clone(), derived.partition.clone());
            let (of, holds) = (Groups::Partition(partition), Box::new(derived.holds.clone()));
            let each = Condition::Groups { k: None, variable, of, holds };
            collect_terms(&each.expand(self.surroundings())?, &mut terms);
        }
        Ok(terms)
    }

    fn check_used(&self, used: &[Term]) -> Result<(), Error> {
        let sets = self.set_names();
        let columns: BTreeSet<&str> = self.columns.iter().map(|c| c.name.as_str()).collect();
        for term in used {
            let Quantity::Tally(tally) = &term.of else { continue };
            if let Set::Named(set) = &tally.set {
                known(set, &sets, "if")?;
            }
            if let Weight::Column(column) = &tally.weight
                && !columns.contains(column.as_str())
            {
                let problem = format!("`{column}` is no column; declare it with `weight`");
                return Err(Error::form("if", problem));
            }
        }
        let mut words = self.conditions().flat_map(group_words);
        match words.find(|word| sets.contains(word)) {
            None => Ok(()),
            Some(word) => {
                Err(Error::form(format!("`{word}`"), "is a set already; choose another word"))
            }
        }
    }

    /// That what the rule says of its bases is what it takes fractions of.
    fn check_base(&self, used: &[Term]) -> Result<(), Error> {
        let (mut taken, mut counted) = (BTreeSet::new(), BTreeSet::new());
        for term in used {
            let Quantity::Tally(tally) = &term.of else { continue };
            if tally.ballots.iter().count() < 2 {
                continue;
            }
            counted.insert(tally.ballots);
            if term.denominator != 1 || term.numerator.unsigned_abs() != 1 {
                taken.insert(tally.ballots);
            }
        }
        let stated: BTreeSet<Ballots> = self.base.iter().copied().collect();
        if stated.len() != self.base.len() {
            return Err(Error::form("base", "is stated twice; state it once"));
        }
        if let Some(missing) = taken.difference(&stated).next() {
            let problem = format!(
                "does not name `{}`, of which the rule takes a fraction; add it",
                missing.text()
            );
            return Err(Error::form("base", problem));
        }
        match stated.difference(&counted).next() {
            None => Ok(()),
            Some(idle) => {
                let problem =
                    format!("names `{}`, which the rule does not count; remove it", idle.text());
                Err(Error::form("base", problem))
            }
        }
    }
}

fn check_stage(stage: &Stage) -> Result<(), Error> {
    limit("outcomes of a stage", stage.outcomes.len(), OUTCOMES_MAX)?;
    if stage.outcomes.is_empty() {
        return Err(Error::form("try", "has no outcome; write `if ... then ...`"));
    }
    stage.days.iter().try_for_each(|window| days(*window, "try"))?;
    if stage.times == 0 {
        return Err(Error::form("try", "is tried no times; write a number above 0"));
    }
    limit("times of a stage", stage.times as usize, TIMES_MAX as usize)?;
    let outcomes = stage.outcomes.iter().map(|outcome| &outcome.then);
    outcomes.chain([&stage.otherwise]).try_for_each(|then| match then {
        Then::Label(name) => label(name, "if"),
        Then::Next | Then::Default => Ok(()),
    })
}

fn check_expression(
    expression: &SetExpression,
    before: &BTreeSet<&str>,
    depth: usize,
) -> Result<(), Error> {
    limit("nested sets", depth, DEPTH_MAX)?;
    match expression {
        SetExpression::All => Ok(()),
        SetExpression::Named(set) => known(set, before, "set"),
        SetExpression::Members(ids) => {
            limit("members of a set", ids.len(), NAMES_MAX)?;
            ids.iter().try_for_each(|id| words(id, "set"))
        }
        SetExpression::Union(a, b)
        | SetExpression::Intersection(a, b)
        | SetExpression::Difference(a, b) => {
            check_expression(a, before, depth + 1)?;
            check_expression(b, before, depth + 1)
        }
    }
}

fn group_words(condition: &Condition) -> Vec<&str> {
    match condition {
        Condition::All(of) | Condition::Any(of) | Condition::KOf { of, .. } => {
            of.iter().flat_map(group_words).collect()
        }
        Condition::Not(of) => group_words(of),
        Condition::Groups { variable, holds, .. } => {
            let mut words = group_words(holds);
            words.push(variable);
            words
        }
        Condition::Compare { .. } => Vec::new(),
    }
}

fn collect_terms(rule: &Rule, terms: &mut Vec<Term>) {
    match rule {
        Rule::And(args) | Rule::Or(args) | Rule::KOf { args, .. } => {
            args.iter().for_each(|arg| collect_terms(arg, terms));
        }
        Rule::Not(arg) => collect_terms(arg, terms),
        Rule::Compare(Comparison { left, right, .. }) => {
            terms.extend(left.0.iter().chain(&right.0).cloned());
        }
    }
}

fn known(set: &str, sets: &BTreeSet<&str>, at: &str) -> Result<(), Error> {
    if sets.contains(set) {
        return Ok(());
    }
    Err(Error::form(at, format!("`{set}` is no set; declare it with `set` before")))
}

fn words(words: &str, at: &str) -> Result<(), Error> {
    limit("bytes of a description", words.len(), WORDS_BYTES_MAX)?;
    if words.is_empty() || words.chars().any(char::is_control) {
        return Err(Error::form(at, "a description is empty or not of one line; write some words"));
    }
    Ok(())
}

fn label(label: &str, at: &str) -> Result<(), Error> {
    if is_word(label) && !RESERVED_OUTCOMES.contains(&label) && label.len() <= WORDS_BYTES_MAX {
        return Ok(());
    }
    let problem = format!("`{label}` is no name of an outcome; use a word such as `adopted`");
    Err(Error::form(at, problem))
}

fn days(days: u32, at: &str) -> Result<(), Error> {
    limit("days", days as usize, DAYS_MAX as usize)?;
    if days == 0 { Err(Error::form(at, "lasts no days; write a number above 0")) } else { Ok(()) }
}
