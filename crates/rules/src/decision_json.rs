//! The canonical JSON of a decision rule: what its text says, with the same names.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde_json::{Map, Value, json};

use crate::check::limit;
use crate::condition::{EmptyGroup, Partition};
use crate::condition_json::{condition_value, read_condition};
use crate::decision_rule::{
    BallotMap, Bound, Brake, Branch, Close, Column, DecisionRule, Derivation, Requests, Route,
    SetDeclaration, SetExpression, SetOrigin, Stage, Then, Tie, Verify,
};
use crate::error::Error;
use crate::json::{
    array, ballots_value, canonical, field, integer, object, only, parse, read_ballot,
    read_ballots, require_canonical, string,
};
use crate::tree::DEPTH_MAX;

impl DecisionRule {
    /// The canonical JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        canonical(&json!({
            "title": self.title,
            "source": self.source,
            "verify": self.verify.map(Verify::word),
            "notes": self.notes,
            "sets": self.sets.iter().map(set_value).collect::<Vec<_>>(),
            "columns": self.columns.iter().map(column_value).collect::<Vec<_>>(),
            "partitions": self.partitions.iter().map(partition_value).collect::<Vec<_>>(),
            "derive": self.derived.as_ref().map(derivation_value),
            "excluded": self.excluded,
            "silent": self.silent.name(),
            "maps": self.maps.iter().map(map_value).collect::<Vec<_>>(),
            "base": self.base.iter().map(|base| ballots_value(*base)).collect::<Vec<_>>(),
            "empty": self.empty.map(EmptyGroup::word),
            "stages": self.stages.iter().map(stage_value).collect::<Vec<_>>(),
            "default": self.default,
            "tie": tie_value(&self.tie),
            "bind": bound_value(&self.bound),
            "routes": self.routes.iter().map(route_value).collect::<Vec<_>>(),
            "brakes": self.brakes.iter().map(brake_value).collect::<Vec<_>>(),
            "close": self.close.word(),
        }))
    }

    /// Reads canonical JSON and checks the rule.
    ///
    /// # Errors
    /// [`Error`] if it is not JSON, not canonical, not a decision rule, or above a limit.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let rule = Self::from_json_unchecked(text)?;
        rule.check()?;
        Ok(rule)
    }

    /// Reads canonical JSON, whatever the rule says.
    pub(crate) fn from_json_unchecked(text: &str) -> Result<Self, Error> {
        let value = parse(text, "rule")?;
        let rule = read(&Fields::of(&value, "rule")?)?;
        require_canonical(text, &rule.to_json(), "rule")?;
        Ok(rule)
    }
}

fn set_value(SetDeclaration { name, of, words }: &SetDeclaration) -> Value {
    let of = match of {
        SetOrigin::Registry => "registry".into(),
        SetOrigin::Matter => "matter".into(),
        SetOrigin::Made(expression) => expression_value(expression),
    };
    json!({"name": name, "of": of, "words": words})
}

fn expression_value(expression: &SetExpression) -> Value {
    let pair =
        |op: &str, a, b| json!({"op": op, "l": expression_value(a), "r": expression_value(b)});
    match expression {
        SetExpression::All => json!({"op": "all"}),
        SetExpression::Named(set) => json!({"op": "set", "set": set}),
        SetExpression::Members(ids) => json!({"op": "members", "ids": ids}),
        SetExpression::Union(a, b) => pair("union", a, b),
        SetExpression::Intersection(a, b) => pair("intersection", a, b),
        SetExpression::Difference(a, b) => pair("difference", a, b),
    }
}

fn column_value(Column { name, words }: &Column) -> Value {
    json!({"name": name, "words": words})
}

fn partition_value(Partition { name, groups, words }: &Partition) -> Value {
    json!({"name": name, "groups": groups, "words": words})
}

fn derivation_value(Derivation { variable, partition, holds }: &Derivation) -> Value {
    json!({"variable": variable, "partition": partition, "holds": condition_value(holds)})
}

fn map_value(BallotMap { from, set, to }: &BallotMap) -> Value {
    json!({"from": from.name(), "set": set, "to": to.name()})
}

fn stage_value(stage: &Stage) -> Value {
    let outcome = |outcome: &Branch| {
        let condition = condition_value(&outcome.condition);
        json!({"if": condition, "then": outcome.then.word()})
    };
    json!({
        "consents": stage.consents,
        "name": stage.name,
        "days": stage.days,
        "times": stage.times,
        "outcomes": stage.outcomes.iter().map(outcome).collect::<Vec<_>>(),
        "else": stage.otherwise.word(),
    })
}

fn tie_value(tie: &Tie) -> Value {
    match tie {
        Tie::Nothing => "none".into(),
        Tie::Rejects => "rejects".into(),
        Tie::Repeat => "repeat".into(),
        Tie::Lot => "lot".into(),
        Tie::Casting(set) => json!({"casting": set}),
    }
}

fn bound_value(bound: &Bound) -> Value {
    match bound {
        Bound::All => "all".into(),
        Bound::Nobody => "none".into(),
        Bound::InFavour => "yes".into(),
        Bound::Ratifiers => "ratifiers".into(),
        Bound::AllButOptOut(days) => json!({"optout_days": days}),
        Bound::Set(set) => json!({"set": set}),
    }
}

fn route_value(Route { by, under, to }: &Route) -> Value {
    json!({"by": by, "under": under, "to": to})
}

fn brake_value(Brake { requests, set, to, days }: &Brake) -> Value {
    let requests = match requests {
        Requests::Members(members) => json!(members),
        Requests::Share(part, whole) => json!([part, whole]),
    };
    json!({"requests": requests, "set": set, "to": to, "days": days})
}

/// The members of an object, and its place for errors.
struct Fields<'a> {
    members: &'a Map<String, Value>,
    at: String,
}

impl<'a> Fields<'a> {
    fn of(value: &'a Value, at: &str) -> Result<Self, Error> {
        Ok(Self { members: object(value, at)?, at: at.into() })
    }

    fn get(&self, name: &str) -> Result<(&'a Value, String), Error> {
        Ok((field(self.members, name, &self.at)?, format!("{}.{name}", self.at)))
    }

    fn text(&self, name: &str) -> Result<&'a str, Error> {
        let (value, at) = self.get(name)?;
        string(value, &at)
    }

    fn owned(&self, name: &str) -> Result<String, Error> {
        self.text(name).map(String::from)
    }

    fn number(&self, name: &str) -> Result<u32, Error> {
        let (value, at) = self.get(name)?;
        integer(value, &at)
    }

    /// What stands there, or none for `null`.
    fn maybe<T>(
        &self,
        name: &str,
        read: impl FnOnce(&Self) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        if self.get(name)?.0.is_null() { Ok(None) } else { read(self).map(Some) }
    }

    fn maybe_owned(&self, name: &str) -> Result<Option<String>, Error> {
        self.maybe(name, |fields| fields.owned(name))
    }

    fn maybe_number(&self, name: &str) -> Result<Option<u32>, Error> {
        self.maybe(name, |fields| fields.number(name))
    }

    fn list<T>(
        &self,
        name: &str,
        read: impl Fn(&'a Value, &str) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let (value, at) = self.get(name)?;
        let items = array(value, &at)?.iter().enumerate();
        items.map(|(i, item)| read(item, &format!("{at}[{i}]"))).collect()
    }

    fn texts(&self, name: &str) -> Result<Vec<String>, Error> {
        self.list(name, |value, at| string(value, at).map(String::from))
    }

    fn choice<T: Copy>(
        &self,
        name: &str,
        all: &[T],
        word: fn(T) -> &'static str,
    ) -> Result<T, Error> {
        let text = self.text(name)?;
        all.iter().copied().find(|each| word(*each) == text).ok_or_else(|| {
            let words: Vec<&str> = all.iter().map(|each| word(*each)).collect();
            self.unknown(name, text, &words.join(", "))
        })
    }

    fn unknown(&self, name: &str, text: &str, known: &str) -> Error {
        let problem = format!("`{text}` is not known; use {known}");
        Error::form(format!("{}.{name}", self.at), problem)
    }
}

fn read(fields: &Fields<'_>) -> Result<DecisionRule, Error> {
    Ok(DecisionRule {
        title: fields.owned("title")?,
        source: fields.owned("source")?,
        verify: fields.maybe("verify", |f| f.choice("verify", Verify::ALL, Verify::word))?,
        notes: fields.texts("notes")?,
        sets: fields.list("sets", read_set)?,
        columns: fields.list("columns", read_column)?,
        partitions: fields.list("partitions", read_partition)?,
        derived: fields.maybe("derive", read_derivation)?,
        excluded: fields.texts("excluded")?,
        silent: read_ballot(fields.text("silent")?, "rule.silent")?,
        maps: fields.list("maps", read_map)?,
        base: fields.list("base", read_ballots)?,
        empty: fields.maybe("empty", |f| f.choice("empty", EmptyGroup::ALL, EmptyGroup::word))?,
        stages: fields.list("stages", read_stage)?,
        default: fields.maybe_owned("default")?,
        tie: read_tie(fields)?,
        bound: read_bound(fields)?,
        routes: fields.list("routes", read_route)?,
        brakes: fields.list("brakes", read_brake)?,
        close: fields.choice("close", Close::ALL, Close::word)?,
    })
}

fn read_set(value: &Value, at: &str) -> Result<SetDeclaration, Error> {
    let fields = Fields::of(value, at)?;
    let (of, at) = fields.get("of")?;
    let of = match of.as_str() {
        Some("registry") => SetOrigin::Registry,
        Some("matter") => SetOrigin::Matter,
        Some(other) => return Err(fields.unknown("of", other, "registry, matter or a set")),
        None => SetOrigin::Made(read_expression(of, &at, 0)?),
    };
    Ok(SetDeclaration { name: fields.owned("name")?, of, words: fields.owned("words")? })
}

fn read_expression(value: &Value, at: &str, depth: usize) -> Result<SetExpression, Error> {
    limit("nested sets", depth, DEPTH_MAX)?;
    let fields = Fields::of(value, at)?;
    let side = |name: &str| {
        let (side, at) = fields.get(name)?;
        read_expression(side, &at, depth + 1).map(Box::new)
    };
    match fields.text("op")? {
        "all" => Ok(SetExpression::All),
        "set" => fields.owned("set").map(SetExpression::Named),
        "members" => fields.texts("ids").map(SetExpression::Members),
        "union" => Ok(SetExpression::Union(side("l")?, side("r")?)),
        "intersection" => Ok(SetExpression::Intersection(side("l")?, side("r")?)),
        "difference" => Ok(SetExpression::Difference(side("l")?, side("r")?)),
        other => {
            let known = "all, set, members, union, intersection or difference";
            Err(fields.unknown("op", other, known))
        }
    }
}

fn read_column(value: &Value, at: &str) -> Result<Column, Error> {
    let fields = Fields::of(value, at)?;
    Ok(Column { name: fields.owned("name")?, words: fields.owned("words")? })
}

fn read_partition(value: &Value, at: &str) -> Result<Partition, Error> {
    let fields = Fields::of(value, at)?;
    let groups = fields.texts("groups")?;
    Ok(Partition { name: fields.owned("name")?, groups, words: fields.owned("words")? })
}

fn read_derivation(rule: &Fields<'_>) -> Result<Derivation, Error> {
    let (value, at) = rule.get("derive")?;
    let fields = Fields::of(value, &at)?;
    let (holds, at) = fields.get("holds")?;
    Ok(Derivation {
        variable: fields.owned("variable")?,
        partition: fields.owned("partition")?,
        holds: read_condition(holds, &at)?,
    })
}

fn read_map(value: &Value, at: &str) -> Result<BallotMap, Error> {
    let fields = Fields::of(value, at)?;
    let ballot = |name: &str| read_ballot(fields.text(name)?, &format!("{at}.{name}"));
    Ok(BallotMap { from: ballot("from")?, set: fields.maybe_owned("set")?, to: ballot("to")? })
}

fn read_stage(value: &Value, at: &str) -> Result<Stage, Error> {
    let fields = Fields::of(value, at)?;
    let (consents, consents_at) = fields.get("consents")?;
    let consents = consents.as_bool();
    let outcomes = fields.list("outcomes", |value, at| {
        let fields = Fields::of(value, at)?;
        let (condition, at) = fields.get("if")?;
        let condition = read_condition(condition, &at)?;
        Ok(Branch { condition, then: Then::of_word(fields.text("then")?) })
    })?;
    Ok(Stage {
        consents: consents.ok_or_else(|| Error::form(consents_at, "is neither true nor false"))?,
        name: fields.maybe_owned("name")?,
        days: fields.maybe_number("days")?,
        times: fields.number("times")?,
        outcomes,
        otherwise: Then::of_word(fields.text("else")?),
    })
}

fn read_tie(rule: &Fields<'_>) -> Result<Tie, Error> {
    let (value, at) = rule.get("tie")?;
    match value.as_str() {
        Some("none") => Ok(Tie::Nothing),
        Some("rejects") => Ok(Tie::Rejects),
        Some("repeat") => Ok(Tie::Repeat),
        Some("lot") => Ok(Tie::Lot),
        Some(other) => Err(rule.unknown("tie", other, "none, rejects, repeat, lot or casting")),
        None => Fields::of(value, &at)?.owned("casting").map(Tie::Casting),
    }
}

fn read_bound(rule: &Fields<'_>) -> Result<Bound, Error> {
    let (value, at) = rule.get("bind")?;
    match value.as_str() {
        Some("all") => return Ok(Bound::All),
        Some("none") => return Ok(Bound::Nobody),
        Some("yes") => return Ok(Bound::InFavour),
        Some("ratifiers") => return Ok(Bound::Ratifiers),
        Some(other) => return Err(rule.unknown("bind", other, "all, none, yes or ratifiers")),
        None => {}
    }
    let fields = Fields::of(value, &at)?;
    only(fields.members, &["optout_days", "set"], &at)?;
    if fields.members.contains_key("set") {
        return fields.owned("set").map(Bound::Set);
    }
    fields.number("optout_days").map(Bound::AllButOptOut)
}

fn read_route(value: &Value, at: &str) -> Result<Route, Error> {
    let fields = Fields::of(value, at)?;
    let under = fields.maybe_owned("under")?;
    Ok(Route { by: fields.owned("by")?, under, to: fields.owned("to")? })
}

fn read_brake(value: &Value, at: &str) -> Result<Brake, Error> {
    let fields = Fields::of(value, at)?;
    let (requests, at) = fields.get("requests")?;
    let requests = match requests.as_array().map(Vec::as_slice) {
        Some([part, whole]) => Requests::Share(integer(part, &at)?, integer(whole, &at)?),
        Some(_) => return Err(Error::form(at, "a share is a list of two numbers")),
        None => Requests::Members(integer(requests, &at)?),
    };
    let (set, days) = (fields.maybe_owned("set")?, fields.maybe_number("days")?);
    Ok(Brake { requests, set, to: fields.owned("to")?, days })
}
