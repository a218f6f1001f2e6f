//! From text to a decision rule.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::parse::Parser;
use super::token::Kind;
use crate::condition::{EmptyGroup, Partition};
use crate::decision_rule::{
    BallotMap, Bound, Brake, Branch, Close, Column, DecisionRule, Derivation, Requests, Route,
    SetDeclaration, SetExpression, SetOrigin, Stage, Then, Tie, Verify,
};
use crate::electorate::{Ballot, Ballots};
use crate::error::Error;
use crate::tree::DEPTH_MAX;

/// The word for a ballot that was not cast.
pub(crate) const SILENT: &str = "silent";

impl Parser<'_> {
    /// Fields come in one order, so that a missing one is noticed where it should stand.
    pub(crate) fn decision_rule(&mut self) -> Result<DecisionRule, Error> {
        let title = self.field("rule", "the title in quotation marks", Self::quoted)?;
        let source = self.field("source", "where the rule is laid down", Self::quoted)?;
        let verify = self.optional("verify", |parser| parser.choice(Verify::ALL, Verify::word))?;
        let notes = self.repeated("note", Self::quoted)?;
        let sets = self.repeated("set", Self::set)?;
        let columns = self.repeated("weight", Self::column)?;
        let partitions = self.repeated("partition", Self::partition)?;
        let derived = self.optional("derive", Self::derivation)?;
        let excluded = self.repeated("excl", |parser| parser.name("a set"))?;
        let silent = self.silent()?;
        let maps = self.repeated("map", Self::ballot_map)?;
        let base = self.field("base", "what fractions are of, or `none`", Self::bases)?;
        let empty = self.optional("empty", |p| p.choice(EmptyGroup::ALL, EmptyGroup::word))?;
        let stages = self.stages()?;
        let default = self.field("default", "what comes otherwise, or `none`", Self::default)?;
        let tie = self.field("tie", "what a tie does, or `none`", Self::tie)?;
        let bound = self.field("bind", "who is bound, or `none`", Self::bound)?;
        let routes = self.field("route", "which other rule may apply, or `none`", |parser| {
            parser.none_or_repeated("route", Self::route)
        })?;
        let brakes = self.field("brake", "who may move the matter elsewhere, or `none`", |p| {
            p.none_or_repeated("brake", Self::brake)
        })?;
        let close = self.field("close", "whether voting may end early, or `end`", |parser| {
            parser.choice(Close::ALL, Close::word)
        })?;
        self.end()?;
        Ok(DecisionRule {
            title,
            source,
            verify,
            notes,
            sets,
            columns,
            partitions,
            derived,
            excluded,
            silent,
            maps,
            base,
            empty,
            stages,
            default,
            tie,
            bound,
            routes,
            brakes,
            close,
        })
    }

    /// A field that no rule may omit.
    fn field<T>(
        &mut self,
        word: &str,
        meaning: &str,
        read: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if self.take_word(word) {
            return read(self);
        }
        let found = self.ahead(0).name();
        Err(self.problem(&format!("`{word}` must stand here ({meaning}); found {found}")))
    }

    fn optional<T>(
        &mut self,
        word: &str,
        read: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        if self.take_word(word) { read(self).map(Some) } else { Ok(None) }
    }

    fn repeated<T>(
        &mut self,
        word: &str,
        read: impl Fn(&mut Self) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        while self.take_word(word) {
            all.push(read(self)?);
        }
        Ok(all)
    }

    /// `none`, or one and then more, each after its word.
    fn none_or_repeated<T>(
        &mut self,
        word: &str,
        read: impl Fn(&mut Self) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        if self.take_word("none") {
            return Ok(Vec::new());
        }
        let mut all = vec![read(self)?];
        all.extend(self.repeated(word, read)?);
        Ok(all)
    }

    fn quoted(&mut self) -> Result<String, Error> {
        let Kind::Quoted(text) = self.ahead(0).clone() else {
            return Err(self.expected("a text in quotation marks"));
        };
        self.skip(1);
        Ok(text)
    }

    fn choice<T: Copy>(&mut self, all: &[T], word: fn(T) -> &'static str) -> Result<T, Error> {
        let found = all.iter().find(|each| self.is_word(0, word(**each)));
        let Some(found) = found else {
            let words: Vec<_> = all.iter().map(|each| format!("`{}`", word(*each))).collect();
            return Err(self.expected(&words.join(" or ")));
        };
        self.skip(1);
        Ok(*found)
    }

    /// `set P5 in registry "permanent members"`, `set others = all - P5 "other members"`
    fn set(&mut self) -> Result<SetDeclaration, Error> {
        let name = self.name("a name")?;
        let of = if self.take_symbol("=") {
            SetOrigin::Made(self.set_expression()?)
        } else {
            self.word("in")?;
            if self.take_word("registry") {
                SetOrigin::Registry
            } else if self.take_word("matter") {
                SetOrigin::Matter
            } else {
                return Err(self.expected("`registry` or `matter`"));
            }
        };
        Ok(SetDeclaration { name, of, words: self.quoted()? })
    }

    fn set_expression(&mut self) -> Result<SetExpression, Error> {
        let mut set = self.set_intersection()?;
        for _ in 0..DEPTH_MAX {
            if self.take_symbol("|") {
                set = SetExpression::Union(Box::new(set), Box::new(self.set_intersection()?));
            } else if self.take_symbol("-") {
                set = SetExpression::Difference(Box::new(set), Box::new(self.set_intersection()?));
            } else {
                return Ok(set);
            }
        }
        self.no_more_sets(set, &["|", "-"])
    }

    fn set_intersection(&mut self) -> Result<SetExpression, Error> {
        let mut set = self.single_set()?;
        for _ in 0..DEPTH_MAX {
            if !self.take_symbol("&") {
                return Ok(set);
            }
            set = SetExpression::Intersection(Box::new(set), Box::new(self.single_set()?));
        }
        self.no_more_sets(set, &["&"])
    }

    /// Each set that is joined nests those before it one level deeper.
    fn no_more_sets(&self, set: SetExpression, signs: &[&str]) -> Result<SetExpression, Error> {
        if signs.iter().any(|sign| self.is_symbol(0, sign)) {
            let problem =
                format!("joins more than {DEPTH_MAX} sets; declare a set for some of them");
            return Err(self.problem(&problem));
        }
        Ok(set)
    }

    fn single_set(&mut self) -> Result<SetExpression, Error> {
        if self.take_symbol("(") {
            let set = self.nested(Self::set_expression)?;
            self.symbol(")")?;
            return Ok(set);
        }
        if self.is_symbol(0, "{") {
            return self.names("a member").map(SetExpression::Members);
        }
        if self.take_word("all") {
            return Ok(SetExpression::All);
        }
        self.name("a set, or members in {}").map(SetExpression::Named)
    }

    /// `weight pop "population"`
    fn column(&mut self) -> Result<Column, Error> {
        Ok(Column { name: self.name("a name")?, words: self.quoted()? })
    }

    /// `partition chambers = {A, B, C, D} "chambers of the Council"`
    fn partition(&mut self) -> Result<Partition, Error> {
        let name = self.name("a name")?;
        self.symbol("=")?;
        Ok(Partition { name, groups: self.names("a set")?, words: self.quoted()? })
    }

    /// `derive g in states: yes@g > no@g`
    fn derivation(&mut self) -> Result<Derivation, Error> {
        let variable = self.name("a word for the group")?;
        self.word("in")?;
        let partition = self.name("a partition")?;
        self.symbol(":")?;
        Ok(Derivation { variable, partition, holds: self.condition()? })
    }

    /// `map silent -> absent`: what a missing ballot means comes before all other ballots.
    fn silent(&mut self) -> Result<Ballot, Error> {
        if !self.is_word(1, SILENT) || self.is_symbol(2, "@") {
            let problem = "`map silent -> ...` must stand here (what a missing ballot means)";
            return Err(self.problem(problem));
        }
        self.field("map", "what a missing ballot means", Self::ballot_map).map(|map| map.to)
    }

    /// `map yes@parties -> abs`
    fn ballot_map(&mut self) -> Result<BallotMap, Error> {
        let from = if self.take_word(SILENT) { Ballot::Absent } else { self.ballot()? };
        let set = if self.take_symbol("@") { Some(self.name("a set")?) } else { None };
        self.symbol("->")?;
        Ok(BallotMap { from, set, to: self.ballot()? })
    }

    fn ballot(&mut self) -> Result<Ballot, Error> {
        let ballots = self.ballots()?;
        let one = ballots.iter().next().filter(|ballot| ballots == Ballots::of(*ballot));
        one.ok_or_else(|| self.problem_back(1, "one ballot alone is meant; write `yes` or such"))
    }

    fn bases(&mut self) -> Result<Vec<Ballots>, Error> {
        if self.take_word("none") {
            return Ok(Vec::new());
        }
        let mut bases = vec![self.ballots_or_list()?];
        while self.take_symbol(",") {
            bases.push(self.ballots_or_list()?);
        }
        Ok(bases)
    }

    fn stages(&mut self) -> Result<Vec<Stage>, Error> {
        if self.is_word(0, "if") {
            return Ok(vec![Stage::vote(self.outcomes()?)]);
        }
        let mut stages = Vec::new();
        while self.take_word("try") {
            stages.push(self.stage()?);
        }
        if stages.is_empty() { Err(self.expected("`if` or `try`")) } else { Ok(stages) }
    }

    /// `try consents "ratification" for 365d times 2: if ... then ... else next`
    fn stage(&mut self) -> Result<Stage, Error> {
        let consents = self.take_word("consents");
        let named = matches!(self.ahead(0), Kind::Quoted(_));
        let name = if named { Some(self.quoted()?) } else { None };
        let days = self.optional("for", Self::days)?;
        let times = self.optional("times", |parser| parser.number("how many times"))?.unwrap_or(1);
        self.symbol(":")?;
        self.consents = consents;
        let outcomes = self.outcomes()?;
        self.consents = false;
        self.word("else")?;
        let otherwise = self.then()?;
        Ok(Stage { consents, name, days, times, outcomes, otherwise })
    }

    fn outcomes(&mut self) -> Result<Vec<Branch>, Error> {
        let outcome = |parser: &mut Self| {
            let condition = parser.condition()?;
            parser.word("then")?;
            Ok(Branch { condition, then: parser.then()? })
        };
        let outcomes = self.repeated("if", outcome)?;
        if outcomes.is_empty() { Err(self.expected("`if`")) } else { Ok(outcomes) }
    }

    fn then(&mut self) -> Result<Then, Error> {
        self.label().map(|label| Then::of_word(&label))
    }

    fn label(&mut self) -> Result<String, Error> {
        let Kind::Word(word) = self.ahead(0).clone() else {
            return Err(self.expected("an outcome such as `adopted`"));
        };
        self.skip(1);
        Ok(word)
    }

    fn default(&mut self) -> Result<Option<String>, Error> {
        if self.take_word("none") { Ok(None) } else { self.label().map(Some) }
    }

    fn tie(&mut self) -> Result<Tie, Error> {
        let simple = [
            ("none", Tie::Nothing),
            ("rejects", Tie::Rejects),
            ("repeat", Tie::Repeat),
            ("lot", Tie::Lot),
        ];
        if let Some((_, tie)) = simple.into_iter().find(|(word, _)| self.is_word(0, word)) {
            self.skip(1);
            return Ok(tie);
        }
        if self.take_word("casting") {
            return self.name("a set").map(Tie::Casting);
        }
        Err(self.expected("`none`, `rejects`, `repeat`, `lot` or `casting`"))
    }

    fn bound(&mut self) -> Result<Bound, Error> {
        if self.take_word("all") {
            if !self.take_symbol("-") {
                return Ok(Bound::All);
            }
            self.word("optout")?;
            self.symbol("(")?;
            let days = self.days()?;
            self.symbol(")")?;
            return Ok(Bound::AllButOptOut(days));
        }
        let simple =
            [("none", Bound::Nobody), ("yes", Bound::InFavour), ("ratifiers", Bound::Ratifiers)];
        if let Some((_, bound)) = simple.into_iter().find(|(word, _)| self.is_word(0, word)) {
            self.skip(1);
            return Ok(bound);
        }
        if self.take_word("set") {
            return self.name("a set").map(Bound::Set);
        }
        Err(self.expected("`all`, `yes`, `none`, `all-optout(90d)`, `ratifiers` or `set`"))
    }

    /// `route by "the matter is procedural" under "01-unsc-substance" to "02-unsc-procedure"`
    fn route(&mut self) -> Result<Route, Error> {
        self.word("by")?;
        let by = self.quoted()?;
        let under = self.optional("under", Self::quoted)?;
        self.word("to")?;
        Ok(Route { by, under, to: self.quoted()? })
    }

    /// `brake 1@affected -> "European Council" for 120d`
    fn brake(&mut self) -> Result<Brake, Error> {
        let number = self.number("how many must ask")?;
        let requests = if self.take_symbol("/") {
            Requests::Share(number, self.number("a denominator")?)
        } else {
            Requests::Members(number)
        };
        let set = if self.take_symbol("@") { Some(self.name("a set")?) } else { None };
        self.symbol("->")?;
        Ok(Brake { requests, set, to: self.quoted()?, days: self.optional("for", Self::days)? })
    }

    /// `30d`
    fn days(&mut self) -> Result<u32, Error> {
        let days = self.number("a number of days such as `30d`")?;
        self.word("d")?;
        Ok(days)
    }
}
