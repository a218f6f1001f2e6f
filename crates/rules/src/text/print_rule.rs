//! From a decision rule to its one text.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::parse_rule::SILENT;
use super::print::{Printer, name_list};
use super::token::{name_text, quoted_text};
use crate::decision_rule::{
    Bound, Brake, DecisionRule, Requests, Route, SetDeclaration, SetExpression, SetOrigin, Stage,
    Tie,
};
use crate::electorate::{Ballot, Ballots};

const VOTES: Printer = Printer { consents: false };

/// The text, with an empty line between its parts.
pub(crate) fn decision_rule(rule: &DecisionRule) -> String {
    let parts = [head(rule), declarations(rule), counting(rule), stages(rule), effects(rule)];
    let parts: Vec<String> = parts.iter().filter(|p| !p.is_empty()).map(|p| p.join("\n")).collect();
    format!("{}\n", parts.join("\n\n"))
}

fn head(rule: &DecisionRule) -> Vec<String> {
    let mut lines = Vec::from([
        format!("rule {}", quoted_text(&rule.title)),
        format!("source {}", quoted_text(&rule.source)),
    ]);
    lines.extend(rule.verify.map(|verify| format!("verify {}", verify.word())));
    lines.extend(rule.notes.iter().map(|note| format!("note {}", quoted_text(note))));
    lines
}

fn declarations(rule: &DecisionRule) -> Vec<String> {
    let mut lines: Vec<String> = rule.sets.iter().map(set).collect();
    let columns = rule.columns.iter();
    lines.extend(columns.map(|column| {
        format!("weight {} {}", name_text(&column.name), quoted_text(&column.words))
    }));
    lines.extend(rule.partitions.iter().map(|partition| {
        let (name, groups) = (name_text(&partition.name), name_list(&partition.groups));
        format!("partition {name} = {groups} {}", quoted_text(&partition.words))
    }));
    lines
}

fn set(set: &SetDeclaration) -> String {
    let of = match &set.of {
        SetOrigin::Registry => "in registry".into(),
        SetOrigin::Matter => "in matter".into(),
        SetOrigin::Made(expression) => format!("= {}", set_expression(expression, 0)),
    };
    format!("set {} {of} {}", name_text(&set.name), quoted_text(&set.words))
}

/// A set; `closeness` is that of what is around: 0 nothing, 1 a part of `|`, 2 a part of `&`.
fn set_expression(expression: &SetExpression, closeness: u8) -> String {
    let pair = |a, sign: &str, b, own: u8| {
        let text = format!("{} {sign} {}", set_expression(a, own), set_expression(b, own + 1));
        if closeness > own { format!("({text})") } else { text }
    };
    match expression {
        SetExpression::All => "all".into(),
        SetExpression::Named(name) => name_text(name),
        SetExpression::Members(ids) => name_list(ids),
        SetExpression::Union(a, b) => pair(a, "|", b, 0),
        SetExpression::Difference(a, b) => pair(a, "-", b, 0),
        SetExpression::Intersection(a, b) => pair(a, "&", b, 1),
    }
}

fn counting(rule: &DecisionRule) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(derived) = &rule.derived {
        let (variable, partition) = (name_text(&derived.variable), name_text(&derived.partition));
        let holds = VOTES.condition(&derived.holds);
        lines.push(format!("derive {variable} in {partition}: {holds}"));
    }
    lines.extend(rule.excluded.iter().map(|set| format!("excl {}", name_text(set))));
    let ballot = |ballot| VOTES.ballots(Ballots::of(ballot));
    lines.push(format!("map {SILENT} -> {}", ballot(rule.silent)));
    for map in &rule.maps {
        let from = if map.from == Ballot::Absent { SILENT.into() } else { ballot(map.from) };
        let from = at(&from, map.set.as_ref());
        lines.push(format!("map {from} -> {}", ballot(map.to)));
    }
    let bases: Vec<String> = rule.base.iter().map(|base| VOTES.ballots(*base)).collect();
    lines.push(format!("base {}", if bases.is_empty() { "none".into() } else { bases.join(", ") }));
    lines.extend(rule.empty.map(|empty| format!("empty {}", empty.word())));
    lines
}

fn stages(rule: &DecisionRule) -> Vec<String> {
    match rule.stages.as_slice() {
        [only] if only.is_plain() => outcomes(only, ""),
        several => several.iter().flat_map(stage).collect(),
    }
}

fn stage(stage: &Stage) -> Vec<String> {
    let mut head = String::from("try");
    if stage.consents {
        head.push_str(" consents");
    }
    if let Some(name) = &stage.name {
        head.push_str(&format!(" {}", quoted_text(name)));
    }
    if let Some(days) = stage.days {
        head.push_str(&format!(" for {days}d"));
    }
    if stage.times != 1 {
        head.push_str(&format!(" times {}", stage.times));
    }
    let mut lines = Vec::from([format!("{head}:")]);
    lines.extend(outcomes(stage, "  "));
    lines.push(format!("  else {}", stage.otherwise.word()));
    lines
}

fn outcomes(stage: &Stage, indent: &str) -> Vec<String> {
    let printer = Printer { consents: stage.consents };
    let outcomes = stage.outcomes.iter();
    let line = outcomes.map(|outcome| {
        let condition = printer.condition(&outcome.condition);
        format!("{indent}if {condition} then {}", outcome.then.word())
    });
    line.collect()
}

fn effects(rule: &DecisionRule) -> Vec<String> {
    let mut lines = Vec::from([
        format!("default {}", rule.default.as_deref().unwrap_or("none")),
        format!("tie {}", tie(&rule.tie)),
        format!("bind {}", bound(&rule.bound)),
    ]);
    if rule.routes.is_empty() {
        lines.push("route none".into());
    }
    lines.extend(rule.routes.iter().map(route));
    if rule.brakes.is_empty() {
        lines.push("brake none".into());
    }
    lines.extend(rule.brakes.iter().map(brake));
    lines.push(format!("close {}", rule.close.word()));
    lines
}

fn tie(tie: &Tie) -> String {
    match tie {
        Tie::Nothing => "none".into(),
        Tie::Rejects => "rejects".into(),
        Tie::Repeat => "repeat".into(),
        Tie::Lot => "lot".into(),
        Tie::Casting(set) => format!("casting {}", name_text(set)),
    }
}

fn bound(bound: &Bound) -> String {
    match bound {
        Bound::All => "all".into(),
        Bound::Nobody => "none".into(),
        Bound::InFavour => "yes".into(),
        Bound::AllButOptOut(days) => format!("all-optout({days}d)"),
        Bound::Ratifiers => "ratifiers".into(),
        Bound::Set(set) => format!("set {}", name_text(set)),
    }
}

fn route(route: &Route) -> String {
    let under = route.under.as_ref();
    let under = under.map_or(String::new(), |under| format!(" under {}", quoted_text(under)));
    format!("route by {}{under} to {}", quoted_text(&route.by), quoted_text(&route.to))
}

fn brake(brake: &Brake) -> String {
    let requests = match brake.requests {
        Requests::Members(members) => members.to_string(),
        Requests::Share(part, whole) => format!("{part}/{whole}"),
    };
    let asking = at(&requests, brake.set.as_ref());
    let rest = brake.days.map_or(String::new(), |days| format!(" for {days}d"));
    format!("brake {asking} -> {}{rest}", quoted_text(&brake.to))
}

fn at(what: &str, set: Option<&String>) -> String {
    set.map_or_else(|| what.into(), |set| format!("{what}@{}", name_text(set)))
}
