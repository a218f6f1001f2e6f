//! From text to a condition.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::token::{Kind, Token, problem_at, tokens};
use crate::condition::{Condition, Groups, Sign};
use crate::electorate::{Ballot, Ballots};
use crate::error::Error;
use crate::tree::{COEFFICIENT_MAX, Linear, Quantity, Set, Tally, Term, Weight};

/// Deepest nesting of parentheses, braces and `!` in a text.
pub const TEXT_NESTING_MAX: usize = 40;

/// The words for ballots.
pub(crate) const BALLOT_WORDS: [(&str, Ballots); 9] = [
    ("yes", Ballots::YES),
    ("no", Ballots::NO),
    ("abs", Ballots::of(Ballot::Abstain)),
    ("veto", Ballots::of(Ballot::Veto)),
    ("absent", Ballots::of(Ballot::Absent)),
    ("excluded", Ballots::of(Ballot::Excluded)),
    ("pv", Ballots::CAST),
    ("pres", Ballots::PRESENT),
    ("all", Ballots::ELIGIBLE),
];
/// The word for `yes` where consents to be bound are counted.
pub(crate) const CONSENTS: &str = "acc";

/// Reads a text from its first token to its last.
pub(crate) struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    next: usize,
    nesting: usize,
    /// Whether consents to be bound are counted rather than votes.
    pub(crate) consents: bool,
}

impl<'a> Parser<'a> {
    pub(crate) fn new(text: &'a str) -> Result<Self, Error> {
        Ok(Self { text, tokens: tokens(text)?, next: 0, nesting: 0, consents: false })
    }

    /// The token that comes after so many others.
    pub(crate) fn ahead(&self, tokens: usize) -> &Kind {
        // The last token is the end, and the end follows it forever.
        let last = self.tokens.len() - 1;
        &self.tokens[(self.next + tokens).min(last)].kind
    }

    /// Passes over so many tokens.
    pub(crate) fn skip(&mut self, tokens: usize) {
        self.next += tokens;
    }

    /// A problem with the next token.
    pub(crate) fn problem(&self, problem: &str) -> Error {
        self.problem_back(0, problem)
    }

    /// A problem with the token so many before the next.
    pub(crate) fn problem_back(&self, tokens: usize, problem: &str) -> Error {
        let token = self.next.saturating_sub(tokens).min(self.tokens.len() - 1);
        problem_at(self.text, self.tokens[token].at, problem)
    }

    pub(crate) fn expected(&self, what: &str) -> Error {
        self.problem(&format!("expected {what}, found {}", self.ahead(0).name()))
    }

    pub(crate) fn is_word(&self, ahead: usize, word: &str) -> bool {
        matches!(self.ahead(ahead), Kind::Word(found) if found == word)
    }

    pub(crate) fn is_symbol(&self, ahead: usize, symbol: &str) -> bool {
        matches!(self.ahead(ahead), Kind::Symbol(found) if *found == symbol)
    }

    /// Takes the next token if it is this word.
    pub(crate) fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(0, word);
        self.next += usize::from(found);
        found
    }

    /// Takes the next token if it is this sign.
    pub(crate) fn take_symbol(&mut self, symbol: &str) -> bool {
        let found = self.is_symbol(0, symbol);
        self.next += usize::from(found);
        found
    }

    pub(crate) fn word(&mut self, word: &str) -> Result<(), Error> {
        if self.take_word(word) { Ok(()) } else { Err(self.expected(&format!("`{word}`"))) }
    }

    pub(crate) fn symbol(&mut self, symbol: &str) -> Result<(), Error> {
        if self.take_symbol(symbol) { Ok(()) } else { Err(self.expected(&format!("`{symbol}`"))) }
    }

    /// A name of a set, column or partition: a word, or quoted.
    pub(crate) fn name(&mut self, what: &str) -> Result<String, Error> {
        match self.ahead(0).clone() {
            Kind::Word(name) | Kind::Quoted(name) => {
                self.next += 1;
                Ok(name)
            }
            _ => Err(self.expected(what)),
        }
    }

    pub(crate) fn end(&self) -> Result<(), Error> {
        if *self.ahead(0) == Kind::End { Ok(()) } else { Err(self.expected("the end")) }
    }

    /// One level deeper, and back.
    pub(crate) fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if self.nesting == TEXT_NESTING_MAX {
            let problem = format!("is nested deeper than {TEXT_NESTING_MAX}; write it flatter");
            return Err(self.problem(&problem));
        }
        self.nesting += 1;
        let result = read(self);
        self.nesting -= 1;
        result
    }

    /// `a & b | c`
    pub(crate) fn condition(&mut self) -> Result<Condition, Error> {
        let first = self.conjunction()?;
        if !self.is_symbol(0, "|") {
            return Ok(first);
        }
        let mut any = vec![first];
        while self.take_symbol("|") {
            any.push(self.conjunction()?);
        }
        Ok(Condition::Any(any))
    }

    fn conjunction(&mut self) -> Result<Condition, Error> {
        let first = self.single()?;
        if !self.is_symbol(0, "&") {
            return Ok(first);
        }
        let mut all = vec![first];
        while self.take_symbol("&") {
            all.push(self.single()?);
        }
        Ok(Condition::All(all))
    }

    fn single(&mut self) -> Result<Condition, Error> {
        if self.take_symbol("!") {
            return self.nested(Self::negation);
        }
        if self.is_word(0, "each") || self.is_word(0, "some") {
            return self.nested(Self::groups);
        }
        if let Some(combination) = self.combination()? {
            return Ok(combination);
        }
        self.comparison()
    }

    fn negation(&mut self) -> Result<Condition, Error> {
        let of = if self.take_symbol("!") {
            self.nested(Self::negation)?
        } else {
            self.combination()?.ok_or_else(|| self.expected("`(` after `!`"))?
        };
        Ok(Condition::Not(Box::new(of)))
    }

    /// `( )`, `all of { }`, `any of { }`, `k of { }`; none if something else stands here.
    fn combination(&mut self) -> Result<Option<Condition>, Error> {
        if self.is_symbol(0, "(") && !self.is_ballot_list() {
            self.next += 1;
            let inner = self.nested(Self::condition)?;
            self.symbol(")")?;
            return Ok(Some(inner));
        }
        if !self.is_word(1, "of") {
            return Ok(None);
        }
        match self.ahead(0).clone() {
            Kind::Word(word) if word == "all" => self.listed().map(Condition::All).map(Some),
            Kind::Word(word) if word == "any" => self.listed().map(Condition::Any).map(Some),
            Kind::Number(_) => {
                let k = self.number("a number")?;
                self.next -= 1;
                Ok(Some(Condition::KOf { k, of: self.listed()? }))
            }
            _ => Ok(None),
        }
    }

    /// What stands in the braces after the word before `of`.
    fn listed(&mut self) -> Result<Vec<Condition>, Error> {
        self.next += 2;
        self.symbol("{")?;
        let mut list = vec![self.nested(Self::condition)?];
        while self.take_symbol(",") {
            list.push(self.nested(Self::condition)?);
        }
        self.symbol("}")?;
        Ok(list)
    }

    /// `each g in P: r`, `some k g in P: r`
    fn groups(&mut self) -> Result<Condition, Error> {
        let k = if self.take_word("some") {
            Some(self.number("how many groups")?)
        } else {
            self.word("each")?;
            None
        };
        let variable = self.name("a word for the group")?;
        self.word("in")?;
        let of = if self.is_symbol(0, "{") {
            Groups::Listed(self.names("a set")?)
        } else {
            Groups::Partition(self.name("a partition, or sets in {}")?)
        };
        self.symbol(":")?;
        Ok(Condition::Groups { k, variable, of, holds: Box::new(self.single()?) })
    }

    /// Names in braces.
    pub(crate) fn names(&mut self, what: &str) -> Result<Vec<String>, Error> {
        self.symbol("{")?;
        let mut names = vec![self.name(what)?];
        while self.take_symbol(",") {
            names.push(self.name(what)?);
        }
        self.symbol("}")?;
        Ok(names)
    }

    fn comparison(&mut self) -> Result<Condition, Error> {
        let left = self.linear()?;
        let sign = Sign::ALL.into_iter().find(|sign| self.is_symbol(0, sign.symbol()));
        let sign = sign.ok_or_else(|| self.expected("`>=`, `>`, `<=`, `<` or `=`"))?;
        self.next += 1;
        Ok(Condition::Compare { left, sign, right: self.linear()? })
    }

    fn linear(&mut self) -> Result<Linear, Error> {
        let mut negative = self.take_symbol("-");
        let mut terms = Vec::new();
        loop {
            let mut term = self.term()?;
            if negative {
                term.numerator = -term.numerator;
            }
            terms.push(term);
            negative = self.is_symbol(0, "-");
            if !self.take_symbol("-") && !self.take_symbol("+") {
                return Ok(Linear(terms));
            }
        }
    }

    /// `2/3 pv`, `9`, `yes*pop`, `all/2`
    fn term(&mut self) -> Result<Term, Error> {
        if !matches!(self.ahead(0), Kind::Number(_)) {
            let of = Quantity::Tally(self.tally()?);
            let denominator = self.denominator()?;
            return Ok(Term { numerator: 1, denominator, of });
        }
        let numerator = i64::from(self.number("a number")?);
        let denominator = self.denominator()?;
        let of = if matches!(self.ahead(0), Kind::Word(word) if ballots(word).is_some())
            || self.is_ballot_list()
        {
            Quantity::Tally(self.tally()?)
        } else {
            Quantity::One
        };
        Ok(Term { numerator, denominator, of })
    }

    fn denominator(&mut self) -> Result<u32, Error> {
        if !self.take_symbol("/") {
            return Ok(1);
        }
        match self.number("a denominator")? {
            0 => Err(self.problem_back(1, "a denominator is above 0; correct it")),
            denominator => Ok(denominator),
        }
    }

    /// A whole number, at most that of a coefficient.
    pub(crate) fn number(&mut self, what: &str) -> Result<u32, Error> {
        let Kind::Number(number) = *self.ahead(0) else {
            return Err(self.expected(what));
        };
        let fitting = u32::try_from(number).ok().filter(|number| *number <= COEFFICIENT_MAX);
        let problem = format!("a number is at most {COEFFICIENT_MAX}; write a smaller one");
        let number = fitting.ok_or_else(|| self.problem(&problem))?;
        self.next += 1;
        Ok(number)
    }

    /// `yes`, `yes@P5`, `yes*votes`, `(yes+no+veto)@P5*votes`
    fn tally(&mut self) -> Result<Tally, Error> {
        let ballots = self.ballots_or_list()?;
        let mut tally = Tally { weight: Weight::Unit, set: Set::All, ballots };
        loop {
            if tally.set == Set::All && self.take_symbol("@") {
                tally.set = Set::Named(self.name("a set after `@`")?);
            } else if tally.weight == Weight::Unit && self.take_symbol("*") {
                tally.weight = Weight::Column(self.name("a column of weights after `*`")?);
            } else {
                return Ok(tally);
            }
        }
    }

    /// `pv`, or `(yes+no+veto)`.
    pub(crate) fn ballots_or_list(&mut self) -> Result<Ballots, Error> {
        if self.is_symbol(0, "(") { self.ballot_list() } else { self.ballots() }
    }

    pub(crate) fn ballots(&mut self) -> Result<Ballots, Error> {
        let Kind::Word(word) = self.ahead(0).clone() else {
            return Err(self.expected("a tally such as `yes`, `pv` or `all`, or a number"));
        };
        if word == CONSENTS && !self.consents {
            return Err(self.problem("`acc` counts consents; write `yes`, or `try consents`"));
        }
        if word == "yes" && self.consents {
            return Err(self.problem("consents to be bound are counted here; write `acc`"));
        }
        let ballots = ballots(&word)
            .ok_or_else(|| self.expected("a tally such as `yes`, `pv` or `all`, or a number"))?;
        self.next += 1;
        Ok(ballots)
    }

    /// Whether `(yes+no` or the like stands here: a list of ballots, not a condition in
    /// parentheses.
    fn is_ballot_list(&self) -> bool {
        if !self.is_symbol(0, "(") {
            return false;
        }
        let mut ahead = 1;
        while matches!(self.ahead(ahead), Kind::Word(word) if ballots(word).is_some()) {
            if self.is_symbol(ahead + 1, ")") {
                return true;
            }
            if !self.is_symbol(ahead + 1, "+") {
                return false;
            }
            ahead += 2;
        }
        false
    }

    /// Ballots that are counted together, `(yes+no+veto)`.
    fn ballot_list(&mut self) -> Result<Ballots, Error> {
        self.symbol("(")?;
        let mut list = self.ballots()?;
        while self.take_symbol("+") {
            let more = self.ballots()?;
            for ballot in more.iter() {
                if list.contains(ballot) {
                    let problem = format!("`{}` is in the list already; remove it", ballot.name());
                    return Err(self.problem_back(1, &problem));
                }
                list = list.with(ballot);
            }
        }
        self.symbol(")")?;
        Ok(list)
    }
}

/// The ballots for which a word stands.
fn ballots(word: &str) -> Option<Ballots> {
    let word = if word == CONSENTS { "yes" } else { word };
    BALLOT_WORDS.into_iter().find(|(known, _)| *known == word).map(|(_, ballots)| ballots)
}
