//! The figures of a benchmark, each with its goal and whether it is met.

use std::time::Duration;

use serde_json::{Map, Value, json};

/// What a figure should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
    /// It is only reported.
    Reported,
}

/// One figure.
#[derive(Clone, Debug)]
pub struct Figure {
    /// Name, which ends in the unit.
    pub name: &'static str,
    /// What was measured.
    pub value: f64,
    /// What it should be.
    pub goal: Goal,
    /// How it was measured.
    pub method: String,
}

impl Figure {
    /// Whether the goal is met, if there is one.
    pub fn is_met(&self) -> Option<bool> {
        match self.goal {
            Goal::AtMost(most) => Some(self.value <= most),
            Goal::AtLeast(least) => Some(self.value >= least),
            Goal::Reported => None,
        }
    }

    fn goal_text(&self) -> String {
        match self.goal {
            Goal::AtMost(most) => format!("at most {}", number(most)),
            Goal::AtLeast(least) => format!("at least {}", number(least)),
            Goal::Reported => "reported".to_owned(),
        }
    }
}

/// All figures as one JSON object: each figure at the top, then goals and methods by name.
pub fn to_json(figures: &[Figure]) -> Value {
    let mut object = Map::new();
    for figure in figures {
        object.insert(figure.name.to_owned(), json_number(figure.value));
    }
    let goal = |figure: &Figure| {
        let met = figure.is_met()?;
        let goal = json!({ "goal": figure.goal_text(), "met": met });
        Some((figure.name.to_owned(), goal))
    };
    let goals: Map<_, _> = figures.iter().filter_map(goal).collect();
    let method = |figure: &Figure| (figure.name.to_owned(), Value::from(figure.method.clone()));
    let methods: Map<_, _> = figures.iter().map(method).collect();
    let all_met = figures.iter().all(|figure| figure.is_met() != Some(false));
    object.insert("goals".to_owned(), Value::Object(goals));
    object.insert("methods".to_owned(), Value::Object(methods));
    object.insert("all_goals_met".to_owned(), Value::Bool(all_met));
    Value::Object(object)
}

/// All figures as lines for people.
pub fn to_text(figures: &[Figure]) -> String {
    let line = |figure: &Figure| {
        let met = match figure.is_met() {
            Some(true) => "met",
            Some(false) => "NOT MET",
            None => "",
        };
        let value = number(figure.value);
        format!("{:<42}{value:>16}  {:<20}{met}\n", figure.name, figure.goal_text())
    };
    figures.iter().map(line).collect()
}

/// The value below which the given share of the sorted values lies (nearest rank).
pub fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

/// A duration in milliseconds.
pub fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn json_number(value: f64) -> Value {
    match value.fract() == 0.0 && value.abs() < 9e15 {
        true => Value::from(value as i64),
        false => serde_json::Number::from_f64(rounded(value)).map_or(Value::Null, Value::Number),
    }
}

/// Four digits after the leading one are more than any of these measurements is worth.
fn rounded(value: f64) -> f64 {
    let scale = 10f64.powi(4 - value.abs().log10().floor() as i32);
    (value * scale).round() / scale
}

fn number(value: f64) -> String {
    match value.fract() == 0.0 {
        true => format!("{value}"),
        false => format!("{}", rounded(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_percentile_is_the_nearest_rank() {
        let values: Vec<_> = (1..=20).map(Duration::from_millis).collect();
        assert_eq!(percentile(&values, 50), Duration::from_millis(10));
        assert_eq!(percentile(&values, 95), Duration::from_millis(19));
        assert_eq!(percentile(&values[..1], 95), Duration::from_millis(1));
        assert_eq!(percentile(&[], 95), Duration::ZERO);
    }

    #[test]
    fn a_goal_is_met_at_its_limit_and_not_beyond() {
        let figure = |value, goal| Figure { name: "x_ms", value, goal, method: String::new() };
        assert_eq!(figure(35.0, Goal::AtMost(35.0)).is_met(), Some(true));
        assert_eq!(figure(35.1, Goal::AtMost(35.0)).is_met(), Some(false));
        assert_eq!(figure(4000.0, Goal::AtLeast(4000.0)).is_met(), Some(true));
        assert_eq!(figure(3999.0, Goal::AtLeast(4000.0)).is_met(), Some(false));
        assert_eq!(figure(1.0, Goal::Reported).is_met(), None);
    }
}
